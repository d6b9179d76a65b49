-- A note that was begun and not sent must wait on somebody: when its call has ended and it is still not sent after a while, or its
-- agent has gone, it is a row of the board, and another agent takes it over. call says which call it is of (its words stay
-- sealed), held_at since when its agent has it, left_at that the agent's last desk has been gone for a while. A server works out
-- again and again which drafts stand on the board: rank and since are null for one that does not. A draft that somebody else
-- has taken over is theirs: a note made of it by the agent before is refused in the statement that stores it.

-- +goose Up
alter table draft
    add column call    text        not null default '',
    add column held_at timestamptz not null default now(),
    add column left_at timestamptz,
    add column rank    smallint check (rank between 1 and 2),
    add column since   timestamptz;
create index draft_waiting on draft (saved_at) where rank is distinct from 1;
alter table board drop constraint board_kind_check;
alter table board add constraint board_kind_check check (kind in ('note', 'voicemail', 'callback', 'draft'));

-- +goose StatementBegin
create function board_draft() returns trigger language plpgsql as $$
declare
    row_id text := 'draft:' || coalesce(new.id, old.id);
    d draft%rowtype;
begin
    perform from board where id = row_id for update;
    insert into board_news (id) values (row_id);
    select * into d from draft where id = coalesce(new.id, old.id);
    if d.rank is null then
        delete from board where id = row_id;
        return null;
    end if;
    insert into board (id, kind, account, rank, since) values (row_id, 'draft', d.account, d.rank, d.since)
        on conflict (id) do update set account = excluded.account, rank = excluded.rank, since = excluded.since;
    return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function note_draft_held() returns trigger language plpgsql as $$
begin
    if exists (select from draft where id = new.draft and agent <> new.taker) then
        raise exception 'the draft is another agent''s' using errcode = 'unique_violation', constraint = 'note_draft_held';
    end if;
    return new;
end $$;
-- +goose StatementEnd

create constraint trigger board_unsent after update on draft deferrable initially deferred
    for each row when ((old.rank, old.since, old.account, old.left_at) is distinct from (new.rank, new.since, new.account, new.left_at))
    execute function board_draft();
create constraint trigger board_unsent_gone after delete on draft deferrable initially deferred
    for each row when (old.rank is not null) execute function board_draft();
create trigger note_draft_held before insert on note for each row execute function note_draft_held();

-- +goose Down
drop trigger note_draft_held on note;
drop trigger board_unsent_gone on draft;
drop trigger board_unsent on draft;
drop function note_draft_held(), board_draft();
delete from board where kind = 'draft';
alter table board drop constraint board_kind_check;
alter table board add constraint board_kind_check check (kind in ('note', 'voicemail', 'callback'));
drop index draft_waiting;
alter table draft drop column call, drop column held_at, drop column left_at, drop column rank, drop column since;
