package house

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

const longestName = 120 // letters

var (
	goodLogin = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9._-]{0,58}[a-z0-9])?$`)
	codeWord  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$`)
)

// InvitePerson lets somebody in by an invitation. When any part of it is refused, nothing is stored.
func (h *House) InvitePerson(ctx context.Context, in console.PersonInvite) (out console.PersonInvited, err error) {
	if _, err := reader(ctx); err != nil {
		return out, err
	}
	p := access.Person{Login: strings.ToLower(strings.TrimSpace(in.Login))}
	p.ID = notes.PersonID(p.Login)
	role, err := h.role(ctx, in.Role, in.Account)
	if err != nil {
		return out, err
	}
	if !goodLogin.MatchString(p.Login) {
		return out, console.Refuse(console.Invalid, "portal.error.login")
	}
	if err := goodCard(&p, in.Name, in.Language, in.Email, in.Mobile); err != nil {
		return out, err
	}
	if err := sendable(in.Send, p.Mobile, p.Email); err != nil {
		return out, err
	}
	if atDesk(in.Role) {
		if p.Speaks, err = speaksDocument(in.Speaks); err != nil {
			return out, err
		}
	}
	if len(in.Why) > mostWords {
		return out, console.Refuse(console.Invalid, "portal.error.too-large")
	}
	contact, err := h.contactFor(ctx, role, p, in.Contact)
	if err != nil {
		return out, err
	}
	p.Grants = []access.Grant{role}
	ctx = access.Because(ctx, access.Word{Why: strings.TrimSpace(in.Why)})
	if out.Person, err = h.cfg.Door.AddPerson(ctx, p, ""); err != nil {
		return out, peopleRefusal(err)
	}
	if err := h.settle(ctx, p.ID, role, contact); err != nil {
		return out, err
	}
	out.Link, err = h.invite(ctx, p, in.Send)
	return out, err
}

// role checks a role that is to be given: it must exist, at a practice whose people the actor keeps.
func (h *House) role(ctx context.Context, role notes.Role, account telephony.AccountID) (access.Grant, error) {
	g := access.Grant{Account: string(account), Role: role}
	if account != access.Everywhere {
		if _, err := h.keptPractice(ctx, account); err != nil {
			return g, err
		}
	} else if a, err := reader(ctx); err != nil || !a.May(notes.EditPeople, access.Everywhere) {
		return g, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	switch {
	case !role.Known():
		return g, console.Refuse(console.Invalid, "portal.error.malformed")
	case account == access.Everywhere && (role == notes.RoleProvider || role == notes.RolePractice):
		return g, console.Refuse(console.Invalid, "portal.error.role-practice")
	}
	return g, nil
}

func atDesk(r notes.Role) bool { return r == notes.RoleAgent || r == notes.RoleSupervisor }

// contactFor is the practice's contact that a new provider is to be; nil for other roles.
func (h *House) contactFor(ctx context.Context, g access.Grant, p access.Person, id string) (*notes.Contact, error) {
	if g.Role != notes.RoleProvider {
		return nil, nil
	}
	acc, err := h.keptPractice(ctx, telephony.AccountID(g.Account))
	if err != nil {
		return nil, err
	}
	mine := func(c notes.Contact) bool { return strings.EqualFold(string(c.Person), string(p.ID)) }
	i := slices.IndexFunc(acc.Contacts, func(c notes.Contact) bool { return c.ID == id && id != "" || id == "" && mine(c) })
	switch {
	case i >= 0 && acc.Contacts[i].Person != "" && !mine(acc.Contacts[i]):
		return nil, console.Refuse(console.Conflict, "portal.error.contact-taken")
	case i >= 0:
		c := acc.Contacts[i]
		c.Person = p.ID
		if c.Mobile == "" {
			c.Mobile = telephony.Number(p.Mobile)
		}
		if c.Email == "" {
			c.Email = p.Email
		}
		return &c, nil
	case id != "":
		return nil, console.Refuse(console.NotFound, "portal.error.not-found")
	case p.Mobile == "" && p.Email == "":
		return nil, console.Refuse(console.Invalid, "portal.error.contact-reach")
	}
	c := notes.Contact{ID: strings.NewReplacer(".", "-", "_", "-").Replace(string(p.ID)), Person: p.ID, Name: p.Name,
		Language: telephony.Language(p.Language), Mobile: telephony.Number(p.Mobile), Email: p.Email}
	for slices.ContainsFunc(acc.Contacts, func(other notes.Contact) bool { return other.ID == c.ID }) {
		c.ID += "-2"
	}
	return &c, nil
}

// settle stores what a role needs: the practice's contact, or a phone on the switch.
func (h *House) settle(ctx context.Context, id notes.PersonID, g access.Grant, contact *notes.Contact) error {
	if contact != nil {
		if err := h.cfg.Store.PutContact(ctx, telephony.AccountID(g.Account), *contact); err != nil {
			return peopleRefusal(err)
		}
	}
	if atDesk(g.Role) {
		return peopleRefusal(h.cfg.Door.GivePhone(ctx, id, h.cfg.PhoneNames))
	}
	return nil
}

// goodCard sets a person's name and addresses, or says what is wrong with them.
func goodCard(p *access.Person, name string, language telephony.Language, email, mobile string) (err error) {
	if p.Name, err = goodName(name); err != nil {
		return err
	}
	if language != telephony.English && language != telephony.Spanish {
		return console.Refuse(console.Invalid, "portal.error.malformed")
	}
	p.Language, p.Email = string(language), strings.TrimSpace(email)
	if p.Email != "" {
		a, err := mail.ParseAddress(p.Email)
		if err != nil || a.Address != p.Email || len(p.Email) > 200 {
			return console.Refuse(console.Invalid, "portal.error.person-email")
		}
	}
	if strings.TrimSpace(mobile) != "" {
		n, ok := notes.ParseNumber(mobile)
		if !ok || n.Ext != "" {
			return console.Refuse(console.Invalid, "portal.error.person-mobile")
		}
		p.Mobile = n.E164
	}
	return nil
}

// goodName is a name as it is stored: one line, without characters that change the reading direction of the text around them.
func goodName(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", console.Refuse(console.Invalid, "portal.error.person-name")
	}
	name = strings.Join(strings.FieldsFunc(norm.NFC.String(name), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d'
	}), " ")
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", console.Refuse(console.Invalid, "portal.error.person-name")
	case n > longestName:
		return "", console.Refuse(console.Invalid, "portal.error.person-name-long")
	}
	return name, nil
}

func sendable(by routing.ChannelKind, mobile, email string) error {
	switch {
	case by == "" || by == routing.Text && mobile != "" || by == routing.Email && email != "":
		return nil
	case by == routing.Text || by == routing.Email:
		return console.Refuse(console.Invalid, "portal.error.invitation-address")
	}
	return console.Refuse(console.Invalid, "portal.error.malformed")
}

// invite makes an invitation and sends it, if it is to be sent. The link of one that could not be sent can still be handed
// over.
func (h *House) invite(ctx context.Context, p access.Person, by routing.ChannelKind) (out console.InvitationLink, err error) {
	token, until, err := h.cfg.Door.Invite(ctx, p.ID)
	if err != nil {
		return out, peopleRefusal(err)
	}
	out.Until, out.Link = until, strings.TrimSuffix(h.cfg.PagesURL, "/")+"/join#"+token
	if out.Picture, err = access.QR(out.Link); err != nil || by == "" {
		return out, err
	}
	sender := channel.Set(h.cfg.Senders[by])
	if sender == nil {
		out.Trouble = true
		return out, nil
	}
	m := channel.Message{Key: uuid.NewString(), To: p.Mobile, Name: p.Name, Lang: telephony.Language(p.Language),
		Practice: h.serviceName(ctx), Link: out.Link, Invitation: true}
	if by == routing.Email {
		m.To = p.Email
	}
	if _, err := sender.Send(ctx, m); err != nil {
		h.cfg.Log.Warn("an invitation was not sent", "channel", by, "error", err)
		out.Trouble = true
		return out, nil
	}
	out.Sent = by
	return out, nil
}

// EditPerson changes somebody whom the actor keeps.
func (h *House) EditPerson(ctx context.Context, e console.PersonEdit) (out console.PersonEdited, err error) {
	a, err := reader(ctx)
	if err != nil {
		return out, err
	}
	out.Stands = []console.PersonStand{}
	p, err := h.cfg.Door.ListPerson(ctx, e.Person)
	switch {
	case err != nil:
		return out, peopleRefusal(err)
	case len(e.Why) > mostWords:
		return out, console.Refuse(console.Invalid, "portal.error.too-large")
	case strings.TrimSpace(e.Why) == "" && e.Do.Act != console.DeedEnd:
		return out, console.Refuse(console.Invalid, "portal.error.person-why")
	}
	word := access.Word{Basis: e.Basis, Why: strings.TrimSpace(e.Why)}
	err = h.deed(access.Because(ctx, word), a, p.Person, e, &out)
	if errors.Is(err, access.ErrMoved) {
		last, err := h.history(ctx, p.ID, 1)
		if len(last) == 0 {
			last = []console.PersonChange{{}}
		}
		return console.PersonEdited{Moved: &last[0], Stands: out.Stands}, err
	}
	if err != nil {
		return out, peopleRefusal(err)
	}
	out.Saved = len(out.Stands) == 0 || e.Sure
	return out, nil
}

// after is ctx for what follows a change: it keeps the reason, but no longer the state that the change was made from.
func after(ctx context.Context, e console.PersonEdit) context.Context {
	return access.Because(ctx, access.Word{Why: strings.TrimSpace(e.Why)})
}

func (h *House) deed(ctx context.Context, a access.Actor, p access.Person, e console.PersonEdit, out *console.PersonEdited) error {
	door, do := h.cfg.Door, e.Do
	switch do.Act {
	case console.DeedCard:
		if err := goodCard(&p, do.Name, do.Language, do.Email, do.Mobile); err != nil {
			return err
		}
		return door.SetCard(ctx, p.ID, p.Name, p.Language, p.Email, p.Mobile)
	case console.DeedGrant:
		return h.grant(ctx, p, e)
	case console.DeedRevoke:
		return door.Revoke(ctx, p.ID, access.Grant{Account: string(do.Account), Role: do.Role})
	case console.DeedAbilities:
		doc, err := speaksDocument(do.Speaks)
		if err != nil {
			return err
		}
		if do.Phone != p.Endpoint && !slices.Contains(h.cfg.PhoneNames, do.Phone) {
			return console.Refuse(console.Invalid, "portal.error.phone-unknown")
		}
		return door.SetAbilities(ctx, p.ID, doc, do.Phone)
	case console.DeedInvite, console.DeedReturn:
		return h.inviteAgain(ctx, p, e, out)
	case console.DeedLeave:
		return h.leave(ctx, p.ID, e, out)
	case console.DeedEnd:
		if do.Session == "" {
			return door.EndSessions(ctx, p.ID)
		}
		return door.EndSessions(ctx, p.ID, do.Session)
	}
	return console.Refuse(console.Invalid, "portal.error.malformed")
}

func (h *House) grant(ctx context.Context, p access.Person, e console.PersonEdit) error {
	g, err := h.role(ctx, e.Do.Role, e.Do.Account)
	if err != nil {
		return err
	}
	if p.Left {
		return access.ErrLeft
	}
	contact, err := h.contactFor(ctx, g, p, e.Do.Contact)
	if err != nil {
		return err
	}
	if err := h.cfg.Door.Grant(ctx, p.ID, g); err != nil {
		return err
	}
	if atDesk(g.Role) && p.Speaks == "" { // a default until somebody says what they speak
		own := map[telephony.Language]telephony.Level{telephony.Language(p.Language): telephony.Native}
		doc, err := speaksDocument(console.Abilities{Languages: own})
		if err != nil {
			return err
		}
		if err := h.cfg.Door.SetAbilities(after(ctx, e), p.ID, doc, p.Endpoint); err != nil {
			return err
		}
	}
	return h.settle(after(ctx, e), p.ID, g, contact)
}

// inviteAgain invites somebody who is here, or who had left and returns.
func (h *House) inviteAgain(ctx context.Context, p access.Person, e console.PersonEdit, out *console.PersonEdited) error {
	if err := sendable(e.Do.Send, p.Mobile, p.Email); err != nil {
		return err
	}
	if e.Do.Act == console.DeedReturn {
		if !p.Left {
			return console.Refuse(console.Conflict, "portal.error.person-here")
		}
		if err := h.cfg.Door.Return(ctx, p.ID, ""); err != nil {
			return err
		}
		ctx = after(ctx, e)
		if i := slices.IndexFunc(p.Grants, func(g access.Grant) bool { return atDesk(g.Role) }); i >= 0 {
			if err := h.settle(ctx, p.ID, p.Grants[i], nil); err != nil {
				return err
			}
		}
	}
	link, err := h.invite(ctx, p, e.Do.Send)
	out.Link = &link
	return err
}

// leave ends somebody's access. If notes would still go to them, it only does so when the asker has read where.
func (h *House) leave(ctx context.Context, id notes.PersonID, e console.PersonEdit, out *console.PersonEdited) (err error) {
	if out.Stands, err = h.stands(ctx, id); err != nil {
		return fmt.Errorf("look where a leaver stands: %w", err)
	}
	if len(out.Stands) > 0 && !e.Sure {
		return nil
	}
	return h.cfg.Door.Leave(ctx, id)
}
