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

// A Spec describes a request, apart from its two types.
type Spec struct {
	Name  string    // on the wire, in the window's binding and in the pages' code
	Needs notes.Act // a right that the asker must hold at some practice; "" for anybody signed in
	// Route is the method and path by which pages ask, "POST /api/notes/{note}/open"; "" for what only desks ask. A
	// wildcard names the field of the body that it fills.
	Route string
	Desk  bool // desks ask it
	// Patient says that a patient's page asks it, and nobody else.
	Patient bool
	Once    bool // asking twice does it twice: an asker who gets no answer must not repeat it
	Since   int  // the protocol that brought it
}

// A Request is one thing that a desk or a page may ask, with the types of what is asked and what is answered. It is declared
// once, in requests.go; the wire, the window's binding, the pages' routes and their TypeScript are made from there. Whatever
// answers it registers with On.
type Request[In, Out any] struct{ Spec }

// A Described is a request with its types, as code is generated from it.
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
	if s.Since <= Protocol { // always true, except in a build that stands in for an older one
		registry = append(registry, Described{Spec: s, In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out]()})
	}
	return Request[In, Out]{s}
}

// An Asker carries a request to whatever answers it and brings back the answer: the wire to a server, or Answers directly. Body
// and answer are JSON. The actor, if there is one, is in ctx (notes/access). Every error that a person may see is an *Error.
type Asker interface {
	Ask(ctx context.Context, name string, body []byte) (answer []byte, err error)
}

// A Backend is everything that a desk needs of a server: it answers requests and tells what happens.
type Backend interface {
	Asker
	// Watch delivers what happens at this desk, in order, until ctx ends or the connection breaks; the first event is a Hello.
	// After a break the desk calls Watch again and takes the new Hello for the truth, not what it remembers.
	Watch(ctx context.Context) (<-chan Event, error)
}

// page names the catalog that holds the sentences for those who ask it.
func (s Spec) page() string {
	if s.Desk {
		return "desk"
	}
	return "portal"
}

// Of sends r to a and waits for the answer.
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

// Do is Of for a request that has no answer.
func (r Request[In, Out]) Do(ctx context.Context, a Asker, in In) error {
	_, err := r.Of(ctx, a, in)
	return err
}

// Decode reads what the other end sent. An end of another build may know fields that this one does not, which are skipped, and
// may have changed a field's type, which is then left empty: the rest is still useful. Only what is not JSON is an error.
func Decode(b []byte, v any) error {
	var odd *json.UnmarshalTypeError
	if err := json.Unmarshal(b, v); err != nil && !errors.As(err, &odd) {
		return err
	}
	return nil
}

// Answers holds a function for each request that is answered. Set it up with On before anybody asks; after that, any goroutine
// may ask.
type Answers struct {
	// Allow refuses an actor who may not ask this at all; nil allows everybody.
	Allow func(context.Context, Spec) error

	by map[string]answerer
}

type answerer struct {
	spec Spec
	do   func(ctx context.Context, body []byte) (any, error)
}

var _ Asker = (*Answers)(nil)

// On has f answer r. It panics when r has an answer already.
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

// OnDo is On for a request that has no answer.
func OnDo[In any](a *Answers, r Request[In, Nothing], f func(context.Context, In) error) {
	On(a, r, func(ctx context.Context, in In) (Nothing, error) { return Nothing{}, f(ctx, in) })
}

// Ask answers one request. A name that is not declared or not answered here is refused: it may be a newer build's.
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
