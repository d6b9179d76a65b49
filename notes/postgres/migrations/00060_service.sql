-- What follows when a ladder has ended and nobody has acknowledged: the service's own supervisors are called by a ladder of
-- the service's own ("service", one row), round after round, until one of them takes the note over.
--
-- summons has a row for every dispatch that has ever been exhausted. Like board it holds nothing of its own: the acts are
-- lines of the story, each with its leaf, and the messages are attempts. next_at is when somebody must look at it next: when
-- the ladder is to be climbed again or, after it was taken over, when that has lasted long enough without an end; null once
-- the dispatch has ended. A trigger makes and ends it, so that it is there whatever build exhausted the dispatch.

-- +goose Up
create table service (
    id         text primary key check (id = 'service'),
    version    int         not null,
    document   text        not null, -- routing.Service as JSON
    changed_at timestamptz not null
);
create table summons (
    dispatch   text primary key references dispatch,
    round      int         not null, -- how often the service's ladder was begun
    next_at    timestamptz,
    told       text        not null, -- why the last round called nobody, as the story said it; '' when it called somebody
    taken_by   text,
    taken_name text,
    taken_at   timestamptz
);
create index summons_next on summons (next_at) where next_at is not null;
-- +goose StatementBegin
create function summons_moved() returns trigger language plpgsql as $$
begin
    if new.state = 'exhausted' then
        insert into summons (dispatch, round, next_at, told) values (new.id, 0, routing_now(), '') on conflict do nothing;
    else
        update summons set next_at = null where dispatch = new.id;
    end if;
    return null;
end $$;
-- +goose StatementEnd
create trigger summons_moved after update of state on dispatch
    for each row when (old.state <> new.state and 'exhausted' in (old.state, new.state)) execute function summons_moved();
insert into summons (dispatch, round, next_at, told) select id, 0, routing_now(), '' from dispatch where state = 'exhausted';

-- +goose Down
drop trigger summons_moved on dispatch;
drop function summons_moved();
drop table summons, service;
