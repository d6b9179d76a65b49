package patient

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// What a phone that answers by itself can bring about.
const (
	answersAtMost = 3
	answersWithin = 5 * time.Minute
)

// TextedBack takes a text from a patient's number. STOP ends the texts of every practice to that number, START takes that back; an answer
// to a reminder is carried out, or asked back about; all with their lines in the ledger and the stories, and staff told, when it returns.
// A bare CANCEL of who was reminded of an appointment is asked back once. Other words of theirs are for a person; where no reminder
// waits for an answer words are kept nowhere: the page is where a patient writes. Told twice, it counts once.
func (e *Engine) TextedBack(ctx context.Context, r channel.Reply) (heard TextHeard, err error) {
	reach, err := e.cfg.Patients.Reach(ctx, notes.ByText, r.From)
	if err != nil {
		return heard, err
	}
	err = postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		heard = TextHeard{}
		patients, err := e.cfg.Patients.Reached(ctx, tx, reach)
		if heard.Known = len(patients) > 0; err != nil || !heard.Known {
			return err
		}
		var before bool
		if err := tx.QueryRow(ctx, selectHeard, r.Ref).Scan(&before); err != nil || before {
			return err
		}
		s, err := e.hear(ctx, tx, r, reach, patients)
		if heard.Words = s.words; err != nil || s.words != nil { // heard when they are kept
			return err
		}
		tag, err := tx.Exec(ctx, insertText, r.Ref, reach, e.clock())
		if err != nil || tag.RowsAffected() == 0 || s.key == "" || r.Answered {
			return err
		}
		heard.Answer, err = e.answer(ctx, tx, r, reach, s, patients)
		return err
	})
	if err != nil {
		return TextHeard{}, fmt.Errorf("take a patient's text: %w", err)
	}
	e.cfg.Log.Wake()
	return heard, nil
}

// hear does what a text says, and returns what is answered.
func (e *Engine) hear(ctx context.Context, tx pgx.Tx, r channel.Reply, reach []byte, patients []notes.Patient) (s sentence, err error) {
	stopped, err := e.stopped(ctx, tx, reach)
	if err != nil {
		return s, err
	}
	stops := r.Sense == channel.SenseStop
	if sense, _, err := e.question(ctx, tx, reach); err != nil {
		return s, err
	} else if sense == stopAsked && channel.ChoiceOf(r.Body).Texts {
		stops = true
	}
	switch {
	case stops && stopped: // it was confirmed once
		return s, nil
	case stops:
		if s, ok, err := e.askCancel(ctx, tx, r, reach); ok || err != nil {
			return s, err
		}
		if _, err := tx.Exec(ctx, deleteQuestion, reach); err != nil {
			return s, err
		}
		return sentence{key: "channel.patient.stop", done: true}, e.stop(ctx, tx, patients, reach)
	case stopped && (r.Sense == channel.SenseStart || r.Sense == channel.SenseYes): // some carriers take texts up again at a yes
		return sentence{key: "channel.patient.start", done: true}, e.start(ctx, tx, patients, reach)
	case r.Sense == channel.SenseHelp:
		return sentence{key: "channel.patient.help"}, nil
	}
	if s, ok, err := e.replied(ctx, tx, r, reach, patients[0].Language); ok || err != nil {
		return s, err
	}
	return sentence{key: "channel.patient.words"}, nil
}

// stop ends the texts to a number.
func (e *Engine) stop(ctx context.Context, tx pgx.Tx, patients []notes.Patient, reach []byte) error {
	if err := e.moveStop(ctx, tx, "patient-texts.stopped", upsertStop, uuid.Must(uuid.NewV7()).String(), reach, e.clock()); err != nil {
		return err
	}
	for _, p := range patients {
		for _, to := range notes.Purposes {
			agreed, err := e.cfg.Patients.Agreed(ctx, tx, p.ID, to, notes.ByText, reach)
			if err != nil {
				return err
			}
			if agreed {
				if err := e.cfg.Patients.ConsentTx(ctx, tx, said(p, to, false), reach); err != nil {
					return err
				}
			}
		}
		if err := e.cfg.Patients.WarnTx(ctx, tx, p.ID, notes.WarnStopped, access.Visitor{Patient: p.ID}.ID(), "patient.stopped"); err != nil {
			return err
		}
		if err := e.cancel(ctx, tx, p.Account, p.ID, "", "", reach, whyStopped); err != nil {
			return err
		}
	}
	return nil
}

// start takes a stop back, and with it what the patients had agreed to before it.
func (e *Engine) start(ctx context.Context, tx pgx.Tx, patients []notes.Patient, reach []byte) error {
	if err := e.moveStop(ctx, tx, "patient-texts.started", endStop, reach, e.clock()); err != nil {
		return err
	}
	for _, p := range patients {
		lines, reaches, err := e.cfg.Patients.Consents(ctx, p.ID)
		if err != nil {
			return err
		}
		for i, c := range lines {
			if c.Channel == notes.ByText && !c.Given && c.How == notes.ByReply && slices.Equal(reaches[i], reach) {
				if err := e.cfg.Patients.ConsentTx(ctx, tx, said(p, c.Purpose, true), reach); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// said is a line of the ledger that a patient wrote by text.
func said(p notes.Patient, to notes.Purpose, given bool) notes.Consent {
	return notes.Consent{Patient: p.ID, Account: p.Account, Purpose: to, Channel: notes.ByText, Given: given, Language: p.Language,
		By: access.Visitor{Patient: p.ID}.ID(), How: notes.ByReply}
}

func (e *Engine) moveStop(ctx context.Context, tx pgx.Tx, action, sql string, args ...any) error {
	res, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	changed, err := stopTable.ReadMacs(res)
	if err != nil || len(changed) == 0 {
		return err
	}
	id, _ := changed[0].Values()[0].(string)
	return e.vouchRows(ctx, tx, changed, stopTable, audit.Entry{At: e.clock(), Actor: "patients", Action: action, Kind: "patient-stop",
		Object: id})
}

type rower interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// stopped says whether an address wants nothing, by a row that we wrote.
func (e *Engine) stopped(ctx context.Context, q rower, reach []byte) (bool, error) {
	row := stopTable.MacRow()
	err := q.QueryRow(ctx, selectStop, reach).Scan(row.Into()...)
	if postgres.NoRow(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look whether a number wants texts: %w", err)
	}
	return e.cfg.Log.Holds(row), nil
}

// answer is what a phone is told, unless it was told enough lately; what a word has changed is always confirmed. It names the practices
// of the appointments it is about, or those that write to it, and the first is called.
func (e *Engine) answer(ctx context.Context, tx pgx.Tx, r channel.Reply, reach []byte, s sentence, patients []notes.Patient) (
	string, error,
) {
	var n int
	if err := tx.QueryRow(ctx, countAnswers, reach, e.clock().Add(-answersWithin)).Scan(&n); err != nil {
		return "", err
	}
	if n >= answersAtMost && !s.done {
		return "", nil
	}
	if _, err := tx.Exec(ctx, textAnswered, r.Ref); err != nil {
		return "", err
	}
	var of []telephony.AccountID
	for _, v := range s.visits {
		of = append(of, v.account)
	}
	if len(of) == 0 {
		for _, p := range patients {
			of = append(of, p.Account)
		}
	}
	lang := patients[0].Language
	vars := catalog.Vars{}
	maps.Copy(vars, s.vars)
	var names []string
	for i, id := range of {
		acc, err := e.cfg.Store.Account(ctx, id)
		if err != nil {
			return "", err
		}
		if i == 0 {
			vars["number"] = acc.Line().Reveal()
			if len(s.visits) > 0 {
				if vars["visits"], err = e.when(ctx, acc, lang, s.visits); err != nil {
					return "", err
				}
			}
		}
		if !slices.Contains(names, acc.Name) {
			names = append(names, acc.Name)
		}
	}
	vars["practice"] = strings.Join(names, ", ")
	return channel.GSM(catalog.T(lang, s.key, vars)), nil
}
