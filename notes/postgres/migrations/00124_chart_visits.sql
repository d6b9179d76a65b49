-- A practice's appointments read from its chart. chart_reading is how far each practice's was read: since is when the chart was asked
-- last, by its own clock, read_at by ours, whom a reminder of what may have changed meanwhile waits for. chart_patient says which
-- of a chart's patients is which of the practice's, chart being a keyed word: by name, birth date and number together, or because a
-- person said so; it stands under mac, for what somebody else wrote here would remind a stranger.
--
-- chart_visit are appointments that wait for a person (whose, or what is unclear about them), sealed, and those that somebody left
-- out. chart_mark is what patients said of appointments here that the chart is still to be told.

-- +goose Up
create table chart_reading (
    account text        primary key references account,
    since   timestamptz, -- null before the first
    read_at timestamptz,
    why     text        not null, -- a code: what the last try came to; '' for none
    due_at  timestamptz not null, -- when it is read next, or its worker's lease ends
    tries   int         not null,
    fence   bigint      not null
);
create index chart_reading_due on chart_reading (due_at);
create table chart_patient (
    id      text        primary key,
    account text        not null references account,
    chart   bytea       not null,
    patient text        not null references patient,
    made_at timestamptz not null,
    mac     bytea,
    unique (account, chart)
);
create index chart_patient_patient on chart_patient (patient);
create table chart_visit (
    id        text        primary key,
    account   text        not null references account,
    source    bytea       not null, -- as in appointment.source
    chart     bytea,                -- as in chart_patient, null for nobody's
    state     text        not null check (state in ('asking', 'left')),
    why       text        not null,
    made_at   timestamptz not null,
    begins_at timestamptz,          -- null where the chart does not say
    body      bytea       not null,
    unique (account, source)
);
create index chart_visit_asking on chart_visit (account, begins_at, id) where state = 'asking';
create table chart_mark (
    appointment text        primary key references appointment,
    account     text        not null,
    due_at      timestamptz not null,
    tries       int         not null,
    fence       bigint      not null
);
create index chart_mark_due on chart_mark (due_at);

-- +goose Down
drop table chart_mark, chart_visit, chart_patient, chart_reading;
