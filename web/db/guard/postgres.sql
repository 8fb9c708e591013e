-- Rows of the journal are for ever: a mistake in a query, or an injected one,
-- must not change them. Who owns the table can drop the triggers; the hash chain
-- is for that. Rows of an announced cut may go: the chain records it.
CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM journal_cuts WHERE OLD.seq BETWEEN first_seq AND last_seq) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'rows of the journal are not changed or deleted' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal
FOR EACH ROW EXECUTE FUNCTION journal_refuse();

CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();

-- Whatever default privileges gave to the role Keydesk runs as, these are too much:
-- without them it can neither change the journal nor the record of migrations. The
-- owner keeps its rights, which it could give itself anyway.
DO $$
DECLARE grantee text;
BEGIN
    FOR grantee IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = 'journal'::regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE 'REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON journal FROM ' || grantee;
        EXECUTE 'REVOKE INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER ON goose_db_version FROM ' || grantee;
    END LOOP;
END $$;

-- Names and handles sort by their bytes, as in SQLite, whatever the database's
-- language.
ALTER TABLE local_accounts ALTER COLUMN name_folded TYPE TEXT COLLATE "C";
ALTER TABLE sessions ALTER COLUMN handle TYPE TEXT COLLATE "C";
