package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// Patients are the practices' own records of their patients, their threads and the ledger of what they agreed to. Like the rest of
// the record it may be used from any goroutine and by any number of servers; who acts is carried in ctx: one of a practice's staff
// with the right notes.MessagePatients, a patient (access.WithVisitor), or a part of the server.
type Patients struct {
	s       *Store
	looking chan struct{} // holds whoever looks at a file that came
}

// NewPatients keeps patients in s.
func NewPatients(s *Store) *Patients { return &Patients{s, make(chan struct{}, 1)} }

// Errors of patients and their threads.
var (
	ErrNoPatient = errors.New("notes: no such patient")
	// ErrPatientMoved: somebody has changed the patient's record meanwhile. Nothing is stored.
	ErrPatientMoved = errors.New("notes: somebody has changed the patient's record meanwhile")
)

// PatientsMany is how many patients a search finds at most.
const PatientsMany = 20

// A PatientHook runs in the transaction that changes a patient's record; before is the zero Patient for a new one.
type PatientHook func(ctx context.Context, tx pgx.Tx, before, after notes.Patient) error

// Put stores a new record (Version 0) or a changed one, and what the patient said about being told, in one transaction. The id of a
// new one is the caller's: storing it again answers what is there. An *Incomplete error says what is missing.
func (p *Patients) Put(ctx context.Context, in notes.Patient, said []notes.Consent, hooks ...PatientHook) (notes.Patient, error) {
	actor, err := access.Check(ctx, notes.MessagePatients, string(in.Account))
	if err != nil {
		return notes.Patient{}, err
	}
	acc, err := p.s.cached(ctx, in.Account)
	if err != nil {
		return notes.Patient{}, err
	}
	if wrong := notes.CheckPatient(in, p.s.clock().In(acc.zone)); len(wrong) > 0 {
		return notes.Patient{}, &Incomplete{wrong}
	}
	in = notes.TidyPatient(in)
	var before notes.Patient
	if in.Version > 0 {
		if before, err = p.Open(ctx, in.ID); err != nil {
			return notes.Patient{}, err
		}
		if before.Account != in.Account {
			return notes.Patient{}, ErrNoPatient
		}
	}
	row, err := p.sealed(ctx, in)
	if err != nil {
		return notes.Patient{}, err
	}
	stored, there := in, false
	stored.Version++
	err = postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		done, err := p.putTx(ctx, tx, actor, in, row, said)
		if there = !done; there || err != nil {
			return err
		}
		for _, h := range hooks {
			if err := h(ctx, tx, before, stored); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return notes.Patient{}, fmt.Errorf("keep a patient: %w", err)
	case there && in.Version > 0:
		return notes.Patient{}, ErrPatientMoved
	case there:
		got, err := p.Open(ctx, in.ID)
		if err == nil && got.Account != in.Account {
			err = ErrNoPatient
		}
		return got, err
	}
	return stored, nil
}

// putTx writes a record with its leaf and what the patient said; false when a new one is there already, or a changed one has moved on.
func (p *Patients) putTx(ctx context.Context, tx pgx.Tx, actor access.Actor, in notes.Patient, row patientRow, said []notes.Consent) (
	done bool, err error,
) {
	rows, err := p.putRow(ctx, tx, in, row)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	action := "patient.changed"
	if in.Version == 0 {
		action = "patient.made"
	}
	if err := p.s.log.Append(ctx, tx, audit.Entry{At: p.s.clock(), Actor: actor.ID(), Action: action, Kind: "patient",
		Object: string(in.ID), Account: string(in.Account), Rows: rows}); err != nil {
		return false, err
	}
	for _, c := range said {
		c.Patient, c.Account, c.Language, c.By = in.ID, in.Account, in.Language, actor.ID()
		if err := p.consentTx(ctx, tx, in, c); err != nil {
			return false, err
		}
	}
	return true, nil
}

// patientRow is what of a patient is sealed or keyed.
type patientRow struct {
	title, body  []byte
	terms, reach [][]byte
}

func (p *Patients) sealed(ctx context.Context, in notes.Patient) (r patientRow, err error) {
	keys, err := p.s.Keys(ctx, in.Account)
	if err != nil {
		return r, err
	}
	plain, err := json.Marshal(in)
	if err != nil {
		return r, err
	}
	version := in.Version + 1
	if r.body, err = keys.Seal(patientLabel(in.Account, "patient.body", in.ID, version), plain); err != nil {
		return r, err
	}
	if r.title, err = keys.Seal(patientLabel(in.Account, "patient.title", in.ID, version), []byte(in.Name)); err != nil {
		return r, err
	}
	terms := append(keys.NameTerms(in.Name), keys.DateTerm(in.Birth))
	var reach []seal.Term
	for _, n := range in.Numbers {
		terms = append(terms, keys.PhoneTerm(n.Number.Reveal()))
		term, err := p.Reach(ctx, notes.ByText, n.Number.Reveal())
		if err != nil {
			return r, err
		}
		reach = append(reach, term)
	}
	r.terms, r.reach = seal.Unique(terms), seal.Unique(reach)
	return r, nil
}

func patientLabel(account telephony.AccountID, kind string, id notes.PatientID, version int) seal.Label {
	return seal.Label{Practice: string(account), Kind: kind, ID: string(id), Version: version}
}

// putRow writes a record; no row comes back for one that is there already, or that has moved on.
func (p *Patients) putRow(ctx context.Context, tx pgx.Tx, in notes.Patient, r patientRow) ([]audit.Row, error) {
	now := p.s.clock()
	sql, args := insertPatient, []any{in.ID, in.Account, now, now, in.Version + 1, in.Language, r.title, r.body, r.terms, r.reach}
	if in.Version > 0 {
		sql, args = updatePatient, []any{in.ID, in.Account, in.Version, now, in.Version + 1, in.Language, r.title, r.body, r.terms, r.reach}
	}
	res, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return patientTable.Read(res)
}

// Reach is what stands for an address where it must not be read; the same for every practice.
func (p *Patients) Reach(ctx context.Context, by notes.ConsentChannel, address string) ([]byte, error) {
	own, err := p.s.ring.Keys(ctx, "")
	if err != nil {
		return nil, err
	}
	if by == notes.ByEmail {
		return own.Term("patient-mail", strings.ToLower(address)), nil
	}
	return own.Term("patient-number", address), nil
}

// head is what is known of a patient before anything is opened.
type head struct {
	notes.Patient
	title, body []byte
}

func scanHead(row pgx.Row, more ...any) (h head, err error) {
	err = row.Scan(append([]any{&h.ID, &h.Account, &h.MadeAt, &h.Version, &h.Language, &h.title}, more...)...)
	h.MadeAt = h.MadeAt.UTC()
	if noSuch(err) {
		return h, ErrNoPatient
	}
	return h, err
}

// allowed is whose record a patient's is, for somebody who may see it. What is another practice's is not there.
func (p *Patients) allowed(ctx context.Context, id notes.PatientID) (h head, actor access.Actor, err error) {
	if h, err = scanHead(p.s.pool.QueryRow(ctx, selectPatient, id)); err != nil {
		return h, actor, fmt.Errorf("look for a patient: %w", err)
	}
	actor, err = access.Check(ctx, notes.MessagePatients, string(h.Account))
	return h, actor, err
}

// Account is whose patient it is, ErrNoPatient when there is none. Nothing in it is the patient's.
func (p *Patients) Account(ctx context.Context, id notes.PatientID) (telephony.AccountID, error) {
	h, err := scanHead(p.s.pool.QueryRow(ctx, selectPatient, id))
	return h.Account, err
}

// Open returns a patient's record. The trace is durable before anything is decrypted.
func (p *Patients) Open(ctx context.Context, id notes.PatientID) (notes.Patient, error) {
	h, actor, err := p.allowed(ctx, id)
	if err != nil {
		return notes.Patient{}, err
	}
	if err := p.s.addLeaf(ctx, audit.Entry{Actor: actor.ID(), Action: "patient.opened", Kind: "patient", Object: string(id),
		Account: string(h.Account)}); err != nil {
		return notes.Patient{}, err
	}
	var body []byte
	if h, err = scanHead(p.s.pool.QueryRow(ctx, selectPatientBody, id), &body); err != nil {
		return notes.Patient{}, err
	}
	h.body = body
	return p.unseal(ctx, h)
}

// unseal decrypts a record; its leaf must have been committed.
func (p *Patients) unseal(ctx context.Context, h head) (notes.Patient, error) {
	keys, err := p.s.Keys(ctx, h.Account)
	if err != nil {
		return notes.Patient{}, err
	}
	plain, err := keys.Unseal(patientLabel(h.Account, "patient.body", h.ID, h.Version), h.body)
	if err != nil {
		return notes.Patient{}, fmt.Errorf("open a patient's record: %w", err)
	}
	if err := json.Unmarshal(plain, &h.Patient); err != nil {
		return notes.Patient{}, errors.New("open a patient's record: it is not as it was sealed")
	}
	return h.Patient, nil
}

// Find looks for a practice's patients by what somebody typed: a name or its beginning, a date of birth, a number, or several of
// them, which then all must be the patient's. more says that there are others. The trace is durable before anything is decrypted.
func (p *Patients) Find(ctx context.Context, account telephony.AccountID, typed string) (found []notes.Patient, more bool, err error) {
	if _, err := access.Check(ctx, notes.MessagePatients, string(account)); err != nil { // before a practice has keys made for it
		return nil, false, err
	}
	keys, err := p.s.Keys(ctx, account)
	if err != nil {
		return nil, false, err
	}
	terms := patientTerms(keys, typed)
	if len(terms) == 0 {
		return nil, false, nil
	}
	found, err = p.search(ctx, account, selectFound, account, seal.Unique(terms))
	if len(found) > PatientsMany {
		return found[:PatientsMany], true, err
	}
	return found, false, err
}

// Same are a practice's other patients with one of a record's numbers: a family's, or one person's second record. Which of the two
// is for a person to say.
func (p *Patients) Same(ctx context.Context, in notes.Patient) ([]notes.Patient, error) {
	if _, err := access.Check(ctx, notes.MessagePatients, string(in.Account)); err != nil {
		return nil, err
	}
	keys, err := p.s.Keys(ctx, in.Account)
	if err != nil {
		return nil, err
	}
	terms := []seal.Term{}
	for _, n := range in.Numbers {
		if e164, ok := notes.ParsePhone(n.Number.Reveal()); ok {
			terms = append(terms, keys.PhoneTerm(e164))
		}
	}
	return p.search(ctx, in.Account, selectSame, in.Account, seal.Unique(terms), in.ID)
}

func (p *Patients) search(ctx context.Context, account telephony.AccountID, sql string, args ...any) ([]notes.Patient, error) {
	actor, err := access.Check(ctx, notes.MessagePatients, string(account))
	if err != nil {
		return nil, err
	}
	if err := p.s.addLeaf(ctx, audit.Entry{Actor: actor.ID(), Action: "patients.searched", Kind: "list", Object: string(account),
		Account: string(account)}); err != nil {
		return nil, err
	}
	rows, err := p.s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("look for patients: %w", err)
	}
	heads, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (head, error) {
		var body []byte
		h, err := scanHead(r, &body)
		h.body = body
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for patients: %w", err)
	}
	out := make([]notes.Patient, len(heads))
	for i, h := range heads {
		if out[i], err = p.unseal(ctx, h); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// patientTerms are the terms of what somebody typed.
func patientTerms(keys *seal.Keys, typed string) (terms []seal.Term) {
	var rest []string
	for _, word := range strings.Fields(typed) {
		if d, ok := notes.ParseDate(word); ok {
			terms = append(terms, keys.DateTerm(d.Format(time.DateOnly)))
		} else {
			rest = append(rest, word)
		}
	}
	if e164, ok := notes.ParsePhone(strings.Join(rest, " ")); ok {
		return append(terms, keys.PhoneTerm(e164))
	}
	return append(terms, keys.QueryTerms(strings.Join(rest, " "))...)
}
