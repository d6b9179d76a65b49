package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// PeopleFilter asks for the page of the people whom the asker keeps that follows After, the Next of the page before it; "" asks
// for the first.
type PeopleFilter struct {
	Search string         `json:"search"` // words, each the beginning of a word of a name, login or address
	Left   bool           `json:"left"`   // those who have left, instead of those who are here
	After  notes.PersonID `json:"after"`
}

// PeopleList is one page of people, by name.
type PeopleList struct {
	Rows []PersonRow    `json:"rows"`
	Next notes.PersonID `json:"next"` // "" on the last page
}

// PersonRow is a person on the list.
type PersonRow struct {
	ID        notes.PersonID       `json:"id"` // also their login
	Name      string               `json:"name"`
	Language  telephony.Language   `json:"language"` // of their screens
	Roles     []RoleAt             `json:"roles"`
	Languages []telephony.Language `json:"languages"` // an agent's
	Seen      time.Time            `json:"seen"`      // when they were last here; zero when they never were
	Left      time.Time            `json:"left"`      // when they left; zero when they have not
	Invited   time.Time            `json:"invited"`   // until when their invitation can be taken; zero without one
	SignsIn   bool                 `json:"signsIn"`   // they have a password of their own
	Code      bool                 `json:"code"`      // and an authenticator
	Forged    bool                 `json:"forged"`    // their row was changed outside the program: nobody can sign in by it
}

// RoleAt is a role that somebody holds. Practice is the practice's name, "" for a role at all of them.
type RoleAt struct {
	Role     notes.Role          `json:"role"`
	Account  telephony.AccountID `json:"account"` // "*" for all
	Practice string              `json:"practice"`
}

// PersonRef names a person.
type PersonRef struct {
	Person notes.PersonID `json:"person"`
}

// PersonView is all that is kept of a person, except what only they know.
type PersonView struct {
	Row      PersonRow      `json:"row"`
	Basis    string         `json:"basis"`   // names this state of the person: a change must say which one it was made from
	MayEdit  bool           `json:"mayEdit"` // the asker may change them
	Own      bool           `json:"own"`     // it is the asker themselves
	Email    string         `json:"email"`
	Mobile   string         `json:"mobile"`
	Phone    string         `json:"phone"` // an agent's phone, by its name on the switch
	Speaks   Abilities      `json:"speaks"`
	Sessions []SessionRow   `json:"sessions"`
	History  []PersonChange `json:"history"` // the newest first
	Stands   []PersonStand  `json:"stands"`  // where notes would go to them
}

// Abilities are what an agent speaks, is certified for and belongs to.
type Abilities struct {
	Languages map[telephony.Language]telephony.Level `json:"languages"`
	Skills    []string                               `json:"skills"`
	Groups    []string                               `json:"groups"`
}

// SessionRow is one of somebody's open sessions. Knowing its id does not let anybody in.
type SessionRow struct {
	ID      string    `json:"id"`
	Program string    `json:"program"` // "desk", "Firefox, Windows"; "" when nobody knows
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"seen"`
	Here    bool      `json:"here"` // it is the asker's own
}

// PersonChange is one line of a person's history.
type PersonChange struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"` // a name; "" for a command of the server's
	Act   PersonDid `json:"act"`
	Roles []RoleAt  `json:"roles"`
	Why   string    `json:"why"`
}

// PersonStand is a place by which notes would go to somebody. Practice is "" for the service's own ladder.
type PersonStand struct {
	Practice string             `json:"practice"`
	Kind     oncall.MentionKind `json:"kind"` // or "ladder"
	Name     string             `json:"name"`
	From     string             `json:"from"`
	To       string             `json:"to"`
}

// PersonInvite lets somebody in. Contact is the practice's contact that a provider is, "" for a new one.
type PersonInvite struct {
	Login    string              `json:"login"`
	Name     string              `json:"name"`
	Language telephony.Language  `json:"language"`
	Email    string              `json:"email"`
	Mobile   string              `json:"mobile"`
	Role     notes.Role          `json:"role"`
	Account  telephony.AccountID `json:"account"` // "*" for all
	Contact  string              `json:"contact"`
	Speaks   Abilities           `json:"speaks"`
	Send     routing.ChannelKind `json:"send"` // text or email; "" when the link is handed over in person
	Why      string              `json:"why"`
}

// PersonInvited is the person who was let in, and their invitation.
type PersonInvited struct {
	Person notes.PersonID `json:"person"`
	Link   InvitationLink `json:"link"`
}

// InvitationLink is an invitation to hand over. The link only identifies it, and holds nothing about the person.
type InvitationLink struct {
	Link    string              `json:"link"`
	Picture []string            `json:"picture"` // as a QR code, a line a row, "1" is dark
	Until   time.Time           `json:"until"`
	Sent    routing.ChannelKind `json:"sent"`    // the channel it was sent by; "" for none
	Trouble bool                `json:"trouble"` // it was to be sent, and could not be
}

// PersonEdit is a change of a person.
type PersonEdit struct {
	Person notes.PersonID `json:"person"`
	Basis  string         `json:"basis"`
	Do     PersonAct      `json:"do"`
	Why    string         `json:"why"`
	Sure   bool           `json:"sure"` // the asker has read where a person who leaves still stands
}

// PersonAct is what a change does.
type PersonAct struct {
	Act      PersonDeed          `json:"act"`
	Name     string              `json:"name"`
	Language telephony.Language  `json:"language"`
	Email    string              `json:"email"`
	Mobile   string              `json:"mobile"`
	Role     notes.Role          `json:"role"`
	Account  telephony.AccountID `json:"account"`
	Contact  string              `json:"contact"` // as PersonInvite's
	Speaks   Abilities           `json:"speaks"`
	Phone    string              `json:"phone"`
	Session  string              `json:"session"` // "" for all
	Send     routing.ChannelKind `json:"send"`    // as PersonInvite's
}

// A PersonDeed is what is done to a person.
type PersonDeed string

const (
	DeedCard      PersonDeed = "card"      // their name, language and how they are reached
	DeedGrant     PersonDeed = "grant"     // a role is given
	DeedRevoke    PersonDeed = "revoke"    // one is taken away
	DeedAbilities PersonDeed = "abilities" // what an agent speaks, is certified for and belongs to
	DeedInvite    PersonDeed = "invite"    // a new invitation: their old password and authenticator stop working
	DeedLeave     PersonDeed = "leave"
	DeedReturn    PersonDeed = "return" // somebody who has left comes back, by a new invitation
	DeedEnd       PersonDeed = "end"    // one session is ended, or all are
)

// PersonEdited tells what became of a change. Without Saved nothing was changed, either because somebody else had changed the
// person first (Moved) or because they still stand somewhere (Stands).
type PersonEdited struct {
	Saved  bool            `json:"saved"`
	Moved  *PersonChange   `json:"moved"`
	Stands []PersonStand   `json:"stands"`
	Link   *InvitationLink `json:"link"`
}

// KeptPractices lists the practices whose people the asker keeps; All says that they keep everybody. Channels are those by
// which an invitation can be sent.
type KeptPractices struct {
	All       bool                  `json:"all"`
	Practices []AccountRef          `json:"practices"`
	Channels  []routing.ChannelKind `json:"channels"`
}

// KeptContacts lists a practice's contacts, with the person that each is.
type KeptContacts struct {
	Contacts []KeptContact `json:"contacts"`
}

// KeptContact is somebody a practice wants told; Person is "" while they cannot sign in.
type KeptContact struct {
	ID     string         `json:"id"`
	Name   string         `json:"name"`
	Person notes.PersonID `json:"person"`
	Mobile string         `json:"mobile"`
	Email  string         `json:"email"`
}

// OwnView is what somebody sees of themselves.
type OwnView struct {
	Row      PersonRow    `json:"row"`
	Sessions []SessionRow `json:"sessions"`
	Desk     string       `json:"desk"` // the address that a desk asks for; "" for somebody who works at none
}

// SessionRef names one of one's own sessions; "" is all but this one.
type SessionRef struct {
	Session string `json:"session"`
}

// Invitation is what the holder of an invitation is shown, before anybody is signed in. Secret, Address and Picture set up an
// authenticator.
type Invitation struct {
	Name     string             `json:"name"`
	Login    string             `json:"login"`
	Language telephony.Language `json:"language"`
	By       string             `json:"by"` // who invited them; "" for a command of the server's
	Until    time.Time          `json:"until"`
	Secret   string             `json:"secret"`
	Address  string             `json:"address"`
	Picture  []string           `json:"picture"`
}

// Founding is whoever holds the code that the server prints, before anybody is signed in: the service's first administrator, as they
// write of themselves. Founded is what they chose.
type (
	Founding struct {
		Code     string             `json:"code"`
		Login    string             `json:"login"`
		Name     string             `json:"name"`
		Language telephony.Language `json:"language"`
	}
	Founded struct {
		Founding
		Password string `json:"password"`
		Secret   string `json:"secret"`
		OneTime  string `json:"oneTime"`
	}
)

// PersonDid is what was done to somebody, as their history tells it. In the log it stands behind "person.".
type PersonDid string

const (
	DidAdd       PersonDid = "added"
	DidGrant     PersonDid = "granted"
	DidRevoke    PersonDid = "revoked"
	DidCard      PersonDid = "card-set"
	DidAbilities PersonDid = "abilities-set"
	DidPhone     PersonDid = "phone-given"
	DidInvite    PersonDid = "invited"
	DidJoin      PersonDid = "joined" // they took their invitation
	DidPassword  PersonDid = "password-set"
	DidCode      PersonDid = "code-set"
	DidLeave     PersonDid = "left"
	DidReturn    PersonDid = "returned"
	DidEnd       PersonDid = "sessions-ended"
)
