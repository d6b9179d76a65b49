-- The service level is a day's: each desk's bar is counted from the calls that came in since midnight, again and again.

-- +goose Up
create index call_day on call (opened_at) where inbound;

-- +goose Down
drop index call_day;
