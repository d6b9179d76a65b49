package house_test

import (
	"fmt"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
)

// TestAnAppointmentIsBookedMovedAndMarked by staff, each act once and only on what they saw.
func TestAnAppointmentIsBookedMovedAndMarked(t *testing.T) {
	r := newRig(t)
	p := r.admitted(t)
	office := r.as(t, "office")
	id := r.booked(t, p.ID)
	form := console.VisitForm{Account: "lakeside", Patient: p.ID, Appointment: id, Version: 1, Day: "2100-03-14", Time: "02:30"}
	if _, err := r.PutVisit(office, form); kindOf(err) != console.Invalid {
		t.Errorf("at a time that the clock never shows: %v", err)
	}
	form.Time = "15:00"
	moved, err := r.PutVisit(office, form)
	if err != nil || moved.Row.Version != 2 || moved.Row.Name != "Ximena Quiñones" ||
		!moved.Row.Begins.Equal(time.Date(2100, 3, 14, 20, 0, 0, 0, time.UTC)) || len(moved.Lines) < 2 {
		t.Fatalf("%+v, %v", moved, err)
	}
	if _, err := r.PutVisit(office, form); kindOf(err) != console.Conflict {
		t.Errorf("what somebody has changed meanwhile: %v", err)
	}
	if _, err := r.MarkVisit(office, console.VisitMark{Appointment: id, Version: 1, State: notes.VisitKept}); kindOf(
		err) != console.Conflict {
		t.Errorf("marked as it was before: %v", err)
	}
	if v, err := r.MarkVisit(office, console.VisitMark{Appointment: id, Version: 2, State: notes.VisitConfirmed}); err != nil ||
		v.Row.State != notes.VisitConfirmed {
		t.Errorf("%+v, %v", v, err)
	}
	day, err := r.Day(office, console.DayQuery{Account: "lakeside", Day: "2100-03-14"})
	if err != nil || len(day.Rows) != 1 || day.Counts["confirmed"] != 1 || day.Rows[0].Name != "Ximena Quiñones" || day.Reminds {
		t.Errorf("%+v, %v", day, err)
	}
	view, err := r.Thread(office, p.ID)
	if err != nil || len(view.Visits) != 1 {
		t.Errorf("%+v, %v", view.Visits, err)
	}
	figures, err := r.Figures(office, console.FiguresQuery{Account: "lakeside", From: "2100-03-01", To: "2100-03-31"})
	if err != nil || len(figures.Rows) != 1 || figures.Rows[0] != (console.VisitFigure{Visits: 1, Confirmed: 1}) {
		t.Errorf("%+v, %v", figures, err)
	}
	for _, q := range []console.DayQuery{{Account: "lakeside", Day: "soon"}, {Account: "lakeside", After: "x"}} {
		if _, err := r.Day(office, q); kindOf(err) != console.Invalid {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// TestADayCostsTheSame whatever is stored: a page of it asks the database as often beside ten appointments as beside thousands.
func TestADayCostsTheSame(t *testing.T) {
	r, asked := countedRig(t)
	p := r.admitted(t)
	r.booked(t, p.ID)
	office := r.as(t, "office")
	cost := func(rows int) int64 {
		t.Helper()
		before := asked.n.Load()
		page, err := r.Day(office, console.DayQuery{Account: "lakeside", Day: time.Now().AddDate(0, 0, 1).Format(time.DateOnly)})
		if err != nil || len(page.Rows) != rows {
			t.Fatalf("%d rows, %v", len(page.Rows), err)
		}
		return asked.n.Load() - before
	}
	cost(1) // the practice and the leaf of the minute
	few := cost(1)
	var list []notes.Appointment
	tomorrow := time.Now().AddDate(0, 0, 1)
	for i := range 1000 {
		begins := time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 17, i%60, 0, 0, time.UTC)
		if i%10 > 0 {
			begins = begins.AddDate(0, 0, 2+i%50)
		}
		list = append(list, notes.Appointment{ID: notes.AppointmentID(fmt.Sprintf("visit-%04d", i)), Account: "lakeside", Patient: p.ID,
			State: notes.VisitBooked, Begins: begins})
	}
	if err := r.patients.Book(office, "lakeside", nil, list); err != nil {
		t.Fatal(err)
	}
	cost(100)
	if many := cost(100); many != few || many > 5 {
		t.Errorf("%d statements for one appointment of the day, %d for a page of a hundred", few, many)
	}
}
