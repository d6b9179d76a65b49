package patient

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// A TextHeard is what a text from a patient's number came to.
type TextHeard struct {
	Answer string // what the phone is told; "" for nothing
	Known  bool   // it is some patient's number
	// Words are a person's own about an appointment they were reminded of: whoever keeps them in the thread calls TextKept then. Nil for
	// any other text.
	Words *TextedWords
}

// TextedWords are whose thread a patient's words belong into. Shared says that they may be another's of the same number.
type TextedWords struct {
	Account telephony.AccountID
	Patient notes.PatientID
	Shared  bool
}

const (
	visitsTalked = 2 * time.Hour       // how long after its beginning an appointment is still written about
	visitsTold   = 91 * 24 * time.Hour // the longest lead, and a day
	whichLasts   = time.Hour           // how long a number may take to say which appointment
	cancelLasts  = 5 * time.Minute     // or that CANCEL is about the appointment; the texts end otherwise
)

// stopAsked is a question's sense: is CANCEL about the texts?
const stopAsked = "stop"

// told are the appointments that a number was reminded of, the next first.
func (e *Engine) told(ctx context.Context, tx pgx.Tx, reach []byte) ([]toldVisit, error) {
	now := e.clock()
	rows, err := tx.Query(ctx, selectTold, reach, now.Add(-visitsTold), now.Add(-visitsTalked))
	if err != nil {
		return nil, err
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (v toldVisit, err error) {
		err = r.Scan(&v.id, &v.reminder, &v.told, &v.is, &v.state, &v.patient, &v.account)
		return v, err
	})
	slices.SortFunc(out, func(a, b toldVisit) int { return cmp.Or(a.told.Compare(b.told), cmp.Compare(a.id, b.id)) })
	return out, err
}

// question is what a number was asked back and may still answer; sense is "" for nothing.
func (e *Engine) question(ctx context.Context, tx pgx.Tx, reach []byte) (sense string, visits []notes.AppointmentID, err error) {
	err = tx.QueryRow(ctx, selectQuestion, reach, e.clock()).Scan(&sense, &visits)
	if postgres.NoRow(err) {
		return "", nil, nil
	}
	return sense, visits, err
}

// A sentence is what a phone is to be told: a sentence, of some appointments' practice where there are any.
type sentence struct {
	key    string
	visits []toldVisit
	vars   catalog.Vars
	words  *TextedWords
	// done says that something has changed, which is always confirmed.
	done bool
}

// replied takes a text as an answer to a reminder; ok is false for one that is none. What was asked back before is settled or over.
func (e *Engine) replied(ctx context.Context, tx pgx.Tx, r channel.Reply, reach []byte, lang telephony.Language) (s sentence, ok bool,
	err error) {
	visits, err := e.told(ctx, tx, reach)
	if err != nil || len(visits) == 0 {
		return s, false, err
	}
	sense, asked, err := e.question(ctx, tx, reach)
	if err != nil {
		return s, false, err
	}
	reply, choice := channel.VisitReplyOf(r.Body), channel.ChoiceOf(r.Body)
	if sense != "" && sense != stopAsked && (choice.Number > 0 || choice.All) {
		chosen := slices.DeleteFunc(slices.Clone(visits), func(v toldVisit) bool {
			i := slices.Index(asked, v.id)
			return i < 0 || !choice.All && choice.Number != len(asked)+1 && choice.Number != i+1
		})
		if len(chosen) > 0 {
			if _, err := tx.Exec(ctx, deleteQuestion, reach); err != nil {
				return s, true, err
			}
			s, err = e.carryOut(ctx, tx, r, channel.VisitReply(sense), chosen)
			return s, true, err
		}
	}
	if sense == stopAsked && choice.Visit {
		reply = channel.VisitCancel
	}
	if reply == channel.VisitWords {
		return e.placed(r, visits)
	}
	if _, err := tx.Exec(ctx, deleteQuestion, reach); err != nil {
		return s, true, err
	}
	now := e.clock()
	live := slices.DeleteFunc(slices.Clone(visits), func(v toldVisit) bool { return !v.holds(now) })
	newest := slices.MaxFunc(visits, func(a, b toldVisit) int { return cmp.Compare(a.reminder, b.reminder) }).reminder
	all := !slices.ContainsFunc(live, func(v toldVisit) bool { return v.reminder != newest })
	switch {
	case len(live) == 0:
		return sentence{key: "channel.reminder.changed", visits: visits[:1]}, true, nil
	case len(live) > 1 && (reply != channel.VisitConfirm || !all):
		s, err = e.askWhich(ctx, tx, reach, reply, live, lang)
	default:
		s, err = e.carryOut(ctx, tx, r, reply, live)
	}
	return s, true, err
}

// placed says into whose thread a person's words go. Words of a number that two practices remind are nobody's to guess.
func (e *Engine) placed(r channel.Reply, visits []toldVisit) (s sentence, ok bool, err error) {
	w := &TextedWords{Account: visits[0].account, Patient: visits[0].patient}
	for _, v := range visits {
		if v.account != w.Account {
			return s, false, nil
		}
		w.Shared = w.Shared || v.patient != w.Patient
	}
	if r.Body == "" {
		return s, false, nil
	}
	return sentence{words: w}, true, nil
}

// askWhich asks back which of several appointments is meant.
func (e *Engine) askWhich(ctx context.Context, tx pgx.Tx, reach []byte, reply channel.VisitReply, live []toldVisit,
	lang telephony.Language) (s sentence, err error) {
	live = live[:min(len(live), 8)]
	now := e.clock()
	var ids, choices []string
	several := slices.ContainsFunc(live, func(v toldVisit) bool { return v.account != live[0].account })
	for i, v := range live {
		acc, err := e.cfg.Store.Account(ctx, v.account)
		if err != nil {
			return s, err
		}
		text, err := e.when(ctx, acc, lang, []toldVisit{v})
		if err != nil {
			return s, err
		}
		if several {
			text += " (" + acc.Name + ")"
		}
		ids, choices = append(ids, string(v.id)), append(choices, fmt.Sprintf("%d = %s", i+1, text))
	}
	choices = append(choices, fmt.Sprintf("%d = %s", len(live)+1, catalog.T(lang, "channel.reminder.which.all", nil)))
	if _, err := tx.Exec(ctx, upsertQuestion, reach, string(reply), ids, now, now.Add(whichLasts)); err != nil {
		return s, err
	}
	return sentence{key: "channel.reminder.which." + string(reply), vars: catalog.Vars{"choices": strings.Join(choices, "; ")},
		done: true}, nil
}

// states are what the answers put an appointment into.
var states = map[channel.VisitReply]notes.AppointmentState{channel.VisitConfirm: notes.VisitConfirmed,
	channel.VisitOtherTime: notes.VisitReschedule, channel.VisitCancel: notes.VisitCancelled}

// carryOut does what an answer says with appointments. Who asks for another time waits on staff, by the time an answer is promised.
func (e *Engine) carryOut(ctx context.Context, tx pgx.Tx, r channel.Reply, reply channel.VisitReply, chosen []toldVisit) (s sentence,
	err error) {
	var done []toldVisit
	slices.SortFunc(chosen, func(a, b toldVisit) int { return cmp.Compare(a.id, b.id) }) // two texts at once hold them in one order
	for _, v := range chosen {
		so, err := e.cfg.Patients.MarkTx(ctx, tx, v.id, v.told, states[reply], string(notes.ByText))
		if err != nil {
			return s, err
		}
		if so {
			done = append(done, v)
		}
	}
	if len(done) == 0 {
		return sentence{key: "channel.reminder.changed", visits: chosen[:1]}, nil
	}
	if reply == channel.VisitOtherTime {
		for i, v := range done {
			if slices.ContainsFunc(done[:i], func(o toldVisit) bool { return o.patient == v.patient }) {
				continue
			}
			acc, err := e.cfg.Store.Account(ctx, v.account)
			if err != nil {
				return s, err
			}
			id := fmt.Sprintf("text-%s-%d", r.Ref, i)
			if err := e.cfg.Patients.TextTx(ctx, tx, v.patient, id, r.Body, acc.AnswerBy(e.clock()), notes.WarnReschedule); err != nil {
				return s, err
			}
		}
	}
	return sentence{key: "channel.reminder.did." + string(reply), visits: done, done: true}, nil
}

// askCancel asks a number once whether CANCEL is about the appointment it was reminded of; ok is false where it is a stop.
func (e *Engine) askCancel(ctx context.Context, tx pgx.Tx, r channel.Reply, reach []byte) (s sentence, ok bool, err error) {
	if r.Answered || !channel.IsCancel(r.Body) { // a carrier that has stopped the texts itself asks nobody
		return s, false, nil
	}
	visits, err := e.told(ctx, tx, reach)
	if err != nil {
		return s, false, err
	}
	now := e.clock()
	i := slices.IndexFunc(visits, func(v toldVisit) bool { return v.holds(now) })
	sense, _, err := e.question(ctx, tx, reach)
	if err != nil || i < 0 || sense == stopAsked {
		return s, false, err
	}
	if _, err := tx.Exec(ctx, upsertQuestion, reach, stopAsked, []string{}, now, now.Add(cancelLasts)); err != nil {
		return s, false, err
	}
	return sentence{key: "channel.reminder.cancel-what", visits: visits[i : i+1], done: true}, true, nil
}

// unanswered ends the texts of numbers that said CANCEL and did not say that it was about the appointment.
func (e *Engine) unanswered(ctx context.Context) error {
	rows, err := e.cfg.Pool.Query(ctx, selectUnanswered, e.clock())
	if err != nil {
		return err
	}
	reaches, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	for _, reach := range reaches {
		if err := postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
			var sense string
			err := tx.QueryRow(ctx, takeUnanswered, reach, e.clock()).Scan(&sense)
			if postgres.NoRow(err) || err == nil && sense != stopAsked {
				return nil
			}
			if err != nil {
				return err
			}
			patients, err := e.cfg.Patients.Reached(ctx, tx, reach)
			if err != nil {
				return err
			}
			return e.stop(ctx, tx, patients, reach)
		}); err != nil {
			return fmt.Errorf("end the texts of who did not answer: %w", err)
		}
	}
	return nil
}

// TextKept notes that a patient's words are in their thread, and returns what the phone is told. Told twice, it tells once.
func (e *Engine) TextKept(ctx context.Context, r channel.Reply, w TextedWords) (answer string, err error) {
	reach, err := e.cfg.Patients.Reach(ctx, notes.ByText, r.From)
	if err != nil {
		return "", err
	}
	err = postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, insertText, r.Ref, reach, e.clock())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		patients, err := e.cfg.Patients.Reached(ctx, tx, reach)
		if err != nil {
			return err
		}
		patients = slices.DeleteFunc(patients, func(p notes.Patient) bool { return p.ID != w.Patient })
		if len(patients) == 0 {
			return nil
		}
		answer, err = e.answer(ctx, tx, r, reach, sentence{key: "channel.patient.kept"}, patients)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("answer a patient's text: %w", err)
	}
	return answer, nil
}
