package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"lamplight/console"
	"lamplight/notes"
)

// providers are the scripted providers, each with a browser that stays signed in.
type providers struct {
	d       *demo
	reading map[notes.PersonID]*provider
}

// provider is one provider's browser.
type provider struct {
	name string
	base string
	http *http.Client
}

// at finds whose phone a text came to, and signs them in.
func (p *providers) at(ctx context.Context, number string) (*provider, error) {
	for _, ph := range demoPhones(p.d.practices) {
		if ph.Number != number {
			continue
		}
		who := notes.PersonID(ph.Person)
		if one, ok := p.reading[who]; ok {
			return one, nil
		}
		one, err := p.d.signInPages(ctx, who)
		if err != nil {
			return nil, err
		}
		if p.reading == nil {
			p.reading = map[notes.PersonID]*provider{}
		}
		p.reading[who] = one
		return one, nil
	}
	return nil, errors.New("the text came to a phone that is nobody's")
}

// signInPages signs a demo person in on the web.
func (d *demo) signInPages(ctx context.Context, who notes.PersonID) (*provider, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("open a browser: %w", err)
	}
	one := &provider{name: string(who), base: d.server.PagesURL, http: &http.Client{Jar: jar, Timeout: 10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.server.Certs.Pool, MinVersion: tls.VersionTLS13},
			ForceAttemptHTTP2: true}}}
	code, err := d.fresh(ctx, who)
	if err != nil {
		return nil, err
	}
	if err := one.post(ctx, "/api/sign-in", map[string]string{"login": string(who), "password": d.keys.Password, "code": code},
		nil); err != nil {
		return nil, fmt.Errorf("sign in on the web: %w", err)
	}
	return one, nil
}

func (p *provider) locate(ctx context.Context, link string) (note notes.NoteID, token string, err error) {
	_, token, ok := strings.Cut(link, "#")
	if !ok {
		return "", "", errors.New("the text holds no link")
	}
	var out struct {
		Note notes.NoteID `json:"note"`
	}
	err = p.post(ctx, "/api/locate", map[string]string{"token": token}, &out)
	return out.Note, token, err
}

func (p *provider) open(ctx context.Context, note notes.NoteID, token string) (card console.Card, err error) {
	if err := p.post(ctx, "/api/notes/"+string(note)+"/open", struct{}{}, &card); err != nil {
		return card, err
	}
	return card, p.post(ctx, "/api/notes/"+string(note)+"/rendered", map[string]string{"token": token}, nil)
}

func (p *provider) acknowledge(ctx context.Context, note notes.NoteID) (card console.Card, err error) {
	return card, p.post(ctx, "/api/notes/"+string(note)+"/acknowledge", struct{}{}, &card)
}

// post sends JSON and decodes the answer into out, if it is not nil.
func (p *provider) post(ctx context.Context, path string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := p.http.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var refusal struct{ Error console.Error }
		if err := json.NewDecoder(res.Body).Decode(&refusal); err != nil {
			return fmt.Errorf("%s: status %d", path, res.StatusCode)
		}
		return fmt.Errorf("%s: %w", path, &refusal.Error)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
