-- Rows of the journal are for ever: a mistake in a query, or an injected one,
-- must not change them. Who owns the file can drop the triggers; the hash chain
-- is for that. Rows of an announced cut may go: the chain records it.
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'rows of the journal are not changed'); END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
WHEN NOT EXISTS (SELECT 1 FROM journal_cuts WHERE OLD.seq BETWEEN first_seq AND last_seq)
BEGIN SELECT RAISE(ABORT, 'rows of the journal are not deleted'); END;
