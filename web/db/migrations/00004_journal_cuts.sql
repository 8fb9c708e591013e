-- +goose Up
-- The stretches of the journal that retention took out. The chain itself records
-- them too; this copy is what the guard asks before it lets a row go.
CREATE TABLE journal_cuts (
    first_seq BIGINT NOT NULL PRIMARY KEY,
    last_seq  BIGINT NOT NULL
);

-- For the attempts without an end and the secrets nobody has acknowledged.
CREATE INDEX journal_phase ON journal (phase, action);
