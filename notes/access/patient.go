package access

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/telephony"
)

// A Visitor is a patient on their own page. A visitor is no Actor: nobody who is asked for an Actor finds one, so that a patient's
// session opens nothing but what is written for patients.
type Visitor struct {
	Patient notes.PatientID
	Account telephony.AccountID
}

type visitorKey struct{}

// WithVisitor returns a context in which a patient acts, and nobody else.
func WithVisitor(ctx context.Context, v Visitor) context.Context {
	return context.WithValue(With(ctx, Actor{}), visitorKey{}, v)
}

// VisitorFrom returns the patient who acts; ErrNobody when none does.
func VisitorFrom(ctx context.Context) (Visitor, error) {
	v, ok := ctx.Value(visitorKey{}).(Visitor)
	if _, person := From(ctx); !ok || person || v.Patient == "" {
		return Visitor{}, ErrNobody
	}
	return v, nil
}

// ID is what an audit leaf calls the patient.
func (v Visitor) ID() string { return "patient:" + string(v.Patient) }

// Turn counts a patient's try before it is looked at, so that many at once cannot slip through: of is what they try at, source where
// they are. A *SlowedError says that it must wait, and counts for nothing.
func (d *Door) Turn(ctx context.Context, of, source string) error {
	paces, err := d.patientPaces(ctx, of, source)
	if err != nil {
		return err
	}
	until, err := d.takeTurn(ctx, paces)
	if err == nil && !until.IsZero() {
		err = &SlowedError{until}
	}
	return err
}

// Done takes the count of a try back that was right.
func (d *Door) Done(ctx context.Context, of, source string) error {
	paces, err := d.patientPaces(ctx, of, source)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue("delete from sign_in_pace where key = $1", paces[0].key)
	b.Queue("update sign_in_pace set failures = failures - 1, until = last_at where key = $1 and failures > 0", paces[1].key)
	if err := d.pool.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("pace a patient: %w", err)
	}
	return nil
}

// patientPaces are counted apart from staff's: an office shares one address with the patients in its waiting room.
func (d *Door) patientPaces(ctx context.Context, of, source string) ([]pace, error) {
	own, err := d.ring.Keys(ctx, "")
	if err != nil {
		return nil, err
	}
	return []pace{
		{own.Term("pace-patient", of), freeByLogin, longestWait},
		{own.Term("pace-patient-source", network(source)), freeBySource, longestWait / 3},
	}, nil
}
