-- +goose Up
-- One row that is written to find out whether anything can be.
CREATE TABLE write_probe (probes BIGINT NOT NULL);
INSERT INTO write_probe (probes) VALUES (0);
