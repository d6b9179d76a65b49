package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/telephony"
)

// loudPhone counts its alarms.
type loudPhone struct {
	AgentPhone
	alarms int
}

func (p *loudPhone) Alarm() { p.alarms++ }

// The alarm sounds for a caller this agent could take, from 20 s on and every 10 s, whether they are paused or not; never in a
// call or under an offer, and never for a caller they could not take.
func TestTheAlarmOfAWaitingCaller(t *testing.T) {
	came := time.Now()
	for _, c := range []struct {
		state  telephony.AgentState
		caller time.Time
		want   int
	}{
		{telephony.AgentPaused, came, 3},
		{telephony.AgentReady, came, 3},
		{telephony.AgentWrapUp, came, 3},
		{telephony.AgentTalking, came, 0},
		{telephony.AgentRinging, came, 0},
		{telephony.AgentPaused, time.Time{}, 0},
	} {
		p := &loudPhone{}
		d := newDesk(deskParts{Phone: p})
		d.happened(console.Event{Kind: console.EventAgent, Agent: &console.AgentView{State: c.state}})
		for s := range 45 {
			if s == 20 && p.alarms > 0 {
				t.Errorf("%s: loud before 20 s", c.state)
			}
			d.happened(console.Event{Kind: console.EventFigures, Sent: came.Add(time.Duration(s) * time.Second),
				Figures: &console.Figures{Caller: c.caller}})
		}
		if p.alarms != c.want {
			t.Errorf("%s: %d alarms in 45 s, want %d", c.state, p.alarms, c.want)
		}
		d.end()
	}
}

// A caller who waits too long is loud at the desk of an agent whom missed calls have paused: how long, why they get none, and
// the keys that change it.
func TestAWaitingCallerIsLoud(t *testing.T) {
	for _, c := range []struct{ name, look, lang, says, why, key string }{
		{"waits-light-en", "light", "en", "A caller you can take is waiting", "You are paused because 2 calls were not answered.",
			"F9 1 Ready"},
		{"waits-dark-es", "dark", "es", "Espera una llamada que usted puede tomar",
			"Está en pausa porque no se contestaron 2 llamadas.", "F9 1 Disponible"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestServer(t)
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			loud := `document.querySelector('.waits[role=alert] strong')?.textContent ?? 'quiet'`
			tell := func(ago time.Duration) {
				defer s.desk.lock()()
				f := console.Figures{Figures: telephony.Figures{Waiting: 1, Longest: ago, ServiceLevel: 1}}
				if ago > 0 {
					f.Caller = time.Now().Add(-ago)
				}
				s.desk.emit(console.Event{Kind: console.EventFigures, Figures: &f})
			}
			b.see(`document.querySelector('.dot.ready') !== null`, "true")
			func() {
				defer s.desk.lock()()
				s.desk.agent.Missed = 2
				s.desk.state(telephony.AgentPaused, "missed calls")
			}()
			tell(time.Second)
			b.see(`document.querySelector('.figures dd')?.textContent`, "1")
			b.see(loud, "quiet")
			tell(17 * time.Second) // the desk's own clock does the rest
			b.see(loud, "quiet")
			b.see(loud, c.says)
			tell(80 * time.Second)
			b.see(`document.querySelector('.waits b')?.textContent.startsWith('1:2')`, "true")
			b.see(`document.querySelector('.waits .why').textContent`, c.why)
			b.see(`document.querySelector('.waits button').textContent.trim()`, c.key)
			b.shot(c.name)
			b.keys(kb.F9, "1")
			b.see(`document.querySelector('.dot.ready') !== null`, "true")
			b.see(`document.querySelector('.waits .why') === null`, "true")
			b.see(loud, c.says) // whoever takes it, it still waits
			tell(0)
			b.see(loud, "quiet")
			tell(30 * time.Second)
			b.see(loud, c.says)
			b.ring("1") // an offer rings by itself
			b.see(loud, "quiet")
			b.noErrors()
		})
	}
}
