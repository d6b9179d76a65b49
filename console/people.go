package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// PeopleFilter asks for a page of the people whom whoever asks keeps: what follows After, the Next of the page before; "" begins.
type PeopleFilter struct {
	Search string         `json:"search"` // beginnings of words of names, logins and addresses
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
	Left      time.Time            `json:"left"`      // zero for who has not
	Invited   time.Time            `json:"invited"`   // until when an invitation opens; zero when none does
	SignsIn   bool                 `json:"signsIn"`   // with a password of their own
	Code      bool                 `json:"code"`      // and an authenticator's code
	Forged    bool                 `json:"forged"`    // somebody else wrote to their row: nobody comes in by it
}

// RoleAt is what somebody is to a practice; Practice is its name, "" when they are it to all.
type RoleAt struct {
	Role     notes.Role          `json:"role"`
	Account  telephony.AccountID `json:"account"` // "*" for all
	Practice string              `json:"practice"`
}

// PersonRef names a person.
type PersonRef struct {
	Person notes.PersonID `json:"person"`
}

// PersonView is all that is kept of a person, but what only they know.
type PersonView struct {
	Row      PersonRow      `json:"row"`
	Basis    string         `json:"basis"`   // names the person as they are here: a change must say what it was made from
	MayEdit  bool           `json:"mayEdit"` // by who asks
	Own      bool           `json:"own"`     // it is who asks
	Email    string         `json:"email"`
	Mobile   string         `json:"mobile"`
	Phone    string         `json:"phone"` // an agent's, on the switch
	Speaks   Abilities      `json:"speaks"`
	Sessions []SessionRow   `json:"sessions"`
	History  []PersonChange `json:"history"` // the newest first
	Stands   []PersonStand  `json:"stands"`  // by which notes would go to them
}

// Abilities are what an agent speaks, is certified for and belongs to.
type Abilities struct {
	Languages map[telephony.Language]telephony.Level `json:"languages"`
	Skills    []string                               `json:"skills"`
	Groups    []string                               `json:"groups"`
}

// SessionRow is one of somebody's open sessions. Its id opens nothing.
type SessionRow struct {
	ID      string    `json:"id"`
	Program string    `json:"program"` // "desk", "Firefox, Windows"; "" when nobody knows
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"seen"`
	Here    bool      `json:"here"` // it is the one by which this is asked
}

// PersonChange is one line of a person's history.
type PersonChange struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"` // a name; "" for a command
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

// PersonInvite lets somebody in. Contact is whom of a practice's list a provider is, "" for a new one.
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
	Send     routing.ChannelKind `json:"send"` // text or email; "" to hand it over
	Why      string              `json:"why"`
}

// PersonInvited is who was let in, and by what.
type PersonInvited struct {
	Person notes.PersonID `json:"person"`
	Link   InvitationLink `json:"link"`
}

// InvitationLink is an invitation to be handed over. The link only locates it, and nothing of anybody stands in it.
type InvitationLink struct {
	Link    string              `json:"link"`
	Picture []string            `json:"picture"` // as a QR code, a line a row, "1" is dark
	Until   time.Time           `json:"until"`
	Sent    routing.ChannelKind `json:"sent"`    // by which it went; "" for none
	Trouble bool                `json:"trouble"` // it was to go by one, and did not
}

// PersonEdit is a change of a person.
type PersonEdit struct {
	Person notes.PersonID `json:"person"`
	Basis  string         `json:"basis"`
	Do     PersonAct      `json:"do"`
	Why    string         `json:"why"`
	Sure   bool           `json:"sure"` // whoever asks has read where who leaves still stands
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
	DeedRevoke    PersonDeed = "revoke"    // one is taken
	DeedAbilities PersonDeed = "abilities" // what an agent speaks, is certified for and belongs to
	DeedInvite    PersonDeed = "invite"    // a new invitation: what they came in by until now opens nothing
	DeedLeave     PersonDeed = "leave"
	DeedReturn    PersonDeed = "return" // who has left is here again, by a new invitation
	DeedEnd       PersonDeed = "end"    // a session, or all
)

// PersonEdited tells what became of a change. Without Saved nothing was changed: because somebody else was quicker (Moved), or for
// Stands.
type PersonEdited struct {
	Saved  bool            `json:"saved"`
	Moved  *PersonChange   `json:"moved"`
	Stands []PersonStand   `json:"stands"`
	Link   *InvitationLink `json:"link"`
}

// KeptPractices are the practices whose people whoever asks keeps; All says that they keep everybody. Channels are those by which an
// invitation can be sent.
type KeptPractices struct {
	All       bool                  `json:"all"`
	Practices []AccountRef          `json:"practices"`
	Channels  []routing.ChannelKind `json:"channels"`
}

// KeptContacts are a practice's contacts, with whom each is.
type KeptContacts struct {
	Contacts []KeptContact `json:"contacts"`
}

// KeptContact is somebody a practice wants told; Person is "" while they are nobody who signs in.
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
	Desk     string       `json:"desk"` // the address that a desk asks for; "" for who sits at none
}

// SessionRef names one of one's own sessions; "" is all but this one.
type SessionRef struct {
	Session string `json:"session"`
}

// Invitation is what the holder of an invitation is shown, before anybody is signed in. Secret, Address and Picture are for an
// authenticator.
type Invitation struct {
	Name     string             `json:"name"`
	Login    string             `json:"login"`
	Language telephony.Language `json:"language"`
	By       string             `json:"by"` // who invited them; "" for a command
	Until    time.Time          `json:"until"`
	Secret   string             `json:"secret"`
	Address  string             `json:"address"`
	Picture  []string           `json:"picture"`
}

// PersonDid is what was done to somebody, as their history tells it: in the log, behind "person.".
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
