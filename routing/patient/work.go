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

// claimed is a notice that is this worker's until its lease ends.
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
}

func (e *Engine) claim(ctx context.Context, n int) ([]claimed, error) {
	var due bool
	if n <= 0 {
		return nil, nil
	}
	if err := e.cfg.Pool.QueryRow(ctx, selectDue).Scan(&due); err != nil || !due {
		return nil, err
	}
	rows, err := e.cfg.Pool.Query(ctx, claimDue, n, e.cfg.Lease.Seconds())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (claimed, error) {
		c := claimed{mac: noticeTable.MacRow()}
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
	m, err := e.say(sending, c)
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
			return e.later(ctx, c) // a carrier that answers no question hardly takes a message
		}
	}
	if !e.clock().Before(c.expires) {
		return e.settle(ctx, c, NoticeFailed, channel.Receipt{}, whyExpired)
	}
	may, err := e.may(sending, c.patient, c.channel, c.reach, c.kind != channel.NoticeMessage)
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
	return e.later(ctx, c)
}

// say is the message of a notice. Its address is opened for the carrier alone.
func (e *Engine) say(ctx context.Context, c claimed) (m channel.Message, err error) {
	acc, err := e.cfg.Store.Account(ctx, c.account)
	if err != nil {
		return m, err
	}
	keys, err := e.cfg.Store.Keys(ctx, c.account)
	if err != nil {
		return m, err
	}
	to, err := keys.Unseal(addressLabel(c.account, c.id), c.address)
	if err != nil {
		return m, fmt.Errorf("open a notice's address: %w", err)
	}
	m = channel.Message{Key: c.id, To: string(to), Lang: c.lang, Practice: acc.Name, Urgency: string(notes.Routine), Notice: c.kind}
	if c.kind == channel.NoticeCode {
		m.Code = e.code(c.id)
	} else {
		m.Link = e.cfg.LinkBase + "/p#" + e.token(c.id)
	}
	return m, nil
}

// mayLeave counts a sending before it happens; false when the notice is another worker's by now, or was cancelled.
func (e *Engine) mayLeave(ctx context.Context, c claimed) (ok bool, err error) {
	c.mac.Set("sends", c.sends+1)
	mac, err := e.cfg.Log.Mac(noticeTable, c.mac.Values()...)
	if err != nil {
		return false, err
	}
	err = e.cfg.Pool.QueryRow(ctx, countSending, c.id, c.fence, c.sends+1, mac).Scan(&ok)
	if postgres.NoRow(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look before sending: %w", err)
	}
	return ok, nil
}

// later leaves a notice for another try.
func (e *Engine) later(ctx context.Context, c claimed) error {
	_, err := e.cfg.Pool.Exec(ctx, noticeLater, c.id, c.fence, again.Seconds())
	return err
}

// settled are what the leaves call how a notice went.
var settled = map[NoticeState]string{NoticeAccepted: "notice.accepted", NoticeDelivered: "notice.delivered", NoticeUndelivered: "notice.undelivered",
	NoticeFailed: "notice.failed", NoticeCancelled: "notice.cancelled"}

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
			if err := e.warn(ctx, tx, c.account, c.patient, notes.WarnUnreached, "notice.unreached"); err != nil {
				return err
			}
		}
		res, err := tx.Query(ctx, noticeSettled, c.id, c.fence, string(state), r.Ref, why, sent)
		if err != nil {
			return err
		}
		return e.vouch(ctx, tx, res, noticeTable, e.entry(ctx, c.account, c.patient, c.thread, settled[state], string(c.channel)))
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

// Report takes a carrier's later word; ours is false for one about no notice. Reports may come twice, late and in any order.
func (e *Engine) Report(ctx context.Context, r channel.DeliveryReport) (ours bool, err error) {
	state, from := NoticeDelivered, []string{string(NoticeSending), string(NoticeAccepted)}
	switch r.Status {
	case channel.Delivered:
	case channel.Undelivered, channel.Failed:
		state = NoticeUndelivered
	default:
		return false, nil
	}
	err = postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		var patient notes.PatientID
		var account telephony.AccountID
		var is string
		err := tx.QueryRow(ctx, selectReported, r.Key).Scan(&patient, &account, &is)
		if ours = err == nil; !ours || !slices.Contains(from, is) {
			if postgres.NoRow(err) {
				err = nil
			}
			return err
		}
		why := ""
		if state == NoticeUndelivered {
			why = "carrier-" + r.Why
			if err := e.warn(ctx, tx, account, patient, notes.WarnUnreached, "notice.unreached"); err != nil {
				return err
			}
		}
		res, err := tx.Query(ctx, noticeReported, r.Key, string(state), why, from)
		if err != nil {
			return err
		}
		changed, err := noticeTable.ReadMacs(res)
		if err != nil || len(changed) == 0 {
			return err
		}
		return e.vouchRows(ctx, tx, changed, noticeTable, e.entry(ctx, account, patient, threadOf(changed[0]), settled[state]))
	})
	if err != nil {
		return false, fmt.Errorf("write a carrier's report down: %w", err)
	}
	return ours, nil
}

// threadOf is the thread of a notice's row.
func threadOf(r *audit.MacRow) notes.ThreadID {
	id, _ := r.Values()[3].(string)
	return notes.ThreadID(id)
}
