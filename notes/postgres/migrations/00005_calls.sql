-- Every call and every step of it. caller holds number and name, sealed; caller_term is the number's search index (an
-- HMAC under the practice's own key), for "what this caller called about before". followup says whether somebody must
-- ring back: "" no, "due" yes, else how that ended. Recordings are sealed in chunks; storage external because sealed bytes
-- do not compress.

-- +goose Up
create table call (
    id          text primary key,
    account     text        not null, -- "" when nobody owns the number dialled
    did         text        not null,
    caller      bytea       not null,
    caller_term bytea,                -- null when the number is withheld
    language    text        not null,
    state       text        not null,
    agent       text        not null,
    outcome     text        not null,
    opened_at   timestamptz not null,
    answered_at timestamptz,
    ended_at    timestamptz,
    inbound     bool        not null,
    followup    text        not null,
    followup_by text,
    followup_at timestamptz
);
create index call_live on call (opened_at) where state <> 'ended';
create index call_due on call (opened_at) where followup = 'due';
create index call_account on call (account, opened_at desc);
create index call_caller on call (account, caller_term, opened_at desc) where caller_term is not null;
create table call_step (
    id     text primary key, -- of its content, so that a repeated step is the same row
    call   text        not null references call,
    at     timestamptz not null,
    kind   text        not null,
    agent  text        not null,
    detail text        not null
);
create index call_step_call on call_step (call, at);
create table recording (
    id     text primary key,
    call   text        not null references call,
    at     timestamptz not null,
    bytes  bigint      not null, -- before sealing
    chunks int         not null,
    head   bytea       not null  -- the sealed stream's head
);
create index recording_call on recording (call);
create table recording_chunk (
    recording text  not null references recording,
    n         int   not null,
    data      bytea not null,
    primary key (recording, n)
);
alter table recording_chunk alter column data set storage external;

-- +goose Down
drop table recording_chunk, recording, call_step, call;
