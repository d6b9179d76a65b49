-- Whom the supervisors' ladder calls next, and who has a note in hand, decides whether anybody is called: summons carries a MAC
-- like the dispatches do (00061). A row stands for as long as its dispatch is on the board and no longer, so that what has ended
-- holds nothing that would have to be believed. Null is a row that the trigger has just made, or one from before.

-- +goose Up
alter table summons add column mac bytea;
delete from summons where next_at is null;
-- +goose StatementBegin
create or replace function summons_moved() returns trigger language plpgsql as $$
begin
    if new.state = 'exhausted' then
        insert into summons (dispatch, round, next_at, told) values (new.id, 0, routing_now(), '') on conflict do nothing;
    else
        delete from summons where dispatch = new.id;
    end if;
    return null;
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function summons_moved() returns trigger language plpgsql as $$
begin
    if new.state = 'exhausted' then
        insert into summons (dispatch, round, next_at, told) values (new.id, 0, routing_now(), '') on conflict do nothing;
    else
        update summons set next_at = null where dispatch = new.id;
    end if;
    return null;
end $$;
-- +goose StatementEnd
alter table summons drop column mac;
