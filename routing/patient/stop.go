package patient

import (
	"context"
	"fmt"
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
	answerWords   = "channel.patient.words"
	answerHelp    = "channel.patient.help"
)

// TextedBack takes a text from a patient's number, and returns what the phone is told; known is false for a number that is no
// patient's. STOP ends the texts of every practice to that number, START takes that back; both are done, with their lines in the
// ledger and staff told, when it returns. Other words are kept nowhere: the page is where a patient writes. Told twice, it
// counts once.
func (e *Engine) TextedBack(ctx context.Context, r channel.Reply) (answer string, known bool, err error) {
	reach, err := e.cfg.Patients.Reach(ctx, notes.ByText, r.From)
	if err != nil {
		return "", false, err
	}
	err = postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		answer = ""
		patients, err := e.cfg.Patients.Reached(ctx, tx, reach)
		if known = len(patients) > 0; err != nil || !known {
			return err
		}
		tag, err := tx.Exec(ctx, insertText, r.Ref, reach, e.clock())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		stopped, err := e.stopped(ctx, tx, reach)
		if err != nil {
			return err
		}
		key := answerWords
		switch {
		case r.Sense == channel.SenseStop && stopped: // it was confirmed once
			return nil
		case r.Sense == channel.SenseStop:
			key = "channel.patient.stop"
			err = e.stop(ctx, tx, patients, reach)
		case stopped && (r.Sense == channel.SenseStart || r.Sense == channel.SenseYes): // some carriers take texts up again at a yes
			key = "channel.patient.start"
			err = e.start(ctx, tx, patients, reach)
		case r.Sense == channel.SenseHelp:
			key = answerHelp
		}
		if err != nil || r.Answered {
			return err
		}
		answer, err = e.answer(ctx, tx, r, reach, key, patients)
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("take a patient's text: %w", err)
	}
	e.cfg.Log.Wake()
	return answer, known, nil
}

// stop ends the texts to a number.
func (e *Engine) stop(ctx context.Context, tx pgx.Tx, patients []notes.Patient, reach []byte) error {
	if err := e.moveStop(ctx, tx, "patient-texts.stopped", upsertStop, uuid.Must(uuid.NewV7()).String(), reach, e.clock()); err != nil {
		return err
	}
	for _, p := range patients {
		agreed, err := e.cfg.Patients.Agreed(ctx, tx, p.ID, notes.ByText, reach)
		if err != nil {
			return err
		}
		if agreed {
			if err := e.cfg.Patients.ConsentTx(ctx, tx, said(p, false), reach); err != nil {
				return err
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
				if err := e.cfg.Patients.ConsentTx(ctx, tx, said(p, true), reach); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// said is a line of the ledger that a patient wrote by text.
func said(p notes.Patient, given bool) notes.Consent {
	return notes.Consent{Patient: p.ID, Account: p.Account, Channel: notes.ByText, Given: given, Language: p.Language,
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

// answer is what a phone is told, unless it was told enough lately; what a word has changed is always confirmed. The
// practices that write to it are named, and the first is called.
func (e *Engine) answer(ctx context.Context, tx pgx.Tx, r channel.Reply, reach []byte, key string, patients []notes.Patient) (
	string, error,
) {
	var n int
	if err := tx.QueryRow(ctx, countAnswers, reach, e.clock().Add(-answersWithin)).Scan(&n); err != nil {
		return "", err
	}
	if n >= answersAtMost && (key == answerWords || key == answerHelp) {
		return "", nil
	}
	if _, err := tx.Exec(ctx, textAnswered, r.Ref); err != nil {
		return "", err
	}
	var names []string
	number := telephony.Number("")
	for _, p := range patients {
		acc, err := e.cfg.Store.Account(ctx, p.Account)
		if err != nil {
			return "", err
		}
		if len(names) == 0 {
			number = acc.Line()
		}
		if !slices.Contains(names, acc.Name) {
			names = append(names, acc.Name)
		}
	}
	return channel.GSM(catalog.T(patients[0].Language, key, catalog.Vars{"practice": strings.Join(names, ", "), "number": number.Reveal()})), nil
}
