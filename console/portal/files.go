package portal

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// pagePaths are where the page itself stands; it keeps all else in its own memory. Any other path is nothing.
var pagePaths = map[string]string{"": "index.html", "m": "index.html", "join": "index.html", setupPage: "index.html", "p": "patient.html"}

// setupPage is where the first administrator comes in; there is none once there is one.
const setupPage = "setup"

// waits tells whether the service waits for its first administrator. One that cannot be asked shows the page, which says so.
func (p *Portal) waits(r *http.Request) bool {
	if p.cfg.Founding == nil {
		return false
	}
	founded, err := p.cfg.Founding.Founded(r.Context())
	return err != nil || !founded
}

// files serves the built pages. What shrinks is sent shrunk: a phone on a bad network opens a link in a third of the bytes.
func (p *Portal) files() http.Handler {
	static, small := http.FileServerFS(p.cfg.Files), p.shrink()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == setupPage && !p.waits(r) {
			http.NotFound(w, r)
			return
		}
		if page := pagePaths[name]; page != "" {
			name = page
		} else if st, err := fs.Stat(p.cfg.Files, name); err != nil || st.IsDir() {
			http.NotFound(w, r)
			return
		}
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // their names change with their content
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		if f, ok := small[name]; ok {
			w.Header().Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && r.Header.Get("Range") == "" {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Type", types[path.Ext(name)])
				if r.Method == http.MethodGet {
					p.send(w, f)
				}
				return
			}
		}
		if path.Ext(name) == ".html" { // which the file server would send to another address
			http.ServeFileFS(w, r, p.cfg.Files, name)
			return
		}
		static.ServeHTTP(w, r)
	})
}

func (p *Portal) send(w http.ResponseWriter, b []byte) {
	if _, err := w.Write(b); err != nil {
		p.cfg.Log.Info("portal: a page's file was not delivered", "error", err)
	}
}

// types are the kinds of file that shrink.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".webmanifest": "application/manifest+json",
}

// shrink compresses, once, what is worth it. A file that cannot be read is left to be served, or refused, as it is.
func (p *Portal) shrink() map[string][]byte {
	out := map[string][]byte{}
	err := fs.WalkDir(p.cfg.Files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || types[path.Ext(name)] == "" {
			return err
		}
		plain, err := fs.ReadFile(p.cfg.Files, name)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(plain); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if b.Len() < len(plain) {
			out[name] = b.Bytes()
		}
		return nil
	})
	if err != nil {
		p.cfg.Log.Error("portal: the pages are served unshrunk", "error", err)
	}
	return out
}
