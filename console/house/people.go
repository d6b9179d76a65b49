package house

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

const (
	peoplePage   = 50
	mostHistory  = 60
	personPrefix = "person." // before an act's name, in the log and the history
)

// peopleRefusal is pageRefusal with the errors that prevent a change of a person.
func peopleRefusal(err error) error {
	for _, r := range []struct {
		err  error
		kind console.Kind
		code string
	}{
		{access.ErrNoPerson, console.NotFound, "portal.error.not-found"},
		{access.ErrLastAdmin, console.Conflict, "portal.error.last-admin"},
		{access.ErrOwn, console.Conflict, "portal.error.own-rights"},
		{access.ErrLeft, console.Conflict, "portal.error.person-left"},
		{access.ErrForged, console.Conflict, "portal.error.person-forged"},
		{access.ErrLoginTaken, console.Invalid, "portal.error.login-taken"},
		{access.ErrNoPhone, console.Conflict, "portal.error.no-phone"},
		{record.ErrContactTaken, console.Conflict, "portal.error.contact-taken"},
	} {
		if errors.Is(err, r.err) {
			return console.Refuse(r.kind, r.code)
		}
	}
	return pageRefusal(err)
}

// People lists those whom the actor keeps.
func (h *House) People(ctx context.Context, f console.PeopleFilter) (console.PeopleList, error) {
	page, err := h.cfg.Door.ListPeople(ctx, access.PeopleQuery{Search: f.Search, Left: f.Left, After: f.After, Limit: peoplePage})
	if err != nil {
		return console.PeopleList{}, peopleRefusal(err)
	}
	names, err := h.practiceNames(ctx, page.People...)
	if err != nil {
		return console.PeopleList{}, err
	}
	out := console.PeopleList{Next: page.Next, Rows: make([]console.PersonRow, len(page.People))}
	for i, p := range page.People {
		if out.Rows[i], err = personRow(p, names); err != nil {
			return out, err
		}
	}
	return out, nil
}

// practiceNames loads the practices at which these people hold a role.
func (h *House) practiceNames(ctx context.Context, people ...access.Listed) (map[telephony.AccountID]notes.Account, error) {
	var ids []telephony.AccountID
	for _, p := range people {
		for _, g := range p.Grants {
			ids = append(ids, telephony.AccountID(g.Account))
		}
	}
	return h.cfg.Store.AccountsOf(ctx, ids)
}

func personRow(p access.Listed, names map[telephony.AccountID]notes.Account) (console.PersonRow, error) {
	row := console.PersonRow{ID: p.ID, Name: p.Name, Language: telephony.Language(p.Language), Roles: rolesAt(p.Grants, names),
		Languages: []telephony.Language{}, Seen: p.Seen, Left: p.LeftAt, Invited: p.Invited, SignsIn: p.HasPassword, Code: p.HasCode,
		Forged: p.Forged}
	speaks, err := abilities(p.Speaks)
	if err == nil {
		row.Languages = append(row.Languages, slices.Sorted(maps.Keys(speaks.Languages))...)
	}
	return row, err
}

func rolesAt(grants []access.Grant, names map[telephony.AccountID]notes.Account) []console.RoleAt {
	out := make([]console.RoleAt, len(grants))
	for i, g := range grants {
		out[i] = console.RoleAt{Role: g.Role, Account: telephony.AccountID(g.Account), Practice: names[telephony.AccountID(g.Account)].Name}
	}
	return out
}

func abilities(doc string) (out console.Abilities, err error) {
	var a telephony.Agent
	err = readSpeaks(doc, &a)
	return console.Abilities{Languages: a.Languages, Skills: append([]string{}, a.Skills...), Groups: append([]string{}, a.Groups...)}, err
}

// Person returns one person whom the actor keeps.
func (h *House) Person(ctx context.Context, id notes.PersonID) (v console.PersonView, err error) {
	if v.Basis, err = h.cfg.Door.Basis(ctx, id); err != nil { // read first: a change in between is noticed at the next edit
		return v, peopleRefusal(err)
	}
	p, err := h.cfg.Door.ListPerson(ctx, id)
	if err != nil {
		return v, peopleRefusal(err)
	}
	names, err := h.practiceNames(ctx, p)
	if err != nil {
		return v, err
	}
	if v.Row, err = personRow(p, names); err != nil {
		return v, err
	}
	if v.Speaks, err = abilities(p.Speaks); err != nil {
		return v, err
	}
	a, _ := access.From(ctx)
	v.MayEdit, v.Own, v.Email, v.Mobile, v.Phone = p.Whole, a.Person == id, p.Email, p.Mobile, p.Endpoint
	v.Sessions, v.History, v.Stands = []console.SessionRow{}, []console.PersonChange{}, []console.PersonStand{}
	if !p.Whole { // what they are at other practices is not this practice's business
		return v, nil
	}
	if v.Sessions, err = h.sessions(ctx, a, id); err != nil {
		return v, err
	}
	if v.History, err = h.history(ctx, id, mostHistory); err != nil {
		return v, err
	}
	v.Stands, err = h.stands(ctx, id)
	return v, err
}

func (h *House) sessions(ctx context.Context, a access.Actor, id notes.PersonID) ([]console.SessionRow, error) {
	open, err := h.cfg.Door.Sessions(ctx, id)
	if err != nil {
		return nil, peopleRefusal(err)
	}
	out := make([]console.SessionRow, len(open))
	for i, s := range open {
		out[i] = console.SessionRow{ID: s.Name, Program: s.Program, Since: s.Since, Seen: s.Seen, Here: s.Name == a.Session}
	}
	return out, nil
}

func (h *House) history(ctx context.Context, id notes.PersonID, most int) ([]console.PersonChange, error) {
	changes, err := h.cfg.Door.Changes(ctx, id, most)
	if err != nil {
		return nil, err
	}
	grants := make([][]access.Grant, len(changes))
	for i, c := range changes {
		for j := 0; j+1 < len(c.Detail); j += 2 {
			grants[i] = append(grants[i], access.Grant{Role: notes.Role(c.Detail[j]), Account: c.Detail[j+1]})
		}
	}
	names, err := h.practiceNames(ctx, access.Listed{Person: access.Person{Grants: slices.Concat(grants...)}})
	if err != nil {
		return nil, err
	}
	out := make([]console.PersonChange, len(changes))
	for i, c := range changes {
		out[i] = console.PersonChange{At: c.At, By: c.ByName, Act: console.PersonDid(strings.TrimPrefix(c.Act, personPrefix)),
			Roles: rolesAt(grants[i], names), Why: c.Why}
	}
	return out, nil
}

func (h *House) stands(ctx context.Context, id notes.PersonID) ([]console.PersonStand, error) {
	all, err := Stands(ctx, h.cfg.Store, id, h.cfg.Now())
	out := make([]console.PersonStand, len(all))
	for i, s := range all {
		out[i] = console.PersonStand{Practice: s.Practice, Kind: s.Kind, Name: s.Name, From: s.From, To: s.To}
	}
	return out, err
}

// KeptPractices lists the practices at which the actor may give roles.
func (h *House) KeptPractices(ctx context.Context) (console.KeptPractices, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.KeptPractices{}, err
	}
	all, err := h.cfg.Store.Accounts(ctx)
	if err != nil {
		return console.KeptPractices{}, err
	}
	out := console.KeptPractices{All: a.May(notes.EditPeople, access.Everywhere), Practices: []console.AccountRef{},
		Channels: []routing.ChannelKind{}}
	for _, acc := range all {
		if a.May(notes.EditPeople, string(acc.ID)) {
			out.Practices = append(out.Practices, accountRef(acc))
		}
	}
	for _, kind := range []routing.ChannelKind{routing.Text, routing.Email} {
		if channel.Set(h.cfg.Senders[kind]) != nil {
			out.Channels = append(out.Channels, kind)
		}
	}
	return out, nil
}

// KeptContacts lists a practice's contacts.
func (h *House) KeptContacts(ctx context.Context, account telephony.AccountID) (console.KeptContacts, error) {
	acc, err := h.keptPractice(ctx, account)
	if err != nil {
		return console.KeptContacts{}, err
	}
	out := console.KeptContacts{Contacts: make([]console.KeptContact, len(acc.Contacts))}
	for i, c := range acc.Contacts {
		out.Contacts[i] = console.KeptContact{ID: c.ID, Name: c.Name, Person: c.Person, Mobile: c.Mobile.Reveal(), Email: c.Email}
	}
	return out, nil
}

// keptPractice returns a practice whose people the actor keeps.
func (h *House) keptPractice(ctx context.Context, id telephony.AccountID) (notes.Account, error) {
	a, err := reader(ctx)
	if err != nil {
		return notes.Account{}, err
	}
	if !a.May(notes.EditPeople, string(id)) {
		return notes.Account{}, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	acc, err := h.cfg.Store.AccountNow(ctx, id)
	return acc, pageRefusal(err)
}

// Own returns the actor's own sessions.
func (h *House) Own(ctx context.Context) (v console.OwnView, err error) {
	a, err := reader(ctx)
	if err != nil {
		return v, err
	}
	p, err := h.cfg.Door.Person(ctx, a.Person)
	if err != nil {
		return v, peopleRefusal(err)
	}
	names, err := h.practiceNames(ctx, access.Listed{Person: p})
	if err != nil {
		return v, err
	}
	if v.Row, err = personRow(access.Listed{Person: p}, names); err != nil {
		return v, err
	}
	if a.Has(notes.RoleAgent) || a.Has(notes.RoleSupervisor) {
		v.Desk = h.cfg.DeskURL
	}
	v.Sessions, err = h.sessions(ctx, a, a.Person)
	return v, err
}

// EndOwn ends one of the actor's sessions, or all but the one they are using.
func (h *House) EndOwn(ctx context.Context, session string) error {
	a, err := reader(ctx)
	if err != nil {
		return err
	}
	var names []string
	if session != "" {
		names = []string{session}
	}
	return peopleRefusal(h.cfg.Door.EndSessions(ctx, a.Person, names...))
}

// speaksDocument is what an agent can do, in the form in which notes/access stores it.
func speaksDocument(a console.Abilities) (string, error) {
	for l, level := range a.Languages {
		if l != telephony.English && l != telephony.Spanish || level < telephony.Some || level > telephony.Native {
			return "", console.Refuse(console.Invalid, "portal.error.malformed")
		}
	}
	words := func(list []string) ([]string, error) {
		var out []string
		for _, w := range list {
			if w = strings.TrimSpace(w); w == "" {
				continue
			}
			if !codeWord.MatchString(w) {
				return nil, console.Refuse(console.Invalid, "portal.error.skill")
			}
			out = append(out, w)
		}
		if len(out) > 40 {
			return nil, console.Refuse(console.Invalid, "portal.error.too-large")
		}
		return out, nil
	}
	skills, err := words(a.Skills)
	if err != nil {
		return "", err
	}
	groups, err := words(a.Groups)
	if err != nil {
		return "", err
	}
	if len(a.Languages) == 0 {
		return "", console.Refuse(console.Invalid, "portal.error.agent-languages")
	}
	doc, err := json.Marshal(Speaks{Languages: a.Languages, Skills: skills, Groups: groups})
	if err != nil {
		return "", fmt.Errorf("what they speak: %w", err)
	}
	return string(doc), nil
}
