package main

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/telephony"
)

// TestASupervisorListensInByKeys: chooses an agent, is in on their call, changes how by one key, and stops; and sets a state.
func TestASupervisorListensInByKeys(t *testing.T) {
	const rows = `[...document.querySelectorAll('[role=menuitemradio] .label')].map(e => e.textContent.replace(/\d+:\d\d/, 'TIME')).join('|')`
	for _, c := range []struct{ look, lang, list, changed, hears, alone string }{
		{"light", "en", "Luis Vega · Lakeside Internal MedicineTalking · TIME|Zoe DiazPaused · Meal · TIME",
			"Luis Vega · Lakeside Internal MedicineTalking · TIME · Sam Boss listens to this call|Zoe DiazReady · TIME",
			"You hear Luis Vega's call", "Only Luis Vega hears you, the caller does not."},
		{"dark", "es", "Luis Vega · Lakeside Internal MedicineHablando · TIME|Zoe DiazEn pausa · Comida · TIME",
			"Luis Vega · Lakeside Internal MedicineHablando · TIME · Sam Boss escucha esta llamada|Zoe DiazDisponible · TIME",
			"Usted oye la llamada de Luis Vega", "Solo Luis Vega le oye; quien llama, no."},
	} {
		t.Run(c.lang, func(t *testing.T) {
			s := newTestServer(t)
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			b.see(`document.querySelector('[data-region=board]') !== null`, "true")
			since := time.Now().Add(-90 * time.Second)
			luis := console.AgentNow{ID: "luis", Name: "Luis Vega", State: telephony.AgentTalking, Since: since, Call: "call-1",
				Practice: "Lakeside Internal Medicine", CallState: telephony.Talking}
			zoe := console.AgentNow{ID: "zoe", Name: "Zoe Diaz", State: telephony.AgentPaused, Reason: console.PausedForMeal, Since: since}
			s.desk.mu.Lock()
			s.desk.agents = []console.AgentNow{luis, zoe}
			s.desk.mu.Unlock()
			changed := func(rows ...console.AgentNow) {
				defer s.desk.lock()()
				s.desk.emit(console.Event{Kind: console.EventAgents, Agents: rows})
			}

			b.press('a', kb.ModifierAlt)
			b.see(rows, c.list)
			b.shot("agents-" + c.lang + "-1")
			luis.Supervisor = &console.Supervisor{Name: "Sam Boss", Mode: telephony.Monitor}
			zoe.State, zoe.Reason = telephony.AgentReady, ""
			changed(zoe, luis)
			b.see(rows, c.changed)
			luis.Supervisor = nil
			changed(luis)
			b.keys("1")
			b.see(`document.querySelector('.menu h2')?.textContent`, "Luis Vega")
			b.shot("agents-" + c.lang + "-2-one")
			b.keys("1")
			b.see(`document.querySelector('.idle .big')?.textContent`, c.hears)
			b.keys(kb.F8)
			b.see(`document.querySelector('.idle .soft')?.textContent`, c.alone)
			b.see(`[...document.querySelectorAll('.acts [aria-pressed=true]')].length`, "1")
			b.shot("agents-" + c.lang + "-3-whisper")
			b.keys(kb.F6, kb.Escape, kb.Escape)
			b.see(`String(document.querySelectorAll('.acts [aria-pressed]').length)`, "0")
			b.press('a', kb.ModifierAlt)
			b.see(`document.querySelectorAll('[role=menuitemradio]').length`, "2")
			b.keys("2")
			b.see(`document.querySelector('.menu h2')?.textContent`, "Zoe Diaz")
			b.keys("5")
			b.see(`document.querySelector('.menu') === null`, "true")
			changed(console.AgentNow{ID: "luis", State: telephony.AgentOut}) // nobody looks any more
			said := func() []string {
				defer s.desk.lock()()
				return slices.Clone(s.desk.said)
			}
			want := []string{"agents true", "listen call-1 monitor", "listen call-1 whisper", "listen call-1 barge", "unlisten", "agents true",
				"set zoe ready ", "agents false"}
			for end := time.Now().Add(10 * time.Second); !slices.Equal(said(), want); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("the server heard %q", said())
				}
			}

			func() {
				defer s.desk.lock()()
				s.desk.emit(console.Event{Kind: console.EventSet, Set: &console.StateSet{By: "Sam Boss", State: telephony.AgentPaused}})
			}()
			b.see(`String(document.querySelector('.place p.late')?.textContent.includes('Sam Boss'))`, "true")
			b.toReason() // a call of one's own, in which somebody is
			for _, m := range []telephony.SupervisionMode{telephony.Monitor, telephony.Whisper, telephony.Barge} {
				s.desk.supervised(&console.Supervisor{Name: "Sam Boss", Mode: m})
				b.see(`String(document.querySelectorAll('.band.heard').length)`, "1")
				b.shot("agents-" + c.lang + "-4-" + string(m))
			}
			s.desk.supervised(nil)
			b.see(`String(document.querySelectorAll('.band.heard').length)`, "0")
			b.do(chromedp.EmulateViewport(640, 900))
			b.press('a', kb.ModifierAlt)
			b.see(`document.querySelectorAll('[role=menuitemradio]').length`, "2")
			b.see(`String(document.querySelector('.menu').getBoundingClientRect().right <= 640)`, "true")
			b.shot("agents-" + c.lang + "-5-narrow")
			b.noErrors()
		})
	}
}
