-- Several abandoned calls of one number to one practice are one row of the board, that of the oldest; a number that was
-- withheld stands for nobody and is never merged. The rows are worked out anew when one of the calls changes, under a lock of
-- the caller's: of two callers' transactions that commit at once the second sees what the first has done.
--
-- A call that the house makes says in its first step which note, or which caller's call, it is about: its steps are lines of
-- that story, which is looked for by the index.

-- +goose Up
create index call_due_caller on call (account, caller_term) where followup = 'due';
create index call_step_about on call_step (detail) where kind = 'placed' and detail <> '';

-- +goose StatementBegin
create function board_caller(of_account text, term bytea) returns void language plpgsql as $$
declare
    first call%rowtype;
begin
    perform pg_advisory_xact_lock(hashtextextended(of_account || ' ' || encode(term, 'hex'), 50));
    select * into first from call where account = of_account and caller_term = term and followup = 'due'
        order by coalesce(ended_at, opened_at), id limit 1;
    insert into board_news (id) select b.id from board b join call c on c.id = b.id
        where c.account = of_account and c.caller_term = term and c.followup = 'due' and c.id <> first.id;
    delete from board b using call c
        where c.id = b.id and c.account = of_account and c.caller_term = term and c.followup = 'due' and c.id <> first.id;
    if first.id is not null then
        insert into board_news (id) values (first.id);
        insert into board (id, kind, account, rank, since)
            values (first.id, 'callback', first.account, 2, coalesce(first.ended_at, first.opened_at))
            on conflict (id) do update set since = excluded.since;
    end if;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create or replace function board_call() returns trigger language plpgsql as $$
begin
    insert into board_news (id) values (new.id);
    if new.followup = 'no-number' or new.followup = 'due' and new.caller_term is null then
        insert into board (id, kind, account, rank, since) values (new.id, 'callback', new.account, 2, coalesce(new.ended_at, new.opened_at))
        on conflict (id) do update set since = excluded.since;
        return null;
    end if;
    if new.followup <> 'due' then
        delete from board where id = new.id;
    end if;
    if new.caller_term is not null then
        perform board_caller(new.account, new.caller_term);
    end if;
    return null;
end $$;
-- +goose StatementEnd

select board_caller(account, caller_term) from (select distinct account, caller_term from call
    where followup = 'due' and caller_term is not null) callers;

-- +goose Down
-- +goose StatementBegin
create or replace function board_call() returns trigger language plpgsql as $$
begin
    insert into board_news (id) values (new.id);
    if new.followup in ('due', 'no-number') then
        insert into board (id, kind, account, rank, since) values (new.id, 'callback', new.account, 2, coalesce(new.ended_at, new.opened_at))
        on conflict (id) do update set since = excluded.since;
    else
        delete from board where id = new.id;
    end if;
    return null;
end $$;
-- +goose StatementEnd
drop function board_caller(text, bytea);
insert into board (id, kind, account, rank, since)
    select id, 'callback', account, 2, coalesce(ended_at, opened_at) from call where followup = 'due' on conflict (id) do nothing;
drop index call_step_about, call_due_caller;
