-- Escalations. dispatch is one note on its way with its frozen plan; attempt is one message to one person by one channel,
-- all of them written when the dispatch begins, so that what comes next is a row and not something a process remembers.
-- An attempt's wake_at is when somebody must look at it next: when it is due, or when the lease of whoever sends it ends.
-- The columns that only the workers' claims move (fence, wake_at, sends and the state "sending") are not vouched for by the
-- audit log; all others change with a leaf. dispatch_step is the story, only ever added to. Times come from routing_now,
-- the one clock of all workers, which a test may replace to let an escalation's hours pass in milliseconds.

-- +goose Up
-- +goose StatementBegin
create function routing_now() returns timestamptz language sql volatile as 'select clock_timestamp()';
-- +goose StatementEnd
create table dispatch (
    id         text primary key,
    note       text        not null,
    account    text        not null,
    practice   text        not null, -- practice, urgency and reference are all a message says
    urgency    text        not null,
    reference  text        not null,
    plan       text        not null, -- routing.Plan as JSON, as it was when the dispatch began
    first_rung int         not null, -- of the plan's rungs that reach somebody; -1 when none does
    rung       int         not null, -- the last that has begun; -1 before the first
    state      text        not null check (state in ('climbing', 'exhausted', 'acked', 'cancelled')),
    begun_at   timestamptz not null,
    board_at   timestamptz not null, -- when it comes onto the supervisors' board if nobody acts
    ended_at   timestamptz,
    ended_by   text,
    ended_name text,
    reason     text
);
-- A note climbs one ladder at a time, so an acknowledgment cannot hit another's.
create unique index dispatch_open on dispatch (note) where state in ('climbing', 'exhausted');
create index dispatch_note on dispatch (note, begun_at);
create index dispatch_board on dispatch (board_at) where state = 'climbing';
create table attempt (
    id       text primary key,
    dispatch text        not null references dispatch,
    rung     int         not null,
    contact  text        not null,
    name     text        not null,
    person   text        not null,
    channel  text        not null,
    lang     text        not null,
    address  text        not null,
    try      int         not null,
    state    text        not null check (state in
        ('due', 'sending', 'accepted', 'delivered', 'opened', 'failed', 'undelivered', 'cancelled')),
    due_at   timestamptz not null,
    wake_at  timestamptz,
    fence    bigint      not null, -- rises with every claim: a worker whose lease ran out can settle nothing any more
    sends    int         not null, -- how often it was handed to the carrier; beyond one it may be a repeat
    sent_at  timestamptz,
    ref      text,                 -- the carrier's name for it
    why      text        not null, -- a code when it failed
    link     bytea unique,         -- SHA-256 of its link's token
    unique (dispatch, rung, contact, channel, try)
);
create index attempt_wake on attempt (wake_at) where wake_at is not null;
create table dispatch_step (
    id       text primary key, -- UUIDv7
    seq      bigint generated always as identity,
    dispatch text        not null references dispatch,
    note     text        not null,
    attempt  text,
    at       timestamptz not null,
    kind     text        not null,
    actor    text        not null, -- a name of staff or of a contact
    channel  text        not null,
    detail   text        not null -- a code
);
create index dispatch_step_dispatch on dispatch_step (dispatch, seq);
create index dispatch_step_note on dispatch_step (note, seq);
-- Phones that a provider allowed to notify them. endpoint and keys are secrets of that phone.
create table push_subscription (
    endpoint text primary key,
    person   text        not null,
    p256dh   text        not null,
    auth     text        not null,
    made_at  timestamptz not null
);
create index push_subscription_person on push_subscription (person);

-- +goose Down
drop table push_subscription, dispatch_step, attempt, dispatch;
drop function routing_now();
