package house_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// sheet is a practice's document as a page has it, opened by somebody.
type sheet struct {
	*rig
	t       *testing.T
	who     notes.PersonID
	account telephony.AccountID
	text    string
	version int
	seq     int64
}

func (r *rig) sheet(t *testing.T, who notes.PersonID, account telephony.AccountID) *sheet {
	t.Helper()
	v, err := r.Practice(r.as(t, who), account)
	if err != nil {
		t.Fatal(err)
	}
	s := &sheet{rig: r, t: t, who: who, account: account, text: v.Document, version: v.Version}
	if v.Draft != nil {
		s.text, s.version, s.seq = v.Draft.Document, v.Draft.Version, v.Draft.Seq
	}
	return s
}

// write replaces words of the document and keeps it.
func (s *sheet) write(oldnew ...string) console.PracticeSaved {
	s.t.Helper()
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(s.text, oldnew[i]) {
			s.t.Fatalf("the document does not say %s:\n%s", oldnew[i], s.text)
		}
		s.text = strings.ReplaceAll(s.text, oldnew[i], oldnew[i+1])
	}
	out, err := s.SavePractice(s.as(s.t, s.who), console.PracticeSave{Account: s.account, Document: s.text, Version: s.version, Seq: s.seq})
	if err != nil {
		s.t.Fatal(err)
	}
	if out.Saved {
		s.seq = out.Seq
	}
	return out
}

func (s *sheet) publish() console.PracticePublished {
	s.t.Helper()
	out, err := s.PublishPractice(s.as(s.t, s.who), console.PracticePublish{Account: s.account, Seq: s.seq, Why: "so it is", Sure: true})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func problem(of []console.PracticeProblem, field, code string) bool {
	return slices.ContainsFunc(of, func(p console.PracticeProblem) bool {
		return p.Field == field && p.Code == code && p.Says["en"] != "" && p.Says["es"] != "" && p.Says["en"] != p.Says["es"]
	})
}

// wellWritten makes lakeside and bosque practices that the check finds nothing wrong with.
func (r *rig) wellWritten(t *testing.T) {
	t.Helper()
	for i, id := range []telephony.AccountID{"lakeside", "bosque"} {
		a, _ := routing.NewPractice(routing.TemplateSolo, id, string(id), "America/Chicago")
		a.Lines[0].DID = telephony.Number(fmt.Sprintf("+1312555010%d", i))
		a.Contacts[0].Name, a.Contacts[0].Mobile = "Dr Reyes", "+13125550111"
		if err := r.store.PutAccount(access.System(t.Context(), "seed"), a); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAPracticeIsMadeOnThePage: from a template through what is missing to the line that answers; each version is kept, with who and why.
func TestAPracticeIsMadeOnThePage(t *testing.T) {
	r := newRig(t)
	ctx := r.as(t, "boss")
	ref, err := r.NewPractice(ctx, console.PracticeNew{Account: "north", Name: "Northside", TimeZone: "America/Denver", Template: "group"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NewPractice(ctx, console.PracticeNew{Account: "north", Name: "N", TimeZone: "UTC", Template: "solo"}); kindOf(err) != console.Conflict {
		t.Errorf("twice: %v", err)
	}
	s := r.sheet(t, "boss", ref.Account)
	list, err := r.Practices(ctx, console.PracticesQuery{})
	if err != nil || len(list.Rows) != 3 || !list.Rows[0].New || list.Rows[0].Name != "Northside" || !list.MayAdd {
		t.Errorf("%+v, %v", list, err)
	}
	out := s.publish()
	if out.Saved || !problem(out.Problems, "account.lines[0].did", "missing") || !problem(out.Problems, "account.contacts[1].name", "missing") {
		t.Fatalf("%+v", out)
	}
	if _, err := r.store.Account(t.Context(), "north"); err == nil {
		t.Fatal("half of it is stored")
	}
	var doc routing.PracticeDocument
	if err := json.Unmarshal([]byte(s.text), &doc); err != nil {
		t.Fatal(err)
	}
	a := doc.Account
	a.Schedule, a.Ladders, a.Lines[0].DID = doc.Schedule, doc.Ladders, "+13125550200"
	for i := range a.Contacts {
		a.Contacts[i].Name, a.Contacts[i].Mobile = fmt.Sprint("=cmd()|", i, " \u202eשלום 🏥<b>"), telephony.Number(fmt.Sprint("+1303555011", i))
	}
	text, err := routing.WritePractice(a)
	if err != nil {
		t.Fatal(err)
	}
	s.text = string(text)
	if saved := s.write(); !saved.Saved || !problem(saved.Problems, "account.lines[0].did", "line-taken") {
		t.Fatalf("another's number: %+v", saved)
	}
	if s.publish().Saved {
		t.Fatal("it has another's number")
	}
	s.write("+13125550200", "+13035550100")
	if out := s.publish(); !out.Saved || len(out.Problems) > 0 {
		t.Fatalf("%+v", out)
	}
	line, ok, err := r.store.LineFor(t.Context(), "+13035550100")
	if err != nil || !ok || line.Account != "north" {
		t.Errorf("%+v %v %v", line, ok, err)
	}
	is, err := r.store.Account(t.Context(), "north")
	if err != nil || !strings.Contains(is.Contacts[2].Name, "שלום 🏥<b>") {
		t.Errorf("%+v, %v", is.Contacts, err)
	}
	v, err := r.Practice(ctx, "north")
	if err != nil || v.Draft != nil || v.Version != 1 || len(v.Changes) != 1 || v.Changes[0].By != "Sam Boss" || v.Changes[0].Why != "so it is" {
		t.Errorf("%+v, %v", v, err)
	}
	r.audited(t)
}

func (r *rig) audited(t *testing.T) {
	t.Helper()
	var leaves int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from audit_outbox where convert_from(body, 'UTF8') like '%account.stored%' and "+
		"convert_from(body, 'UTF8') like '%practice_version%'").Scan(&leaves); err != nil || leaves < 3 {
		t.Errorf("%d leaves, %v", leaves, err)
	}
}

// TestTwoWriteAtOnePractice: nothing of either is lost, and the second is told who was quicker.
func TestTwoWriteAtOnePractice(t *testing.T) {
	r := newRig(t)
	r.wellWritten(t)
	boss, office := r.sheet(t, "boss", "lakeside"), r.sheet(t, "office", "lakeside")
	boss.write("How may I help you?", "What can I do for you?")
	office.write("Dr Reyes", "Dr E. Reyes")
	v, err := r.Practice(r.as(t, "office"), "lakeside")
	if err != nil || len(v.Others) != 1 || v.Others[0].Name != "Sam Boss" || v.Draft == nil || !strings.Contains(v.Draft.Document, "Dr E. Reyes") {
		t.Fatalf("%+v, %v", v, err)
	}
	beside, err := r.PracticeBeside(r.as(t, "office"), console.PracticeDraftRef{Account: "lakeside", Person: "boss"})
	if err != nil || !strings.Contains(beside.Document, "What can I do") {
		t.Errorf("%+v, %v", beside, err)
	}
	if out := boss.publish(); !out.Saved {
		t.Fatalf("%+v", out)
	}
	out := office.publish()
	if out.Saved || out.Moved == nil || out.Moved.By != "Sam Boss" {
		t.Fatalf("%+v", out)
	}
	// The page has put its change onto the new one.
	now := r.sheet(t, "boss", "lakeside")
	office.text, office.version = now.text, now.version
	office.write("Dr Reyes", "Dr E. Reyes")
	if out := office.publish(); !out.Saved {
		t.Fatalf("%+v", out)
	}
	acc, err := r.store.AccountNow(t.Context(), "lakeside")
	if err != nil || acc.Contacts[0].Name != "Dr E. Reyes" || !strings.Contains(acc.AnswerPhrase["en"], "What can I do") {
		t.Errorf("%+v, %v", acc, err)
	}
	// One person in two windows.
	one, two := r.sheet(t, "office", "lakeside"), r.sheet(t, "office", "lakeside")
	one.write("Dr E.", "Dra.")
	_, err = r.SavePractice(r.as(t, "office"), console.PracticeSave{Account: "lakeside", Document: two.text, Version: two.version})
	if kindOf(err) != console.Conflict {
		t.Errorf("the other window: %v", err)
	}
	// Begun from what is not there any more, with nothing kept yet.
	if out := (&sheet{rig: r, t: t, who: "boss", account: "lakeside", text: now.text, version: 1}).write(); out.Saved || out.Moved == nil {
		t.Errorf("%+v", out)
	}
}

// TestTheCalendarGoesOnBesideADraft: a shift that changes hands while somebody writes keeps nobody from publishing, and stays.
func TestTheCalendarGoesOnBesideADraft(t *testing.T) {
	r := newRig(t)
	r.wellWritten(t)
	s := r.sheet(t, "office", "lakeside")
	s.write("How may I help you?", "Hello?")
	acc, err := r.store.AccountNow(t.Context(), "lakeside")
	if err != nil {
		t.Fatal(err)
	}
	with := bytes.Replace(acc.Schedule, []byte(`{`), []byte(`{"leave":[{"who":"doctor","from":"2100-01-01","to":"2100-01-02"}],`), 1)
	if err := r.store.PutSchedule(r.as(t, "boss"), "lakeside", acc.Schedule, with, "", "away", nil); err != nil {
		t.Fatal(err)
	}
	if out := s.publish(); !out.Saved {
		t.Fatalf("%+v", out)
	}
	acc, err = r.store.AccountNow(t.Context(), "lakeside")
	if err != nil || !bytes.Equal(acc.Schedule, with) || acc.AnswerPhrase["en"] != "lakeside, this is {{agent}}. Hello?" {
		t.Errorf("%s, %v", acc.Schedule, err)
	}
	var versions int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from schedule_version where account = 'lakeside' and why = 'so it is'").Scan(&versions); err != nil || versions != 0 {
		t.Errorf("%d versions of a schedule that did not change, %v", versions, err)
	}
}

// TestAnOfficeChangesItsPracticeAlone: not its numbers, not another's, and none is added.
func TestAnOfficeChangesItsPracticeAlone(t *testing.T) {
	r := newRig(t)
	r.wellWritten(t)
	s := r.sheet(t, "office", "lakeside")
	if out := s.write("+13125550100", "+13125550177"); !problem(out.Problems, "account.lines", "service-only") {
		t.Errorf("%+v", out)
	}
	if s.publish().Saved {
		t.Error("it took a number")
	}
	if err := r.DropPractice(r.as(t, "office"), "lakeside"); err != nil {
		t.Fatal(err)
	}
	s = r.sheet(t, "office", "lakeside")
	if out := s.write(`"id": "lakeside"`, `"id": "bosque"`); !problem(out.Problems, "account.id", "other-account") || s.publish().Saved {
		t.Errorf("it became another: %+v", out)
	}
	list, err := r.Practices(r.as(t, "office"), console.PracticesQuery{})
	if err != nil || len(list.Rows) != 1 || list.MayAdd {
		t.Errorf("%+v, %v", list, err)
	}
	for search, want := range map[string]int{"bosque": 1, "LAKE": 1, "(312) 555-0101": 1, "side": 1, "nobody": 0, "": 2} {
		if list, err := r.Practices(r.as(t, "admin"), console.PracticesQuery{Search: search}); err != nil || len(list.Rows) != want {
			t.Errorf("%q: %+v, %v", search, list, err)
		}
	}
}

// TestAnEscalationGoesOnByItsPlan: whoever is told of a note is told by the practice as it was when the note was sent.
func TestAnEscalationGoesOnByItsPlan(t *testing.T) {
	r := newRig(t)
	r.wellWritten(t)
	r.call(t, "call-1", "lakeside")
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	plan := func() (p string) {
		if err := r.pool.QueryRow(t.Context(), "select md5(plan::text) from dispatch where note = $1", sent.Note).Scan(&p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	before := plan()
	s := r.sheet(t, "office", "lakeside")
	s.write("+13125550111", "+13125550199", `"4m"`, `"40m"`, "Dr Reyes", "Dr Osei")
	if out := s.publish(); !out.Saved {
		t.Fatalf("%+v", out)
	}
	if plan() != before {
		t.Error("the plan of a note that runs was changed")
	}
	v, err := r.Preview(r.as(t, "agent"), draft("d2", "call-1", "lakeside")) // by the desk's own cache, within two seconds
	for end := time.Now().Add(20 * time.Second); err == nil && v.Contacts[0].Name != "Dr Osei" && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
		v, err = r.Preview(r.as(t, "agent"), draft("d2", "call-1", "lakeside"))
	}
	if err != nil || v.Contacts[0].Name != "Dr Osei" {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestAMomentOfADraft: what would happen is told by what is being written, and nothing of it is stored.
func TestAMomentOfADraft(t *testing.T) {
	r := newRig(t)
	r.wellWritten(t)
	s := r.sheet(t, "office", "lakeside")
	ask := func(text string) (console.Moment, error) {
		return r.PracticeMoment(r.as(t, "office"), console.PracticeMoment{Account: "lakeside", Document: text, At: "2100-01-03T02:00",
			CallType: "symptom", Urgency: notes.Urgent})
	}
	m, err := ask(strings.ReplaceAll(s.text, "Dr Reyes", "Dr Osei"))
	if err != nil || m.Goes != console.GoesToPeople || m.Contacts[0].Name != "Dr Osei" || len(m.OnCall) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err = ask(strings.ReplaceAll(s.text, `"ladder": "urgent"`, `"ladder": "nothing"`)); err != nil || m.Goes == console.GoesToPeople {
		t.Errorf("without its ladder: %+v, %v", m, err)
	}
	if _, err := ask(strings.ReplaceAll(s.text, "America/Chicago", "Mars/Base")); kindOf(err) != console.Invalid {
		t.Errorf("no zone: %v", err)
	}
	if _, err := ask("{"); kindOf(err) != console.Invalid {
		t.Errorf("nothing: %v", err)
	}
}

// TestAVersionIsBroughtBack: what it was before anybody kept versions, too.
func TestAVersionIsBroughtBack(t *testing.T) {
	r := newRig(t)
	r.wellWritten(t)
	if _, err := r.pool.Exec(t.Context(), "delete from practice_version"); err != nil { // a server of the release before
		t.Fatal(err)
	}
	first := r.sheet(t, "boss", "lakeside").text
	s := r.sheet(t, "boss", "lakeside")
	s.write("Dr Reyes", "Dr Osei")
	s.publish()
	v, err := r.Practice(r.as(t, "boss"), "lakeside")
	if err != nil || len(v.Changes) != 2 || v.Changes[1].By != "" {
		t.Fatalf("%+v, %v", v.Changes, err)
	}
	back, err := r.PracticeVersion(r.as(t, "office"), console.PracticeVersionRef{Account: "lakeside", Version: v.Changes[1].ID})
	if err != nil || back.Document != first {
		t.Fatalf("%s\nwant\n%s\n%v", back.Document, first, err)
	}
	if _, err := r.PracticeVersion(r.as(t, "other-office"), console.PracticeVersionRef{Account: "bosque", Version: v.Changes[1].ID}); err == nil {
		t.Error("another practice has it")
	}
	s = r.sheet(t, "boss", "lakeside")
	s.text = back.Document
	s.write()
	if out := s.publish(); !out.Saved {
		t.Fatalf("%+v", out)
	}
	if now := r.sheet(t, "boss", "lakeside").text; now != first {
		t.Errorf("%s\nwant\n%s", now, first)
	}
}

// TestReadAndPublishedIsTheSame: every practice that comes with the program, and what each release wrote, opened, kept and published
// says what it said.
func TestReadAndPublishedIsTheSame(t *testing.T) {
	r := newRig(t)
	files, err := filepath.Glob("../../cmd/lamplight-demo/practices/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		doc, found := routing.ReadPractice(b, nil, time.Now())
		if len(found.Refused()) > 0 {
			t.Fatal(found)
		}
		if doc.Account.ID != "lakeside" {
			doc.Account.Lines[0].DID = "+13125550300"
		}
		if err := r.store.PutAccount(access.System(t.Context(), "seed"), doc.Account); err != nil {
			t.Fatal(err)
		}
		s := r.sheet(t, "boss", doc.Account.ID)
		before := s.text
		s.write()
		if out := s.publish(); !out.Saved {
			t.Fatalf("%s: %+v", f, out)
		}
		after, err := r.store.AccountNow(t.Context(), doc.Account.ID)
		if err != nil || after.Version != s.version {
			t.Errorf("%s: nothing was written, and it is version %d, was %d, %v", f, after.Version, s.version, err)
		}
		after.Version = 0
		if !reflect.DeepEqual(after, doc.Account) || r.sheet(t, "boss", doc.Account.ID).text != before {
			t.Errorf("%s is another", f)
		}
	}
}

// TestANewPracticeSpeaksTheServicesLanguages: a service in English alone is not asked for Spanish sentences.
func TestANewPracticeSpeaksTheServicesLanguages(t *testing.T) {
	r := newRig(t)
	english := record.Setting{Part: string(console.PartService), Values: map[string]string{"languages": "en"}}
	if err := r.store.PutSetting(access.System(t.Context(), "seed"), 0, english); err != nil {
		t.Fatal(err)
	}
	ref, err := r.NewPractice(r.as(t, "boss"), console.PracticeNew{Account: "north", Name: "Northside", TimeZone: "America/Denver", Template: "solo"})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Account notes.Account `json:"account"`
	}
	if err := json.Unmarshal([]byte(r.sheet(t, "boss", ref.Account).text), &doc); err != nil {
		t.Fatal(err)
	}
	if a := doc.Account; !slices.Equal(a.Languages, []telephony.Language{"en"}) || !slices.Equal(a.Lines[0].Languages, a.Languages) {
		t.Errorf("it is begun in %v, its number in %v", a.Languages, a.Lines[0].Languages)
	}
}
