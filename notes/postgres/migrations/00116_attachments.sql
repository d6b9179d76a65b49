-- Photos and PDFs on the messages between a practice and its patients. attachment is one file that hangs on a message, vouched for by
-- the leaf of that message; attachment_chunk is what is in it, sealed in chunks under the practice's key, each bound to its place, and
-- small a photo's thumbnail, sealed too. A file goes with its message: when that is withdrawn unread, the chunks and the thumbnail are
-- deleted, and the row stays to say that there was one. Lists of threads read neither.
--
-- upload is a file that still comes, or that came and hangs on no message yet: by is a person, '' for the patient, id the page's own
-- name for it, file what it will be as an attachment. upload_piece is what has arrived of it as it came, each piece sealed by itself;
-- it is gone once the file was looked at. Whatever hangs on no message a day after its last piece is deleted.

-- +goose Up
create table attachment (
    id      text primary key,
    message text        not null references message,
    account text        not null,
    patient text        not null references patient,
    n       int         not null, -- its place on the message
    kind    text        not null check (kind in ('photo', 'pdf')),
    bytes   bigint      not null,
    width   int         not null,
    height  int         not null,
    chunks  int         not null,
    head    bytea       not null,
    small   bytea       not null, -- '' of a PDF
    gone_at timestamptz
);
alter table attachment alter column small set storage external;
create index attachment_message on attachment (message, n);
create table attachment_chunk (
    attachment text  not null, -- or an upload's file
    n          int   not null,
    data       bytea not null,
    primary key (attachment, n)
);
alter table attachment_chunk alter column data set storage external;
create table upload (
    file     text primary key,
    patient  text        not null references patient,
    by       text        not null,
    id       text        not null,
    size     bigint      not null,
    arrived  bigint      not null,
    moved_at timestamptz not null,
    kind     text        not null, -- '' until it was looked at
    bytes    bigint      not null,
    width    int         not null,
    height   int         not null,
    chunks   int         not null,
    head     bytea       not null,
    small    bytea       not null,
    digest   bytea       not null, -- over its chunks, as the attachment's leaf will have it
    unique (patient, by, id)
);
create index upload_moved on upload (moved_at);
create table upload_piece (
    file text  not null references upload on delete cascade,
    n    int   not null,
    data bytea not null,
    primary key (file, n)
);
alter table upload_piece alter column data set storage external;

-- +goose Down
drop table upload_piece, upload, attachment_chunk, attachment;
