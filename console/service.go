package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// A SettingPart is one part of what the service's administrators set.
type SettingPart string

const (
	PartService  SettingPart = "service"   // name, zone, languages
	PartText     SettingPart = "text"      // account, from, callback; the secret is the token
	PartMail     SettingPart = "mail"      // host, port, user, from; the secret is the password
	PartCatchAll SettingPart = "catch-all" // to: a practice or one of its numbers
	// document: the service's ladder, as 'lamplight service get' prints it. It is none of SettingParts: its form is its own.
	PartSupervisors SettingPart = "supervisors"
)

// SettingParts are all parts, in the order they are shown.
func SettingParts() []SettingPart {
	return []SettingPart{PartService, PartText, PartMail, PartCatchAll}
}

// ServiceSettings is what is set of the service.
type ServiceSettings struct {
	Parts  []SettingsPart `json:"parts"`
	Ladder ServiceLadder  `json:"ladder"`
}

// ServiceLadder is whom of its supervisors the service calls when a practice's ladder has ended, as a part, and who may be named in it.
type ServiceLadder struct {
	Part     SettingsPart      `json:"part"`
	Document string            `json:"document"` // what holds; "" for none
	Problems []PracticeProblem `json:"problems"` // of what holds
	People   []LadderPerson    `json:"people"`
}

// LadderPerson is a supervisor or an administrator of the whole service, as they can be told.
type LadderPerson struct {
	Person   notes.PersonID     `json:"person"`
	Name     string             `json:"name"`
	Language telephony.Language `json:"language"`
	Mobile   string             `json:"mobile"`
	Email    string             `json:"email"`
}

// SettingsPart is one part as it is set. What the command line says, Given, holds instead. No secret is ever shown.
type SettingsPart struct {
	Part    SettingPart       `json:"part"`
	Basis   int               `json:"basis"` // a change must say what it was made from
	Values  map[string]string `json:"values"`
	Secret  bool              `json:"secret"` // one is kept
	Given   map[string]string `json:"given"`
	Forged  bool              `json:"forged"` // somebody else wrote it: it is not taken
	History []SettingChange   `json:"history"`
}

// SettingChange is a version of a part, and who made it why.
type SettingChange struct {
	Version int               `json:"version"`
	At      time.Time         `json:"at"`
	By      string            `json:"by"` // a name; "" for a command
	Why     string            `json:"why"`
	Values  map[string]string `json:"values"`
	Secret  bool              `json:"secret"`
}

// SettingEdit changes a part. An empty Secret leaves the one there is; Back is a version to bring back instead, 0 for none.
type SettingEdit struct {
	Part   SettingPart       `json:"part"`
	Basis  int               `json:"basis"`
	Values map[string]string `json:"values"`
	Secret string            `json:"secret"`
	Back   int               `json:"back"`
	Why    string            `json:"why"`
}

// SettingEdited is a part after a change; without Saved somebody else was quicker, and nothing was changed.
type SettingEdited struct {
	Saved    bool              `json:"saved"`
	Part     SettingsPart      `json:"part"`
	Problems []PracticeProblem `json:"problems"` // of a ladder, which was not saved when one of them is final
}

// Tonight is what a service needs before its first night, each with how it stands.
type Tonight struct {
	Checks []TonightCheck `json:"checks"`
}

// A CheckState is how something stands.
type CheckState string

const (
	CheckGood CheckState = "good"
	CheckOpen CheckState = "open" // not yet, or as somebody wanted it
	CheckBad  CheckState = "bad"
)

// A TonightCheck is one thing that was looked at. Its sentence, with what to do about it, is the catalog's for Name and Say, filled with
// Vars; nothing in it is a patient's.
type TonightCheck struct {
	Name  string            `json:"name"`
	State CheckState        `json:"state"`
	Say   string            `json:"say"`
	Vars  map[string]string `json:"vars"`
}

// Trial asks for one message, or call, to whoever asks.
type Trial struct {
	By routing.ChannelKind `json:"by"` // text, email or voice
	To string              `json:"to"`
}

// Tried tells whether the carrier took it: then Mark stands in it, and only whoever got it knows whether it arrived. A call has no
// Mark, but says a code that only who hears it knows, and AskTrialCall tells how far it is. Otherwise Why is in
// words of the catalog, and Code the carrier's own.
type Tried struct {
	Taken bool   `json:"taken"`
	Mark  string `json:"mark"`
	Why   string `json:"why"`
	Code  string `json:"code"`
}

// TrialArrived says that a trial has come. Of a call Code is what was heard.
type TrialArrived struct {
	By   routing.ChannelKind `json:"by"`
	Code string              `json:"code"`
}

// A TrialStep is how far a call for trial has come.
type TrialStep string

const (
	TrialCalling  TrialStep = "calling"
	TrialRings    TrialStep = "rings"
	TrialAnswered TrialStep = "answered" // a key is waited for
	TrialTold     TrialStep = "told"     // the code was said, or is being said
	TrialEnded    TrialStep = "ended"    // before it was
)

// TrialCall is how the asker's last call for trial stands. Why is in words of the catalog, of one that ended.
type TrialCall struct {
	Step TrialStep `json:"step"`
	Why  string    `json:"why"`
}
