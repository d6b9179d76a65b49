-- How a call back ended is an agent's own words, and those are the patient's business: they are sealed beside the code.

-- +goose Up
alter table call add column followup_word bytea; -- sealed; null until somebody rang back

-- +goose Down
alter table call drop column followup_word;
