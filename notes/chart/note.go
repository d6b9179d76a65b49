package chart

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/telephony"
)

// page is a note as it stood when upTo was said of it, in the practice's first language, and when that was. It holds what the note
// holds and nothing of how it was delivered.
func (e *Engine) page(ctx context.Context, acc notes.Account, n notes.Note, upTo string) (Rendering, time.Time, error) {
	i := slices.IndexFunc(n.AddOns, func(a notes.AddOn) bool { return a.ID == upTo })
	if i < 0 {
		return Rendering{}, time.Time{}, &Trouble{Why: Unopened}
	}
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return Rendering{}, time.Time{}, err
	}
	names, err := e.cfg.Store.Names(ctx, []notes.PersonID{n.Taker, n.AckedBy})
	if err != nil {
		return Rendering{}, time.Time{}, err
	}
	w := writer{lang: telephony.English, zone: zone}
	if len(acc.Languages) > 0 {
		w.lang = acc.Languages[0]
	}
	return w.page(acc, n, n.AddOns[:i+1], names), n.AddOns[i].At, nil
}

// writer puts a note in words for a chart.
type writer struct {
	lang telephony.Language
	zone *time.Location
	Rendering
}

func (w *writer) say(key string, vars catalog.Vars) string { return catalog.T(w.lang, key, vars) }

func (w *writer) add(key, text string) {
	if strings.TrimSpace(text) != "" {
		w.Lines = append(w.Lines, RenderedLine{w.say(key, nil), text})
	}
}

func (w *writer) heading(key string) { w.Lines = append(w.Lines, RenderedLine{Text: w.say(key, nil)}) }

// when is a moment by the practice's clock, with its zone: a chart is read elsewhere too.
func (w *writer) when(t time.Time) string { return t.In(w.zone).Format("2006-01-02 15:04:05 MST") }

func (w *writer) page(acc notes.Account, n notes.Note, addOns []notes.AddOn, names map[notes.PersonID]string) Rendering {
	w.Language = string(w.lang)
	w.Title = w.say("chart.page.title", catalog.Vars{"reference": n.Reference, "practice": acc.Name})
	script := notes.CallType{}
	if i := slices.IndexFunc(acc.Script.CallTypes, func(t notes.CallType) bool { return t.ID == n.CallType }); i >= 0 {
		script = acc.Script.CallTypes[i]
	}
	w.add("chart.page.taken", w.when(n.TakenAt))
	w.add("chart.page.taker", names[n.Taker])
	w.add("chart.page.reason", script.Label.In(w.lang))
	w.add("chart.page.urgency", w.say("channel.urgency."+string(n.Urgency), nil))
	w.heading("chart.page.said")
	w.fields(script, *n.Body)
	w.add("chart.page.verbatim", n.Body.Verbatim)
	w.heading("chart.page.done")
	if !n.AckedAt.IsZero() && n.AckedBy != "" {
		w.add("chart.page.acknowledged", names[n.AckedBy]+", "+w.when(n.AckedAt))
	}
	for _, a := range addOns {
		label := w.say("chart.page.added."+string(a.Kind), catalog.Vars{"name": a.ByName, "time": w.when(a.At)})
		w.Lines = append(w.Lines, RenderedLine{label, a.Text})
	}
	return w.Rendering
}

// fields adds what was asked in the script's order, and then what a script of another day had asked.
func (w *writer) fields(script notes.CallType, b notes.Body) {
	told := map[string]bool{}
	tell := func(key, label, value string) {
		if value == "" || told[key] {
			return
		}
		told[key] = true
		if slices.Contains(b.ReadBack, key) {
			label = w.say("chart.page.readback", catalog.Vars{"label": label})
		}
		w.Lines = append(w.Lines, RenderedLine{label, value})
	}
	for _, f := range script.Fields {
		value := b.Fields[f.Key]
		for _, c := range f.Choices {
			if c.Value == value && value != "" {
				value = c.Label.In(w.lang)
			}
		}
		label := f.Label.In(w.lang)
		if label == "" {
			label = f.Key
		}
		tell(f.Key, label, value)
	}
	for _, key := range slices.Sorted(maps.Keys(b.Fields)) {
		tell(key, key, b.Fields[key])
	}
}
