-- What the desks' board and the doctors' inbox show, in the order they show it, so that a page of them is read by an index
-- however much is open. Both tables hold nothing of their own: every row follows from rows that the audit log vouches for,
-- and is worked out anew, in the same transaction, whenever one of those changes. That is done when the transaction commits
-- and after every other lock was taken, so that an act (which holds the note first) and an engine (which holds the dispatch
-- first) cannot wait for each other here.
--
-- board has a row for every note that is not closed and every call that waits to be called back. rank orders it: 0 nobody
-- can be reached, 1 late, 2 on time; null is open, but nothing that a desk must look at: somebody took it on, or it is
-- routine and waits for the office. inbox has a row for every person who was told of a note that nobody has taken on yet.
--
-- board_news names, for a few minutes, what has changed on the board, so that every server can tell its desks whoever changed
-- it: a server reads what was written by transactions that its last look could not see yet.

-- +goose Up
create table board (
    id         text primary key, -- the note's or the call's
    kind       text        not null check (kind in ('note', 'voicemail', 'callback')),
    account    text        not null,
    rank       smallint    check (rank between 0 and 2),
    since      timestamptz not null, -- taken, or hung up
    replied_by text,                 -- who wrote back to the agents, and no agent has added to the note since
    replied_at timestamptz
);
create index board_order on board (rank, since, id) where rank is not null;
create index board_account on board (account, rank, since, id) where rank is not null;
create index board_callers on board (since) where kind <> 'note';
create table board_news (
    tx xid8        not null default pg_current_xact_id(),
    id text        not null,
    at timestamptz not null default clock_timestamp()
);
create index board_news_tx on board_news (tx);
create table inbox (
    person text        not null,
    note   text        not null,
    since  timestamptz not null, -- when the note was taken
    primary key (person, note)
);
create index inbox_order on inbox (person, since desc, note desc);
create index inbox_note on inbox (note);

-- What waits, the newest first; it takes note_open's place, which served the board.
drop index note_open;
create index note_waiting on note (account, taken_at desc, id desc) where state in ('open', 'read');
-- No term is more frequent than another, so what analyze would keep of them says nothing and only makes each search plan longer.
alter table note alter column terms set statistics 0;
create index call_opened on call (opened_at desc, id desc);
create index dispatch_exhausted on dispatch (begun_at) where state = 'exhausted';

-- +goose StatementBegin
create function board_rank(climb smallint, call_type text, urgency text, state text, replied bool) returns smallint
language sql immutable as $$
    select case
        when climb is not null then climb
        when call_type = 'voicemail' or replied or urgency <> 'routine' and state in ('open', 'read') then 2::smallint
    end
$$;
-- +goose StatementEnd
-- +goose StatementBegin
create function board_climb(which text) returns smallint language sql stable as $$
    select (case when d.state = 'exhausted' then 0 when d.rung > d.first_rung then 1 else 2 end)::smallint
    from dispatch d where d.note = which and d.state in ('climbing', 'exhausted')
$$;
-- +goose StatementEnd

-- A note that has just been stored has no add-on, and nobody else can have seen it.
-- +goose StatementBegin
create function board_taken() returns trigger language plpgsql as $$
begin
    if new.state <> 'closed' then
        insert into board (id, kind, account, rank, since)
        values (new.id, case when new.call_type = 'voicemail' then 'voicemail' else 'note' end, new.account,
            board_rank(board_climb(new.id), new.call_type, new.urgency, new.state, false), new.taken_at)
        on conflict (id) do nothing;
        insert into board_news (id) values (new.id);
    end if;
    return null;
end $$;
-- +goose StatementEnd

-- The row is held before anything is looked at: of two transactions the second sees what the first has done.
-- +goose StatementBegin
create function board_note(which text) returns void language plpgsql as $$
declare
    n note%rowtype;
    said record;
begin
    perform from board where id = which for update;
    insert into board_news (id) values (which);
    select * into n from note where id = which;
    if n.id is null or n.state not in ('open', 'read') then
        delete from inbox where note = which;
    end if;
    if n.id is null or n.state = 'closed' then
        delete from board where id = which;
        return;
    end if;
    select a.kind, a.by_name, a.at into said from add_on a
        where a.note = which and a.kind in ('reply', 'agent') order by a.at desc, a.id desc limit 1;
    insert into board (id, kind, account, rank, since, replied_by, replied_at)
    values (n.id, case when n.call_type = 'voicemail' then 'voicemail' else 'note' end, n.account,
        board_rank(board_climb(n.id), n.call_type, n.urgency, n.state, coalesce(said.kind = 'reply', false)), n.taken_at,
        case when said.kind = 'reply' then said.by_name end, case when said.kind = 'reply' then said.at end)
    on conflict (id) do update set rank = excluded.rank, since = excluded.since, replied_by = excluded.replied_by, replied_at = excluded.replied_at;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function board_note_moved() returns trigger language plpgsql as $$
begin
    perform board_note(new.id);
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function board_note_of() returns trigger language plpgsql as $$
begin
    if exists (select from board where id = new.note) then -- else the note is of this transaction and finds its dispatch itself
        perform board_note(new.note);
    end if;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function board_call() returns trigger language plpgsql as $$
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
-- +goose StatementBegin
create function inbox_told() returns trigger language plpgsql as $$
begin
    insert into inbox (person, note, since)
    select new.person, n.id, n.taken_at from dispatch d join note n on n.id = d.note
    where d.id = new.dispatch and n.state in ('open', 'read')
    on conflict do nothing;
    return null;
end $$;
-- +goose StatementEnd

create constraint trigger board_taken after insert on note deferrable initially deferred
    for each row execute function board_taken();
create constraint trigger board_changed after update on note deferrable initially deferred
    for each row when ((old.state, old.urgency, old.taken_at) is distinct from (new.state, new.urgency, new.taken_at))
    execute function board_note_moved();
create constraint trigger board_said after insert on add_on deferrable initially deferred
    for each row when (new.kind in ('reply', 'agent')) execute function board_note_of();
create constraint trigger board_begun after insert on dispatch deferrable initially deferred
    for each row execute function board_note_of();
create constraint trigger board_climbed after update on dispatch deferrable initially deferred
    for each row when ((old.state, old.rung > old.first_rung) is distinct from (new.state, new.rung > new.first_rung))
    execute function board_note_of();
create constraint trigger board_left after insert on call deferrable initially deferred
    for each row when (new.followup in ('due', 'no-number')) execute function board_call();
create constraint trigger board_followed after update on call deferrable initially deferred
    for each row when (new.followup <> '' and (old.followup, old.opened_at, old.ended_at) is distinct from (new.followup, new.opened_at, new.ended_at))
    execute function board_call();
create constraint trigger inbox_told after update on attempt deferrable initially deferred
    for each row when (old.sent_at is null and new.sent_at is not null and new.person <> '') execute function inbox_told();

select board_note(id) from note where state <> 'closed';
delete from board_news;
insert into board (id, kind, account, rank, since)
    select id, 'callback', account, 2, coalesce(ended_at, opened_at) from call where followup in ('due', 'no-number');
insert into inbox (person, note, since)
    select distinct a.person, n.id, n.taken_at from attempt a join dispatch d on d.id = a.dispatch join note n on n.id = d.note
    where a.sent_at is not null and a.person <> '' and n.state in ('open', 'read');

-- +goose Down
drop trigger inbox_told on attempt;
drop trigger board_followed on call;
drop trigger board_left on call;
drop trigger board_climbed on dispatch;
drop trigger board_begun on dispatch;
drop trigger board_said on add_on;
drop trigger board_changed on note;
drop trigger board_taken on note;
drop function inbox_told(), board_call(), board_note_of(), board_note_moved(), board_note(text), board_taken(),
    board_climb(text), board_rank(smallint, text, text, text, bool);
drop index dispatch_exhausted, call_opened, note_waiting;
alter table note alter column terms set statistics -1;
create index note_open on note (account, taken_at) where state <> 'closed';
drop table inbox, board_news, board;
