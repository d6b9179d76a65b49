package twilio

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"lamplight/frontend/shared/catalog"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// Inbound serves the texts that come back, at Config.InboundURL, as the gateway's webhook "a message comes in". A request
// whose signature is not the account's is answered 403 and goes no further; when sink fails the answer is 500, which the
// gateway tells its owner. What sink answers is texted back; "" is nothing.
func (c *Client) Inbound(sink func(context.Context, channel.Reply) (answer string, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := c.signed(w, r, c.cfg.InboundURL)
		if !ok {
			return
		}
		reply, known, err := parseReply(c.cfg.AccountSID, body)
		if err != nil {
			http.Error(w, "not understood", http.StatusBadRequest)
			return
		}
		answer := ""
		if known {
			if answer, err = sink(r.Context(), reply); err != nil {
				http.Error(w, "try again", http.StatusInternalServerError)
				return
			}
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write(twiml(answer)) // a gateway that has gone hears no answer, and repeats nothing
	})
}

// twiml tells the gateway what to text back.
func twiml(answer string) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Response>`)
	if answer != "" {
		b.WriteString("<Message>")
		_ = xml.EscapeText(&b, []byte(answer)) // a Buffer takes everything
		b.WriteString("</Message>")
	}
	b.WriteString("</Response>")
	return b.Bytes()
}

var e164 = regexp.MustCompile(`^\+[0-9]{7,15}$`)

// parseReply reads a text whose signature was good; known is false for one that
// says nothing, or that no phone sent: a short code, or a name.
func parseReply(account, body string) (r channel.Reply, known bool, err error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return r, false, errors.New("text back: garbled body")
	}
	if form.Get("AccountSid") != account {
		return r, false, errNotOurs
	}
	r.Ref = form.Get("MessageSid")
	if !plainWord.MatchString(r.Ref) || len(r.Ref) > 64 {
		return channel.Reply{}, false, errors.New("text back: it has no name")
	}
	if r.From = form.Get("From"); !e164.MatchString(r.From) {
		return channel.Reply{}, false, nil
	}
	r.Body = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(form.Get("Body"), "�"), "\x00", "�"))
	r.Sense = channel.SenseOf(r.Body)
	if pictures, err := strconv.Atoi(form.Get("NumMedia")); err == nil && pictures > 0 {
		// A picture is not fetched: who reads must at least know of it, in both languages, since nobody knows the reader's.
		r.Sense = channel.SenseWords
		r.Body = strings.TrimSpace(r.Body + "\n" + catalog.T(telephony.English, "channel.reply.picture", nil) + " / " +
			catalog.T(telephony.Spanish, "channel.reply.picture", nil))
	}
	// The account's owner may have given words of their own to stop and start, which the gateway has obeyed already.
	switch form.Get("OptOutType") {
	case "STOP":
		r.Sense, r.Answered = channel.SenseStop, true
	case "START":
		r.Sense, r.Answered = channel.SenseStart, true
	case "HELP":
		r.Sense, r.Answered = channel.SenseHelp, true
	}
	if r.Body == "" && r.Sense == channel.SenseWords {
		return channel.Reply{}, false, nil
	}
	return r, true, nil
}
