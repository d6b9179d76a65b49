package house

import (
	"context"
	"errors"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// ladderDocument is the value of a version of the service's ladder.
const ladderDocument = "document"

// serviceLadder shows whom the service calls when a practice's ladder has ended, what is wrong with that, and who may be called.
func (h *House) serviceLadder(ctx context.Context) (out console.ServiceLadder, err error) {
	if out.Part, err = h.ladderPart(ctx); err != nil {
		return out, err
	}
	document, err := h.cfg.Store.Service(ctx)
	if err != nil {
		return out, err
	}
	out.Document = string(document)
	people, err := h.cfg.Door.People(ctx)
	if err != nil {
		return out, err
	}
	out.Problems, out.People = []console.PracticeProblem{}, []console.LadderPerson{}
	for _, p := range people {
		a := access.Actor{Person: p.ID, Grants: p.Grants}
		_, supervises := a.Accounts(notes.Supervise)
		_, keeps := a.Accounts(notes.EditAccount)
		if (supervises || keeps) && !p.Left && !p.Forged {
			out.People = append(out.People, console.LadderPerson{Person: p.ID, Name: p.Name, Language: telephony.Language(p.Language),
				Mobile: p.Mobile, Email: p.Email})
		}
	}
	if document != nil {
		service, found := routing.ReadService(document, KnownSupervisors(people), h.cfg.Now())
		out.Problems = ladderProblems(service, found)
	}
	return out, nil
}

func (h *House) ladderPart(ctx context.Context) (console.SettingsPart, error) {
	out, err := h.settingsPart(ctx, console.PartSupervisors)
	out.Given = map[string]string{} // no flag names it
	return out, err
}

// editLadder stores another ladder, or a version of it that was, unless a note could end with nobody called.
func (h *House) editLadder(ctx context.Context, e console.SettingEdit, why string) (out console.SettingEdited, err error) {
	document := e.Values[ladderDocument]
	if e.Back > 0 {
		was, err := h.cfg.Store.SettingWas(ctx, record.PartLadder, e.Back)
		if errors.Is(err, record.ErrNoSetting) {
			return out, console.Refuse(console.NotFound, "portal.error.not-found")
		} else if err != nil {
			return out, err
		}
		document = was.Values[ladderDocument]
	}
	people, err := h.cfg.Door.People(ctx)
	if err != nil {
		return out, err
	}
	service, found := routing.ReadService([]byte(document), KnownSupervisors(people), h.cfg.Now())
	out.Problems = ladderProblems(service, found)
	if len(found.Refused()) == 0 {
		err = h.cfg.Store.PutServiceFrom(ctx, e.Basis, service, why)
		out.Saved = err == nil
	}
	if err != nil && !errors.Is(err, record.ErrSettingMoved) {
		return out, err
	}
	out.Part, err = h.ladderPart(ctx)
	return out, err
}

// KnownSupervisors are people as a service's ladder is checked with.
func KnownSupervisors(people []access.Person) map[notes.PersonID]routing.KnownPerson {
	known := map[notes.PersonID]routing.KnownPerson{}
	for _, p := range people {
		_, everywhere := access.Actor{Person: p.ID, Grants: p.Grants}.Accounts(notes.Supervise)
		known[p.ID] = routing.KnownPerson{Left: p.Left, Reads: everywhere}
	}
	return known
}

func ladderProblems(s routing.Service, found routing.Problems) []console.PracticeProblem {
	out := []console.PracticeProblem{}
	for _, p := range found {
		out = append(out, practiceProblem(notes.Account{Contacts: s.Contacts}, p))
	}
	return out
}
