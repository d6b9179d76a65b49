-- What a practice wants its agents to know for a time is written on its page: a bulletin, which each agent acknowledges at their first call
-- after its begin, and a status line, which stands at the head of its calls. The office sees who has acknowledged. No patient's words stand
-- here. A server of the release before shows none.

-- +goose Up
create table bulletin (
    id        text primary key, -- sorts by time
    account   text        not null references account,
    kind      text        not null, -- 'bulletin' or 'status'
    body      text        not null, -- JSON: a text in each language
    begins_at timestamptz not null,
    ends_at   timestamptz not null,
    made_at   timestamptz not null,
    made_by   text        not null,
    check (ends_at >= begins_at) -- one taken back before it began lasts no time
);
create index bulletin_lasts on bulletin (account, ends_at);

create table bulletin_read (
    id       text primary key,
    bulletin text        not null references bulletin,
    person   text        not null,
    read_at  timestamptz not null,
    unique (bulletin, person)
);

-- +goose Down
drop table bulletin_read;
drop table bulletin;
