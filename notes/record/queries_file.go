package record

import (
	"lamplight/notes/audit"
)

// Every statement about the files of threads stands here; see queries.go. Nothing but selectFileChunk reads what is in one.

var (
	// An attachment's chunks are vouched for by it: a digest over their numbers and digests.
	attachmentTable = audit.Table{Kind: "attachment", Name: "attachment", Key: "id",
		Columns: []string{"id", "message", "account", "patient", "n", "kind", "bytes", "width", "height", "chunks", "head", "small",
			"gone_at", "(select sha256(string_agg(int4send(c.n) || sha256(c.data), ''::bytea order by c.n)) from attachment_chunk c " +
				"where c.attachment = attachment.id) as content"}}
	fileTables = []audit.Table{attachmentTable,
		{Name: "attachment_chunk", Via: "by its attachment's digest"},
		{Name: "upload", Why: "a file that hangs on no message yet: sealed, but one taken away is missed by its sender"},
		{Name: "upload_piece", Why: "what has arrived of such a file: sealed, each piece in its place"}}
)

const (
	insertUpload = `insert into upload (file, patient, by, id, size, arrived, moved_at, kind, bytes, width, height, chunks, head, small,
		digest) values ($1, $2, $3, $4, $5, 0, $6, '', 0, 0, 0, 0, '', '', '') on conflict (patient, by, id) do nothing`
	selectUpload = "select file, size, arrived, kind, bytes, width, height from upload where patient = $1 and by = $2 and id = $3"
	lockUpload   = selectUpload + " for update"
	insertPiece  = "insert into upload_piece (file, n, data) values ($1, $2, $3)"
	pieceArrived = "update upload set arrived = $2, moved_at = $3 where file = $1"
	selectPieces = "select n, data from upload_piece where file = $1 order by n"
	deletePieces = "delete from upload_piece where file = $1"
	uploadMade   = `update upload set kind = $2, bytes = $3, width = $4, height = $5, chunks = $6, head = $7, small = $8, digest = $9
		where file = $1`
	insertFileChunk = "insert into attachment_chunk (attachment, n, data) values ($1, $2, $3)"
	// dropUpload and those below it delete uploads with all that is theirs.
	dropUpload = "with gone as (delete from upload where patient = $1 and by = $2 and id = $3 returning file) " + dropChunks
	// keepUploads deletes somebody's oldest uploads for a patient, so that no more than some are ever kept.
	keepUploads = `with gone as (delete from upload where file in (select file from upload where patient = $1 and by = $2
		order by moved_at desc, file desc offset $3) returning file) ` + dropChunks
	sweepUploads = `with gone as (delete from upload where file in (select file from upload where moved_at < $1 order by moved_at
		for update skip locked limit 100) returning file) ` + dropChunks
	dropChunks = "delete from attachment_chunk where attachment in (select file from gone)"

	lockUploads = `select id, file, kind, bytes, width, height, chunks, head, small, digest from upload
		where patient = $1 and by = $2 and id = any($3) and kind <> '' for update`
	insertAttachment = `insert into attachment (id, message, account, patient, n, kind, bytes, width, height, chunks, head, small)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	deleteUpload = "delete from upload where file = $1" // its chunks are an attachment's by now
	selectFiles  = `select message, id, kind, bytes, width, height from attachment where message = any($1) and gone_at is null
		order by message, n`
	selectFile = `select a.kind, a.bytes, a.width, a.height, a.chunks, a.head, a.small, m.thread, m.kind, m.read_at
		from attachment a join message m on m.id = a.message
		where a.id = $1 and a.patient = $2 and a.gone_at is null and m.withdrawn_at is null`
	selectFileChunk  = "select data from attachment_chunk where attachment = $1 and n = $2"
	deleteFileChunks = "delete from attachment_chunk where attachment in (select id from attachment where message = $1)"
)

var filesGone = "update attachment set gone_at = $2, small = '' where message = $1 and gone_at is null returning " +
	attachmentTable.Returning()

// uploadsMany is how many files somebody may have on the way to a patient's thread, or from it, at a time.
const uploadsMany = 10
