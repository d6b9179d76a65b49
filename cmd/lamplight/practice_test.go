package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/telephony"
)

// practiceFile is a good practice's file with some of its words changed.
func practiceFile(t *testing.T, oldnew ...string) string {
	t.Helper()
	good, err := os.ReadFile("../lamplight-demo/practices/lakeside.json")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(string(good), oldnew[i]) {
			t.Fatalf("the practice does not say %s", oldnew[i])
		}
	}
	path := filepath.Join(t.TempDir(), "practice.json")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(oldnew...).Replace(string(good))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestThePracticesThatComeWithItAreGood: not a warning about them.
func TestThePracticesThatComeWithItAreGood(t *testing.T) {
	for _, path := range []string{"../lamplight-demo/practices/lakeside.json", "../lamplight-demo/practices/sol.json"} {
		var out, problems strings.Builder
		err := (&practiceCheckCmd{File: path}).run(&out, &problems)
		if err != nil || problems.Len() > 0 || !strings.Contains(out.String(), "0 warnings") {
			t.Errorf("%s: %v\n%s%s", path, err, problems.String(), out.String())
		}
	}
}

// TestAPracticeIsRefusedWithAllItsMistakes: a line each, with its place and what to do, and nothing of it is stored.
func TestAPracticeIsRefusedWithAllItsMistakes(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	stored := func() (n int) {
		t.Helper()
		if err := pool.QueryRow(ctx, "select count(*) from account").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	put := func(path string) (problems string, err error) {
		var out, told strings.Builder
		err = (&practicePutCmd{RecordFlags: flags, File: path}).run(ctx, &out, &told)
		return told.String(), err
	}
	bad := practiceFile(t, `"+13125550172"`, `"312-555-0172"`, `"digit": "2"`, `"digit": "1"`, `"who": "backup"`, `"who": "bakcup"`)
	told, err := put(bad)
	if err == nil || !strings.Contains(err.Error(), "3 mistakes; nothing is stored") || stored() != 0 {
		t.Errorf("%v, %d stored", err, stored())
	}
	for _, want := range []string{
		": account.contacts[1].mobile is not a telephone number in full: write it as +13125550142",
		": account.script.callTypes[1].digit stands there twice: keep one",
		": ladders.ladders[0].rungs[2].who the schedule has no role “bakcup”: write one of primary, backup",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("%s is not in\n%s", want, told)
		}
	}
	for line := range strings.Lines(told) {
		if !strings.HasPrefix(line, bad+":") {
			t.Errorf("a line without its place: %s", line)
		}
	}
	told, err = put(practiceFile(t, `"email": "osei@lakeside.example"`, `"email": "reyes@lakeside.example"`))
	if err != nil || stored() != 1 || !strings.Contains(told, "warning: account.contacts[1].email is also that of Dr Reyes") {
		t.Errorf("%v, %d stored\n%s", err, stored(), told)
	}
	leaves(t, flags)
	told, err = put(practiceFile(t))
	if err == nil || !strings.Contains(told, "account.contacts[1].person Dr Osei has left and is on call from ") {
		t.Errorf("%v\n%s", err, told)
	}
	if !strings.Contains(told, "“elena.reyes” does not sign in yet") {
		t.Errorf("who does not sign in is not told:\n%s", told)
	}
}

// TestAPracticeIsToldOfInBothLanguages: what a schedule holds too, with its place.
func TestAPracticeIsToldOfInBothLanguages(t *testing.T) {
	path := practiceFile(t, `"unit": "week"`, `"unit": "fortnight"`)
	for lang, want := range map[telephony.Language]string{
		"en": ": schedule.rotations[0].unit “fortnight” is not known: write one of hour, day, week, month\n",
		"es": ": schedule.rotations[0].unit «fortnight» no se conoce: escriba uno de hour, day, week, month\n",
	} {
		var told strings.Builder
		err := (&practiceCheckCmd{inLanguage{lang}, path}).run(&strings.Builder{}, &told)
		if err == nil || !strings.Contains(told.String(), want) || !strings.HasPrefix(told.String(), path+":") {
			t.Errorf("%v\n%s", err, told.String())
		}
	}
}

// TestAFileWhoseTestsFailIsNotStored: each test is printed, the exit status tells, and only a written word has it stored.
func TestAFileWhoseTestsFailIsNotStored(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	const kept = `"id": "lakeside", "tests": [{"id": "night", "when": "sun 02:00", "callType": "symptom", "expect": [{"who": "primary", ` +
		`"channels": ["text"]}, {"who": "primary", "channels": ["email"]}, {"who": "backup", "after": "6m"}]},
		{"id": "refill", "when": "sun 02:00", "callType": "refill", "office": true}],`
	good := []string{`"id": "lakeside",`, kept}
	bad := append([]string{`"after": "6m"`, `"after": "9m"`}, good...)
	var out strings.Builder
	err := (&practiceCheckCmd{File: practiceFile(t, good...)}).run(&out, &out)
	if err != nil || !strings.Contains(out.String(), ": ok    Sunday 02:00, Symptom: ") || !strings.Contains(out.String(), "2 tests hold") {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	err = (&practiceCheckCmd{inLanguage{"es"}, practiceFile(t, bad...)}).run(&out, &out)
	if err == nil || !strings.Contains(err.Error(), "1 of 2 tests of the practice fail") ||
		!strings.Contains(out.String(), "FALLA domingo 02:00, Síntoma: se esperaba quien esté de guardia (") ||
		!strings.Contains(out.String(), "después de 9m") || !strings.Contains(out.String(), "bien  domingo 02:00") {
		t.Errorf("%v\n%s", err, out.String())
	}
	put := func(path, despite string) (string, error) {
		t.Helper()
		var told strings.Builder
		err := (&practicePutCmd{RecordFlags: flags, File: path, Despite: despite}).run(ctx, &told, &told)
		return told.String(), err
	}
	if told, err := put(practiceFile(t, good...), ""); err != nil {
		t.Fatal(err, told)
	}
	if told, err := put(practiceFile(t, bad...), ""); err == nil || !strings.Contains(told, "FAILS Sunday 02:00") {
		t.Errorf("%v\n%s", err, told)
	}
	// nor without the tests
	if told, err := put(practiceFile(t, bad[:2]...), ""); err == nil || !strings.Contains(told, "FAILS Sunday 02:00") {
		t.Errorf("%v\n%s", err, told)
	}
	if told, err := put(practiceFile(t, bad...), "the backup drives in from afar"); err != nil {
		t.Errorf("%v\n%s", err, told)
	}
	var why string
	if err := pool.QueryRow(ctx, "select why from test_overruling").Scan(&why); err != nil || why != "the backup drives in from afar" {
		t.Errorf("%q, %v", why, err)
	}
	if told, err := put(practiceFile(t, bad...), ""); err != nil { // as it stands already
		t.Errorf("%v\n%s", err, told)
	}
}

// leaves adds kwame.osei and lets them go, though they are on call.
func leaves(t *testing.T, flags server.RecordFlags) {
	t.Helper()
	add := peopleAddCmd{RecordFlags: flags, Login: "kwame.osei", Name: "Kwame Osei", Role: notes.RoleProvider,
		Account: "lakeside", Language: "en"}
	if err := add.run(t.Context(), &strings.Builder{}); err != nil {
		t.Fatal(err)
	}
	if err := (&peopleLeaveCmd{personFlags{flags, "kwame.osei"}, true}).run(t.Context(), &strings.Builder{}); err != nil {
		t.Fatal(err)
	}
}
