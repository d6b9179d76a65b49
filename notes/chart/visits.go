package chart

// How a practice's appointments come in from its chart.

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

const (
	// readingBack is how far before the last reading that goes: a server may show a change later than it says it was made.
	readingBack  = 10 * time.Minute
	readingLease = 2 * time.Minute
	visitsAtOnce = 50

	// untoldUnclear is why nobody is reminded of an appointment, as the page has words for it.
	untoldUnclear = "unclear"
)

// visits reads practices' appointments from their charts, and tells the charts what patients said of them, until ctx ends.
func (e *Engine) visits(ctx context.Context) {
	looked := time.Time{}
	tick := time.NewTicker(e.cfg.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		err := error(nil)
		if time.Since(looked) > e.cfg.Visits/4 {
			looked = time.Now()
			err = e.readings(ctx)
		}
		more, next := e.readNext(ctx)
		told, last := e.markNext(ctx)
		if err = errors.Join(err, next, last); err != nil && ctx.Err() == nil {
			e.cfg.Logger.Error("chart: read appointments", "error", err)
		}
		if err == nil && (more || told) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// reads says that a practice's appointments are read from its chart.
func reads(acc notes.Account) bool {
	return acc.Chart != nil && acc.Chart.Appointments && acc.Messaging != nil
}

// readings has each practice's chart be read whose document says so, and no other.
func (e *Engine) readings(ctx context.Context) error {
	all, err := e.cfg.Store.Accounts(access.System(ctx, "chart"))
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	those := []string{}
	for _, acc := range all {
		if reads(acc) {
			those = append(those, string(acc.ID))
			b.Queue(insertReading, acc.ID)
		}
	}
	b.Queue(readingGone, those)
	return e.cfg.Pool.SendBatch(ctx, b).Close()
}

// A reading is one practice's chart that this worker reads.
type reading struct {
	acc    notes.Account
	client *Client
	since  *time.Time
	why    TroubleKind
	tries  int
	fence  int64
	keys   *seal.Keys
}

func (e *Engine) readNext(ctx context.Context) (more bool, err error) {
	r := &reading{}
	err = e.cfg.Pool.QueryRow(ctx, claimReading, readingLease.Seconds()).Scan(&r.acc.ID, &r.since, &r.why, &r.tries, &r.fence)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = e.read(access.System(ctx, "chart"), r)
	var t *Trouble
	switch {
	case err == nil, errors.Is(err, errLost):
		return true, nil
	case ctx.Err() != nil:
		t = &Trouble{Why: r.why}
	case !errors.As(err, &t):
		e.cfg.Logger.Error("chart: read appointments", "practice", r.acc.ID, "error", err)
		t = &Trouble{Why: Unopened}
	case t.Why != r.why:
		e.cfg.Logger.Warn("chart: appointments are not read", "practice", r.acc.ID, "why", string(t.Why), "status", t.Status)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	wait := max(t.After, backoff(Unreachable, r.tries+1))
	_, err = e.cfg.Pool.Exec(ctx, readingFailed, r.acc.ID, r.fence, string(t.Why), r.tries+1, wait.Seconds())
	return true, err
}

// read takes what has changed in a practice's chart since it was read last. Only once all of it is taken does the next begin later:
// what a page that broke off had told is told again, and changes nothing.
func (e *Engine) read(ctx context.Context, r *reading) (err error) {
	if r.acc, err = e.cfg.Store.Account(ctx, r.acc.ID); err != nil {
		return err
	}
	if !reads(r.acc) {
		return &Trouble{Why: NoSettings}
	}
	if r.client, err = e.client(ctx, r.acc); err != nil {
		return err
	}
	if r.keys, err = e.cfg.Store.Keys(ctx, r.acc.ID); err != nil {
		return err
	}
	zone, err := time.LoadLocation(r.acc.TimeZone)
	if err != nil {
		return err
	}
	now := time.Now()
	since := time.Time{}
	if r.since != nil {
		since = r.since.Add(-readingBack)
	}
	seen, was := map[string]string{}, e.seen[r.acc.ID]
	var some []visit
	take := func() error {
		if len(some) == 0 {
			return nil
		}
		err := e.take(ctx, r, some)
		some = some[:0]
		return err
	}
	asked, err := r.client.visits(ctx, since, now.In(zone), func(v visit) error {
		if seen[v.id] = v.version; v.version != "" && was[v.id] == v.version {
			return nil // as it was taken a minute ago
		}
		if some = append(some, v); len(some) < visitsAtOnce {
			return nil
		}
		return take()
	})
	if err == nil {
		err = take()
	}
	if err != nil {
		return err
	}
	e.seen[r.acc.ID] = seen
	if _, err := e.cfg.Pool.Exec(ctx, sweepAsked, r.acc.ID, now.Add(-24*time.Hour)); err != nil {
		return err
	}
	_, err = e.cfg.Pool.Exec(ctx, readingDone, r.acc.ID, r.fence, asked, e.cfg.Visits.Seconds())
	return err
}

// take writes down what a chart says of some appointments.
func (e *Engine) take(ctx context.Context, r *reading, list []visit) (err error) {
	var ours bool
	err = e.cfg.Pool.QueryRow(ctx, readingHeld, r.acc.ID, r.fence, readingLease.Seconds()).Scan(&ours)
	if errors.Is(err, pgx.ErrNoRows) {
		return errLost
	}
	for try := 0; err == nil; try++ {
		err = e.takeOnce(ctx, r, list)
		if !errors.Is(err, record.ErrAppointmentMoved) || try == 3 {
			break
		}
		err = nil // a patient has just answered, or was just reminded
	}
	return err
}

// intake is what becomes of some appointments.
type intake struct {
	book    []notes.Appointment
	asks    []asked
	settled [][]byte // sources of which nothing is asked any more
	held    [][]byte // of which nobody is reminded
}

func (e *Engine) takeOnce(ctx context.Context, r *reading, list []visit) error {
	sources, terms := make([]string, len(list)), make([][]byte, len(list))
	for i, v := range list {
		sources[i], terms[i] = v.a.Source, record.SourceTerm(r.keys, v.a.Source)
	}
	known, err := e.patients.BySource(ctx, r.acc.ID, sources)
	if err != nil {
		return err
	}
	rows, err := e.cfg.Pool.Query(ctx, selectAsked, r.acc.ID, terms)
	if err != nil {
		return err
	}
	open := map[string]bool{} // by source: true for one that somebody left out
	var source []byte
	var state, why string
	if _, err := pgx.ForEachRow(rows, []any{&source, &state, &why}, func() error {
		open[string(source)] = state == "left"
		return nil
	}); err != nil {
		return err
	}
	t := &intake{}
	for i, v := range list {
		left, asked := open[string(terms[i])]
		if was, there := known[v.a.Source]; there {
			err = e.changed(ctx, r, t, v, was, terms[i], asked)
		} else if !left {
			err = e.came(ctx, r, t, v, terms[i])
		}
		if err != nil {
			return err
		}
	}
	if len(t.book) > 0 {
		if err := e.patients.Book(ctx, r.acc.ID, nil, t.book); err != nil {
			return err
		}
	}
	b := &pgx.Batch{}
	for _, source := range t.held {
		b.Queue(visitHeld, r.acc.ID, source, untoldUnclear)
	}
	if len(t.settled) > 0 {
		b.Queue(deleteAsked, r.acc.ID, t.settled)
	}
	for _, a := range t.asks {
		if err := e.queueAsk(b, r, a); err != nil {
			return err
		}
	}
	return e.cfg.Pool.SendBatch(ctx, b).Close()
}

// changed is about an appointment that is in our book.
func (e *Engine) changed(ctx context.Context, r *reading, t *intake, v visit, was notes.Appointment, source []byte, open bool) error {
	if v.unclear == "" {
		patient, err := e.linked(ctx, r, v.subject)
		if err != nil {
			return err
		}
		if patient != was.Patient {
			v.unclear = UnclearOther
		}
	}
	if v.unclear != "" {
		t.held = append(t.held, source)
		t.asks = append(t.asks, asked{Visit: v.a, Status: v.status, why: v.unclear, source: source})
		return nil
	}
	if v.a.State == "" {
		v.a.State = notes.VisitCancelled
	}
	if v.a.Begins.IsZero() { // of one that is cancelled
		v.a.Begins = was.Begins
	}
	if now := was.Change(v.a); now != was || open {
		t.book, t.settled = append(t.book, now), append(t.settled, source)
	}
	return nil
}

// came is about an appointment that is not in our book. One that nobody is awaited at any more does not come into it.
func (e *Engine) came(ctx context.Context, r *reading, t *intake, v visit, source []byte) error {
	gone := !v.a.Begins.IsZero() && v.a.Begins.Before(time.Now())
	if v.subject == "" && v.unclear != Unreadable || gone || v.unclear == "" && !v.a.State.Awaited() {
		t.settled = append(t.settled, source)
		return nil
	}
	ask := asked{Visit: v.a, Status: v.status, why: v.unclear, source: source}
	if v.unclear == "" {
		patient, who, err := e.whose(ctx, r, v.subject)
		if err != nil {
			return err
		}
		if patient != "" {
			a := v.a
			a.ID, a.Account, a.Patient = notes.AppointmentID(uuid.Must(uuid.NewV7()).String()), r.acc.ID, patient
			a.Filed = a.State
			t.book, t.settled = append(t.book, a), append(t.settled, source)
			return nil
		}
		ask.Who, ask.why, ask.chart = who, Which, chartTerm(r.keys, v.subject)
	}
	t.asks = append(t.asks, ask)
	return nil
}

// chartTerm stands for one of a chart's patients.
func chartTerm(keys *seal.Keys, subject string) []byte { return keys.Term("chart-subject", subject) }

// linked is which of the practice's patients one of the chart's is known to be, "" for none.
func (e *Engine) linked(ctx context.Context, r *reading, subject string) (notes.PatientID, error) {
	if subject == "" {
		return "", nil
	}
	return e.linkedTo(ctx, r.acc.ID, chartTerm(r.keys, subject))
}

func (e *Engine) linkedTo(ctx context.Context, account telephony.AccountID, chart []byte) (patient notes.PatientID, err error) {
	row := patientTable.MacRow()
	err = e.cfg.Pool.QueryRow(ctx, selectLink, account, chart).Scan(append([]any{&patient}, row.Into()...)...)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !e.cfg.Log.Holds(row) {
		return "", nil
	}
	return patient, err
}

// link keeps which of the practice's patients one of the chart's is, on the word of who acts in ctx.
func (e *Engine) link(ctx context.Context, tx pgx.Tx, account telephony.AccountID, chart []byte, patient notes.PatientID) error {
	id := uuid.Must(uuid.NewV7()).String()
	rows, err := tx.Query(ctx, insertLink, id, account, chart, patient, time.Now().UTC().Truncate(time.Microsecond))
	if err != nil {
		return err
	}
	made, err := patientTable.ReadMacs(rows)
	if err != nil || len(made) == 0 {
		return err
	}
	vouched, err := patientTable.Row(id, made[0].Values()...)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	if err := e.cfg.Log.QueueMac(b, made[0]); err != nil {
		return err
	}
	if err := e.cfg.Log.Queue(b, audit.Entry{Actor: actorOf(ctx), Action: "patient.chart-linked", Kind: "patient", Object: string(patient),
		Account: string(account), Rows: []audit.Row{vouched}}); err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

// whose finds the practice's patient of one of the chart's: who is known to be, or the only one with the name, the birth date and a
// number. Anything but exactly one is nobody, and who is what the chart says for the person who is asked.
func (e *Engine) whose(ctx context.Context, r *reading, subject string) (patient notes.PatientID, who ChartPatient, err error) {
	if patient, err = e.linked(ctx, r, subject); err != nil || patient != "" {
		return patient, who, err
	}
	var p Patient
	err = r.client.read(ctx, subject, &p)
	if is(err, Gone) || is(err, NotAllowed) {
		return "", who, nil
	}
	if err != nil {
		return "", who, err
	}
	who = p.told(r.acc)
	if !p.lives() || who.Birth == "" || len(who.Phones) == 0 {
		return "", who, nil
	}
	found, err := e.patients.Matching(ctx, r.acc.ID, []string{who.Birth}, who.Phones)
	if err != nil {
		return "", who, err
	}
	found = slices.DeleteFunc(found, func(q notes.Patient) bool {
		return q.Birth != who.Birth || !p.called(q.Name) || !slices.ContainsFunc(q.Numbers, func(n notes.PatientNumber) bool {
			return slices.Contains(who.Phones, n.Number.Reveal())
		})
	})
	if len(found) != 1 {
		return "", who, nil
	}
	err = pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		return e.link(ctx, tx, r.acc.ID, chartTerm(r.keys, subject), found[0].ID)
	})
	return found[0].ID, who, err
}
