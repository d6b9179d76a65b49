-- Texts that come back to the number that paged. text_stop is who wants no texts, by number and so for every practice: it is
-- kept for ever, with a leaf for each change, and holds while started_at is null. It is one of the grounds of a plan, so its
-- changes are counted where those of the phones are (00021). text_reply remembers which texts were heard, so that one told
-- twice counts once and a phone that answers by itself is not answered for ever; it holds no words, and of the sender only a
-- keyed hash, because a patient may write to that number too.

-- +goose Up
create table text_stop (
    id         text primary key,
    number     text        not null unique, -- E.164; of somebody who was paged
    stopped_at timestamptz not null,
    started_at timestamptz
);
create trigger text_stop_changed after insert or update or delete or truncate on text_stop
    for each statement execute function push_changed();
create table text_reply (
    ref    text        not null, -- the carrier's name for it
    note   text        not null, -- whose story it came into; '' for none
    sender bytea       not null,
    at     timestamptz not null,
    told   bool        not null, -- it was answered
    primary key (ref, note)
);
create index text_reply_sender on text_reply (sender, at) where told;
-- Whom a number was paged for is asked when it texts back.
create index attempt_text on attempt (address) where channel = 'text';

-- +goose Down
drop index attempt_text;
drop table text_reply, text_stop;
