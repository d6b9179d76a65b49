-- What an agent who sends waits for is one row of a dispatch: the attempts are written from its plan right after, by whoever
-- touches it first, and "unfolded" says whether that has been done. Nothing that is due is remembered by a process: a
-- dispatch that is not unfolded is found here.
--
-- And its plan may be reckoned from what the server read before: the statement that begins the dispatch holds the plan's
-- grounds (the practice's version, the count of changes of the phones, the clock) against the rows of that moment and
-- calls plan_moved() when they differ. Then nothing of its transaction happens. push_change is counted in the transaction
-- that changes a phone, so whoever sees the same count sees the same phones.

-- +goose Up
alter table dispatch add column unfolded bool not null default true;
alter table dispatch alter column unfolded drop default;
create index dispatch_folded on dispatch (begun_at) where not unfolded;
create table push_change (
    n    bigint not null,
    id   int    primary key default 1 check (id = 1) -- one row
);
insert into push_change (n) values (1);
-- +goose StatementBegin
create function push_changed() returns trigger language plpgsql as $$
begin
    update push_change set n = n + 1;
    return null;
end $$;
-- +goose StatementEnd
create trigger push_changed after insert or update or delete or truncate on push_subscription
    for each statement execute function push_changed();
-- +goose StatementBegin
create function plan_moved() returns bool language plpgsql volatile as $$
begin
    raise exception 'what the plan was made from has changed' using errcode = 'LR001';
end $$;
-- +goose StatementEnd

-- +goose Down
drop function plan_moved();
drop trigger push_changed on push_subscription;
drop function push_changed();
drop table push_change;
drop index dispatch_folded;
alter table dispatch drop column unfolded;
