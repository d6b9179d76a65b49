package house_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
)

// office is a server that takes whatever is set.
type office struct{ taken int }

func (o *office) Given(console.SettingPart) map[string]string   { return map[string]string{} }
func (o *office) Retake(context.Context) error                  { o.taken++; return nil }
func (o *office) Checks(context.Context) []console.TonightCheck { return []console.TonightCheck{} }
func (o *office) Carrier(console.SettingPart) string            { return "x" }
func (o *office) Trunk(context.Context) string                  { return "" }

func setting(part console.SettingPart, secret string, kv ...string) console.SettingEdit {
	e := console.SettingEdit{Part: part, Secret: secret, Values: map[string]string{}, Why: "x"}
	for i := 0; i+1 < len(kv); i += 2 {
		e.Values[kv[i]] = kv[i+1]
	}
	return e
}

// TestTheServicesSettings: only who keeps the whole service sees or sets them, and what could not work is refused and not stored.
func TestTheServicesSettings(t *testing.T) {
	r := newRig(t)
	o := &office{}
	h := house.New(house.Config{Store: r.store, Door: r.door, Office: o, Log: slog.New(slog.DiscardHandler)})
	as := func(grants ...access.Grant) context.Context {
		return access.With(t.Context(), access.Actor{Person: "ada", Name: "Ada", Grants: grants})
	}
	ada := as(access.Grant{Account: access.Everywhere, Role: notes.RoleAdmin})
	for name, ctx := range map[string]context.Context{"a practice's administrator": as(access.Grant{Account: "lakeside", Role: notes.RoleAdmin}),
		"a supervisor": as(access.Grant{Account: access.Everywhere, Role: notes.RoleSupervisor})} {
		_, looked := h.Settings(ctx)
		_, set := h.EditSetting(ctx, setting(console.PartService, "", "name", "Thieves"))
		_, tonight := h.Tonight(ctx)
		_, tried := h.Trial(ctx, console.Trial{By: "text", To: "+13125550109"})
		for _, err := range []error{looked, set, tonight, tried, h.Arrived(ctx, console.TrialArrived{By: "text"})} {
			var refused *console.Error
			if !errors.As(err, &refused) {
				t.Errorf("%s is answered: %v", name, err)
			}
		}
	}
	for want, e := range map[string]console.SettingEdit{
		"portal.error.setting-zone":      setting(console.PartService, "", "zone", "Chicago"),
		"portal.error.person-name-long":  setting(console.PartService, "", "name", strings.Repeat("a", 200)),
		"portal.error.setting-from":      setting(console.PartText, "TOKEN", "account", "AC12", "from", "nobody"),
		"portal.error.setting-text":      setting(console.PartText, "", "account", "AC12", "from", "+13125550199"),
		"portal.error.setting-callback":  setting(console.PartText, "TOKEN", "account", "AC12", "from", "+13125550199", "callback", "http://x"),
		"portal.error.setting-host":      setting(console.PartMail, "", "host", "not a host", "from", "a@b.example"),
		"portal.error.setting-port":      setting(console.PartMail, "", "host", "smtp.example.org", "port", "70000", "from", "a@b.example"),
		"portal.error.setting-password":  setting(console.PartMail, "", "host", "smtp.example.org", "user", "u", "from", "a@b.example"),
		"portal.error.setting-sender":    setting(console.PartMail, "", "host", "smtp.example.org", "from", "nobody"),
		"portal.error.setting-catch-all": setting(console.PartCatchAll, "", "to", "nowhere"),
		"portal.error.malformed":         setting("keys", ""),
	} {
		var refused *console.Error
		if _, err := h.EditSetting(ada, e); !errors.As(err, &refused) || refused.Code != want {
			t.Errorf("%v: %v, want %s", e, err, want)
		}
	}
	if o.taken != 0 {
		t.Error("what was refused is taken")
	}
	out, err := h.EditSetting(ada, setting(console.PartMail, "s3cret", "host", "smtp.example.org", "user", "u", "from", "a@b.example"))
	if err != nil || !out.Saved || out.Part.Values["port"] != "587" || !out.Part.Secret || o.taken != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	later := setting(console.PartMail, "", "host", "smtp.example.net", "user", "u", "from", "a@b.example") // keeps the password
	if moved, err := h.EditSetting(ada, later); err != nil || moved.Saved || moved.Part.Values["host"] != "smtp.example.org" {
		t.Errorf("from an older version: %+v, %v", moved, err)
	}
	later.Basis = 1
	if out, err = h.EditSetting(ada, later); err != nil || !out.Saved || !out.Part.Secret {
		t.Errorf("%+v, %v", out, err)
	}
	back := console.SettingEdit{Part: console.PartMail, Basis: 2, Back: 1, Why: "it was right"}
	if out, err = h.EditSetting(ada, back); err != nil || !out.Saved || out.Part.Values["host"] != "smtp.example.org" || out.Part.Basis != 3 {
		t.Errorf("brought back: %+v, %v", out, err)
	}
	if now, err := r.store.Setting(ada, string(console.PartMail)); err != nil || now.Secret != "s3cret" {
		t.Errorf("with its secret: %+v, %v", now.Secret, err)
	}
}

// TestTheServicesLadder: a ladder into nobody is refused at its places and not stored; each version is kept with who and why, also a
// command's, and brought back; who knows an older one changes nothing.
func TestTheServicesLadder(t *testing.T) {
	r := newRig(t)
	h := house.New(house.Config{Store: r.store, Door: r.door, Office: &office{}, Log: slog.New(slog.DiscardHandler)})
	ada := access.With(t.Context(), access.Actor{Person: "ada", Name: "Ada", Grants: []access.Grant{{Account: access.Everywhere,
		Role: notes.RoleAdmin}}})
	document := func(mobile, after string) string {
		return `{"contacts":[{"id":"a","person":"","name":"Bo","language":"en","mobile":"` + mobile + `","email":""}],
			"ladder":{"rungs":[{"after":"` + after + `","who":"contact:a","channels":["text"]}],"again":"5m"},"holds":"15m"}`
	}
	edit := func(basis int, document string) console.SettingEdit {
		e := setting(console.PartSupervisors, "", "document", document)
		e.Basis = basis
		return e
	}
	good, later := document("+13125550171", "0s"), document("+13125550171", "2m")
	for name, doc := range map[string]string{"nobody": `{"contacts":[],"ladder":{"rungs":[]}}`, "no number": document("", "0s"),
		"no document": "", "no JSON": "{"} {
		out, err := h.EditSetting(ada, edit(0, doc))
		if err != nil || out.Saved || !slices.ContainsFunc(out.Problems, func(p console.PracticeProblem) bool { return p.Final }) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	holds := func(want string) {
		t.Helper()
		if is, err := r.store.Service(ada); err != nil || string(is) != want {
			t.Errorf("there holds %s, %v", is, err)
		}
	}
	holds("")
	out, err := h.EditSetting(ada, edit(0, good))
	if err != nil || !out.Saved || out.Part.Basis != 1 || out.Part.History[0].Why != "x" {
		t.Fatalf("%+v, %v", out, err)
	}
	if out, err := h.EditSetting(ada, edit(0, later)); err != nil || out.Saved || out.Part.Basis != 1 {
		t.Errorf("from an older version: %+v, %v", out, err)
	}
	holds(good)
	byCommand, _ := routing.ReadService([]byte(later), nil, time.Now())
	for range 2 { // the second changes nothing
		if err := r.store.PutService(ada, byCommand); err != nil {
			t.Fatal(err)
		}
	}
	holds(later)
	set, err := h.Settings(ada)
	if err != nil || set.Ladder.Document != later || set.Ladder.Part.Basis != 2 || len(set.Ladder.Part.History) != 2 {
		t.Errorf("%+v, %v", set.Ladder, err)
	}
	back := console.SettingEdit{Part: console.PartSupervisors, Basis: 2, Back: 1, Why: "it was right"}
	if out, err := h.EditSetting(ada, back); err != nil || !out.Saved || out.Part.Basis != 3 {
		t.Errorf("brought back: %+v, %v", out, err)
	}
	holds(good)
}
