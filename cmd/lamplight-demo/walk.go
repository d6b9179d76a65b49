package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/notes"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// walk is one call from ring to proof: the walk that the README tells.
type walk struct {
	*walker
	s      server.CallScenario
	t0     time.Time // the INVITE
	report walkReport
}

func (w *walker) walk(ctx context.Context, s server.CallScenario) walkReport {
	one := &walk{walker: w, s: s, report: walkReport{Scenario: s.ID, Language: string(s.Language)}}
	if err := one.run(ctx); err != nil {
		one.report.Error = err.Error()
	}
	return one.report
}

func (w *walk) mark(what string, at time.Time) {
	w.report.Marks = append(w.report.Marks, walkMark{what, float64(at.Sub(w.t0).Microseconds()) / 1000})
}

// isReady makes the agent free for the next call.
func (w *walk) isReady(ctx context.Context) error {
	if err := w.until(ctx, "the desk", func(s deskState) bool { return s.hello }); err != nil {
		return err
	}
	if err := console.AskReady.Do(ctx, w.desk, console.Nothing{}); err != nil {
		return fmt.Errorf("ready: %w", err)
	}
	if err := w.until(ctx, "ready", func(s deskState) bool { return s.agent == telephony.AgentReady }); err != nil {
		return err
	}
	w.seen.pop, w.seen.gone = nil, ""
	return nil
}

func (w *walk) run(ctx context.Context) error {
	if err := w.isReady(ctx); err != nil {
		return err
	}
	caller, agent, err := w.connect(ctx)
	defer w.leave(ctx, caller, agent)
	if err != nil {
		return err
	}
	if err := w.talk(ctx, caller, agent); err != nil {
		return err
	}
	sent, err := w.note(ctx)
	if err != nil {
		return err
	}
	if err := w.until(ctx, "the note on the board", func(s deskState) bool { return s.shows(sent.Note) }); err != nil {
		return err
	}
	w.mark("note on the board", time.Now())
	if err := w.end(ctx, caller, agent); err != nil {
		return err
	}
	text, err := w.deliveries(ctx, sent.Reference)
	if err != nil {
		return err
	}
	if err := w.provider(ctx, text, sent.Note); err != nil {
		return err
	}
	if err := w.until(ctx, "the board", func(s deskState) bool { return !s.shows(sent.Note) }); err != nil {
		return err
	}
	w.mark("board cleared", time.Now())
	w.report.Acknowledged = true
	return nil
}

// leave ends what a walk that broke off has left open, so that the next one finds a free agent.
func (w *walk) leave(ctx context.Context, calls ...*phone.Call) {
	if ctx.Err() != nil {
		return
	}
	for _, c := range calls {
		if c == nil {
			continue
		}
		if err := c.Hangup(ctx); err != nil {
			w.d.server.Log.Info("demo: hang up", "error", err)
		}
	}
	ends := func(s deskState) bool {
		return s.agent == telephony.AgentWrapUp || s.agent == telephony.AgentReady || s.agent == telephony.AgentPaused
	}
	if err := w.until(ctx, "the call's end", ends); err != nil {
		w.d.server.Log.Info("demo: leave a broken walk", "error", err)
	}
}

// connect has the caller dial and the agent answer.
func (w *walk) connect(ctx context.Context) (caller, agent *phone.Call, err error) {
	ctx, cancel := context.WithTimeout(ctx, markLimit)
	defer cancel()
	var g errgroup.Group
	w.t0 = time.Now()
	g.Go(func() error {
		c, err := w.network.Dial(ctx, phone.Outgoing{Number: w.s.DID, From: w.s.ANI, Name: w.s.Name})
		if err != nil {
			return fmt.Errorf("dial: %w", err)
		}
		caller = c
		return c.DTMF(ctx, w.s.Key)
	})
	if err := w.until(ctx, "screen pop", func(s deskState) bool { return s.pop != nil }); err != nil {
		return nil, nil, errors.Join(err, g.Wait())
	}
	w.mark("screen pop on the desk", time.Now())
	var in *phone.Incoming
	select {
	case in = <-w.phone.Incoming():
	case <-ctx.Done():
		return nil, nil, errors.New("the agent's phone did not ring")
	}
	w.mark("agent's phone rings", in.At)
	if err := errors.Join(in.Ring(), g.Wait()); err != nil {
		return nil, nil, err
	}
	if agent, err = in.Answer(ctx); err != nil {
		return nil, nil, fmt.Errorf("answer: %w", err)
	}
	if err := w.until(ctx, "answered", func(s deskState) bool { return s.call == telephony.Talking }); err != nil {
		return nil, nil, err
	}
	w.mark("answered", time.Now())
	if l := w.s.Language; w.seen.pop.Language != l {
		if err := console.AskSetLanguage.Do(ctx, w.desk, console.CallLanguage{Call: w.seen.pop.Call, Language: l}); err != nil {
			return nil, nil, fmt.Errorf("switch the language: %w", err)
		}
	}
	return caller, agent, nil
}

// talk has both speak and measures what the other heard.
func (w *walk) talk(ctx context.Context, caller, agent *phone.Call) error {
	callerSays, agentSays, err := w.d.words(w.s.Language)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	g.Go(func() error { return caller.Play(ctx, callerSays) })
	g.Go(func() error { return agent.Play(ctx, agentSays) })
	if err := g.Wait(); err != nil {
		return fmt.Errorf("talk: %w", err)
	}
	// The last words are still on their way through the switch for a few frames.
	if err := errors.Join(server.Listen(ctx, caller, 300*time.Millisecond)); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	var shift [2]time.Duration
	w.report.AgentHeard, shift[0] = speech.Match(agent.Heard(), callerSays)
	w.report.CallerHeard, shift[1] = speech.Match(caller.Heard(), agentSays)
	w.mark(fmt.Sprintf("both heard each other (agent %.2f, caller %.2f; both began to speak at %.0f ms)", w.report.AgentHeard,
		w.report.CallerHeard,
		float64(began.Sub(w.t0).Milliseconds())), time.Now())
	return nil
}

// draft is what a good agent types.
func (w *walk) draft() console.Draft {
	p := w.seen.pop
	return console.Draft{ID: uuid.NewString(), Seq: 1, Call: p.Call, Account: p.Practice.ID, CallType: "symptom", Urgency: notes.Urgent,
		Language: w.s.Language, Body: w.s.Expected}
}

// note takes the note the scenario expects.
func (w *walk) note(ctx context.Context) (console.Sent, error) {
	d := w.draft()
	if err := console.AskSaveDraft.Do(ctx, w.desk, d); err != nil {
		return console.Sent{}, fmt.Errorf("save the draft: %w", err)
	}
	preview, err := console.AskPreview.Of(ctx, w.desk, d)
	if err != nil {
		return console.Sent{}, fmt.Errorf("preview: %w", err)
	}
	if len(preview.Contacts) == 0 {
		return console.Sent{}, fmt.Errorf("the ladder reaches nobody: %v", preview.Holes)
	}
	before := time.Now()
	sent, err := console.AskSend.Of(ctx, w.desk, d)
	if err != nil {
		return console.Sent{}, fmt.Errorf("send: %w", err)
	}
	w.report.Reference = sent.Reference
	now := time.Now()
	w.mark(fmt.Sprintf("note %s stored and confirmed (%.1f ms after the send key)", sent.Reference,
		float64(now.Sub(before).Microseconds())/1000), now)
	return sent, nil
}

// end hangs up from the agent's side and finishes the wrap-up.
func (w *walk) end(ctx context.Context, caller, agent *phone.Call) error {
	if err := console.AskHangUp.Do(ctx, w.desk, console.CallRef{Call: w.seen.pop.Call}); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	for _, c := range []*phone.Call{caller, agent} {
		select {
		case <-c.Done():
		case <-time.After(markLimit):
			return errors.New("a leg was left behind after hanging up")
		}
	}
	w.mark("both legs gone after hanging up", time.Now())
	if err := w.until(ctx, "wrap-up", func(s deskState) bool { return s.agent == telephony.AgentWrapUp }); err != nil {
		return err
	}
	return console.AskWrapUpDone.Do(ctx, w.desk, console.Nothing{})
}

// deliveries waits for the first text and push, and returns the text.
func (w *walk) deliveries(ctx context.Context, ref string) (first pocket.Arrival, err error) {
	ctx, cancel := context.WithTimeout(ctx, markLimit)
	defer cancel()
	var text, push *pocket.Arrival
	_, err = w.d.pocket.Wait(ctx, func(all []pocket.Arrival) bool {
		for i, a := range all {
			if !strings.Contains(a.Title+a.Body, ref) || a.Status == "refused" {
				continue
			}
			switch a.Kind {
			case "text":
				text = &all[i]
			case "push":
				push = &all[i]
			}
		}
		return text != nil && push != nil
	})
	if err != nil {
		return first, fmt.Errorf("text and push to the provider: %w", err)
	}
	for _, a := range []*pocket.Arrival{text, push} {
		w.mark(a.Kind+" at the provider's phone", a.At)
		for _, secret := range w.s.Expected.Fields {
			if strings.Contains(a.Title+a.Body, secret) {
				return first, fmt.Errorf("the %s says something of the patient", a.Kind)
			}
		}
	}
	return *text, nil
}

// provider opens the link, reads, and acknowledges, as a browser would.
func (w *walk) provider(ctx context.Context, text pocket.Arrival, note notes.NoteID) error {
	p, err := w.providers.at(ctx, text.To)
	if err != nil {
		return err
	}
	located, token, err := p.locate(ctx, text.Link)
	if err != nil {
		return err
	}
	if located != note {
		return errors.New("the link leads to another note")
	}
	w.mark("link opened by "+p.name, time.Now())
	card, err := p.open(ctx, note, token)
	if err != nil {
		return err
	}
	if card.Reason != w.s.Expected.Fields["reason"] {
		return errors.New("the provider reads something else than the agent wrote")
	}
	w.mark("read", time.Now())
	if w.d.cmd.After > 0 {
		select {
		case <-time.After(w.d.cmd.After):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if card, err = p.acknowledge(ctx, note); err != nil {
		return err
	}
	if card.State != notes.Acknowledged || card.AckedBy == "" {
		return fmt.Errorf("after acknowledging the note is %q", card.State)
	}
	w.mark("acknowledged", time.Now())
	return nil
}
