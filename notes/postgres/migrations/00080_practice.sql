-- A practice is changed on the web, by several people. So each document that it has had is kept whole, with who made it, when and why:
-- two can be compared, and any brought back. The newest row of a practice is what it is, but for its schedule, whose own changes stand
-- in schedule_version. A server of the release before writes none: the next change keeps what that left first, made by nobody known.
--
-- What somebody is writing and has not published is a draft: one a person and a practice, so that nobody's is written over. A practice
-- that is being added has drafts and no row of its own yet.

-- +goose Up
create table practice_version (
    id       text primary key, -- sorts by time
    account  text        not null references account,
    version  integer     not null, -- account.version
    made_at  timestamptz not null,
    made_by  text        not null, -- a person or a part of the server; '' where nobody knows
    why      text        not null,
    document text        not null,
    schedule text        not null,
    ladders  text        not null
);
create index practice_version_account on practice_version (account, id desc);

create table practice_draft (
    account  text        not null,
    person   text        not null references person,
    version  integer     not null, -- account.version that it was begun from, 0 for a new practice
    name     text        not null, -- what it calls the practice
    base     text        not null, -- the document of then
    document text        not null,
    seq      bigint      not null, -- counts its savings
    saved_at timestamptz not null,
    primary key (account, person)
);

-- +goose Down
drop table practice_draft;
drop table practice_version;
