package patient

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/notes/seal"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// A NoticeState is how far a notice is.
type NoticeState string

const (
	NoticeDue         NoticeState = "due" // it waits for the patient's day, or for the carrier
	NoticeSending     NoticeState = "sending"
	NoticeAccepted    NoticeState = "accepted" // by the carrier
	NoticeDelivered   NoticeState = "delivered"
	NoticeUndelivered NoticeState = "undelivered"
	NoticeFailed      NoticeState = "failed"
	NoticeCancelled   NoticeState = "cancelled"
)

// A Notice is how a patient was, or will be, told. Nothing in it is patient data.
type Notice struct {
	Message string // that caused it; "" for a link that was asked for
	Kind    channel.NoticeKind
	Channel notes.ConsentChannel
	State   NoticeState
	DueAt   time.Time
	SentAt  time.Time
	Why     string // a code when it failed
}

// How long what was sent opens something.
const (
	linkLasts = 7 * 24 * time.Hour
	codeLasts = 10 * time.Minute
)

// justWrote is how long a patient who wrote is told at any hour that an answer waits.
const justWrote = time.Hour

// way is where a patient can be told.
type way struct {
	channel notes.ConsentChannel
	address string
	reach   []byte
}

// ways are a patient's addresses that something may be sent to, texts first: of channels that are set up, not stopped, and agreed to
// for a purpose; askedFor is what the patient asks for now, which nobody agrees to before.
func (e *Engine) ways(ctx context.Context, p notes.Patient, to notes.Purpose) (out []way, err error) {
	for _, by := range []notes.ConsentChannel{notes.ByText, notes.ByEmail} {
		w := way{channel: by, address: record.Address(p, by)}
		if w.address == "" || channel.Set(e.cfg.Channels[by]) == nil {
			continue
		}
		if w.reach, err = e.cfg.Patients.Reach(ctx, by, w.address); err != nil {
			return nil, err
		}
		may, err := e.may(ctx, p.ID, to, w.channel, w.reach)
		if err != nil {
			return nil, err
		}
		if may {
			out = append(out, w)
		}
	}
	return out, nil
}

// askedFor is no purpose of the ledger's.
const askedFor notes.Purpose = ""

// may says whether something may go to an address now.
func (e *Engine) may(ctx context.Context, patient notes.PatientID, to notes.Purpose, by notes.ConsentChannel, reach []byte) (bool, error) {
	if stopped, err := e.stopped(ctx, e.cfg.Pool, reach); err != nil || stopped {
		return false, err
	}
	if to == askedFor {
		return true, nil
	}
	return e.cfg.Patients.Agreed(ctx, e.cfg.Pool, patient, to, by, reach)
}

// Tell returns what tells a patient of a message, for the transaction that stores it; ErrNoConsent when there is no way. A patient who
// is to be told of an earlier one anyhow, in the morning, is told once.
func (e *Engine) Tell(ctx context.Context, id notes.PatientID) (record.ThreadHook, error) {
	p, err := e.cfg.Patients.Open(system(ctx), id)
	if err != nil {
		return nil, err
	}
	ways, err := e.ways(ctx, p, notes.PurposeCare)
	if err != nil {
		return nil, err
	}
	if len(ways) == 0 {
		return nil, ErrNoConsent
	}
	acc, err := e.cfg.Store.Account(ctx, p.Account)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx pgx.Tx, t notes.Thread, m notes.ThreadEntry) error {
		var waits, wrote bool
		now := e.clock()
		if err := tx.QueryRow(ctx, selectWaits, id).Scan(&waits); err != nil || waits {
			return err
		}
		if err := tx.QueryRow(ctx, selectWroteLate, id, now.Add(-justWrote)).Scan(&wrote); err != nil {
			return err
		}
		due := now
		if !wrote {
			due = notify(acc, p, now)
		}
		return e.put(ctx, tx, p, ways[0], notice{kind: channel.NoticeMessage, thread: t.ID, message: m.ID, due: due, lasts: linkLasts})
	}, nil
}

// notify is when a patient may be told something unasked, from at on.
func notify(acc notes.Account, p notes.Patient, at time.Time) time.Time {
	name := p.Zone
	if name == "" {
		name = acc.TimeZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil || acc.Messaging == nil { // both were checked when they were stored
		return at
	}
	return acc.Messaging.Notify(at, zone).UTC().Truncate(time.Microsecond)
}

// notice is what a new one is made of.
type notice struct {
	kind    channel.NoticeKind
	thread  notes.ThreadID
	message string
	due     time.Time
	lasts   time.Duration
}

// put writes a notice with its leaf.
func (e *Engine) put(ctx context.Context, tx pgx.Tx, p notes.Patient, w way, n notice) error {
	keys, err := e.cfg.Store.Keys(ctx, p.Account)
	if err != nil {
		return err
	}
	id := uuid.Must(uuid.NewV7()).String()
	address, err := keys.Seal(addressLabel(p.Account, id), []byte(w.address))
	if err != nil {
		return err
	}
	var link []byte
	if n.kind != channel.NoticeCode {
		link = hashToken(e.token(id))
	}
	res, err := tx.Query(ctx, insertNotice, id, p.Account, p.ID, n.thread, n.message, string(n.kind), w.channel, p.Language, address,
		w.reach,
		string(NoticeDue), e.clock(), n.due, n.due.Add(n.lasts), nil, nil, "", "", link)
	if err != nil {
		return err
	}
	postgres.AfterCommit(tx, e.Wake)
	return e.vouch(ctx, tx, res, noticeTable, e.entry(ctx, p.Account, p.ID, n.thread, "notice.made", string(n.kind), string(w.channel)))
}

// entry is a leaf of a patient's thread. Who acts is whoever is in ctx, or this part of the server.
func (e *Engine) entry(ctx context.Context, account telephony.AccountID, patient notes.PatientID, thread notes.ThreadID, action string,
	detail ...string) audit.Entry {
	actor := "patients"
	if a, ok := access.From(ctx); ok {
		actor = a.ID()
	} else if v, err := access.VisitorFrom(ctx); err == nil {
		actor = v.ID()
	}
	out := audit.Entry{At: e.clock(), Actor: actor, Action: action, Kind: "thread", Object: string(thread), Account: string(account),
		Detail: detail}
	if thread == "" {
		out.Kind, out.Object = "patient", string(patient)
	}
	return out
}

// vouch gives the rows that a statement returned their MACs, and has the entry's leaf vouch for them.
func (e *Engine) vouch(ctx context.Context, tx pgx.Tx, res pgx.Rows, table audit.Table, entry audit.Entry) error {
	changed, err := table.ReadMacs(res)
	if err != nil || len(changed) == 0 {
		return err
	}
	return e.vouchRows(ctx, tx, changed, table, entry)
}

func (e *Engine) vouchRows(ctx context.Context, tx pgx.Tx, changed []*audit.MacRow, table audit.Table, entry audit.Entry) error {
	b := &pgx.Batch{}
	for _, r := range changed {
		v := r.Values()
		id, _ := v[0].(string)
		row, err := table.Row(id, v[:len(table.Columns)]...)
		if err != nil {
			return err
		}
		entry.Rows = append(entry.Rows, row)
		if err := e.cfg.Log.QueueMac(b, r); err != nil {
			return err
		}
	}
	if err := e.cfg.Log.Queue(b, entry); err != nil {
		return err
	}
	postgres.AfterCommit(tx, e.cfg.Log.Wake)
	return tx.SendBatch(ctx, b).Close()
}

// Withdraw is the hook of a message that was withdrawn: who was not told of it yet is told of nothing.
func (e *Engine) Withdraw(ctx context.Context, tx pgx.Tx, t notes.Thread, m notes.ThreadEntry) error {
	return e.cancel(ctx, tx, t.Account, t.Patient, t.ID, m.ID, nil, "withdrawn")
}

// cancel ends what of a patient's notices has not left: of a message, of an address, or all.
func (e *Engine) cancel(ctx context.Context, tx pgx.Tx, account telephony.AccountID, patient notes.PatientID, thread notes.ThreadID,
	message string, reach []byte, why string) error {
	rows, err := tx.Query(ctx, selectDueOf, patient, message, reach)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(ids) == 0 {
		return err
	}
	res, err := tx.Query(ctx, noticesCancelled, ids, why)
	if err != nil {
		return err
	}
	return e.vouch(ctx, tx, res, noticeTable, e.entry(ctx, account, patient, thread, "notice.cancelled", why))
}

// Changed is the hook of a changed record: with another number, mail address or date of birth every device is to prove anew whose it
// is, and what was to go to the old address does not.
func (e *Engine) Changed(ctx context.Context, tx pgx.Tx, before, after notes.Patient) error {
	if before.ID == "" || before.Texts() == after.Texts() && before.Email == after.Email && before.Birth == after.Birth {
		return nil
	}
	if _, err := tx.Exec(ctx, deleteSessions, after.ID); err != nil {
		return err
	}
	return e.cancel(ctx, tx, after.Account, after.ID, "", "", nil, "record-changed")
}

// Ended is the hook of a consent that has ended: what was to go there does not.
func (e *Engine) Ended(p notes.Patient, by notes.ConsentChannel) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		reach, err := e.cfg.Patients.Reach(ctx, by, record.Address(p, by))
		if err != nil {
			return err
		}
		return e.cancel(ctx, tx, p.Account, p.ID, "", "", reach, "no-consent")
	}
}

// Notices are how a patient was told lately, the newest first. Nothing is opened.
func (e *Engine) Notices(ctx context.Context, patient notes.PatientID) ([]Notice, error) {
	rows, err := e.cfg.Pool.Query(ctx, selectNotices, patient)
	if err != nil {
		return nil, fmt.Errorf("how a patient was told: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (n Notice, err error) {
		var sent *time.Time
		err = r.Scan(&n.Message, &n.Kind, &n.Channel, &n.State, &n.DueAt, &sent, &n.Why)
		if n.DueAt = n.DueAt.UTC(); sent != nil {
			n.SentAt = sent.UTC()
		}
		return n, err
	})
}

// Ways are the channels by which a patient may be told of a message now; stopped says that their number wants no texts.
func (e *Engine) Ways(ctx context.Context, p notes.Patient) (by []notes.ConsentChannel, stopped bool, err error) {
	ways, err := e.ways(ctx, p, notes.PurposeCare)
	if err != nil {
		return nil, false, err
	}
	for _, w := range ways {
		by = append(by, w.channel)
	}
	if number := p.Texts(); number != "" {
		reach, err := e.cfg.Patients.Reach(ctx, notes.ByText, number.Reveal())
		if err != nil {
			return nil, false, err
		}
		stopped, err = e.stopped(ctx, e.cfg.Pool, reach)
		if err != nil {
			return nil, false, err
		}
	}
	return slices.Clip(by), stopped, nil
}

func addressLabel(account telephony.AccountID, id string) seal.Label {
	return seal.Label{Practice: string(account), Kind: "notice.address", ID: id, Version: 1}
}

// token is the opaque name of a notice's link, made from its id under a key that is not in the database.
func (e *Engine) token(id string) string {
	return base64.RawURLEncoding.EncodeToString(e.made("lamplight patient link 1\n", id))
}

// code is the one-time code of a notice, made likewise.
func (e *Engine) code(id string) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(e.made("lamplight patient code 1\n", id))%1_000_000)
}

func (e *Engine) made(what, id string) []byte {
	h := hmac.New(sha256.New, e.cfg.LinkKey)
	h.Write([]byte(what + id))
	return h.Sum(nil)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
