package house_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/chart"
	"lamplight/notes/chart/charttest"
)

// TestTheOfficeSaysWhosePatientItIs: a closed note that fits nobody in the chart stands on the practice's page with those it may be
// about; the office chooses one, and the story tells that it is in the chart. Nobody else of the house sees a word of it.
func TestTheOfficeSaysWhosePatientItIs(t *testing.T) {
	r := newRig(t)
	charts := chart.New(chart.Config{Pool: r.pool, Log: r.log, Store: r.store, Poll: 20 * time.Millisecond})
	key, err := chart.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := chart.JWKS([]chart.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	base := charttest.Start(t, jwks, "", json.RawMessage(`{"resourceType":"Patient","name":[{"family":"Quiñones","given":["Ximena"]}],`+
		`"birthDate":"1961-04-02","telecom":[{"system":"phone","value":"312 555 0142"}]}`))
	seed := access.System(t.Context(), "seed")
	acc := practice("lakeside", "+13125550100")
	acc.Chart = &notes.Chart{Endpoint: base, Dialect: notes.ChartGeneric, Client: "lamplight"}
	if err := errors.Join(r.store.PutAccount(seed, acc), charts.PutKey(seed, "lakeside", key)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- charts.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })

	office := r.as(t, "office")
	me, err := r.Me(office)
	if err != nil || len(me.Accounts) != 1 || !me.Accounts[0].Chart {
		t.Fatalf("the office is %+v, %v", me, err)
	}
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.CloseOut(office, sent.Note, "done"); err != nil {
		t.Fatal(err)
	}
	var queue console.ChartQueue
	wait := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %+v", what, queue)
			}
		}
	}
	wait("it asks", func() bool {
		if queue, err = r.Chart(office, "lakeside"); err != nil {
			t.Fatal(err)
		}
		return len(queue.Rows) == 1 && queue.Rows[0].Asking
	})
	row := asJSON(t, queue)
	if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(row, w) }) {
		t.Errorf("the list says %s", row)
	}
	q, err := r.ChartQuestion(office, sent.Note)
	if err != nil || q.Name != "Ximena Quiñones" || q.Away != "" {
		t.Fatalf("the question is %+v, %v", q, err)
	}
	if len(q.Choices) != 1 || !slices.Equal(q.Choices[0].Fits, []string{"name", "phone"}) { // its birth date was not asked
		t.Fatalf("the choices are %+v", q.Choices)
	}
	var refused *console.Error
	if err := r.ChartAnswer(office, console.ChartAnswer{Note: sent.Note, Patient: "nobody"}); !errors.As(err, &refused) ||
		refused.Code != "portal.error.chart-which" {
		t.Errorf("a patient who is not there: %v", err)
	}
	if err := r.ChartAnswer(office, console.ChartAnswer{Note: sent.Note, Patient: q.Choices[0].Patient}); err != nil {
		t.Fatal(err)
	}
	wait("it is in the chart", func() bool {
		st, err := r.store.StoryOf(office, "", sent.Note)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(st.Lines, func(l notes.StoryLine) bool {
			return l.Kind == notes.LineChartWritten && strings.HasPrefix(l.Detail, "DocumentReference/")
		})
	})
	if err := r.ChartAnswer(office, console.ChartAnswer{Note: sent.Note, Leave: true}); !errors.As(err, &refused) ||
		refused.Code != "portal.error.chart-done" {
		t.Errorf("an answer that comes late: %v", err)
	}
}
