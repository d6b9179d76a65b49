-- A practice's appointments with its patients, and how they are reminded of them. appointment is one visit: body is sealed (visit type,
-- place, provider, length), visit and provider are keyed words by which figures are grouped, source the keyed number it has in the
-- practice's own system, so that the same file again changes it and makes no second. begins_at stands in the body too: what somebody
-- else wrote here reminds nobody. remind_at, told and untold are the planner's: when it looks at it next, the lead of the last reminder
-- in minutes, and why there was none.
--
-- reminder is one text about one patient's appointments, or a household's, and reminder_visit which, as they stood when it was made. It
-- is no notice: servers of the release before would send it with a notice's words. It is sent as notices are, once. reminder_pace
-- spreads them over a carrier's pace for all servers together. reminder_question is what a number was asked back.

-- +goose Up
create table appointment (
    id         text primary key,
    account    text        not null references account,
    patient    text        not null references patient,
    begins_at  timestamptz not null,
    state      text        not null check (state in ('booked', 'confirmed', 'reschedule', 'cancelled', 'kept', 'no-show')),
    confirmed  bool        not null, -- at any time, as it begins now
    asked      bool        not null, -- to be put to another time, ever
    made_at    timestamptz not null,
    changed_at timestamptz not null,
    version    int         not null,
    source     bytea,
    visit      bytea       not null,
    provider   bytea       not null,
    body       bytea       not null,
    remind_at  timestamptz,
    told       int         not null,
    untold     text        not null
);
create index appointment_day on appointment (account, begins_at, id);
create index appointment_patient on appointment (patient, begins_at);
create unique index appointment_source on appointment (account, source) where source is not null;
create index appointment_remind on appointment (remind_at) where remind_at is not null;
create table reminder (
    id         text primary key,
    account    text        not null references account,
    patient    text        not null references patient, -- whose language it is in
    channel    text        not null check (channel in ('text')),
    lang       text        not null,
    address    bytea       not null,
    reach      bytea       not null, -- the address as in patient.reach
    state      text        not null check (state in ('due', 'sending', 'accepted', 'delivered', 'undelivered', 'failed', 'cancelled')),
    made_at    timestamptz not null,
    due_at     timestamptz not null,
    expires_at timestamptz not null, -- when the first of its appointments begins
    sent_at    timestamptz,
    ref        text        not null,
    why        text        not null,
    wake_at    timestamptz,
    fence      bigint      not null,
    sends      int         not null,
    mac        bytea
);
create index reminder_wake on reminder (wake_at) where wake_at is not null;
create index reminder_reach on reminder (reach, made_at desc);
create table reminder_visit (
    reminder    text        not null references reminder,
    appointment text        not null references appointment,
    begins_at   timestamptz not null,
    primary key (reminder, appointment)
);
create index reminder_visit_appointment on reminder_visit (appointment, reminder desc);
create table reminder_pace (
    one     bool primary key check (one),
    next_at timestamptz not null
);
insert into reminder_pace values (true, '-infinity');
create table reminder_question (
    reach    bytea primary key, -- the number, as in patient.reach
    sense    text        not null check (sense in ('confirm', 'reschedule', 'cancel', 'stop')), -- what is to be done; 'stop': or is it?
    visits   text[]      not null, -- appointments, in the order they were named
    asked_at timestamptz not null,
    until    timestamptz not null
);
create index reminder_question_until on reminder_question (until);
alter table thread drop constraint thread_warned_check;
alter table thread add constraint thread_warned_check check (warned in ('', 'stopped', 'refused', 'unreached', 'reschedule'));

-- +goose Down
update thread set warned = '' where warned = 'reschedule';
alter table thread drop constraint thread_warned_check;
alter table thread add constraint thread_warned_check check (warned in ('', 'stopped', 'refused', 'unreached'));
drop table reminder_question, reminder_pace, reminder_visit, reminder, appointment;
