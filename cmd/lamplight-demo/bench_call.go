package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/notes"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

const (
	loudness  = 16000                  // of the tone that both sides say
	heardLoud = 9000                   // tells the tone from greeting and music
	handTime  = 300 * time.Millisecond // between the ringing and the answer: the first bustle is over, as with a person
	breath    = 30 * time.Millisecond  // between two measurements, so that each finds the server calm
)

// tone is far louder than any speech, so that its first frame is heard through greeting and music.
func tone(d time.Duration) speech.PCM {
	var out speech.PCM
	for i := range int(d.Seconds() * speech.Rate) {
		v := int16(loudness)
		if i/8%2 == 1 {
			v = -v
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

// audible measures from the answer, which answer begins, to the first sound in each direction, the later of the two. The
// caller has been speaking since before.
func audible(ctx context.Context, caller *phone.Call, answer func(context.Context) (*phone.Call, error)) (took time.Duration,
	agent *phone.Call, err error) {
	ctx, cancel := context.WithTimeout(ctx, markLimit)
	var saying errgroup.Group
	say := func(c *phone.Call) {
		saying.Go(func() error {
			if err := c.Play(ctx, tone(5*time.Second)); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, phone.ErrOver) {
				return fmt.Errorf("say something: %w", err)
			}
			return nil
		})
	}
	defer func() {
		cancel()
		err = errors.Join(err, saying.Wait())
	}()
	say(caller)
	if err := server.Listen(ctx, caller, handTime); err != nil {
		return 0, nil, err
	}
	from := time.Now()
	if agent, err = answer(ctx); err != nil {
		return 0, agent, fmt.Errorf("answer: %w", err)
	}
	say(agent)
	var last time.Time
	for _, c := range []*phone.Call{agent, caller} {
		at, err := c.HeardAbove(ctx, heardLoud, from)
		if err != nil {
			return 0, agent, fmt.Errorf("hear the other side: %w", err)
		}
		if at.After(last) {
			last = at
		}
	}
	return last.Sub(from), agent, nil
}

// ourCall is one call to our agent: ring, pop, answer, sound, notes, hang up.
func (b *bench) ourCall(ctx context.Context) error {
	w := &walk{walker: b.agent, s: b.demo.script(0)}
	if err := w.isReady(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*markLimit)
	defer cancel()
	var dialling errgroup.Group
	var caller *phone.Call
	w.t0 = time.Now()
	dialling.Go(func() (err error) {
		caller, err = w.network.Dial(ctx, phone.Outgoing{Number: w.s.DID, From: w.s.ANI, Name: w.s.Name})
		return err
	})
	if err := w.until(ctx, "screen pop", func(s deskState) bool { return s.pop != nil }); err != nil {
		return errors.Join(err, dialling.Wait())
	}
	b.pop.ours(b.now, time.Since(w.t0))
	in, err := rung(ctx, w.phone)
	if err := errors.Join(err, dialling.Wait()); err != nil {
		return err
	}
	took, agent, err := audible(ctx, caller, in.Answer)
	if err != nil {
		return err
	}
	b.answer.ours(b.now, took)
	if err := w.until(ctx, "answered", func(s deskState) bool { return s.call == telephony.Talking }); err != nil {
		return err
	}
	sent, err := b.sends(ctx, w)
	if err != nil {
		return err
	}
	if err := w.end(ctx, caller, agent); err != nil {
		return err
	}
	return b.super.clear(ctx, sent)
}

// rung waits for a phone's next call and lets it ring.
func rung(ctx context.Context, p *phone.Phone) (*phone.Incoming, error) {
	select {
	case in := <-p.Incoming():
		return in, in.Ring()
	case <-ctx.Done():
		return nil, errors.New("the agent's phone did not ring")
	}
}

// sends takes notes of a call, each in turn with a bare insert, and waits for each one's first text and push.
func (b *bench) sends(ctx context.Context, w *walk) ([]notes.NoteID, error) {
	var out []notes.NoteID
	for range b.cmd.Sends {
		if err := pause(ctx, breath); err != nil {
			return out, err
		}
		took, err := b.floor.insert(ctx)
		if err != nil {
			return out, err
		}
		b.send.peer(b.now, took)
		if err := pause(ctx, breath); err != nil {
			return out, err
		}
		d := w.draft()
		began := time.Now()
		sent, err := console.AskSend.Of(ctx, w.desk, d)
		if err != nil {
			return out, fmt.Errorf("send: %w", err)
		}
		b.send.ours(b.now, time.Since(began))
		out = append(out, sent.Note)
		at, err := b.texted(ctx, sent.Reference)
		if err != nil {
			return out, err
		}
		b.text.ours(b.now, at.Sub(sent.Row.TakenAt))
	}
	return out, nil
}

// texted tells when the first byte of a note's text was seen, once its push has come as well.
func (b *bench) texted(ctx context.Context, ref string) (at time.Time, err error) {
	push := false
	_, err = b.demo.pocket.Wait(ctx, func(all []pocket.Arrival) bool {
		for _, a := range all {
			if a.Status == "refused" || !strings.Contains(a.Title+a.Body, ref) {
				continue
			}
			switch {
			case a.Kind == pocket.ArrivedText && at.IsZero():
				at = a.At
			case a.Kind == pocket.ArrivedPush:
				push = true
			}
		}
		return push && !at.IsZero()
	})
	return at, err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// supervisor is a second person at a desk client: clears the board, and takes the window's calls.
type supervisor struct {
	desk   *wire.Client
	events <-chan console.Event
	seen   deskState
}

func (d *demo) newSupervisor(ctx context.Context) (s *supervisor, err error) {
	s = &supervisor{}
	if s.desk, err = d.signInDesk(ctx, desks[2].ID); err != nil {
		return nil, err
	}
	s.events, err = s.desk.Watch(ctx)
	return s, err
}

// clear ends the escalations of notes, so that no board and no ladder grows from call to call.
func (s *supervisor) clear(ctx context.Context, sent []notes.NoteID) error {
	for _, n := range sent {
		if err := console.AskSupervise.Do(ctx, s.desk, console.NoteAct{Note: n, Act: "cancel", Reason: "bench"}); err != nil {
			return fmt.Errorf("clear the board: %w", err)
		}
	}
	return nil
}
