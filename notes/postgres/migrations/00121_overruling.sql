-- A practice keeps tests of where its calls go. A change that one of them fails is stored only with a supervisor's word: who gave it, why,
-- and what failed stand here, so that it can be looked at afterwards. The tests themselves stand in the practice's document. A server of
-- the release before runs no tests and writes none of these.

-- +goose Up
create table test_overruling (
    id      text primary key, -- sorts by time
    account text        not null references account,
    made_at timestamptz not null,
    made_by text        not null, -- a person or a part of the server
    why     text        not null,
    failed  text        not null  -- JSON: what failed, a sentence in each language
);
create index test_overruling_account on test_overruling (account, id desc);

-- +goose Down
drop table test_overruling;
