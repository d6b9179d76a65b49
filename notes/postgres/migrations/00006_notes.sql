-- Notes. draft is chosen by the desk and unique, which makes storing a note repeatable. body and title are sealed; title
-- (the patient's name as the board shows it) stands apart so that a board need not open what the caller said. terms are
-- the search index: HMACs under the practice's own key. A note is never edited: what comes later is an add_on. draft rows
-- are a desk's journal, sealed too, gone once the note is stored.

-- +goose Up
create table note (
    id             text primary key,
    draft          text        not null unique,
    account        text        not null,
    year           int         not null, -- the practice's, for which the reference is unique
    reference      text        not null,
    call           text        not null,
    call_type      text        not null,
    urgency        text        not null,
    language       text        not null,
    taker          text        not null,
    taken_at       timestamptz not null,
    state          text        not null check (state in ('open', 'read', 'acknowledged', 'closed')),
    read_at        timestamptz,
    acked_at       timestamptz,
    acked_by       text,
    closed_at      timestamptz,
    closed_by      text,
    version        int         not null,
    script_version int         not null,
    title          bytea       not null,
    body           bytea       not null,
    terms          bytea[]     not null,
    unique (account, year, reference)
);
create index note_open on note (account, taken_at) where state <> 'closed';
create index note_call on note (call) where call <> '';
create index note_account on note (account, taken_at desc);
create index note_terms on note using gin (terms);
create table add_on (
    id   text primary key,
    note text        not null references note,
    by   text        not null,
    by_name text     not null,
    at   timestamptz not null,
    kind text        not null check (kind in ('correction', 'reply', 'agent', 'closeout')),
    body bytea       not null
);
create index add_on_note on add_on (note, at);
create table draft (
    id       text primary key,
    agent    text        not null,
    account  text        not null,
    seq      bigint      not null,
    saved_at timestamptz not null,
    body     bytea       not null
);
create index draft_agent on draft (agent);

-- +goose Down
drop table draft, add_on, note;
