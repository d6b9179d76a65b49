package chart

// What a person is asked about a chart's appointments.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// A ChartPatient is a patient as a chart tells of them, for who comes on record.
type ChartPatient struct {
	Name     string             `json:"name,omitempty"`
	Birth    string             `json:"birth,omitempty"`
	Phones   []string           `json:"phones,omitempty"` // E.164
	Email    string             `json:"email,omitempty"`
	Language telephony.Language `json:"language,omitempty"`
}

// told is a chart's patient in our words; of languages the one they prefer, or the practice's first.
func (p Patient) told(acc notes.Account) ChartPatient {
	w := ChartPatient{Name: p.shown(), Language: telephony.English}
	if len(acc.Languages) > 0 {
		w.Language = acc.Languages[0]
	}
	if born, err := time.Parse(time.DateOnly, p.BirthDate); err == nil {
		w.Birth = born.Format(time.DateOnly)
	}
	for _, c := range p.Telecom {
		e164, ok := notes.ParsePhone(c.Value)
		switch {
		case (c.System == "phone" || c.System == "sms") && ok && !slices.Contains(w.Phones, e164):
			w.Phones = append(w.Phones, e164)
		case c.System == "email" && w.Email == "":
			w.Email = c.Value
		}
	}
	for _, c := range p.Communication {
		for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
			if c.Language != nil && (c.Preferred || len(p.Communication) == 1) && slices.ContainsFunc(c.Language.Coding,
				func(code Coding) bool { return strings.HasPrefix(code.Code, string(l)) }) {
				w.Language = l
			}
		}
	}
	return w
}

// asked is an appointment about which a person is asked, as it is sealed.
type asked struct {
	Who    ChartPatient      `json:"who"`
	Visit  notes.Appointment `json:"visit"`
	Status string            `json:"status"` // in the chart's word
	State  string            `json:"state,omitempty"`

	why    TroubleKind
	source []byte
	chart  []byte // nil but for Which
}

func (e *Engine) queueAsk(b *pgx.Batch, r *reading, a asked) error {
	id := uuid.Must(uuid.NewV7()).String()
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	body, err := r.keys.Seal(e.label(r.acc.ID, "chart.visit", id), plain)
	if err != nil {
		return err
	}
	var begins any
	if !a.Visit.Begins.IsZero() {
		begins = a.Visit.Begins
	}
	b.Queue(upsertAsked, id, r.acc.ID, a.source, a.chart, string(a.why), time.Now().UTC(), begins, body)
	return nil
}

// A VisitQuestion is an appointment of a chart's that waits for a person: Which asks whose it is, and Among are those on record whom
// it may be about; anything else says what is unclear, and waits for the chart or a person to put it right.
type VisitQuestion struct {
	ID     string
	Why    TroubleKind
	Who    ChartPatient
	Visit  notes.Appointment
	Status string
	Among  []notes.Patient
}

// VisitsAsked is how a practice's appointments come in from its chart.
type VisitsAsked struct {
	Reads     bool // they are to
	ReadAt    time.Time
	Why       TroubleKind // what the last try came to, "" for none
	Count     int         // of questions; those below are the next
	Questions []VisitQuestion
}

// VisitQuestions are what a person is asked about a practice's appointments, opened with a trace, those that begin first.
func (e *Engine) VisitQuestions(ctx context.Context, account telephony.AccountID) (out VisitsAsked, err error) {
	actor, err := access.Check(ctx, notes.MessagePatients, string(account))
	if err != nil {
		return out, err
	}
	acc, err := e.cfg.Store.Account(ctx, account)
	if err != nil {
		return out, err
	}
	if out.Reads = reads(acc); !out.Reads {
		return out, nil
	}
	var read *time.Time
	err = e.cfg.Pool.QueryRow(ctx, selectReading, account).Scan(&read, &out.Why)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return out, fmt.Errorf("ask about a chart's appointments: %w", err)
	}
	if read != nil {
		out.ReadAt = read.UTC()
	}
	if err := e.cfg.Pool.QueryRow(ctx, countAsking, account).Scan(&out.Count); err != nil || out.Count == 0 {
		return out, err
	}
	if err := pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		return e.cfg.Log.Append(ctx, tx, audit.Entry{Actor: actor.ID(), Action: "appointments.opened", Kind: "list", Object: string(account),
			Account: string(account)})
	}); err != nil {
		return out, err
	}
	rows, err := e.cfg.Pool.Query(ctx, selectAsks, account)
	if err != nil {
		return out, err
	}
	var bodies [][]byte
	out.Questions, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (q VisitQuestion, err error) {
		var body []byte
		err = r.Scan(&q.ID, &q.Why, &body)
		bodies = append(bodies, body)
		return q, err
	})
	if err != nil {
		return out, err
	}
	var births, numbers []string
	for i := range out.Questions {
		q := &out.Questions[i]
		a, err := e.openAsk(ctx, account, q.ID, bodies[i])
		if err != nil {
			return out, err
		}
		q.Who, q.Visit, q.Status = a.Who, a.Visit, a.Status
		if q.Visit.State = notes.AppointmentState(a.State); q.Why == Which {
			births, numbers = append(births, q.Who.Birth), append(numbers, q.Who.Phones...)
		}
	}
	if len(births) == 0 {
		return out, nil
	}
	near, err := e.patients.Matching(ctx, account, births, numbers)
	if err != nil {
		return out, err
	}
	for i := range out.Questions {
		out.Questions[i].Among = among(near, out.Questions[i].Who)
	}
	return out, nil
}

// among are the patients who share a number with one of a chart's, or their birth date and a word of the name.
func among(near []notes.Patient, w ChartPatient) (out []notes.Patient) {
	words := strings.Fields(strings.ToLower(w.Name))
	for _, p := range near {
		number := slices.ContainsFunc(p.Numbers, func(n notes.PatientNumber) bool { return slices.Contains(w.Phones, n.Number.Reveal()) })
		name := slices.ContainsFunc(strings.Fields(strings.ToLower(p.Name)), func(s string) bool { return slices.Contains(words, s) })
		if number || p.Birth == w.Birth && name {
			out = append(out, p)
		}
	}
	return out[:min(len(out), maxChoices)]
}

func (e *Engine) openAsk(ctx context.Context, account telephony.AccountID, id string, body []byte) (a asked, err error) {
	keys, err := e.cfg.Store.Keys(ctx, account)
	if err != nil {
		return a, err
	}
	plain, err := keys.Unseal(e.label(account, "chart.visit", id), body)
	if err != nil {
		return a, fmt.Errorf("open an appointment of a chart's: %w", err)
	}
	return a, json.Unmarshal(plain, &a)
}

// A VisitAnswer is what a person says of it: whose it is, that its patient comes on record as the chart has them, who Agreed to
// reminders by text in that way ("" for not asked), or that it is left out.
type VisitAnswer struct {
	ID      string
	Patient notes.PatientID
	New     bool
	Agreed  notes.ConsentHow
	Leave   bool
}

// AnswerVisit takes a person's word. What they say of whose it is holds for everything of that patient of the chart's, and all of it
// that waits comes into the book. ErrNothing says that somebody was quicker, or that the chart has it otherwise by now; *record.Incomplete
// what is missing of who comes on record.
func (e *Engine) AnswerVisit(ctx context.Context, account telephony.AccountID, a VisitAnswer) error {
	if _, err := access.Check(ctx, notes.MessagePatients, string(account)); err != nil {
		return err
	}
	if a.Leave {
		return e.leaveVisit(ctx, account, a.ID)
	}
	q, chart, err := e.askedWhich(ctx, account, a.ID)
	if err != nil {
		return err
	}
	if a.New {
		n := record.NewPatient{Patient: q.Who.record(account)}
		if a.Patient = n.ID; a.Agreed != "" {
			n.Said = []notes.Consent{{Purpose: notes.PurposeReminders, Channel: notes.ByText, Given: true, How: a.Agreed}}
		}
		if err := e.patients.Book(ctx, account, []record.NewPatient{n}, nil); err != nil {
			return err
		}
	} else if p, err := e.patients.Open(ctx, a.Patient); err != nil {
		return err
	} else if p.Account != account {
		return record.ErrNoPatient
	}
	if err := pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error { return e.link(ctx, tx, account, chart, a.Patient) }); err != nil {
		return err
	}
	if is, err := e.linkedTo(ctx, account, chart); err != nil || is != a.Patient {
		return cmp.Or(err, ErrNothing)
	}
	book, sources, err := e.waiting(ctx, account, chart, a.Patient)
	if err != nil {
		return err
	}
	if err := e.patients.Book(ctx, account, nil, book); err != nil {
		return err
	}
	_, err = e.cfg.Pool.Exec(ctx, deleteAsked, account, sources)
	return err
}

// leaveVisit leaves an appointment out.
func (e *Engine) leaveVisit(ctx context.Context, account telephony.AccountID, id string) error {
	var so bool
	err := e.cfg.Pool.QueryRow(ctx, askedLeft, id, account).Scan(&so)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNothing
	}
	return err
}

// askedWhich is a question whose an appointment is.
func (e *Engine) askedWhich(ctx context.Context, account telephony.AccountID, id string) (q asked, chart []byte, err error) {
	var body []byte
	err = e.cfg.Pool.QueryRow(ctx, selectAsk, id, account).Scan(&chart, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return q, nil, ErrNothing
	}
	if err == nil {
		q, err = e.openAsk(ctx, account, id, body)
	}
	return q, chart, err
}

// record is the patient as they come on the practice's own record. Numbers take texts where they can.
func (w ChartPatient) record(account telephony.AccountID) notes.Patient {
	p := notes.Patient{ID: notes.PatientID(uuid.Must(uuid.NewV7()).String()), Account: account, Name: w.Name, Birth: w.Birth,
		Email: w.Email, Language: cmp.Or(w.Language, telephony.English)}
	for _, n := range w.Phones {
		p.Numbers = append(p.Numbers, notes.PatientNumber{Number: telephony.Number(n), Call: true,
			Text: notes.TakesTexts(n) != notes.Never})
	}
	return p
}

// waiting are the appointments of a chart's patient that wait, as a patient's.
func (e *Engine) waiting(ctx context.Context, account telephony.AccountID, chart []byte, patient notes.PatientID) (
	book []notes.Appointment, sources [][]byte, err error,
) {
	rows, err := e.cfg.Pool.Query(ctx, selectAsksOf, account, chart)
	if err != nil {
		return nil, nil, err
	}
	type row struct {
		ID           string
		Source, Body []byte
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, nil, err
	}
	for _, r := range list {
		q, err := e.openAsk(ctx, account, r.ID, r.Body)
		if err != nil {
			return nil, nil, err
		}
		v := q.Visit
		v.ID, v.Account, v.Patient = notes.AppointmentID(uuid.Must(uuid.NewV7()).String()), account, patient
		v.State, v.Filed = notes.VisitBooked, notes.VisitBooked
		book, sources = append(book, v), append(sources, r.Source)
	}
	return book, sources, nil
}
