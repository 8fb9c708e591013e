-- +goose Up
-- provider_session is a digest of the identity provider's name for its own
-- session, by which it ends ours; '' for local accounts.
ALTER TABLE sessions ADD COLUMN provider_session TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_provider ON sessions (provider_session);

-- Sign-ins that are not finished: away at the identity provider, or short of a
-- verification code. id_hash is the SHA-256 of the browser's cookie.
CREATE TABLE waiting_sign_ins (
    id_hash    TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL,
    content    TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX waiting_sign_ins_user ON waiting_sign_ins (user_id);
CREATE INDEX waiting_sign_ins_expiry ON waiting_sign_ins (expires_at);

-- group_names is a JSON list: the groups of the last sign-in that had a role.
CREATE TABLE federated_accounts (
    id           TEXT     NOT NULL PRIMARY KEY,
    issuer       TEXT     NOT NULL,
    subject      TEXT     NOT NULL,
    name         TEXT     NOT NULL,
    group_names  TEXT     NOT NULL,
    disabled     SMALLINT NOT NULL DEFAULT 0,
    created_at   BIGINT   NOT NULL,
    signed_in_at BIGINT   NOT NULL,
    UNIQUE (issuer, subject)
);

-- Logout tokens that were accepted, until they expire: one works once.
CREATE TABLE logout_tokens (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- sealed is the secret, encrypted with a key that is not in the database;
-- last_step is the newest 30-second step whose code was used.
CREATE TABLE verification_codes (
    account_id TEXT     NOT NULL PRIMARY KEY,
    sealed     TEXT     NOT NULL,
    confirmed  SMALLINT NOT NULL DEFAULT 0,
    last_step  BIGINT   NOT NULL DEFAULT 0,
    created_at BIGINT   NOT NULL
);
