package pocket

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// SetInbound is where texts that a phone writes are told, as the owner of a number gives it to a gateway; "" for nowhere.
func (p *Pocket) SetInbound(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inbound = address
}

// A TextBack is what a phone writes to the number that texted it.
type TextBack struct {
	From string `json:"from"`
	To   string `json:"to"`
	Body string `json:"body"`
	Ref  string `json:"-"` // one is made up where it is empty; the same twice is a gateway that repeats itself
	Opt  string `json:"-"` // "STOP" where the gateway has obeyed the word and answered it by itself
}

// TextBack has a phone write, and tells the server of it by the gateway's signed webhook. What the server answers arrives at the
// phone, and is returned.
func (p *Pocket) TextBack(ctx context.Context, t TextBack) (answer string, err error) {
	if t.Ref == "" {
		t.Ref = "SM" + random(16)
	}
	p.mu.Lock()
	inbound := p.inbound
	p.arrivals = append(p.arrivals, Arrival{Seq: len(p.arrivals) + 1, At: time.Now(), Kind: ArrivedText, To: t.To, From: t.From,
		Body: t.Body, Ref: t.Ref, Status: "written"})
	seq := len(p.arrivals)
	p.wake()
	p.mu.Unlock()
	if answer, err = p.inform(ctx, inbound, t); err != nil {
		p.status(seq, "unheard")
		return "", err
	}
	if answer != "" {
		p.arrive(Arrival{At: time.Now(), Kind: ArrivedText, To: t.From, From: t.To, Body: answer, Ref: "SM" + random(16), Status: "delivered"})
	}
	return answer, nil
}

// inform posts the webhook and reads the TwiML that comes back.
func (p *Pocket) inform(ctx context.Context, inbound string, t TextBack) (string, error) {
	if inbound == "" {
		return "", errors.New("text back: nobody is told of texts")
	}
	form := url.Values{"MessageSid": {t.Ref}, "SmsSid": {t.Ref}, "AccountSid": {p.AccountSID}, "From": {t.From}, "To": {t.To},
		"Body": {t.Body}, "NumMedia": {"0"}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"}}
	if t.Opt != "" {
		form.Set("OptOutType", t.Opt)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, inbound, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("text back: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", Sign(p.AuthToken, inbound, form))
	res, err := p.callbacks.Do(r)
	if err != nil {
		return "", fmt.Errorf("text back: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("text back: the server answered %d", res.StatusCode)
	}
	var said struct{ Message string }
	if err := xml.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&said); err != nil {
		return "", fmt.Errorf("text back: the answer is no TwiML: %w", err)
	}
	return said.Message, nil
}

// writeBack is TextBack for the page. Another site's page cannot send JSON here without asking first.
func (p *Pocket) writeBack(w http.ResponseWriter, r *http.Request) {
	secure(w)
	var t TextBack
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(&t) != nil ||
		t.Body == "" {
		http.Error(w, "a text in JSON", http.StatusBadRequest)
		return
	}
	if _, err := p.TextBack(r.Context(), t); err != nil {
		http.Error(w, "not taken", http.StatusBadGateway) // the page shows it with the text
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
