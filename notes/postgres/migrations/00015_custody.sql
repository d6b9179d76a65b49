-- What shows that this database can be lost and had again. "key_mark" knows each key by its digest: a key that is missing or
-- of another installation is then refused at the start instead of being made anew in silence. "drill" is every restore that
-- was tried: its row is written before, so that the restored database must hold it, and finished after.

-- +goose Up
create table key_mark (
    name    text primary key, -- the file's
    digest  bytea       not null,
    made_at timestamptz not null
);
create table drill (
    id       text primary key,
    begun_at timestamptz not null,
    ended_at timestamptz, -- null while it runs, or when it was killed
    good     boolean,
    report   text -- JSON: what was measured, or what failed; ids and figures
);
create index drill_begun on drill (begun_at);

-- +goose Down
drop table drill, key_mark;
