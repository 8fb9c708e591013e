-- +goose Up
-- For the look-up that is opened again by its link, and for what became of a key
-- that IAM does not know. Key IDs are compared without case.
CREATE INDEX journal_request ON journal (request_id);
CREATE INDEX journal_access_key_folded ON journal (LOWER(access_key_id));
