-- +goose Up
-- Browsers that a local account has signed in from, by the SHA-256 of their device
-- cookie: each has a counter of failed sign-ins of its own.
CREATE TABLE known_devices (
    device_hash TEXT   NOT NULL,
    account_id  TEXT   NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (device_hash, account_id)
);
CREATE INDEX known_devices_account ON known_devices (account_id);

-- For the newest forms of a session, which are all that is kept.
DROP INDEX one_time_tokens_session;
CREATE INDEX one_time_tokens_session ON one_time_tokens (session_handle, expires_at);
