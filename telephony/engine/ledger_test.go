package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"lamplight/telephony"
)

var errDown = errors.New("the ledger is down")

// memory is a Ledger that forgets nothing but what it is told to.
type memory struct {
	mu         sync.Mutex // guards everything below
	lines      map[telephony.Number]telephony.Line
	calls      map[telephony.CallID]telephony.Call
	steps      map[telephony.CallID][]telephony.Step
	recordings map[telephony.RecordingID]telephony.CallID
	voicemails map[telephony.RecordingID]telephony.Voicemail
	wav        []byte // the last kept
	wavs       map[telephony.RecordingID][]byte
	early      int // voicemails of known callers kept before their calls' ends
	down       bool
	hang       bool
	forgets    bool // every third write succeeds and answers an error
	writes     int
	before     func(n int) // called with the number of each write, before it
}

func newMemory() *memory {
	m := &memory{
		lines: map[telephony.Number]telephony.Line{}, calls: map[telephony.CallID]telephony.Call{},
		steps: map[telephony.CallID][]telephony.Step{}, recordings: map[telephony.RecordingID]telephony.CallID{},
		voicemails: map[telephony.RecordingID]telephony.Voicemail{}, wavs: map[telephony.RecordingID][]byte{},
	}
	m.lines[english.DID], m.lines[spanish.DID], m.lines[plain.DID] = english, spanish, plain
	return m
}

var (
	english = telephony.Line{DID: "+13125550100", Account: "internal", Name: "Lakeside Internal Medicine",
		Languages: []telephony.Language{telephony.English, telephony.Spanish}}
	spanish = telephony.Line{DID: "+13125550200", Account: "pediatric", Name: "Pediatría del Sol",
		Languages: []telephony.Language{telephony.Spanish, telephony.English}}
	plain = telephony.Line{DID: "+13125550300", Account: "plain", Name: "Plain",
		Languages: []telephony.Language{telephony.English}}
)

func (m *memory) enter(ctx context.Context) (func(), error) {
	m.mu.Lock()
	if m.hang {
		m.mu.Unlock()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if m.down {
		m.mu.Unlock()
		return nil, errDown
	}
	if err := ctx.Err(); err != nil {
		m.mu.Unlock()
		return nil, err
	}
	return m.mu.Unlock, nil
}

func (m *memory) set(down, hang bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.hang = down, hang
}

func (m *memory) LineFor(ctx context.Context, did telephony.Number) (telephony.Line, bool, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return telephony.Line{}, false, err
	}
	defer leave()
	l, ok := m.lines[did]
	return l, ok, nil
}

func (m *memory) Record(ctx context.Context, c telephony.Call, s telephony.Step) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	m.writes++
	n, before := m.writes, m.before
	leave()
	if before != nil {
		before(n)
	}
	if leave, err = m.enter(ctx); err != nil {
		return err
	}
	defer leave()
	if slices.Contains(m.steps[c.ID], s) {
		return nil
	}
	m.calls[c.ID] = c
	m.steps[c.ID] = append(m.steps[c.ID], s)
	if m.forgets && n%3 == 0 {
		return errDown
	}
	return nil
}

func (m *memory) Answered(ctx context.Context, since time.Time, within time.Duration) (a telephony.Answered, err error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return a, err
	}
	defer leave()
	for _, c := range m.calls {
		answered := !c.AnsweredAt.IsZero()
		if !c.Inbound || c.OpenedAt.Before(since) || !answered && c.Outcome != telephony.Abandoned && c.Outcome != telephony.Overflowed {
			continue
		}
		a.All++
		if answered && c.AnsweredAt.Sub(c.OpenedAt) <= within {
			a.InTime++
		}
	}
	return a, nil
}

func (m *memory) Live(ctx context.Context) ([]telephony.Call, error) {
	leave, err := m.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var live []telephony.Call
	for _, c := range m.calls {
		if c.State != telephony.Ended {
			live = append(live, c)
		}
	}
	return live, nil
}

func (m *memory) Keep(ctx context.Context, c telephony.CallID, r telephony.RecordingID, fetch func(io.Writer) error) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	leave()
	var wav bytes.Buffer
	if err := fetch(&wav); err != nil {
		return err
	}
	if leave, err = m.enter(ctx); err != nil {
		return err
	}
	defer leave()
	m.recordings[r], m.wav, m.wavs[r] = c, wav.Bytes(), wav.Bytes()
	return nil
}

func (m *memory) KeepVoicemail(ctx context.Context, v telephony.Voicemail, fetch func(io.Writer) error) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	leave()
	var wav bytes.Buffer
	if err := fetch(&wav); err != nil {
		return err
	}
	if leave, err = m.enter(ctx); err != nil {
		return err
	}
	defer leave()
	if v.Leg != "" && m.calls[telephony.CallOf(v.Leg)].State != telephony.Ended {
		m.early++
	}
	m.voicemails[v.Recording], m.wav = v, wav.Bytes()
	return nil
}

// story is a call's steps by kind.
func (m *memory) story(c telephony.CallID) (kinds []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.steps[c] {
		kinds = append(kinds, string(s.Kind))
	}
	return kinds
}

func (m *memory) lastStep(c telephony.CallID) telephony.Step {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.steps[c]) == 0 {
		return telephony.Step{}
	}
	return m.steps[c][len(m.steps[c])-1]
}

func (m *memory) stepsOf(c telephony.CallID) []telephony.Step {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.steps[c])
}

// lastOf is the last step of a kind.
func (m *memory) lastOf(c telephony.CallID, k telephony.StepKind) (last telephony.Step) {
	for _, s := range m.stepsOf(c) {
		if s.Kind == k {
			last = s
		}
	}
	return last
}

func (m *memory) call(c telephony.CallID) telephony.Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[c]
}

// all lists the calls ever written.
func (m *memory) all() (all []telephony.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.calls {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b telephony.Call) int { return a.OpenedAt.Compare(b.OpenedAt) })
	return all
}

func (m *memory) kept() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.recordings)
}

func (m *memory) messages() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.voicemails)
}

func (m *memory) hasMessageOf(ani telephony.Number) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range m.voicemails {
		if v.ANI == ani {
			return true
		}
	}
	return false
}

// longest are the recordings kept, the longest first.
func (m *memory) longest() (wavs [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, wav := range m.wavs {
		wavs = append(wavs, wav)
	}
	slices.SortFunc(wavs, func(a, b []byte) int { return len(b) - len(a) })
	return wavs
}

func (m *memory) lastWAV() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wav
}

// listener is a Listener that writes down what it heard.
type listener struct {
	mu        sync.Mutex // guards everything below
	offered   []telephony.Offer
	withdrawn []string
	agents    map[telephony.AgentID]telephony.AgentState
	calls     map[telephony.CallID]telephony.CallState
	figures   telephony.Figures
	callers   map[telephony.AgentID]time.Time
	told      int           // figures
	frozen    time.Duration // CallMoved blocks so long, once
}

func (d *listener) freeze(howLong time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frozen = howLong
}

func newListener() *listener {
	return &listener{agents: map[telephony.AgentID]telephony.AgentState{}, calls: map[telephony.CallID]telephony.CallState{}}
}

func (d *listener) Offered(o telephony.Offer, _ telephony.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.offered = append(d.offered, o)
}

func (d *listener) Withdrawn(o telephony.Offer, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.withdrawn = append(d.withdrawn, string(o.Agent)+" "+why)
}

func (d *listener) CallMoved(c telephony.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls[c.ID] = c.State
	if f := d.frozen; f > 0 {
		d.frozen = 0
		time.Sleep(f)
	}
}

func (d *listener) AgentMoved(a telephony.AgentID, s telephony.AgentState, _ string, _ time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.agents[a] = s
}

func (d *listener) FiguresMoved(f telephony.Figures, callers map[telephony.AgentID]time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.figures, d.callers = f, callers
	d.told++
}

func (d *listener) figuresTold() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.told
}

func (d *listener) lastCallers() map[telephony.AgentID]time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.callers
}

func (d *listener) lastFigures() telephony.Figures {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.figures
}

func (d *listener) agent(a telephony.AgentID) telephony.AgentState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.agents[a]
}

func (d *listener) lastOffer() telephony.Offer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.offered) == 0 {
		return telephony.Offer{}
	}
	return d.offered[len(d.offered)-1]
}

func (d *listener) gone() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.withdrawn)
}
