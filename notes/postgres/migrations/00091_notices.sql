-- How patients are told that a message waits, and how they come in. notice is one text or mail: that a message waits, a fresh link,
-- or a one-time code. Its address is sealed, unlike an attempt's, which is a provider's: that is why a notice is no attempt. It is
-- sent as attempts are, by whoever claims it (wake_at, fence, sends), once. link is the SHA-256 of its link's token. A code is
-- made from its notice's id under a key that is not in the database, so nothing of it is kept.
--
-- patient_session is a device that a patient has proved to be theirs; it is no session of staff's. patient_stop is who wants no texts,
-- by number and so for every practice. patient_text remembers which texts were heard, so that one told twice counts once.

-- +goose Up
create table notice (
    id         text primary key,
    account    text        not null references account,
    patient    text        not null references patient,
    thread     text        not null references thread,
    message    text        not null, -- '' for one that no message caused
    kind       text        not null check (kind in ('message', 'link', 'code')),
    channel    text        not null check (channel in ('text', 'email')),
    lang       text        not null,
    address    bytea       not null,
    reach      bytea       not null, -- the address as in patient.reach
    state      text        not null check (state in ('due', 'sending', 'accepted', 'delivered', 'undelivered', 'failed', 'cancelled')),
    made_at    timestamptz not null,
    due_at     timestamptz not null,
    expires_at timestamptz not null, -- when its link or its code opens nothing any more
    used_at    timestamptz,          -- of a code
    tries      int         not null, -- of a code
    sent_at    timestamptz,
    ref        text        not null,
    why        text        not null,
    link       bytea unique,
    wake_at    timestamptz,
    fence      bigint      not null,
    sends      int         not null,
    mac        bytea
);
create index notice_wake on notice (wake_at) where wake_at is not null;
create index notice_patient on notice (patient, made_at desc);
create index notice_message on notice (message) where message <> '';
create table patient_session (
    token      bytea primary key, -- SHA-256 of the token
    patient    text        not null references patient,
    account    text        not null,
    made_at    timestamptz not null,
    expires_at timestamptz not null,
    mac        bytea
);
create index patient_session_patient on patient_session (patient);
create table patient_stop (
    id         text primary key,
    address    bytea       not null unique, -- as in patient.reach
    stopped_at timestamptz not null,
    started_at timestamptz,
    mac        bytea
);
create table patient_text (
    ref    text primary key, -- the carrier's name for it
    sender bytea       not null,
    at     timestamptz not null,
    told   bool        not null
);
create index patient_text_sender on patient_text (sender, at) where told;

-- +goose Down
drop table patient_text, patient_stop, patient_session, notice;
