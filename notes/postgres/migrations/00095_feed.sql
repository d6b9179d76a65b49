-- A provider's calendar program reads when they are on call, at an address that is a secret, because such programs do not sign in.
-- The address is told once; here stands what it is known by. There is one a person and practice: a new one ends the one before.

-- +goose Up
create table feed (
    person  text        not null references person,
    account text        not null references account,
    token   text        not null unique, -- SHA-256 of the address's secret, in hex
    made_at timestamptz not null,
    primary key (person, account)
);

-- +goose Down
drop table feed;
