-- A plan is made from who has a phone for pushes and from who has left; both are remembered by a server until push_change
-- counts on. So it counts on when somebody leaves or comes back as well: a note that is sent in that moment is planned anew.

-- +goose Up
create trigger person_left after update of left_at on person
    for each statement execute function push_changed();

-- +goose Down
drop trigger person_left on person;
