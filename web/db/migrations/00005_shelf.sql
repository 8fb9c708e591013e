-- +goose Up
-- What was read of IAM accounts, so that a start shows it at once. BYTEA is
-- PostgreSQL's word; SQLite keeps a blob under any type it does not know.
CREATE TABLE shelf (
    name     TEXT   NOT NULL PRIMARY KEY,
    saved_at BIGINT NOT NULL, -- microseconds since 1970, UTC
    data     BYTEA  NOT NULL
);
