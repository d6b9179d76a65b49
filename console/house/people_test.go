package house_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// sent keeps what was sent, or fails.
type sent struct {
	last channel.Message
	err  error
}

func (s *sent) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	s.last = m
	return channel.Receipt{}, s.err
}
func (*sent) Lookup(context.Context, channel.Message) (channel.Receipt, error) {
	return channel.Receipt{}, channel.ErrNoLookup
}

// keepers is a rig whose switch has two phones and which sends texts.
func keepers(t *testing.T) (*rig, *sent) {
	t.Helper()
	r, text := newRig(t), &sent{}
	r.with(func(c *house.Config) {
		c.PhoneNames, c.PagesURL, c.DeskURL = []string{"agent1", "agent2"}, "https://page.example", "tls://desk.example:4222"
		c.Senders = map[routing.ChannelKind]channel.Channel{routing.Text: text}
	})
	if err := r.door.SetPassword(access.System(t.Context(), "seed"), "admin", doorPassword); err != nil {
		t.Fatal(err)
	}
	return r, text
}

// joins takes an invitation as its holder does, and returns a context in which they act.
func (r *rig) joins(t *testing.T, link string) (context.Context, error) {
	t.Helper()
	base, token, _ := strings.Cut(link, "#")
	if base != "https://page.example/join" {
		t.Errorf("the link is %q", link)
	}
	i, err := r.door.Invitation(t.Context(), token, "192.0.2.1")
	if err != nil {
		return nil, err
	}
	code, err := access.CodeAt(i.Secret, r.door.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.door.TakeInvitation(t.Context(), access.Taking{Token: token, Password: doorPassword, Secret: i.Secret, Code: code})
	if err != nil {
		return nil, err
	}
	if s, err = r.door.Resume(t.Context(), s.Token); err != nil {
		t.Fatal(err)
	}
	return access.With(t.Context(), s.Actor), nil
}

func errorCode(err error) string {
	var e *console.Error
	if errors.As(err, &e) {
		return strings.TrimPrefix(e.Code, "portal.error.")
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func invite(login string, role notes.Role, account telephony.AccountID) console.PersonInvite {
	return console.PersonInvite{Login: login, Name: "Nora Núñez", Language: "es", Role: role, Account: account, Mobile: "312 555 0188",
		Speaks: console.Abilities{Languages: map[telephony.Language]telephony.Level{"es": telephony.Native}}}
}

// keep changes somebody as they are now.
func (r *rig) keep(t *testing.T, ctx context.Context, id notes.PersonID, do console.PersonAct, sure bool) (console.PersonEdited, error) {
	t.Helper()
	v, err := r.Person(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return r.EditPerson(ctx, console.PersonEdit{Person: id, Basis: v.Basis, Do: do, Why: "a test's", Sure: sure})
}

// TestAnAgentAndADoctorAreInvited, come in by what only they know, and are kept: renamed, moved, let go and back.
func TestAnAgentAndADoctorAreInvited(t *testing.T) {
	r, text := keepers(t)
	ada := r.as(t, "admin")
	in := invite("nora.nunez", notes.RoleAgent, "*")
	in.Send = routing.Text
	got, err := r.InvitePerson(ada, in)
	if err != nil || got.Link.Sent != routing.Text || got.Link.Trouble || len(got.Link.Picture) < 21 {
		t.Fatalf("%+v, %v", got, err)
	}
	words := channel.Say(text.last)
	if text.last.To != "+13125550188" || !strings.Contains(words.Text, got.Link.Link) || strings.Contains(words.Text, "Nora") ||
		channel.Septets(words.Text) < 0 || channel.Septets(words.Text) > channel.TextBudget {
		t.Errorf("the text to %s says %q", text.last.To, words.Text)
	}
	nora, err := r.joins(t, got.Link.Link)
	if err != nil {
		t.Fatal(err)
	}
	if own, err := r.Own(nora); err != nil || own.Desk == "" || len(own.Sessions) != 1 || !own.Sessions[0].Here {
		t.Errorf("her own page: %+v, %v", own, err)
	}
	if _, err := r.joins(t, got.Link.Link); err == nil {
		t.Error("a link opens twice")
	}
	v, err := r.Person(ada, "nora.nunez")
	if err != nil || v.Phone != "agent1" || !v.Row.SignsIn || !v.Row.Code || v.Row.Seen.IsZero() || v.Row.Invited.After(v.Row.Seen) ||
		!slices.ContainsFunc(v.History, func(c console.PersonChange) bool { return c.Act == "added" && c.By == "Ada Admin" }) {
		t.Errorf("%+v, %v", v, err)
	}
	text.err = &channel.SendError{Kind: channel.Later}
	in.Login = "second"
	if got, err = r.InvitePerson(ada, in); err != nil || !got.Link.Trouble || got.Link.Sent != "" || got.Link.Link == "" {
		t.Errorf("a text that does not go: %+v, %v", got, err)
	}

	doctor, err := r.InvitePerson(ada, invite("dr.nora", notes.RoleProvider, "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	acc, err := r.store.AccountNow(t.Context(), "lakeside")
	if err != nil || len(acc.Contacts) != 2 || acc.Contacts[1].Person != "dr.nora" || acc.Contacts[1].Mobile != "+13125550188" {
		t.Errorf("her practice knows %+v, %v", acc.Contacts, err)
	}
	if _, err := r.joins(t, doctor.Link.Link); err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]console.PersonAct{
		"another practice": {Act: console.DeedGrant, Role: notes.RoleProvider, Account: "bosque"},
		"another name":     {Act: console.DeedCard, Name: "Nora  N\u202eúñez <b>", Language: "en", Mobile: "+13125550189"},
		"a session":        {Act: console.DeedEnd},
	} {
		if out, err := r.keep(t, ada, "dr.nora", do, false); err != nil || !out.Saved {
			t.Errorf("%s: %+v, %v", what, out, err)
		}
	}
	v, err = r.Person(ada, "dr.nora")
	if err != nil || len(v.Row.Roles) != 2 || v.Row.Name != "Nora N úñez <b>" && v.Row.Name != "Nora Núñez <b>" || len(v.Sessions) != 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestWhoLeavesStandsNowhere: the places are told first, and then they are out; they come back by a new link, with a phone of their own.
func TestWhoLeavesStandsNowhere(t *testing.T) {
	r, _ := keepers(t)
	ada := r.as(t, "admin")
	out, err := r.keep(t, ada, "doctor", console.PersonAct{Act: console.DeedLeave}, false)
	if err != nil || out.Saved || len(out.Stands) != 2 || out.Stands[1].Practice != "lakeside" || out.Stands[1].Kind != "layer" {
		t.Fatalf("%+v, %v", out, err)
	}
	if out, err = r.keep(t, ada, "doctor", console.PersonAct{Act: console.DeedLeave}, true); err != nil || !out.Saved {
		t.Fatalf("%+v, %v", out, err)
	}
	if page, err := r.People(ada, console.PeopleFilter{Left: true}); err != nil || len(page.Rows) != 1 || page.Rows[0].ID != "doctor" {
		t.Errorf("who has left: %+v, %v", page, err)
	}
	for what, do := range map[string]console.PersonAct{
		"person-left": {Act: console.DeedInvite}, "malformed": {Act: "x"},
	} {
		if _, err := r.keep(t, ada, "doctor", do, false); errorCode(err) != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	back, err := r.keep(t, ada, "doctor", console.PersonAct{Act: console.DeedReturn}, false)
	if err != nil || back.Link == nil {
		t.Fatalf("%+v, %v", back, err)
	}
	if _, err := r.joins(t, back.Link.Link); err != nil {
		t.Errorf("who is back: %v", err)
	}
	if _, err := r.keep(t, ada, "doctor", console.PersonAct{Act: console.DeedReturn}, false); errorCode(err) != "person-here" {
		t.Errorf("who is here returns: %v", err)
	}
	// The only agents' phones go round.
	for _, login := range []string{"a1", "a2"} {
		if _, err := r.InvitePerson(ada, invite(login, notes.RoleAgent, "*")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.keep(t, ada, "a1", console.PersonAct{Act: console.DeedLeave}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := r.InvitePerson(ada, invite("a3", notes.RoleAgent, "*")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.keep(t, ada, "a1", console.PersonAct{Act: console.DeedReturn}, false); errorCode(err) != "no-phone" {
		t.Errorf("a third agent at two phones: %v", err)
	}
	if _, err := r.keep(t, ada, "admin", console.PersonAct{Act: console.DeedLeave}, false); errorCode(err) != "last-admin" {
		t.Errorf("the last administrator leaves: %v", err)
	}
}

// TestWhatIsWrongIsSaidAndStoresNothing: of an invitation that is refused nothing stays.
func TestWhatIsWrongIsSaidAndStoresNothing(t *testing.T) {
	r, _ := keepers(t)
	ada := r.as(t, "admin")
	before, err := r.People(ada, console.PeopleFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		do   func(*console.PersonInvite)
	}{
		{"person-name", func(p *console.PersonInvite) { p.Name = " \u202e\n" }},
		{"person-name-long", func(p *console.PersonInvite) { p.Name = strings.Repeat("李", 10_000) }},
		{"login", func(p *console.PersonInvite) { p.Login = "<b>" }},
		{"login", func(p *console.PersonInvite) { p.Login = strings.Repeat("a", 100) }},
		{"login-taken", func(p *console.PersonInvite) { p.Login = "Doctor" }},
		{"person-email", func(p *console.PersonInvite) { p.Email = "a@b, c@d" }},
		{"person-mobile", func(p *console.PersonInvite) { p.Mobile = "12" }},
		{"invitation-address", func(p *console.PersonInvite) { p.Send = routing.Email }},
		{"malformed", func(p *console.PersonInvite) { p.Send = routing.Push }},
		{"malformed", func(p *console.PersonInvite) { p.Role = "king" }},
		{"malformed", func(p *console.PersonInvite) { p.Language = "de" }},
		{"agent-languages", func(p *console.PersonInvite) { p.Speaks.Languages = nil }},
		{"malformed", func(p *console.PersonInvite) { p.Speaks.Languages["es"] = 9 }},
		{"skill", func(p *console.PersonInvite) { p.Speaks.Skills = []string{"<i>"} }},
		{"role-practice", func(p *console.PersonInvite) { p.Role = notes.RolePractice }},
		{"not-found", func(p *console.PersonInvite) { p.Account = "nowhere" }},
		{"too-large", func(p *console.PersonInvite) { p.Why = strings.Repeat("x", 10_000) }},
		{"contact-reach", func(p *console.PersonInvite) { p.Role, p.Account, p.Mobile = notes.RoleProvider, "lakeside", "" }},
		{"contact-taken", func(p *console.PersonInvite) { p.Role, p.Account, p.Contact = notes.RoleProvider, "lakeside", "reyes" }},
		{"not-found", func(p *console.PersonInvite) { p.Role, p.Account, p.Contact = notes.RoleProvider, "lakeside", "x" }},
	} {
		in := invite("new", notes.RoleAgent, "*")
		c.do(&in)
		if _, err := r.InvitePerson(ada, in); errorCode(err) != c.want {
			t.Errorf("%+v: %v, want %s", in, err, c.want)
		}
	}
	for _, name := range []string{"<script>alert(1)</script>", "نورا", "Zoë 👩‍⚕️", "=1+1"} {
		in := invite("odd", notes.RolePractice, "lakeside")
		in.Name = name
		if _, err := r.InvitePerson(ada, in); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if v, err := r.Person(ada, "odd"); err != nil || v.Row.Name != name {
			t.Errorf("%q is %q, %v", name, v.Row.Name, err)
		}
		if _, err := r.pool.Exec(t.Context(), "delete from person_change where person = 'odd'; delete from invitation where person = 'odd'; "+
			"delete from person_grant where person = 'odd'; delete from person where id = 'odd'"); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := r.People(ada, console.PeopleFilter{}); err != nil || len(after.Rows) != len(before.Rows) {
		t.Errorf("%+v, %v", after, err)
	}
	v, err := r.Person(ada, "office")
	if err != nil {
		t.Fatal(err)
	}
	e := console.PersonEdit{Person: "office", Basis: v.Basis, Do: console.PersonAct{Act: console.DeedCard, Name: "X", Language: "en"}}
	if _, err := r.EditPerson(ada, e); errorCode(err) != "person-why" {
		t.Errorf("without a word: %v", err)
	}
	e.Why = "first"
	if out, err := r.EditPerson(ada, e); err != nil || !out.Saved {
		t.Errorf("%+v, %v", out, err)
	}
	e.Why, e.Do.Name = "second", "Y"
	if out, err := r.EditPerson(ada, e); err != nil || out.Saved || out.Moved == nil || out.Moved.By != "Ada Admin" || out.Moved.Why != "first" {
		t.Errorf("who is second: %+v, %v", out, err)
	}
	if _, err := r.keep(t, ada, "admin", console.PersonAct{Act: console.DeedGrant, Role: notes.RoleSupervisor, Account: "*"},
		false); errorCode(err) != "own-rights" {
		t.Errorf("an administrator makes themself more: %v", err)
	}
}
