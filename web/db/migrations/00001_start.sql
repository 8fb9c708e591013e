-- +goose Up
-- Times are BIGINT microseconds since 1970 UTC, hashes lower-case hexadecimal,
-- flags 0 or 1: types that SQLite and PostgreSQL agree on.

CREATE TABLE local_accounts (
    id            TEXT     NOT NULL PRIMARY KEY,
    name          TEXT     NOT NULL,
    name_folded   TEXT     NOT NULL UNIQUE,
    role          TEXT     NOT NULL,
    password_hash TEXT     NOT NULL,
    disabled      SMALLINT NOT NULL DEFAULT 0,
    created_at    BIGINT   NOT NULL,
    signed_in_at  BIGINT   NOT NULL DEFAULT 0
);

-- subject is a SHA-256: people type passwords into the user name field.
CREATE TABLE sign_in_attempts (
    kind     TEXT   NOT NULL,
    subject  TEXT   NOT NULL,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);

-- id_hash is the SHA-256 of the cookie: reading the table opens no session.
CREATE TABLE sessions (
    id_hash      TEXT   NOT NULL PRIMARY KEY,
    handle       TEXT   NOT NULL UNIQUE,
    user_id      TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    remote_addr  TEXT   NOT NULL,
    user_agent   TEXT   NOT NULL,
    content      TEXT   NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE one_time_tokens (
    token_hash     TEXT   NOT NULL PRIMARY KEY,
    session_handle TEXT   NOT NULL,
    user_id        TEXT   NOT NULL,
    action         TEXT   NOT NULL,
    target         TEXT   NOT NULL,
    expires_at     BIGINT NOT NULL,
    spent_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX one_time_tokens_session ON one_time_tokens (session_handle);
CREATE INDEX one_time_tokens_expiry ON one_time_tokens (expires_at);

CREATE TABLE creates_in_flight (
    account    TEXT   NOT NULL,
    user_name  TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (account, user_name)
);

CREATE TABLE preferences (
    user_id TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);

CREATE TABLE journal (
    seq            BIGINT NOT NULL PRIMARY KEY,
    happened_at    BIGINT NOT NULL,
    phase          TEXT   NOT NULL,
    attempt        BIGINT NOT NULL,
    actor_issuer   TEXT   NOT NULL,
    actor_subject  TEXT   NOT NULL,
    actor_name     TEXT   NOT NULL,
    actor_role     TEXT   NOT NULL,
    action         TEXT   NOT NULL,
    account        TEXT   NOT NULL,
    user_name      TEXT   NOT NULL,
    access_key_id  TEXT   NOT NULL,
    old_state      TEXT   NOT NULL,
    new_state      TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    outcome        TEXT   NOT NULL,
    error_code     TEXT   NOT NULL,
    request_id     TEXT   NOT NULL,
    aws_request_id TEXT   NOT NULL,
    source_ip      TEXT   NOT NULL,
    replica        TEXT   NOT NULL,
    version        TEXT   NOT NULL,
    hash           TEXT   NOT NULL
);
CREATE INDEX journal_attempt ON journal (attempt);
CREATE INDEX journal_access_key ON journal (access_key_id);
