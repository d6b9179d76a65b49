package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/twilio/twilio-go/client"

	"lamplight/routing/channel"
)

// maxCallback is more than a status callback ever holds, in bytes.
const maxCallback = 32 << 10

// statuses are the gateway's words in ours. What is not here is news we do not need.
var statuses = map[string]channel.DeliveryStatus{
	"accepted": channel.Accepted, "scheduled": channel.Accepted, "queued": channel.Accepted,
	"sending": channel.Accepted, "sent": channel.Accepted,
	"delivered": channel.Delivered, "read": channel.Delivered,
	"undelivered": channel.Undelivered,
	"failed":      channel.Failed, "canceled": channel.Failed,
}

var errNotOurs = errors.New("status callback: not for this account")

// Callback serves the gateway's status callbacks at Config.CallbackURL. A request whose signature is not the account's is
// answered 403 and goes no further; when sink fails the answer is 500, so that a gateway that repeats will. Reports come
// late, twice and out of order: the sink sorts that out.
func (c *Client) Callback(sink func(context.Context, channel.DeliveryReport) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := c.signed(w, r, c.cfg.CallbackURL)
		if !ok {
			return
		}
		report, known, err := parseReport(c.cfg.AccountSID, r.URL.RawQuery, body)
		switch {
		case err != nil:
			http.Error(w, "not understood", http.StatusBadRequest)
			return
		case known:
			if err := sink(r.Context(), report); err != nil {
				http.Error(w, "try again", http.StatusInternalServerError)
				return
			}
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// signed reads a request that the gateway made to one of our addresses, or answers why not: the signature is over the address
// as the gateway knows it, which a proxy before us may have changed.
func (c *Client) signed(w http.ResponseWriter, r *http.Request, address string) (body string, ok bool) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return "", false
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return "", false
	}
	if r.URL.RawQuery != "" {
		address += "?" + r.URL.RawQuery
	}
	validator := client.NewRequestValidator(c.cfg.AuthToken)
	if !validator.ValidateBody(address, text, r.Header.Get("X-Twilio-Signature")) {
		http.Error(w, "bad signature", http.StatusForbidden)
		return "", false
	}
	return string(text), true
}

// parseReport reads a callback whose signature was good; known is false for a status that means nothing to us.
func parseReport(account, query, body string) (r channel.DeliveryReport, known bool, err error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return r, false, errors.New("status callback: garbled query")
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return r, false, errors.New("status callback: garbled body")
	}
	if form.Get("AccountSid") != account {
		return r, false, errNotOurs
	}
	r = channel.DeliveryReport{Key: q.Get("attempt"), Ref: form.Get("MessageSid")}
	if r.Key == "" || len(r.Key) > 64 || !plainWord.MatchString(r.Ref) || len(r.Ref) > 64 {
		return channel.DeliveryReport{}, false, errors.New("status callback: names no message")
	}
	if why := form.Get("ErrorCode"); plainWord.MatchString(why) && len(why) <= 16 {
		r.Why = why
	}
	r.Status, known = statuses[form.Get("MessageStatus")]
	return r, known, nil
}
