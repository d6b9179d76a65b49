// Package house answers what desks and pages ask: House.Service holds the answer to every declared request. Who may do what is
// checked here and nowhere else.
//
// It puts the stages together: a call's offer becomes a Pop, a script's form becomes a note with its dispatch in one
// transaction, the open notes become the board. It promises that what was typed survives (drafts are sealed and kept
// until sent), and that an answer holds no more than its asker may know.
//
// It leaves to others: how calls move (telephony/engine), what lasts (notes/record), who is told (routing/dispatch), how
// it is carried (console/wire, console/portal) and drawn (frontend).
package house

import (
	"github.com/jackc/pgx/v5"

	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/chart"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/dispatch"
	"lamplight/routing/oncall"
	"lamplight/routing/patient"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// Escalations is what the house asks of routing: all that a desk does with a dispatch, and who is on call.
type Escalations interface {
	// The methods are dispatch.Engine's, which says what each promises.
	Plan(ctx context.Context, acc notes.Account, callType, ladder string) (routing.Plan, error)
	Router(ctx context.Context, acc notes.Account) (routing.Router, error)
	Reckon(acc notes.Account, callType, ladder string) (p routing.Plan, ok bool)
	BeginTx(ctx context.Context, tx pgx.Tx, note notes.Note, plan routing.Plan) error
	QueueBegin(b *pgx.Batch, note notes.Note, plan routing.Plan) ([]audit.Row, error)
	Begun()

	Ack(ctx context.Context, by routing.ActingPerson, note notes.NoteID) (routing.AckResult, error)
	AckTx(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, note notes.NoteID) (routing.AckResult, error)
	PassOn(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error
	Push(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error
	Cancel(ctx context.Context, by routing.ActingPerson, note notes.NoteID, reason string) error
	CancelTx(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, note notes.NoteID, reason string) error
	Reassign(ctx context.Context, by routing.ActingPerson, note notes.NoteID, plan routing.Plan) (routing.DispatchID, error)

	Failing() []dispatch.FailingChannel
	Reached(ctx context.Context, acc notes.Account) ([]routing.Reached, error)
	PageAgain(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error
	PageContact(ctx context.Context, by routing.ActingPerson, note notes.NoteID, steps []routing.PlannedAttempt) error
	Called(ctx context.Context, by routing.ActingPerson, note notes.NoteID, contact notes.Contact) error
	Told(ctx context.Context, by routing.ActingPerson, note notes.NoteID, contact notes.Contact) error
	AckByVoiceTx(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, note notes.NoteID, contact notes.Contact) error
	TakeOver(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error

	Locate(ctx context.Context, token string) (routing.Located, error)
	MarkOpened(ctx context.Context, attempt routing.AttemptID) error
	TextedBack(ctx context.Context, r channel.Reply) (dispatch.Heard, error)
	TextKept(ctx context.Context, tx pgx.Tx, h dispatch.Heard, p dispatch.TextedNote) (fresh bool, err error)

	Views(ctx context.Context, of ...notes.NoteID) (map[notes.NoteID]routing.DispatchView, error)
	View(ctx context.Context, note notes.NoteID) (routing.DispatchView, error)
	Attempts(ctx context.Context, of ...notes.NoteID) (map[notes.NoteID][]routing.Attempt, error)
	Story(ctx context.Context, note notes.NoteID) ([]notes.StoryLine, error)
	Watch(ctx context.Context) (<-chan notes.NoteID, error)

	Schedule(ctx context.Context, acc notes.Account, at time.Time, stale bool) (*oncall.Schedule, error)
}

// A Trainer makes practice calls come in.
type Trainer interface {
	Scenarios() []console.Scenario
	// Call has a caller dial in; it returns when they have begun to.
	Call(ctx context.Context, scenario string) error
}

// Config is what a House is made of. With no Trainer there are no practice calls.
type Config struct {
	Store   *record.Store
	Door    *access.Door
	Charts  *chart.Engine // nil where no chart is written to
	Routing Escalations
	// Patients are the records of the practices' patients; Notices tells patients that something waits and lets them in. Both
	// are nil where nobody writes with patients.
	Patients *record.Patients
	Notices  *patient.Engine
	Phones   *dispatch.PushPhones
	PushKey  string // the VAPID public key browsers subscribe with
	// PushPlain are hosts that may receive pushes although they are not public https hosts: a demo's.
	PushPlain []string
	Phone     func(endpoint string) (console.PhoneAccount, bool) // an agent's phone by its name on the switch
	Trainer   Trainer
	// PhoneNames are the phones on the switch that agents can be given.
	PhoneNames []string
	// PagesURL is where invitations lead, DeskURL is the address that a desk asks for, and Senders are the channels that can
	// send an invitation.
	PagesURL, DeskURL string
	Senders           map[routing.ChannelKind]channel.Channel
	// Office is the server, for those who set it up; nil where nobody does.
	Office Office
	// LockAfter is how long a desk or a page may stand untouched before it locks (45 CFR 164.312(a)(2)(iii)); zero is 15 minutes.
	LockAfter time.Duration
	Now       func() time.Time
	Log       *slog.Logger
}

// House answers desks and pages, and listens to the call engine. Make one with New, give it to the engine as its Listener, and
// give it the engine with Drive before anybody asks. Its methods may be called from any goroutine.
type House struct {
	cfg     Config
	engine  *engine.Engine
	streams streams
	boards  boards
	reds    reds
	looked  looked
	walls   walls
	trials  trials
	placed  sync.Map // by call id: calls that agents have placed and that have not ended
	handed  sync.Map // by call id: calls that an agent has handed over and that nobody has taken yet
}

// placed is what is known of a call that an agent has placed.
type placed struct {
	back      telephony.CallID // the call whose caller is called; "" when it is a note's number
	extension string
}

var _ telephony.Listener = (*House)(nil)

// New makes a House.
func New(cfg Config) *House {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.LockAfter == 0 {
		cfg.LockAfter = 15 * time.Minute
	}
	return &House{cfg: cfg, boards: newBoards()}
}

// Drive gives the house its call engine.
func (h *House) Drive(e *engine.Engine) { h.engine = e }

// pauses lists the reasons for which an agent may pause.
var pauses = []console.PauseReason{console.PausedForBreak, console.PausedForMeal, console.PausedForTraining, console.PausedForCoaching,
	console.PausedForOther}

// refused lists the refusal for each error that a desk may be told of.
var refused = []struct {
	err  error
	kind console.Kind
	code string
}{
	{engine.ErrNoAgent, console.SignedOut, "desk.error.session"},
	{engine.ErrNoCall, console.Forbidden, "desk.error.not-yours"},
	{engine.ErrStale, console.Conflict, "desk.error.stale"},
	{engine.ErrState, console.Conflict, "desk.error.state"},
	{engine.ErrThird, console.Conflict, "desk.error.patch-busy"},
	{engine.ErrBusy, console.Conflict, "desk.error.hand-busy"},
	{engine.ErrPhone, console.Unavailable, "desk.error.own-phone"},
	{engine.ErrNoSwitch, console.Unavailable, "desk.error.switch"},
	{engine.ErrStopped, console.Unavailable, "desk.error.switch"},
	// Somebody who may not know of this thing is told what they would be told if it did not exist.
	{access.ErrForbidden, console.NotFound, "desk.error.not-found"},
	{access.ErrNobody, console.SignedOut, "desk.error.session"},
	{record.ErrNoNote, console.NotFound, "desk.error.not-found"},
	{record.ErrNoCall, console.NotFound, "desk.error.not-found"},
	{record.ErrNoDraft, console.NotFound, "desk.error.no-draft"},
	{record.ErrNoAccount, console.NotFound, "desk.error.not-found"},
	{record.ErrNoVersion, console.NotFound, "desk.error.not-found"},
	{record.ErrClosed, console.Conflict, "desk.error.closed"},
	{record.ErrDraftTaken, console.Conflict, "desk.error.draft-taken"},
	{routing.ErrNoDispatch, console.Conflict, "desk.error.no-dispatch"},
	{routing.ErrNotExhausted, console.Conflict, "desk.error.not-exhausted"},
	{routing.ErrNotLate, console.Conflict, "desk.error.not-late"},
	{routing.ErrNobodyTold, console.Conflict, "desk.error.nobody-told"},
	{routing.ErrJustTold, console.Conflict, "desk.error.just-told"},
	{routing.ErrBadLink, console.NotFound, "desk.error.not-found"},
}

// refusal turns an error into one that a person may read. An error it does not know stays as it is and is answered as
// "internal".
func refusal(err error) error {
	if err == nil {
		return nil
	}
	var incomplete *record.Incomplete
	if errors.As(err, &incomplete) {
		return &console.Error{Kind: console.Invalid, Code: "desk.error.form", Fields: incomplete.Fields}
	}
	var has *routing.TakenOver
	if errors.As(err, &has) {
		return &console.Error{Kind: console.Conflict, Code: "desk.error.taken-over", Vars: map[string]string{"name": has.Name}}
	}
	var held *record.DraftHeld
	if errors.As(err, &held) {
		code := "desk.error.draft-held"
		if held.Gone {
			code = "desk.error.draft-over"
		}
		return &console.Error{Kind: console.Conflict, Code: code, Vars: map[string]string{"name": held.Name}}
	}
	for _, r := range refused {
		if errors.Is(err, r.err) {
			return console.Refuse(r.kind, r.code)
		}
	}
	if postgres.NoText(err) { // an id or word that PostgreSQL cannot store as text exists nowhere
		return console.Refuse(console.NotFound, "desk.error.not-found")
	}
	return err
}

// agent returns the actor, who must be somebody that works at a desk.
func (h *House) agent(ctx context.Context) (access.Actor, telephony.AgentID, error) {
	a, ok := access.From(ctx)
	if !ok {
		return a, "", console.Refuse(console.SignedOut, "desk.error.session")
	}
	if !a.Has(notes.RoleAgent) && !a.Has(notes.RoleSupervisor) {
		return a, "", console.Refuse(console.Forbidden, "desk.error.not-allowed")
	}
	return a, telephony.AgentID(a.Person), nil
}

// act runs a command that an agent gives about themselves.
func (h *House) act(ctx context.Context, do func(telephony.AgentID) error) error {
	_, id, err := h.agent(ctx)
	if err != nil {
		return err
	}
	return refusal(do(id))
}

func (h *House) Ready(ctx context.Context) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.Ready(ctx, a) })
}

func (h *House) Pause(ctx context.Context, reason console.PauseReason) error {
	if !slices.Contains(pauses, reason) {
		return console.Refuse(console.Invalid, "desk.error.pause-reason")
	}
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.Pause(ctx, a, string(reason)) })
}

func (h *House) Reject(ctx context.Context, call telephony.CallID, epoch uint64) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.Reject(ctx, a, call, epoch) })
}

func (h *House) Hold(ctx context.Context, call telephony.CallID) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.Hold(ctx, a, call) })
}

func (h *House) Resume(ctx context.Context, call telephony.CallID) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.Resume(ctx, a, call) })
}

func (h *House) Rejoin(ctx context.Context, call telephony.CallID) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.Rejoin(ctx, a, call) })
}

func (h *House) HangUp(ctx context.Context, call telephony.CallID) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.HangUp(ctx, a, call) })
}

func (h *House) WrapUpDone(ctx context.Context) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.WrapUpDone(ctx, a) })
}

func (h *House) SetLanguage(ctx context.Context, call telephony.CallID, l telephony.Language) error {
	if l != telephony.English && l != telephony.Spanish {
		return console.Refuse(console.Invalid, "desk.error.language")
	}
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.SetLanguage(ctx, a, call, l) })
}

// CallBack rings the agent and then the abandoned call's caller, or the number in the note; their phone shows the practice's
// number.
func (h *House) CallBack(ctx context.Context, call telephony.CallID, note notes.NoteID) error {
	return h.act(ctx, func(a telephony.AgentID) error {
		b, err := h.callBack(ctx, call, note)
		if err != nil {
			return err
		}
		b.ID = telephony.CallID(uuid.Must(uuid.NewV7()).String())
		p := placed{extension: b.Extension}
		if note == "" {
			p.back = call
		}
		h.placed.Store(b.ID, p)
		if err = h.engine.AgentCall(ctx, a, b); err != nil {
			h.placed.Delete(b.ID)
		}
		return err
	})
}

// callBack finds whom to call about an abandoned call or a note. It opens what holds the number.
func (h *House) callBack(ctx context.Context, call telephony.CallID, note notes.NoteID) (b engine.Callback, err error) {
	var c telephony.Call
	if note != "" {
		n, err := h.cfg.Store.Open(ctx, note)
		if err != nil {
			return b, err
		}
		number, ok := notes.ParseNumber(n.Body.Fields["callback"])
		if !ok {
			return b, console.Refuse(console.Conflict, "desk.error.no-number")
		}
		b = engine.Callback{Second: telephony.Number(number.E164), Extension: number.Ext, About: string(note)}
		c = telephony.Call{Account: n.Account, Language: n.Language}
	} else {
		if c, err = h.cfg.Store.Call(ctx, call); err != nil {
			return b, err
		}
		if c.ANI == "" {
			return b, console.Refuse(console.Conflict, "desk.error.number-withheld")
		}
		b = engine.Callback{Second: c.ANI, Show: c.DID, About: string(call)}
	}
	if _, err := access.Check(ctx, notes.CallBack, string(c.Account)); err != nil {
		return b, err
	}
	acc, err := h.cfg.Store.Account(ctx, c.Account)
	if err != nil {
		return b, err
	}
	if b.Show == "" {
		if len(acc.Lines) == 0 {
			return b, console.Refuse(console.Conflict, "desk.error.no-number")
		}
		b.Show = acc.Lines[0].DID
	}
	b.Account, b.Name, b.Language = c.Account, acc.Name, c.Language
	return b, nil
}

// CallsNow lists the calls of the practices that a supervisor may supervise.
func (h *House) CallsNow(ctx context.Context) ([]console.CallNow, error) {
	actor, _, err := h.agent(ctx)
	if err != nil {
		return nil, err
	}
	out := []console.CallNow{}
	var n needs
	var agents []notes.PersonID
	for _, c := range h.engine.Calls() {
		if len(out) < console.Many && c.Account != "" && actor.May(notes.Supervise, string(c.Account)) {
			out = append(out, console.CallNow{Call: c.ID, State: c.State, Inbound: c.Inbound, Since: c.OpenedAt})
			n.accounts, agents = append(n.accounts, c.Account), append(agents, notes.PersonID(c.Agent))
		}
	}
	n.people = agents
	s, err := h.load(ctx, n)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Practice, out[i].Agent = s.accounts[n.accounts[i]].Name, s.name(agents[i])
	}
	return out, nil
}

// EndCall ends a call for everybody in it, whichever agent has it. That a supervisor asked for it is in the log before it
// happens.
func (h *House) EndCall(ctx context.Context, call telephony.CallID) error {
	if _, _, err := h.agent(ctx); err != nil {
		return err
	}
	if err := h.cfg.Store.EndCall(ctx, call); err != nil {
		return refusal(err)
	}
	return refusal(h.engine.End(ctx, call))
}

func (h *House) Scenarios(ctx context.Context) ([]console.Scenario, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return nil, err
	}
	if h.cfg.Trainer == nil {
		return nil, console.Refuse(console.Conflict, "desk.error.training")
	}
	return h.cfg.Trainer.Scenarios(), nil
}

func (h *House) PracticeCall(ctx context.Context, scenario string) error {
	return h.act(ctx, func(telephony.AgentID) error {
		if h.cfg.Trainer == nil {
			return console.Refuse(console.Conflict, "desk.error.training")
		}
		return h.cfg.Trainer.Call(ctx, scenario)
	})
}

// engineAgent is a person as an agent of the call engine.
func engineAgent(p access.Person) (telephony.Agent, error) {
	a := telephony.Agent{ID: telephony.AgentID(p.ID), Name: p.Name, Endpoint: p.Endpoint}
	if err := readSpeaks(p.Speaks, &a); err != nil {
		return a, fmt.Errorf("agent %s: %w", p.ID, err)
	}
	actor := access.Actor{Person: p.ID, Grants: p.Grants}
	own, _ := actor.Accounts(notes.TakeNote)
	for _, p := range own {
		a.Staff = append(a.Staff, telephony.AccountID(p))
	}
	return a, nil
}
