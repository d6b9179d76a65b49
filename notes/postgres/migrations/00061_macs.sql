-- Rows that open doors (people, their roles, used codes, sessions) and rows that move notes (dispatches, attempts, who wants no
-- texts, phones that take pushes) are believed the moment they are read. Each carries a MAC by a key that never enters the
-- database, over every column that decides, so that who can only write here can neither sign in nor hold a note back unseen.
-- Null is a row from before, or of a server of the release before; mac_mark says since when there is none such any more.

-- +goose Up
alter table person add column mac bytea;
alter table person_grant add column mac bytea;
alter table code_used add column mac bytea;
alter table session add column mac bytea;
alter table dispatch add column mac bytea;
alter table attempt add column mac bytea;
alter table text_stop add column mac bytea;
alter table push_subscription add column mac bytea;
create table mac_mark (
    id      int         primary key check (id = 1), -- one row
    since   timestamptz not null,
    settled bool        not null,
    mac     bytea       not null
);

-- +goose Down
drop table mac_mark;
alter table push_subscription drop column mac;
alter table text_stop drop column mac;
alter table attempt drop column mac;
alter table dispatch drop column mac;
alter table session drop column mac;
alter table code_used drop column mac;
alter table person_grant drop column mac;
alter table person drop column mac;
