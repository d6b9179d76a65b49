-- Notes on their way into a practice's medical record system. chart_write has a row for each thing that was said last of a closed
-- note: the word it was closed with, and each add-on after that. The row is made in the transaction that closes the note or adds
-- to it, and waits for as long as the chart is away. patient is the term of the patient as the note has them, null until it was
-- opened for the chart the first time: notes of one patient go in the order of seq. subject, whom a chart has them as, is sealed,
-- and so is said, the chart's own words of why it was not written. What decides stands under mac.
--
-- chart_key keeps the private keys with which we sign in at charts, sealed. The newest of a practice signs.

-- +goose Up
create table chart_key (
    id      text primary key, -- its thumbprint
    account text        not null references account,
    made_at timestamptz not null,
    sealed  bytea       not null
);
create index chart_key_account on chart_key (account, made_at desc);
create table chart_write (
    id       text primary key, -- the add-on's
    seq      bigint generated always as identity,
    note     text        not null references note,
    account  text        not null,
    made_at  timestamptz not null,
    state    text        not null check (state in ('waiting', 'asking', 'written', 'left')),
    patient  bytea,
    subject  bytea,
    document text,            -- what it is in the chart, "DocumentReference/123"
    ended_at timestamptz,
    why      text        not null, -- a code: what the last try came to; '' for none
    said     bytea,
    due_at   timestamptz not null, -- when it is tried next, or its worker's lease ends
    tries    int         not null,
    fence    bigint      not null,
    mac      bytea
);
create index chart_write_open on chart_write (account, seq) where state in ('waiting', 'asking');
create index chart_write_due on chart_write (due_at) where state = 'waiting';
create index chart_write_note on chart_write (note, seq);

-- +goose Down
drop table chart_write, chart_key;
