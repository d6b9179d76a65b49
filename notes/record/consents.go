package record

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/telephony"
)

// Say writes into the ledger what a patient said about being told. Whoever writes it down is the actor, or the patient. hooks run in
// the same transaction.
func (p *Patients) Say(ctx context.Context, patient notes.Patient, c notes.Consent, hooks ...func(context.Context, pgx.Tx) error) error {
	if v, err := access.VisitorFrom(ctx); err == nil && v.Patient == patient.ID {
		c.By = v.ID()
	} else {
		actor, err := access.Check(ctx, notes.MessagePatients, string(patient.Account))
		if err != nil {
			return err
		}
		c.By = actor.ID()
	}
	c.Patient, c.Account, c.Language = patient.ID, patient.Account, patient.Language
	err := postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		if err := p.consentTx(ctx, tx, patient, c); err != nil {
			return err
		}
		for _, h := range hooks {
			if err := h(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write down a consent: %w", err)
	}
	return nil
}

// Address is where a patient is told by a channel, "" for nowhere.
func Address(p notes.Patient, by notes.ConsentChannel) string {
	if by == notes.ByEmail {
		return p.Email
	}
	return p.Texts().Reveal()
}

func (p *Patients) consentTx(ctx context.Context, tx pgx.Tx, of notes.Patient, c notes.Consent) error {
	address := Address(of, c.Channel)
	if address == "" {
		return &Incomplete{map[string]string{string(c.Channel): notes.FieldRequired}}
	}
	reach, err := p.Reach(ctx, c.Channel, address)
	if err != nil {
		return err
	}
	return p.ConsentTx(ctx, tx, c, reach)
}

// ConsentTx adds a line to the ledger about an address in a transaction of the caller's, with its leaf. Without a purpose it is of
// care.
func (p *Patients) ConsentTx(ctx context.Context, tx pgx.Tx, c notes.Consent, reach []byte) error {
	action := map[bool]string{true: "consent.given", false: "consent.ended"}[c.Given]
	c.Purpose = cmp.Or(c.Purpose, notes.PurposeCare)
	res, err := tx.Query(ctx, insertConsent, newID(), c.Patient, c.Account, string(c.Purpose), c.Channel, reach, c.Given,
		c.Purpose.ConsentWording(), c.Language, p.s.clock(), c.By, c.How)
	if err != nil {
		return err
	}
	rows, err := consentTable.ReadMacs(res)
	if err != nil {
		return err
	}
	id, _ := rows[0].Values()[0].(string)
	row, err := consentTable.Row(id, rows[0].Values()...)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	if err := p.s.log.QueueMac(b, rows[0]); err != nil {
		return err
	}
	if err := p.s.log.Queue(b, audit.Entry{At: p.s.clock(), Actor: c.By, Action: action, Kind: "patient", Object: string(c.Patient),
		Account: string(c.Account), Detail: []string{string(c.Channel), string(c.How), string(c.Purpose)},
		Rows: []audit.Row{row}}); err != nil {
		return err
	}
	postgres.AfterCommit(tx, p.s.log.Wake)
	return tx.SendBatch(ctx, b).Close()
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Consents are what holds of a patient's ledger: the newest line of each channel and address, by rows that we wrote. Nothing in
// them is opened. reaches are the addresses, line by line.
func (p *Patients) Consents(ctx context.Context, patient notes.PatientID) (lines []notes.Consent, reaches [][]byte, err error) {
	return p.consents(ctx, p.s.pool, patient)
}

func (p *Patients) consents(ctx context.Context, q querier, patient notes.PatientID) (lines []notes.Consent, reaches [][]byte, err error) {
	rows, err := q.Query(ctx, selectConsents, patient)
	if err != nil {
		return nil, nil, fmt.Errorf("read what a patient agreed to: %w", err)
	}
	all, err := consentTable.ReadMacs(rows)
	if err != nil {
		return nil, nil, fmt.Errorf("read what a patient agreed to: %w", err)
	}
	for _, r := range all {
		if !p.s.log.Holds(r) { // somebody else's word is no consent
			continue
		}
		c, reach := consentOf(r)
		lines, reaches = append(lines, c), append(reaches, reach)
	}
	return lines, reaches, nil
}

// Agreed says whether a patient may be told something for a purpose at an address, by the ledger.
func (p *Patients) Agreed(ctx context.Context, q querier, patient notes.PatientID, to notes.Purpose, by notes.ConsentChannel,
	reach []byte) (bool, error) {
	lines, reaches, err := p.consents(ctx, q, patient)
	if err != nil {
		return false, err
	}
	for i, c := range lines {
		if c.Purpose == to && c.Channel == by && slices.Equal(reaches[i], reach) {
			return c.Given, nil
		}
	}
	return false, nil
}

// consentOf is a line as its row has it.
func consentOf(r *audit.MacRow) (c notes.Consent, reach []byte) {
	v := r.Values()
	word := func(i int) string { s, _ := v[i].(string); return s }
	c = notes.Consent{ID: word(0), Patient: notes.PatientID(word(1)), Account: telephony.AccountID(word(2)),
		Purpose: notes.Purpose(word(3)), Channel: notes.ConsentChannel(word(4)), Wording: word(7), Language: telephony.Language(word(8)),
		By: word(10), How: notes.ConsentHow(word(11))}
	reach, _ = v[5].([]byte)
	c.Given, _ = v[6].(bool)
	if at, ok := v[9].(time.Time); ok {
		c.At = at.UTC()
	}
	return c, reach
}
