-- People are kept on the web, by several administrators. An invitation is a link by which somebody sets a password and an
-- authenticator of their own: only its token's hash is here, and older ones stay, so that a link can say why it opens nothing.
-- person_change is what was done to a person, by whom and why, for people to read; the log vouches for it. person_seen tells when
-- somebody was last here, which their sessions forget. The lists of people are read by name, by page, and found by the beginnings of
-- words without their accents: each has its index, so that a page costs the same among ten people and ten thousand.

-- +goose Up
create table invitation (
    hash       bytea       primary key, -- SHA-256 of the link's token
    person     text        not null references person,
    made_at    timestamptz not null,
    made_by    text        not null,
    expires_at timestamptz not null,
    ended_at   timestamptz,
    ended      text        not null, -- why: 'taken', 'replaced', 'left'; '' while it opens
    mac        bytea
);
create index invitation_open on invitation (person) where ended_at is null;
create table person_change (
    id      text        primary key, -- sorts by time
    person  text        not null references person,
    made_at timestamptz not null,
    made_by text        not null, -- a person or a part of the server
    act     text        not null,
    detail  text        not null, -- JSON, a list of words
    why     text        not null
);
create index person_change_person on person_change (person, id desc);
create table person_seen (
    person text        primary key references person,
    at     timestamptz not null
);
-- Beside the session and not in it: a session's row is under a MAC that servers of the release before know, without this.
create table session_program (
    token   bytea primary key references session on delete cascade,
    program text  not null -- what they signed in with: "desk", "Firefox, Windows"
);
create function people_fold(words text) returns text immutable strict parallel safe language sql as $$
    select translate(lower(words), 'áàâäãåçéèêëíìîïñóòôöõúùûüý''.@_-', 'aaaaaaceeeeiiiinooooouuuuy     ')
$$;
create index person_order on person (people_fold(name), id);
create index person_left on person (people_fold(name), id) where left_at is not null;
create index person_words on person using gin (to_tsvector('simple'::regconfig, people_fold(name || ' ' || login || ' ' || email)));
create index person_grant_account on person_grant (account, person);

-- +goose Down
drop index person_grant_account, person_words, person_left, person_order;
drop function people_fold;
drop table session_program, person_seen, person_change, invitation;
