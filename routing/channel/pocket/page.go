package pocket

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"

	"lamplight/frontend/shared/catalog"
	"lamplight/telephony"
)

//go:embed page
var pageFiles embed.FS

// Everything a message can do on the page is to be read: no script, style or image but our own.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (p *Pocket) routes() http.Handler {
	mux := http.NewServeMux()
	p.routesText(mux)
	p.routesPush(mux)
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the directory is compiled in
	}
	static := http.FileServerFS(files)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { secure(w); static.ServeHTTP(w, r) })
	mux.HandleFunc("GET /pocket.js", func(w http.ResponseWriter, r *http.Request) { secure(w); static.ServeHTTP(w, r) })
	mux.HandleFunc("GET /pocket.css", func(w http.ResponseWriter, r *http.Request) { secure(w); static.ServeHTTP(w, r) })
	mux.HandleFunc("GET /words", p.words)
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("POST /text-back", p.writeBack)
	return mux
}

func secure(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// words answers the page's sentences in the language it asks for.
func (p *Pocket) words(w http.ResponseWriter, r *http.Request) {
	lang := telephony.English
	if r.URL.Query().Get("lang") == string(telephony.Spanish) {
		lang = telephony.Spanish
	}
	words, err := catalog.Builtin()
	if err != nil {
		http.Error(w, "the catalog cannot be read", http.StatusInternalServerError)
		return
	}
	secure(w)
	apiJSON(w, http.StatusOK, words.Part(lang, "pocket."))
}

// pocketView is all there is to see; it is small, so each event carries the whole.
type pocketView struct {
	Phones   []ProviderPhone `json:"phones"`
	Arrivals []Arrival       `json:"arrivals"`
}

// shown is how many of the latest arrivals the page gets.
const shown = 300

// events streams the pocket as it changes, the first event at once.
func (p *Pocket) events(w http.ResponseWriter, r *http.Request) {
	secure(w)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for {
		p.mu.Lock()
		all, changed := p.arrivals, p.changed
		view := pocketView{Phones: p.cfg.Phones, Arrivals: append([]Arrival{}, all[max(0, len(all)-shown):]...)}
		p.mu.Unlock()
		text, err := json.Marshal(view)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-p.ctx.Done():
			return
		case <-changed:
		}
	}
}
