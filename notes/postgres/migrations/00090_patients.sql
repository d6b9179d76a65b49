-- Practices' patients and what they write with each other. patient is one practice's record of one of its patients: title (the name)
-- and body are sealed, terms find it within its practice as a note's do, and reach holds its numbers as keyed hashes that are the same
-- for every practice, because a STOP names a number and no practice. Two records are never one because they look alike.
--
-- thread is one matter from its first message to its closing; a patient has one open at most. due_at is by when an answer was
-- promised. message is one thing said, sealed. consent is the ledger, only ever added to: the newest line of a purpose, a channel and
-- an address says whether a notice may go there, so it carries a MAC. thread_hand says for some seconds who is typing an answer.

-- +goose Up
create table patient (
    id         text primary key,
    account    text        not null references account,
    made_at    timestamptz not null,
    changed_at timestamptz not null,
    version    int         not null,
    language   text        not null,
    title      bytea       not null,
    body       bytea       not null,
    terms      bytea[]     not null,
    reach      bytea[]     not null
);
create index patient_terms on patient using gin (terms);
create index patient_reach on patient using gin (reach);
alter table patient alter column terms set statistics 0, alter column reach set statistics 0;
create table thread (
    id        text primary key,
    account   text        not null references account,
    patient   text        not null references patient,
    state     text        not null check (state in ('open', 'closed')),
    waits     text        not null check (waits in ('staff', 'patient', 'nobody')),
    made_at   timestamptz not null,
    moved_at  timestamptz not null,
    due_at    timestamptz,
    assigned  text        not null, -- a person; '' for nobody
    warned    text        not null check (warned in ('', 'stopped', 'refused', 'unreached')),
    note      text        not null, -- '' for none
    version   int         not null,
    closed_at timestamptz,
    closed_by text        not null
);
create unique index thread_open on thread (patient) where state = 'open';
create index thread_patient on thread (patient, made_at desc);
create index thread_inbox on thread (account, coalesce(due_at, 'infinity'), moved_at, id) where state = 'open' or warned <> '';
create table message (
    id           text primary key,
    thread       text        not null references thread,
    account      text        not null,
    patient      text        not null references patient,
    kind         text        not null check (kind in ('staff', 'patient', 'remark', 'close')),
    at           timestamptz not null,
    by           text        not null, -- a person; '' for the patient
    by_name      text        not null,
    body         bytea       not null,
    flagged      bool        not null,
    read_at      timestamptz,
    withdrawn_at timestamptz,
    withdrawn_by text        not null
);
create index message_patient on message (patient, at desc, id desc);
create table consent (
    id       text primary key, -- sorts by time
    patient  text        not null references patient,
    account  text        not null,
    purpose  text        not null,
    channel  text        not null check (channel in ('text', 'email')),
    address  bytea       not null, -- as in patient.reach
    given    bool        not null,
    wording  text        not null,
    language text        not null,
    at       timestamptz not null,
    by       text        not null,
    how      text        not null,
    mac      bytea
);
create index consent_patient on consent (patient, id desc);
create table thread_hand (
    thread text primary key references thread,
    person text        not null,
    name   text        not null,
    until  timestamptz not null
);

-- +goose Down
drop table thread_hand, consent, message, thread, patient;
