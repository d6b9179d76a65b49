package pocket

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// text is one message at the gateway, in the Messages API's own words.
type text struct {
	seq      int
	order    int
	callback string
	fault    Fault
	fields   map[string]any
}

// routesText serves the part of the Twilio Messages API that a sender needs.
func (p *Pocket) routesText(mux *http.ServeMux) {
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", p.account(p.createText))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages.json", p.account(p.listTexts))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{file}", p.account(p.fetchText))
}

func (p *Pocket) account(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		good := subtle.ConstantTimeCompare([]byte(user+":"+pass), []byte(p.AccountSID+":"+p.AuthToken)) == 1
		if !good || r.PathValue("account") != p.AccountSID {
			w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
			apiError(w, http.StatusUnauthorized, 20003, "Authenticate")
			return
		}
		next(w, r)
	}
}

func (p *Pocket) createText(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		apiError(w, http.StatusBadRequest, 21602, "The request could not be read.")
		return
	}
	to, body := r.PostForm.Get("To"), r.PostForm.Get("Body")
	switch {
	case !strings.HasPrefix(to, "+") || len(to) < 8 || len(to) > 16:
		apiError(w, http.StatusBadRequest, 21211, "The 'To' number is not a valid phone number.")
		return
	case body == "" || len([]rune(body)) > 1600:
		apiError(w, http.StatusBadRequest, 21602, "Message body is required and at most 1600 long.")
		return
	}
	sid := "SM" + random(16)
	a, fault := p.arrive(Arrival{At: at, Kind: ArrivedText, To: to, From: r.PostForm.Get("From"), Body: body, Ref: sid, Status: "accepted"})
	if p.spoil(w, r, fault) {
		return
	}
	t := p.keepText(a, fault, r.PostForm.Get("StatusCallback"))
	p.running.Go(func() { p.deliver(sid) })
	switch fault {
	case TakeAndHang:
		p.hang(r)
		return
	case TakeAndBreak:
		snap(w)
		return
	}
	apiJSON(w, http.StatusCreated, t)
}

// keepText books a text and returns its fields as they stand now.
func (p *Pocket) keepText(a Arrival, fault Fault, callback string) map[string]any {
	now := time.Now().UTC().Format(time.RFC1123Z)
	fields := map[string]any{
		"sid": a.Ref, "account_sid": p.AccountSID, "to": a.To, "from": a.From, "body": a.Body, "status": "accepted",
		"direction": "outbound-api", "num_segments": "1", "num_media": "0", "api_version": "2010-04-01",
		"date_created": now, "date_updated": now, "date_sent": nil, "error_code": nil, "error_message": nil,
		"uri": "/2010-04-01/Accounts/" + p.AccountSID + "/Messages/" + a.Ref + ".json",
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.texts[a.Ref] = &text{seq: a.Seq, order: len(p.texts), callback: callback, fault: fault, fields: fields}
	return clone(fields)
}

// spoil answers a message that is turned away; false when it is taken.
func (p *Pocket) spoil(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f {
	case Refuse:
		apiError(w, http.StatusBadRequest, 21610, "Attempt to send to unsubscribed recipient")
	case ServerError:
		apiError(w, http.StatusInternalServerError, 20500, "Internal server error")
	case Busy:
		apiError(w, http.StatusServiceUnavailable, 20503, "Service unavailable")
	case Hang:
		p.hang(r)
	default:
		return false
	}
	return true
}

// hang holds a request until its caller, or the pocket, gives up.
func (p *Pocket) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.ctx.Done():
	}
}

// snap breaks the connection without an answer.
func snap(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

func (p *Pocket) fetchText(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	t := p.texts[strings.TrimSuffix(r.PathValue("file"), ".json")]
	var fields map[string]any
	if t != nil {
		fields = clone(t.fields)
	}
	p.mu.Unlock()
	if fields == nil {
		apiError(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	apiJSON(w, http.StatusOK, fields)
}

func (p *Pocket) listTexts(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.Atoi(r.URL.Query().Get("PageSize"))
	if err != nil || size < 1 || size > 1000 {
		size = 50
	}
	to := r.URL.Query().Get("To")
	p.mu.Lock()
	var found []*text
	for _, t := range p.texts {
		if to == "" || t.fields["to"] == to {
			found = append(found, t)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].order > found[j].order })
	list := []map[string]any{}
	for _, t := range found[:min(size, len(found))] {
		list = append(list, clone(t.fields))
	}
	p.mu.Unlock()
	apiJSON(w, http.StatusOK, map[string]any{
		"messages": list, "page": 0, "page_size": size, "start": 0, "end": max(0, len(list)-1),
		"uri": r.URL.RequestURI(), "first_page_uri": r.URL.RequestURI(), "next_page_uri": nil, "previous_page_uri": nil,
	})
}

// deliver walks a text from accepted to its end and reports each step.
func (p *Pocket) deliver(sid string) {
	p.mu.Lock()
	t := p.texts[sid]
	fault, callback, seq := t.fault, t.callback, t.seq
	p.mu.Unlock()
	last := "delivered"
	if fault == Undeliver {
		last = "undelivered"
	}
	steps := []string{"accepted", "sent", last}
	if fault == ShuffleReports {
		steps = []string{last, "sent", "accepted"}
	}
	for _, s := range steps {
		if fault != ShuffleReports || s == last {
			p.moveText(sid, seq, s)
		}
		if callback == "" || fault.silent() {
			continue
		}
		p.report(sid, callback, s)
		if fault == TwiceReports {
			p.report(sid, callback, s)
		}
	}
}

func (p *Pocket) moveText(sid string, seq int, status string) {
	p.mu.Lock()
	t := p.texts[sid]
	t.fields["status"] = status
	t.fields["date_updated"] = time.Now().UTC().Format(time.RFC1123Z)
	if status == "sent" {
		t.fields["date_sent"] = t.fields["date_updated"]
	}
	if status == "undelivered" {
		t.fields["error_code"] = 30003
	}
	p.mu.Unlock()
	p.status(seq, status)
}

// report posts one signed status callback. Nobody repeats a report that was not heard, as with a real gateway.
func (p *Pocket) report(sid, callback, status string) {
	form := url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "AccountSid": {p.AccountSID}, "MessageStatus": {status},
		"SmsStatus": {status}, "ApiVersion": {"2010-04-01"}}
	if status == "undelivered" {
		form.Set("ErrorCode", "30003")
	}
	r, err := http.NewRequestWithContext(p.ctx, http.MethodPost, callback, strings.NewReader(form.Encode()))
	if err != nil {
		return
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", Sign(p.AuthToken, callback, form))
	res, err := p.callbacks.Do(r)
	if err == nil {
		_ = res.Body.Close()
	}
}

// Sign is the signature Twilio puts on a callback: HMAC-SHA1 over the address and the sorted parameters.
func Sign(token, address string, form url.Values) string {
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, k := range keys {
		mac.Write([]byte(k + form.Get(k)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func apiError(w http.ResponseWriter, status, code int, message string) {
	apiJSON(w, status, map[string]any{"code": code, "message": message, "status": status,
		"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(code)})
}

func apiJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone when this fails
}

func clone(m map[string]any) map[string]any {
	c := make(map[string]any, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
