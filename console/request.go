package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"lamplight/notes"
)

// A Spec says what a request is, beside the two types that go with it.
type Spec struct {
	Name  string    // on the wire, in the window's binding and in the pages' code
	Needs notes.Act // the right that whoever asks holds for some practice; "" for anybody signed in
	// Route is the method and path by which pages ask, "POST /api/notes/{note}/open"; "" for what only desks ask. A
	// wildcard names the field of the body that it fills.
	Route string
	Desk  bool // desks ask it
	// Patient says that a patient's page asks it, and nobody who signs in.
	Patient bool
	Once    bool // asking again does it again: who gets no answer must not repeat it
	Since   int  // the protocol that brought it
}

// A Request is one thing that a desk or a page may ask, with what is asked and what is answered. It is declared once, in
// requests.go; the wire, the window's binding, the pages' routes and their TypeScript come from there. Who answers it says
// so with On.
type Request[In, Out any] struct{ Spec }

// A Described is a request with its types, for what is made from the registry.
type Described struct {
	Spec
	In, Out reflect.Type
}

var registry []Described

// Requests lists every request, in the order they are declared.
func Requests() []Described { return slices.Clone(registry) }

// SpecOf finds a request by its name.
func SpecOf(name string) (Spec, bool) {
	i := slices.IndexFunc(registry, func(d Described) bool { return d.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return registry[i].Spec, true
}

func request[In, Out any](s Spec) Request[In, Out] {
	if s.Since == 0 {
		s.Since = 1
	}
	if s.Since <= Protocol { // always, but in a build that stands in for an older one
		registry = append(registry, Described{Spec: s, In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out]()})
	}
	return Request[In, Out]{s}
}

// An Asker carries a request to who answers it and brings the answer: the wire to a server, or Answers with no wire between.
// Body and answer are JSON. The actor is carried in ctx (notes/access) where there is one. Every error a person may see
// is an *Error.
type Asker interface {
	Ask(ctx context.Context, name string, body []byte) (answer []byte, err error)
}

// A Backend is all of what a desk stands on: it answers, and tells what happens.
type Backend interface {
	Asker
	// Watch delivers what happens at this desk, in order, until ctx ends or the link breaks; the first event is a Hello.
	// After a break the desk calls Watch again and believes the new Hello, not what it remembers.
	Watch(ctx context.Context) (<-chan Event, error)
}

// page names the catalog of those who ask.
func (s Spec) page() string {
	if s.Desk {
		return "desk"
	}
	return "portal"
}

// Of asks a with in.
func (r Request[In, Out]) Of(ctx context.Context, a Asker, in In) (out Out, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("%s: encode: %w", r.Name, err)
	}
	answer, err := a.Ask(ctx, r.Name, body)
	if err != nil {
		return out, err
	}
	if err := Decode(answer, &out); err != nil {
		return out, fmt.Errorf("%s: decode: %w", r.Name, err)
	}
	return out, nil
}

// Do is Of for a request that answers nothing.
func (r Request[In, Out]) Do(ctx context.Context, a Asker, in In) error {
	_, err := r.Of(ctx, a, in)
	return err
}

// Decode reads what the other end sent. An end of another build may know fields that this one does not, which are passed over,
// and may have changed a field's type, which then stays empty: the rest is worth having. Only what is no JSON is an error.
func Decode(b []byte, v any) error {
	var odd *json.UnmarshalTypeError
	if err := json.Unmarshal(b, v); err != nil && !errors.As(err, &odd) {
		return err
	}
	return nil
}

// Answers is who answers which request. Set it up with On before anybody asks; then it may be asked from any goroutine.
type Answers struct {
	// Allow refuses an actor who may not ask at all; nil allows all.
	Allow func(context.Context, Spec) error

	by map[string]answerer
}

type answerer struct {
	spec Spec
	do   func(ctx context.Context, body []byte) (any, error)
}

var _ Asker = (*Answers)(nil)

// On has f answer r. Answering one request twice is a mistake of ours and panics.
func On[In, Out any](a *Answers, r Request[In, Out], f func(context.Context, In) (Out, error)) {
	if a.by == nil {
		a.by = map[string]answerer{}
	}
	if _, twice := a.by[r.Name]; twice {
		panic("console: two answers to " + r.Name)
	}
	a.by[r.Name] = answerer{r.Spec, func(ctx context.Context, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, Refuse(Invalid, r.page()+".error.malformed")
		}
		return f(ctx, in)
	}}
}

// OnDo is On for a request that answers nothing.
func OnDo[In any](a *Answers, r Request[In, Nothing], f func(context.Context, In) error) {
	On(a, r, func(ctx context.Context, in In) (Nothing, error) { return Nothing{}, f(ctx, in) })
}

// Ask answers one request. A name that nobody declared, or that nobody answers here, is refused: it may be of a newer build.
func (a *Answers) Ask(ctx context.Context, name string, body []byte) ([]byte, error) {
	h, ok := a.by[name]
	if !ok {
		return nil, Refuse(NotFound, "desk.error.unknown-request")
	}
	if a.Allow != nil {
		if err := a.Allow(ctx, h.spec); err != nil {
			return nil, err
		}
	}
	out, err := h.do(ctx, body)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("%s: encode: %w", name, err)
	}
	return b, nil
}

// Missing names the declared requests that nobody answers.
func (a *Answers) Missing() (names []string) {
	for _, d := range registry {
		if _, ok := a.by[d.Name]; !ok {
			names = append(names, d.Name)
		}
	}
	return names
}
