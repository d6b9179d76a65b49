-- Every practice has its own keys, wrapped by the root key that never enters the database: a dump alone opens nothing, and
-- one practice's key opens nothing of another's. "generation" lets two servers that make a practice's first keys at the
-- same moment agree on one.

-- +goose Up
create table seal_key (
    id         text primary key,
    practice   text        not null, -- an account's id, "" for what belongs to no practice
    use        text        not null check (use in ('seal', 'index')),
    generation int         not null,
    root       text        not null, -- which root key wraps it
    wrapped    bytea       not null,
    made_at    timestamptz not null,
    unique (practice, use, generation)
);

-- +goose Down
drop table seal_key;
