//go:build bridge

package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"lamplight/frontend/desk"
)

//go:embed bridge.js
var bridgeScript []byte

// bridge serves the page and the desk's methods to browsers on loopback, in place of a window.
type bridge struct {
	desk  *Desk
	index []byte

	mu   sync.Mutex // guards open and every write
	open map[*websocket.Conn]bool
}

// show serves until a signal comes. It prints the page's address as its first line.
func show(c config, d *Desk) error {
	pages, err := desk.Pages()
	if err != nil {
		return err
	}
	index, err := fs.ReadFile(pages, "index.html")
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	b := &bridge{desk: d, open: map[*websocket.Conn]bool{},
		index: bytes.Replace(index, []byte("<head>"), []byte(`<head><script src="/bridge.js"></script>`), 1)}
	d.on(screen{Emit: b.emit, Front: func() {}})
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("serve the page: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/bridge", b.talk)
	mux.HandleFunc("/bridge.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(bridgeScript) // a browser that has gone needs none
	})
	files := http.FileServerFS(pages)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			files.ServeHTTP(w, r)
			return
		}
		_, _ = w.Write(b.index) // a browser that has gone needs none
	})
	fmt.Printf("http://%s/\n", l.Addr())
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		_ = s.Close() // Serve tells
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}

// emit stands in for Wails's events. A browser that cannot be written to is dropped by its own reader.
func (b *bridge) emit(name string, data any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		if c.WriteJSON(map[string]any{"event": name, "data": data}) != nil {
			delete(b.open, c)
		}
	}
}

type bridgeCall struct {
	ID   int               `json:"id"`
	M    string            `json:"m"`
	Args []json.RawMessage `json:"args"`
}

func (b *bridge) talk(w http.ResponseWriter, r *http.Request) {
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil) // same origin only
	if err != nil {
		return
	}
	b.mu.Lock()
	b.open[c] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.open, c)
		b.mu.Unlock()
		_ = c.Close() // reading has failed: the browser has gone
	}()
	for {
		var q bridgeCall
		if c.ReadJSON(&q) != nil {
			return
		}
		go func() {
			result, err := b.call(q)
			answer := map[string]any{"id": q.ID, "result": result}
			if err != nil {
				answer["err"] = thrown(err)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			_ = c.WriteJSON(answer) // a browser that has gone asks no more
		}()
	}
}

// call runs a bound method by its name, as Wails does.
func (b *bridge) call(q bridgeCall) (result any, err error) {
	f := reflect.ValueOf(b.desk).MethodByName(q.M[strings.LastIndex(q.M, ".")+1:])
	if !f.IsValid() || f.Type().NumIn() != len(q.Args) {
		return nil, fmt.Errorf("no method %s with %d arguments", q.M, len(q.Args))
	}
	in := make([]reflect.Value, len(q.Args))
	for i, raw := range q.Args {
		v := reflect.New(f.Type().In(i))
		if err := json.Unmarshal(raw, v.Interface()); err != nil {
			return nil, fmt.Errorf("argument %d of %s: %w", i, q.M, err)
		}
		in[i] = v.Elem()
	}
	out := f.Call(in)
	if e, ok := out[len(out)-1].Interface().(error); ok && e != nil {
		return nil, e
	}
	if len(out) == 2 {
		result = out[0].Interface()
	}
	return result, nil
}
