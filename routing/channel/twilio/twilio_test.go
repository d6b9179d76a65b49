package twilio_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lamplight/routing/channel"
	"lamplight/routing/channel/channeltest"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/twilio"
)

func startPocket(t *testing.T) *pocket.Pocket {
	t.Helper()
	p, err := pocket.Start(t.Context(), pocket.Config{Phones: []pocket.ProviderPhone{channeltest.Phone}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func client(t *testing.T, p *pocket.Pocket, base, callback string) *twilio.Client {
	t.Helper()
	c, err := twilio.New(twilio.Config{BaseURL: base, AccountSID: p.AccountSID, AuthToken: p.AuthToken, From: "+13125550999",
		CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Subject {
		p := startPocket(t)
		return channeltest.Subject{Channel: client(t, p, p.URL, ""), Pocket: p, Kind: pocket.ArrivedText, CanLookup: true,
			To: channeltest.Phone.Number, Nowhere: "5550101", Unheard: client(t, p, "http://127.0.0.1:1", "")}
	})
}

func TestAWrongTokenMayBePutRight(t *testing.T) {
	p := startPocket(t)
	c, err := twilio.New(twilio.Config{BaseURL: p.URL, AccountSID: p.AccountSID, AuthToken: "wrong", From: "+13125550999"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Send(t.Context(), channeltest.Message(channeltest.Phone.Number, "k"))
	var e *channel.SendError
	if !errors.As(err, &e) || e.Kind != channel.Later || e.Code != "20003" {
		t.Errorf("%v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	good := twilio.Config{BaseURL: "https://api.twilio.com", AccountSID: "AC1", AuthToken: "t", From: "+1312"}
	for name, spoil := range map[string]func(*twilio.Config){
		"no address":                  func(c *twilio.Config) { c.BaseURL = "" },
		"an address of another kind":  func(c *twilio.Config) { c.BaseURL = "ftp://x" },
		"a token twilio-go chokes on": func(c *twilio.Config) { c.AuthToken = "a-b" },
		"no number":                   func(c *twilio.Config) { c.From = "" },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := twilio.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// reports collects what a callback handler lets through.
func reports(t *testing.T, p *pocket.Pocket) (*twilio.Client, chan channel.DeliveryReport, string) {
	t.Helper()
	got := make(chan channel.DeliveryReport, 100)
	var handler http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	c := client(t, p, p.URL, s.URL+"/hooks/text")
	handler = c.Callback(func(_ context.Context, r channel.DeliveryReport) error { got <- r; return nil })
	return c, got, s.URL + "/hooks/text"
}

func TestReportsComeSigned(t *testing.T) {
	p := startPocket(t)
	c, got, _ := reports(t, p)
	r, err := c.Send(t.Context(), channeltest.Message(channeltest.Phone.Number, "key-1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []channel.DeliveryStatus{channel.Accepted, channel.Accepted, channel.Delivered} {
		select {
		case g := <-got:
			if g.Key != "key-1" || g.Ref != r.Ref || g.Status != want {
				t.Errorf("%+v, want %s", g, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no report")
		}
	}
	p.SetFaults(func(pocket.Arrival) pocket.Fault { return pocket.Undeliver })
	if _, err := c.Send(t.Context(), channeltest.Message(channeltest.Phone.Number, "key-2")); err != nil {
		t.Fatal(err)
	}
	for g := range got {
		if g.Status == channel.Undelivered {
			if g.Why != "30003" {
				t.Errorf("%+v", g)
			}
			break
		}
	}
}

func TestACallbackThatIsNotTheGateways(t *testing.T) {
	p := startPocket(t)
	_, got, hook := reports(t, p)
	form := func(edit func(url.Values)) url.Values {
		f := url.Values{"MessageSid": {"SM1"}, "AccountSid": {p.AccountSID}, "MessageStatus": {"delivered"}}
		if edit != nil {
			edit(f)
		}
		return f
	}
	post := func(address string, f url.Values, signature string) int {
		r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(f.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", signature)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	at := hook + "?attempt=k1"
	sign := func(address string, f url.Values) string { return pocket.Sign(p.AuthToken, address, f) }
	other := form(func(f url.Values) { f.Set("AccountSid", "AC0") })
	noSID := form(func(f url.Values) { f.Del("MessageSid") })
	news := form(func(f url.Values) { f.Set("MessageStatus", "receiving") })
	big := form(func(f url.Values) { f.Set("Body", strings.Repeat("x", 64<<10)) })
	for name, tc := range map[string]struct {
		status    int
		address   string
		form      url.Values
		signature string
	}{
		"no signature":                    {403, at, form(nil), ""},
		"another's signature":             {403, at, form(nil), pocket.Sign("other", at, form(nil))},
		"a signature of other news":       {403, at, form(nil), sign(at, news)},
		"a signature for another attempt": {403, hook + "?attempt=k2", form(nil), sign(at, form(nil))},
		"another account":                 {400, at, other, sign(at, other)},
		"no message":                      {400, at, noSID, sign(at, noSID)},
		"no attempt":                      {400, hook + "?x=y", form(nil), sign(hook+"?x=y", form(nil))},
		"a status we do not know":         {204, at, news, sign(at, news)},
		"too long":                        {413, at, big, sign(at, big)},
	} {
		if got := post(tc.address, tc.form, tc.signature); got != tc.status {
			t.Errorf("%s: %d, want %d", name, got, tc.status)
		}
	}
	if len(got) != 0 {
		t.Errorf("let through: %+v", <-got)
	}
	if s := post(at, form(nil), sign(at, form(nil))); s != 204 || len(got) != 1 {
		t.Errorf("the gateway's own: %d, %d reports", s, len(got))
	}
}
