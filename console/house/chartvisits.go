package house

import (
	"context"
	"errors"
	"slices"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/chart"
	"lamplight/telephony"
)

// ChartVisits tells how a practice's appointments come in from its chart, and what a person is asked about some.
func (h *House) ChartVisits(ctx context.Context, account telephony.AccountID) (out console.ChartVisits, err error) {
	if _, _, err := h.visitPractice(ctx, account); err != nil || h.cfg.Charts == nil {
		return console.ChartVisits{Rows: []console.VisitAsk{}}, err
	}
	got, err := h.cfg.Charts.VisitQuestions(ctx, account)
	if err != nil {
		return out, patientRefusal(err)
	}
	out = console.ChartVisits{Reads: got.Reads, ReadAt: got.ReadAt, Why: string(got.Why), Count: got.Count,
		Rows: make([]console.VisitAsk, len(got.Questions))}
	for i, q := range got.Questions {
		row := console.VisitAsk{ID: q.ID, Why: string(q.Why), Name: q.Who.Name, Birth: q.Who.Birth, Phones: []string{},
			Begins: q.Visit.Begins, Visit: q.Visit.Visit, Place: q.Visit.Place, Provider: q.Visit.Provider,
			Status: q.Status, Among: patientRows(q.Among)}
		for _, p := range q.Who.Phones {
			row.Phones = append(row.Phones, formatNumber(telephony.Number(p)))
		}
		out.Rows[i] = row
	}
	return out, nil
}

// VisitWord takes what a person says of an appointment of the chart's, and answers what is left to say.
func (h *House) VisitWord(ctx context.Context, w console.VisitWord) (out console.ChartVisits, err error) {
	if _, _, err := h.visitPractice(ctx, w.Account); err != nil {
		return out, err
	}
	if h.cfg.Charts == nil || w.Agreed != "" && !slices.Contains(notes.ConsentHows, w.Agreed) {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	err = h.cfg.Charts.AnswerVisit(ctx, w.Account, chart.VisitAnswer{ID: w.ID, Patient: w.Patient, New: w.New, Agreed: w.Agreed,
		Leave: w.Leave})
	if errors.Is(err, chart.ErrNothing) {
		return out, console.Refuse(console.Conflict, "portal.error.visit-moved")
	}
	if err != nil {
		return out, visitRefusal(err)
	}
	h.cfg.Notices.Wake()
	return h.ChartVisits(ctx, w.Account)
}
