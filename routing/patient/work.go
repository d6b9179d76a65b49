package patient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// claimed is a notice or a reminder that is this worker's until its lease ends.
type claimed struct {
	id      string
	account telephony.AccountID
	patient notes.PatientID
	thread  notes.ThreadID
	message string
	kind    channel.NoticeKind
	channel notes.ConsentChannel
	lang    telephony.Language
	address []byte
	reach   []byte
	expires time.Time
	fence   int64
	sends   int
	mac     *audit.MacRow

	box    *outbox
	visits []notes.AppointmentID // of a reminder
}

func (e *Engine) claim(ctx context.Context, box *outbox, n int) ([]claimed, error) {
	var due bool
	if n <= 0 {
		return nil, nil
	}
	if err := e.cfg.Pool.QueryRow(ctx, box.due).Scan(&due); err != nil || !due {
		return nil, err
	}
	rows, err := e.cfg.Pool.Query(ctx, box.claim, n, e.cfg.Lease.Seconds())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (claimed, error) {
		c := claimed{mac: box.table.MacRow(), box: box}
		err := r.Scan(append([]any{&c.id, &c.account, &c.patient, &c.thread, &c.message, &c.kind, &c.channel, &c.lang, &c.address, &c.reach,
			&c.expires, &c.fence, &c.sends}, c.mac.Into()...)...)
		return c, err
	})
}

const (
	maxSends = 5 // how often a notice is handed to a carrier that does not take it, or of which nobody knows
	again    = 15 * time.Second
)

// Why a notice was not sent, beside a carrier's own code.
const (
	whyForged    = "forged"
	whyStopped   = "stopped"
	whyExpired   = "expired"
	whyNoCarrier = "not-configured"
)

// work brings one notice to an end, or leaves it to the next lease.
func (e *Engine) work(ctx context.Context, c claimed) error {
	if !e.cfg.Log.Holds(c.mac) { // nobody's word but ours reaches a patient
		return e.settle(ctx, c, NoticeFailed, channel.Receipt{}, whyForged)
	}
	// What is left of the lease after sending is for writing down how it went.
	sending, cancel := context.WithTimeout(ctx, e.cfg.Lease*3/4)
	defer cancel()
	ch := channel.Set(e.cfg.Channels[c.channel])
	if ch == nil {
		return e.settle(ctx, c, NoticeFailed, channel.Receipt{}, whyNoCarrier)
	}
	m, why, err := e.say(sending, &c)
	if err != nil {
		return err
	}
	if c.sends > 0 {
		receipt, err := ch.Lookup(sending, m)
		switch {
		case err == nil:
			return e.settle(ctx, c, NoticeAccepted, receipt, "")
		case c.sends >= maxSends:
			return e.settle(ctx, c, NoticeFailed, receipt, string(channel.Unknown))
		case !errors.Is(err, channel.ErrNotFound) && !errors.Is(err, channel.ErrNoLookup) && c.fence < 2*maxSends:
			return e.later(ctx, c, again) // a carrier that answers no question hardly takes a message
		}
	}
	if !e.clock().Before(c.expires) {
		return e.settle(ctx, c, NoticeFailed, channel.Receipt{}, whyExpired)
	}
	if why != "" {
		return e.settle(ctx, c, NoticeCancelled, channel.Receipt{}, why)
	}
	if wait, err := e.waits(sending, c); err != nil {
		return err
	} else if wait > 0 {
		return e.later(ctx, c, wait)
	}
	purpose := purposes[c.kind]
	may, err := e.may(sending, c.patient, purpose, c.channel, c.reach)
	if err != nil {
		return err
	}
	if !may {
		return e.settle(ctx, c, NoticeCancelled, channel.Receipt{}, whyStopped)
	}
	if ok, err := e.mayLeave(sending, c); err != nil || !ok {
		return err
	}
	receipt, err := ch.Send(sending, m)
	var failed *channel.SendError
	switch {
	case err == nil:
		return e.settle(ctx, c, NoticeAccepted, receipt, "")
	case errors.As(err, &failed) && (failed.Kind == channel.Refused || failed.Kind == channel.Unreachable):
		return e.settle(ctx, c, NoticeFailed, receipt, string(failed.Kind))
	}
	return e.later(ctx, c, again)
}

// purposes are what a patient must have agreed to for a kind of notice; a code or a link they ask for themselves.
var purposes = map[channel.NoticeKind]notes.Purpose{channel.NoticeMessage: notes.PurposeCare,
	channel.NoticeReminder: notes.PurposeReminders, channel.NoticeLink: askedFor, channel.NoticeCode: askedFor}

// waits is how long something unasked is not sent: a number that was asked whether it wants no texts has not answered.
func (e *Engine) waits(ctx context.Context, c claimed) (wait time.Duration, err error) {
	if purposes[c.kind] == askedFor {
		return 0, nil
	}
	var asked bool
	if err := e.cfg.Pool.QueryRow(ctx, selectStopAsked, c.reach).Scan(&asked); err != nil || asked {
		return again, err
	}
	if c.kind != channel.NoticeReminder {
		return 0, nil
	}
	return e.quietFor(ctx, c)
}

// say is the message of a notice or a reminder; why is why there is none any more. Its address is opened for the carrier alone.
func (e *Engine) say(ctx context.Context, c *claimed) (m channel.Message, why string, err error) {
	acc, err := e.cfg.Store.Account(ctx, c.account)
	if err != nil {
		return m, "", err
	}
	keys, err := e.cfg.Store.Keys(ctx, c.account)
	if err != nil {
		return m, "", err
	}
	to, err := keys.Unseal(addressLabel(c.account, c.id), c.address)
	if err != nil {
		return m, "", fmt.Errorf("open a notice's address: %w", err)
	}
	m = channel.Message{Key: c.id, To: string(to), Lang: c.lang, Practice: acc.Name, Urgency: string(notes.Routine), Notice: c.kind}
	switch c.kind {
	case channel.NoticeReminder:
		why, err = e.sayReminder(ctx, c, acc, &m)
	case channel.NoticeCode:
		m.Code = e.code(c.id)
	default:
		m.Link = e.cfg.LinkBase + "/p#" + e.token(c.id)
	}
	return m, why, err
}

// mayLeave counts a sending before it happens; false when the notice is another worker's by now, or was cancelled.
func (e *Engine) mayLeave(ctx context.Context, c claimed) (ok bool, err error) {
	c.mac.Set("sends", c.sends+1)
	mac, err := e.cfg.Log.Mac(c.box.table, c.mac.Values()...)
	if err != nil {
		return false, err
	}
	err = e.cfg.Pool.QueryRow(ctx, c.box.counting, c.id, c.fence, c.sends+1, mac).Scan(&ok)
	if postgres.NoRow(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look before sending: %w", err)
	}
	return ok, nil
}

// later leaves a notice for another try.
func (e *Engine) later(ctx context.Context, c claimed, wait time.Duration) error {
	_, err := e.cfg.Pool.Exec(ctx, c.box.later, c.id, c.fence, wait.Seconds())
	return err
}

// settle writes down how a notice went. One that reached nobody is told to staff.
func (e *Engine) settle(ctx context.Context, c claimed, state NoticeState, r channel.Receipt, why string) error {
	var sent any
	if state == NoticeAccepted {
		sent = e.clock()
	}
	if r.Status == channel.Delivered {
		state = NoticeDelivered
	}
	err := postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		if state == NoticeFailed { // the patient is held first, as everybody takes them
			if err := e.warn(ctx, tx, c.account, c.patient, notes.WarnUnreached, c.box.unreached); err != nil {
				return err
			}
		}
		res, err := tx.Query(ctx, c.box.settled, c.id, c.fence, string(state), r.Ref, why, sent)
		if err != nil {
			return err
		}
		return e.vouchSent(ctx, tx, res, c.box, c.visits, e.entry(ctx, c.account, c.patient, c.thread, c.box.leaves[state],
			string(c.channel)))
	})
	if err != nil {
		return fmt.Errorf("write down how a notice went: %w", err)
	}
	return nil
}

func (e *Engine) warn(ctx context.Context, tx pgx.Tx, account telephony.AccountID, patient notes.PatientID, w notes.ThreadWarning,
	action string) error {
	return e.cfg.Patients.WarnTx(ctx, tx, patient, w, e.entry(ctx, account, patient, "", action).Actor, action)
}

// Report takes a carrier's later word; ours is false for one about no notice and no reminder. Reports may come twice, late and in any
// order.
func (e *Engine) Report(ctx context.Context, r channel.DeliveryReport) (ours bool, err error) {
	state := NoticeDelivered
	switch r.Status {
	case channel.Delivered:
	case channel.Undelivered, channel.Failed:
		state = NoticeUndelivered
	default:
		return false, nil
	}
	for _, box := range outboxes {
		err := postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) (err error) {
			ours, err = e.report(ctx, tx, box, r, state)
			return err
		})
		if err != nil {
			return false, fmt.Errorf("write a carrier's report down: %w", err)
		}
		if ours {
			break
		}
	}
	return ours, nil
}

func (e *Engine) report(ctx context.Context, tx pgx.Tx, box *outbox, r channel.DeliveryReport, state NoticeState) (ours bool, err error) {
	from := []string{string(NoticeSending), string(NoticeAccepted)}
	var patient notes.PatientID
	var account telephony.AccountID
	var is string
	err = tx.QueryRow(ctx, box.atReported, r.Key).Scan(&patient, &account, &is)
	if ours = err == nil; !ours || !slices.Contains(from, is) {
		if postgres.NoRow(err) {
			err = nil
		}
		return ours, err
	}
	why := ""
	if state == NoticeUndelivered {
		why = "carrier-" + r.Why
		if err := e.warn(ctx, tx, account, patient, notes.WarnUnreached, box.unreached); err != nil {
			return ours, err
		}
	}
	var visits []notes.AppointmentID
	thread := notes.ThreadID("")
	if box == reminders {
		if visits, err = e.visitsOf(ctx, tx, r.Key); err != nil {
			return ours, err
		}
	} else if err := tx.QueryRow(ctx, selectThreadOf, r.Key).Scan(&thread); err != nil {
		return ours, err
	}
	res, err := tx.Query(ctx, box.reported, r.Key, string(state), why, from)
	if err != nil {
		return ours, err
	}
	return ours, e.vouchSent(ctx, tx, res, box, visits, e.entry(ctx, account, patient, thread, box.leaves[state]))
}

// vouchSent has a leaf vouch for what was sent; of a reminder, one in the story of each appointment.
func (e *Engine) vouchSent(ctx context.Context, tx pgx.Tx, res pgx.Rows, box *outbox, visits []notes.AppointmentID,
	leaf audit.Entry) error {
	changed, err := box.table.ReadMacs(res)
	if err != nil || len(changed) == 0 {
		return err
	}
	for i, id := range visits {
		leaf.Kind, leaf.Object = "appointment", string(id)
		if i < len(visits)-1 {
			if err := e.cfg.Log.Append(ctx, tx, leaf); err != nil {
				return err
			}
		}
	}
	return e.vouchRows(ctx, tx, changed, box.table, leaf)
}
