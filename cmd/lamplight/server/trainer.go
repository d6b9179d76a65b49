package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lamplight/console"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/voice"
)

// A CallScenario is a practice call: who calls which number, in which language, and the note a good agent takes of it.
type CallScenario struct {
	console.Scenario
	DID, ANI, Name string
	Key            string // pressed during the greeting to choose the language; "" for the line's first
	HangUp         bool   // gives up while waiting
}

// Scenarios are the training calls. The people in them are fictional, their numbers of the range kept for fiction.
func Scenarios() []CallScenario {
	text := func(en, es string) notes.Text { return notes.Text{telephony.English: en, telephony.Spanish: es} }
	rosa := notes.Body{Fields: map[string]string{"name": "Rosa Bennett", "callback": "+13125550142", "dob": "1961-04-02",
		"reason": "Chest tightness since this morning", "since": "This morning"}, ReadBack: []string{"callback"}}
	maria := notes.Body{Fields: map[string]string{"name": "Valentina Muñoz", "caller": "María Muñoz", "callback": "+13055550164",
		"dob":    "2024-09-18",
		"reason": "Fiebre desde anoche, no quiere comer", "since": "Anoche"}, ReadBack: []string{"callback"}, Verbatim: voice.CallerSpanish}
	return []CallScenario{
		{Scenario: console.Scenario{ID: "chest", Title: text("Chest tightness, in English", "Presión en el pecho, en inglés"),
			Practice: "Lakeside Internal Medicine", Language: "en", Expected: rosa},
			DID: "+13125550100", ANI: "+13125550142", Name: "ROSA BENNETT", Key: "1"},
		{Scenario: console.Scenario{ID: "fever", Title: text("A child with a fever, in Spanish", "Una niña con fiebre, en español"),
			Practice: "Pediatría del Sol", Language: "es", Expected: maria},
			DID: "+13055550150", ANI: "+13055550164", Name: "MARIA MUNOZ", Key: "2"},
		{Scenario: console.Scenario{ID: "english", Title: text("English on a Spanish-first line",
			"Inglés en una línea que contesta en español"), Practice: "Pediatría del Sol", Language: "en", Expected: rosa},
			DID: "+13055550150", ANI: "+13125550142", Name: "ROSA BENNETT", Key: "1"},
		{Scenario: console.Scenario{ID: "gaveup", Title: text("Hangs up while waiting", "Cuelga mientras espera"),
			Practice: "Lakeside Internal Medicine", Language: "es", Expected: maria},
			DID: "+13125550100", ANI: "+13055550164", Name: "MARIA MUNOZ", Key: "2", HangUp: true},
	}
}

// A TrainingNetwork is the telephone network of a training environment: it calls in, and answers what the service dials.
type TrainingNetwork struct {
	Network *phone.Phone
	log     *slog.Logger
	ctx     context.Context
	stop    context.CancelFunc
	calls   sync.WaitGroup
}

var _ house.Trainer = (*TrainingNetwork)(nil)

// newTrainer stands where the private Asterisk's carrier would.
func newTrainer(a *asterisk.Server, log *slog.Logger) (*TrainingNetwork, error) {
	open, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	p, err := phone.Start(open, phone.Config{Listen: a.TrainingAddr(), Registrar: a.SIPAddr().String(), User: "network"})
	if err != nil {
		return nil, fmt.Errorf("the practice calls' network: %w", err)
	}
	t := &TrainingNetwork{Network: p, log: log}
	t.ctx, t.stop = context.WithCancel(context.Background())
	t.calls.Go(t.answer)
	return t, nil
}

func (t *TrainingNetwork) Close() error {
	t.stop()
	err := t.Network.Close()
	t.calls.Wait()
	return err
}

func (t *TrainingNetwork) Scenarios() []console.Scenario {
	var out []console.Scenario
	for _, s := range Scenarios() {
		out = append(out, s.Scenario)
	}
	return out
}

// Call has a scenario's caller dial. A caller who is not answered waits like any other.
func (t *TrainingNetwork) Call(_ context.Context, id string) error {
	for _, s := range Scenarios() {
		if s.ID == id {
			t.calls.Go(func() {
				if err := t.play(s); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, phone.ErrOver) {
					t.log.Info("practice call ended", "scenario", id, "error", err)
				}
			})
			return nil
		}
	}
	return console.Refuse(console.NotFound, "desk.error.not-found")
}

const (
	greetingBegins = 1500 * time.Millisecond // a person listens this long before pressing a key
	callerGivesUp  = 20 * time.Second
	calledListens  = 4 * time.Second  // whoever is called, before pressing a key
	callerBreath   = 5 * time.Second  // between two tries to be heard
	callerPatience = 10 * time.Minute // then the caller hangs up, whatever happens
)

// play is one caller: dials, chooses the language, says what is the matter again and again until somebody hangs up.
func (t *TrainingNetwork) play(s CallScenario) error {
	ctx, cancel := context.WithTimeout(t.ctx, callerPatience)
	defer cancel()
	words, err := voice.Caller(string(s.Language))
	if err != nil {
		return err
	}
	c, err := t.Network.Dial(ctx, phone.Outgoing{Number: s.DID, From: s.ANI, Name: s.Name})
	if err != nil {
		return err
	}
	defer func() {
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		if err := c.Hangup(end); err != nil {
			t.log.Info("practice call: hang up", "error", err)
		}
	}()
	if err := Listen(ctx, c, greetingBegins); err != nil {
		return err
	}
	if err := c.DTMF(ctx, s.Key); err != nil {
		return err
	}
	if s.HangUp {
		return Listen(ctx, c, callerGivesUp)
	}
	for {
		if err := c.Play(ctx, words); err != nil {
			return err
		}
		if err := Listen(ctx, c, callerBreath); err != nil {
			return err
		}
	}
}

// Listen lets a caller listen for d.
func Listen(ctx context.Context, c *phone.Call, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.Done():
		return phone.ErrOver
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer is everybody the service calls: a provider or a patient picks up and speaks.
func (t *TrainingNetwork) answer() {
	for {
		select {
		case <-t.ctx.Done():
			return
		case in := <-t.Network.Incoming():
			t.calls.Go(func() {
				if err := t.pickUp(in); err != nil && !errors.Is(err, phone.ErrOver) && !errors.Is(err, context.Canceled) {
					t.log.Info("practice call: a called party", "error", err)
				}
			})
		}
	}
}

func (t *TrainingNetwork) pickUp(in *phone.Incoming) error {
	c, err := in.Answer(t.ctx)
	if err != nil {
		return err
	}
	words, err := voice.Agent(string(telephony.English))
	if err != nil {
		return err
	}
	if err := Listen(t.ctx, c, calledListens); err != nil {
		return err
	}
	if err := c.DTMF(t.ctx, "1"); err != nil { // a provider is asked for it; a patient's does nothing
		return err
	}
	for {
		if err := c.Play(t.ctx, words); err != nil {
			return err
		}
		if err := Listen(t.ctx, c, callerBreath); err != nil {
			return err
		}
	}
}
