package house

import (
	"context"
	"errors"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/chart"
	"lamplight/telephony"
)

// Chart lists the notes of a practice that wait for its chart.
func (h *House) Chart(ctx context.Context, account telephony.AccountID) (console.ChartQueue, error) {
	if h.cfg.Charts == nil {
		return console.ChartQueue{}, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	waiting, err := h.cfg.Charts.Waiting(ctx, account)
	if err != nil {
		return console.ChartQueue{}, pageRefusal(err)
	}
	out := console.ChartQueue{Rows: make([]console.ChartRow, 0, len(waiting))}
	for _, w := range waiting {
		row, err := h.chartRow(ctx, w)
		if err != nil {
			return console.ChartQueue{}, pageRefusal(err)
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func (h *House) chartRow(ctx context.Context, w chart.QueuedNote) (console.ChartRow, error) {
	n, err := h.cfg.Store.Note(ctx, w.Note)
	if err != nil {
		return console.ChartRow{}, err
	}
	acc, err := h.cfg.Store.Account(ctx, n.Account)
	if err != nil {
		return console.ChartRow{}, err
	}
	t, _ := callType(acc, n.CallType)
	return console.ChartRow{Note: n.ID, Ref: n.Reference, CallType: t.Label, ClosedAt: n.ClosedAt, Since: w.Since, Asking: w.Asking,
		Why: string(w.Why)}, nil
}

// ChartQuestion opens a note that waits for its chart, with the patients whom it may be about.
func (h *House) ChartQuestion(ctx context.Context, note notes.NoteID) (console.ChartQuestion, error) {
	if h.cfg.Charts == nil {
		return console.ChartQuestion{}, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	q, err := h.cfg.Charts.Question(ctx, note)
	if err != nil {
		return console.ChartQuestion{}, chartRefusal(err)
	}
	row, err := h.chartRow(ctx, chart.QueuedNote{Note: note, Since: q.Since, Asking: q.Asking, Why: q.Why})
	if err != nil {
		return console.ChartQuestion{}, pageRefusal(err)
	}
	out := console.ChartQuestion{Row: row, Name: q.Who.Name, Birth: q.Who.Birth, Phones: []string{}, Number: q.Who.Number,
		Numbered: q.Numbers, Said: q.Said, Away: string(q.Away), Choices: []console.ChartChoice{}}
	for _, p := range q.Who.Phones {
		out.Phones = append(out.Phones, formatNumber(telephony.Number(p)))
	}
	for _, c := range q.Choices {
		out.Choices = append(out.Choices, console.ChartChoice{Patient: c.ID, Name: c.Name, Birth: c.Birth,
			Phones: append([]string{}, c.Phones...), Number: c.Number, Fits: append([]string{}, c.Fits...)})
	}
	return out, nil
}

// ChartAnswer takes a person's decision about a note that waits.
func (h *House) ChartAnswer(ctx context.Context, a console.ChartAnswer) error {
	if h.cfg.Charts == nil {
		return console.Refuse(console.NotFound, "portal.error.not-found")
	}
	word := chart.Answer{Patient: a.Patient, Number: a.Number, Leave: a.Leave, Again: a.Again}
	return chartRefusal(h.cfg.Charts.Answer(ctx, a.Note, word))
}

// chartRefusal turns a chart's error into a refusal with the pages' words.
func chartRefusal(err error) error {
	var trouble *chart.Trouble
	switch {
	case errors.Is(err, chart.ErrNothing):
		return console.Refuse(console.Conflict, "portal.error.chart-done")
	case errors.Is(err, chart.ErrWhich):
		return console.Refuse(console.Invalid, "portal.error.chart-which")
	case errors.As(err, &trouble) && trouble.Why == chart.Gone:
		return console.Refuse(console.Invalid, "portal.error.chart-which")
	case errors.As(err, &trouble):
		return console.Refuse(console.Conflict, "portal.error.chart-away")
	}
	return pageRefusal(err)
}
