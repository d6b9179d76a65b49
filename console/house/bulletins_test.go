package house_test

import (
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
)

// TestABulletinIsReadByEachAgent: what the office writes stands with the next call of each agent until they say that they have read it,
// the status line until it ends; the office sees who has, and another practice's people see and write nothing.
func TestABulletinIsReadByEachAgent(t *testing.T) {
	r := newRig(t)
	aTestedPractice(t, r)
	office := r.as(t, "office")
	put := func(kind notes.BulletinKind, en, es, from, to string) (console.PracticeBulletins, error) {
		return r.PutBulletin(office, console.BulletinPut{Account: "lakeside", Kind: kind, Says: notes.Text{"en": en, "es": es}, From: from, To: to})
	}
	if _, err := put("bulletin", "Dr Reyes is in surgery", "", wall(-1, "00:00"), wall(1, "00:00")); codeOf(err) != "portal.error.bulletin-words" {
		t.Errorf("in one language: %v", err)
	}
	if _, err := put("bulletin", "x", "x", wall(2, "00:00"), wall(1, "00:00")); codeOf(err) != "portal.error.schedule-ends-first" {
		t.Errorf("ends first: %v", err)
	}
	if _, err := put("bulletin", "x", "x", wall(-2, "00:00"), wall(-1, "00:00")); codeOf(err) != "portal.error.schedule-past" {
		t.Errorf("is over: %v", err)
	}
	if _, err := put("poster", "x", "x", wall(-1, "00:00"), wall(1, "00:00")); kindOf(err) != console.Invalid {
		t.Errorf("another kind: %v", err)
	}
	if _, err := put("status", "In surgery until 4", "En cirugía hasta las 4", wall(-1, "00:00"), wall(1, "00:00")); err != nil {
		t.Fatal(err)
	}
	if _, err := put("bulletin", "Not yet", "Todavía no", wall(2, "00:00"), wall(3, "00:00")); err != nil {
		t.Fatal(err)
	}
	list, err := put("bulletin", "New answering\nrule since Monday", "Nueva regla desde el lunes", wall(-1, "00:00"), wall(1, "00:00"))
	if err != nil || len(list.Bulletins) != 3 || list.Bulletins[0].Says["en"] != "New answering rule since Monday" || list.Bulletins[0].By != "Front Office" {
		t.Fatalf("%+v, %v", list, err)
	}
	id := list.Bulletins[0].ID
	shown := func(who notes.PersonID) (bulletins, status int) {
		t.Helper()
		all, err := r.store.ShownBulletins(r.as(t, who), "lakeside", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range all {
			if b.Kind == notes.BulletinStatus {
				status++
			} else {
				bulletins++
			}
		}
		return bulletins, status
	}
	if b, s := shown("agent"); b != 1 || s != 1 {
		t.Errorf("%d bulletins and %d status lines before", b, s)
	}
	for range 2 { // again is no error
		if err := r.AckBulletin(r.as(t, "agent"), console.BulletinRef{Bulletin: id}); err != nil {
			t.Fatal(err)
		}
	}
	if b, s := shown("agent"); b != 0 || s != 1 {
		t.Errorf("%d bulletins and %d status lines after", b, s)
	}
	if b, _ := shown("boss"); b != 1 {
		t.Error("what one agent has read is not shown to another")
	}
	for who, id := range map[notes.PersonID]string{"other-agent": id, "office": id, "agent": "none"} {
		if err := r.AckBulletin(r.as(t, who), console.BulletinRef{Bulletin: id}); kindOf(err) != console.NotFound {
			t.Errorf("%s: %v", who, err)
		}
	}
	list, err = r.Bulletins(office, "lakeside")
	if err != nil || len(list.Bulletins[0].ReadBy) != 1 || list.Bulletins[0].ReadBy[0].Name == "" {
		t.Errorf("%+v, %v", list.Bulletins, err)
	}
	for _, id := range []string{list.Bulletins[1].ID, list.Bulletins[2].ID} { // one that has not begun, and the status line
		if _, err := r.EndBulletin(office, console.BulletinEnd{Account: "lakeside", Bulletin: id}); err != nil {
			t.Fatal(err)
		}
	}
	if _, s := shown("agent"); s != 0 {
		t.Error("a status line that was ended is shown")
	}
	if _, err := r.Bulletins(r.as(t, "other-office"), "lakeside"); kindOf(err) != console.NotFound {
		t.Errorf("another's office: %v", err)
	}
	var leaves int
	if err := r.pool.QueryRow(t.Context(), `select count(*) from audit_outbox where convert_from(body, 'utf8') like '%bulletin.acknowledged%'`).
		Scan(&leaves); err != nil || leaves != 1 {
		t.Errorf("%d leaves of one reading, %v", leaves, err)
	}
	for i := range notes.MaxBulletins + 1 {
		_, err = put("bulletin", "x", "x", wall(-1, "00:00"), wall(1, "00:00"))
		if many := codeOf(err) == "portal.error.bulletin-many"; many != (i >= notes.MaxBulletins-1) {
			t.Fatalf("the %d. more: %v", i, err)
		}
	}
	if _, err := r.store.ShownBulletins(t.Context(), "lakeside", time.Now()); err != access.ErrNobody {
		t.Error(err)
	}
}
