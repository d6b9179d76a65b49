-- Who may come in. A password is kept as its argon2id hash, a one-time-code secret sealed, a session's token as its hash:
-- a copy of the database signs nobody in. sign_in_pace is durable so that a restart does not hand out new guesses; its
-- keys are HMACs, because a mistyped login is often a password.

-- +goose Up
create table person (
    id        text primary key,
    login     text        not null unique, -- folded to lower case
    name      text        not null,
    language  text        not null,
    email     text        not null,
    mobile    text        not null,
    password  text        not null, -- argon2id in PHC form; "" lets nobody in
    code      bytea,                -- the one-time-code secret, sealed; null when none is enrolled
    endpoint  text        not null, -- an agent's phone on the switch
    speaks    text        not null, -- an agent's languages and skills with their levels, JSON
    made_at   timestamptz not null,
    left_at   timestamptz
);
create table person_grant (
    person  text not null references person,
    account text not null, -- "*" is every account
    role    text not null check (role in ('agent', 'supervisor', 'provider', 'practice', 'admin')),
    primary key (person, account, role)
);
-- The last one-time code's step a person used: the same code does not open twice, not even at the same instant.
create table code_used (
    person text primary key references person,
    step   bigint not null
);
create table session (
    token      bytea primary key, -- SHA-256 of the token
    person     text        not null references person,
    made_at    timestamptz not null,
    seen_at    timestamptz not null,
    expires_at timestamptz not null
);
create index session_person on session (person);
create table sign_in_pace (
    key      bytea primary key,
    failures int         not null,
    last_at  timestamptz not null,
    until    timestamptz not null
);

-- +goose Down
drop table sign_in_pace, session, code_used, person_grant, person;
