-- Practices and their numbers. What agents and routing need of a practice is one document, because it is always read
-- whole; numbers stand apart, because a call is found by the number dialled. Nothing here is patient data.

-- +goose Up
create table account (
    id       text primary key,
    name     text        not null,
    version  int         not null,
    document text        not null, -- notes.Account as JSON, without schedule and ladders
    schedule text        not null, -- routing/oncall's JSON
    ladders  text        not null, -- routing's JSON
    changed_at timestamptz not null
);
create table line (
    did      text primary key,
    account  text not null references account,
    document text not null -- telephony.Line as JSON
);
create index line_account on line (account);
-- References are handed out in blocks, so that storing a note waits for no counter. A number not used is never used.
create table reference_block (
    account text not null,
    year    int  not null,
    next    int  not null,
    primary key (account, year)
);

-- +goose Down
drop table reference_block, line, account;
