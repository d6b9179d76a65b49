-- The transparency log. A leaf is written to audit_outbox in the transaction of the act it tells of, so that no act is
-- without its leaf; one sequencer then gives it its place in audit_leaf, because a hash chain inside every transaction
-- would let only one note be stored at a time. audit_hash keeps the tree's hashes in the order of tlog.StoredHashIndex,
-- audit_checkpoint every signed head. kind and object repeat what the leaf says, for finding; verify compares them.

-- +goose Up
create table audit_outbox (
    id     bigint generated always as identity primary key,
    kind   text  not null,
    object text  not null,
    body   bytea not null,
    mac    bytea not null -- by the log's own key: a leaf that waits cannot be changed or forged either
);
create table audit_leaf (
    idx    bigint primary key,
    kind   text  not null,
    object text  not null,
    body   bytea not null
);
create index audit_leaf_object on audit_leaf (object, idx);
create table audit_hash (
    idx  bigint primary key,
    hash bytea not null
);
create table audit_checkpoint (
    size bigint primary key,
    note text   not null
);

-- +goose Down
drop table audit_checkpoint, audit_hash, audit_leaf, audit_outbox;
