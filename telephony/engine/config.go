package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// Errors the Engine's methods return. They hold no patient data.
var (
	ErrNoAgent = errors.New("telephony: this agent is not signed in")
	ErrNoCall  = errors.New("telephony: no such call, or it is not this agent's")
	ErrStale   = errors.New("telephony: that offer is over")
	ErrState   = errors.New("telephony: the call or the agent is in a state where this cannot be done")
	ErrThird   = errors.New("telephony: somebody is being brought into the call already")
	ErrBusy    = errors.New("telephony: that agent takes no call now")
	// another supervisor is in on the call: Call.Supervision.By
	ErrSupervised = errors.New("telephony: somebody supervises this call already")
	ErrPhone      = errors.New("telephony: this phone cannot be rung now")
	ErrNoSwitch   = errors.New("telephony: the switch cannot be reached now")
	ErrStopped    = errors.New("telephony: the engine does not run")
)

// Config is what an Engine stands on. Switch and Ledger are needed; the zero value of the rest means its default.
type Config struct {
	Switch   telephony.Switch
	Ledger   telephony.Ledger
	Listener telephony.Listener // may be nil
	Now      func() time.Time   // the clock of what is written down; default time.Now
	Log      *slog.Logger       // default slog.Default()

	// CatchAll is the line that calls for nobody's number go to. ok is false when there is none now; nil is never: then they
	// hear the apology.
	CatchAll func(context.Context) (line telephony.Line, ok bool, err error)
	// Zone is where the service's day begins at midnight, for its service level; default the machine's.
	Zone *time.Location
	// Groups are the groups of agents that are asked at some hours only.
	Groups []acd.Group

	OfferFor time.Duration // how long an agent's phone may ring; default 15 s
	WrapUp   time.Duration // how long wrap-up may last before the agent is Ready again; default 3 min
	Misses   int           // unanswered offers in a row that pause an agent; default 2
	DialFor  time.Duration // how long an outside phone may ring; default 40 s
	// ProveFor is how long whoever answered a phone that the service rang for a caller or a patient may take to press a key; a
	// voicemail presses none. Default 30 s.
	ProveFor time.Duration
	// PauseBefore is how long after the answer an extension is dialled; default 2 s.
	PauseBefore time.Duration

	// ChooseFor is how long a caller on a line with several languages may choose by key while only agents who speak all
	// of them get the offer; afterwards the language assumed counts. Default 6 s; it ends earlier with the greeting.
	ChooseFor time.Duration

	// WaitAtMost is the longest a caller waits in the queue; then apology and voicemail. Default 15 min.
	WaitAtMost time.Duration
	// AwayAtMost is how long a caller waits for the agent whose phone died in the talk; then the call is offered again, at
	// its old place. Default 20 s.
	AwayAtMost time.Duration

	Lease      time.Duration // how long a leg lasts without renewal before the fail-safe takes it; default 8 s
	RenewEvery time.Duration // of a leg with that lease; default 2 s
	// TalkLease is the lease of two who talk. They need nobody while they talk, and hanging up needs nobody either, so
	// they wait longer for an engine that comes back and gives the agent the keys of the call again; then the fail-safe
	// keeps them talking without one. Default 2 min.
	TalkLease time.Duration
	// HoldLease is the lease of a caller on hold: then the fail-safe brings them back together. Default 30 s.
	HoldLease time.Duration
	BeatEvery time.Duration // default 1 s

	// LedgerPatience is how long a caller whom no agent talks to yet waits for a ledger that does not write; then the
	// fail-safe takes the caller: apology and voicemail. Also how long the heartbeat outlasts the ledger. Default 3 s.
	LedgerPatience time.Duration
	// CommandFor bounds one command to the switch; default 3 s.
	CommandFor time.Duration
	// CollectEvery is how often voicemails are looked for; default 15 s.
	CollectEvery time.Duration

	Prompts Prompts
}

// Prompts are the names of what the engine has the switch say, each spoken in the call's language.
type Prompts struct {
	Greeting   string   // "lamplight/greeting": key 1 is English, key 2 Spanish
	Unknown    []string // "lamplight/unknown", then "es/lamplight/unknown": the number dialled is nobody's, whose language is unknown
	PressOne   string   // "lamplight/press-one": to whoever answered a provider's phone
	TrialOne   string   // "lamplight/trial-one": to whoever answered a call for trial
	TrialCode  string   // "lamplight/trial-code", followed by a prompt for each digit
	Digits     string   // "lamplight/digit-", and then the digit
	Connecting string   // "lamplight/connecting": to a provider who is being connected to a patient
	// To who is called for a caller: the caller waits, how urgent it is, and the key to be connected by.
	CallerWaits string // "lamplight/caller-waits"
	Urgent      string // "lamplight/urgent"
	Emergency   string // "lamplight/emergency"
	PressToTalk string // "lamplight/press-to-talk"
	Ringing     string // "lamplight/ringing": to an agent while such a phone rings, again and again
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	word := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	set(&c.OfferFor, 15*time.Second)
	set(&c.WrapUp, 3*time.Minute)
	set(&c.DialFor, 40*time.Second)
	set(&c.ProveFor, 30*time.Second)
	set(&c.PauseBefore, 2*time.Second)
	set(&c.ChooseFor, 6*time.Second)
	set(&c.WaitAtMost, 15*time.Minute)
	set(&c.AwayAtMost, 20*time.Second)
	set(&c.Lease, 8*time.Second)
	set(&c.RenewEvery, 2*time.Second)
	set(&c.TalkLease, 2*time.Minute)
	set(&c.HoldLease, 30*time.Second)
	set(&c.BeatEvery, time.Second)
	set(&c.LedgerPatience, 3*time.Second)
	set(&c.CommandFor, 3*time.Second)
	set(&c.CollectEvery, 15*time.Second)
	word(&c.Prompts.Greeting, "lamplight/greeting")
	if c.Prompts.Unknown == nil {
		c.Prompts.Unknown = []string{"lamplight/unknown", "es/lamplight/unknown"}
	}
	word(&c.Prompts.PressOne, "lamplight/press-one")
	word(&c.Prompts.TrialOne, "lamplight/trial-one")
	word(&c.Prompts.TrialCode, "lamplight/trial-code")
	word(&c.Prompts.Digits, "lamplight/digit-")
	word(&c.Prompts.Connecting, "lamplight/connecting")
	word(&c.Prompts.CallerWaits, "lamplight/caller-waits")
	word(&c.Prompts.Urgent, "lamplight/urgent")
	word(&c.Prompts.Emergency, "lamplight/emergency")
	word(&c.Prompts.PressToTalk, "lamplight/press-to-talk")
	word(&c.Prompts.Ringing, "lamplight/ringing")
	if c.Misses == 0 {
		c.Misses = 2
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Zone == nil {
		c.Zone = time.Local
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Listener == nil {
		c.Listener = silent{}
	}
	return c
}

// silent is the Listener of an engine nobody listens to.
type silent struct{}

func (silent) Offered(telephony.Offer, telephony.Call)                               {}
func (silent) Withdrawn(telephony.Offer, string)                                     {}
func (silent) CallMoved(telephony.Call)                                              {}
func (silent) AgentMoved(telephony.AgentID, telephony.AgentState, string, time.Time) {}
func (silent) FiguresMoved(telephony.Figures, map[telephony.AgentID]time.Time)       {}
