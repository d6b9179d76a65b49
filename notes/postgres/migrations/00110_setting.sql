-- What is the business's of the service is set on the web: its name and zone, its carriers, whose calls for nobody's number are, and what
-- somebody has tried and seen arrive. Each change is a row that stays, with who made it and why, so that it can be looked at and undone;
-- the newest of a part is what holds. A secret is sealed and never shown again. Under a MAC: whoever writes to the database must not lead
-- messages elsewhere. A server of the release before knows no such settings and goes on by its command line.

-- +goose Up
create table setting (
    id       text        primary key, -- sorts by time
    part     text        not null,    -- 'service', 'text', 'mail'…
    version  integer     not null,    -- of the part, from 1
    made_at  timestamptz not null,
    made_by  text        not null,    -- a person or a part of the server
    why      text        not null,
    document text        not null,    -- JSON, a value a field
    secret   bytea,
    mac      bytea,
    unique (part, version)
);

-- +goose Down
drop table setting;
