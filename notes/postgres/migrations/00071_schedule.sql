-- Who is on call is changed on the web, by several people. So each schedule that a practice has had is kept whole, with who made it,
-- when, why, and what they did: a change can be seen, and any of them brought back. The newest row of a practice is its schedule as
-- it stands. A server of the release before writes none: the next change keeps what that left first, made by nobody known.

-- +goose Up
create table schedule_version (
    id       text primary key, -- sorts by time
    account  text        not null references account,
    made_at  timestamptz not null,
    made_by  text        not null, -- a person or a part of the server; '' where nobody knows
    change   text        not null, -- what was done, as JSON; '' where nobody knows
    why      text        not null,
    document text        not null  -- routing/oncall's JSON
);
create index schedule_version_account on schedule_version (account, id desc);

-- +goose Down
drop table schedule_version;
