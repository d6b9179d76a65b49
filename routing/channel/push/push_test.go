package push_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lamplight/routing/channel"
	"lamplight/routing/channel/channeltest"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/push"
)

// memory is a store of subscriptions for one test.
type memory struct {
	mu   sync.Mutex // guards subs
	subs map[string][]push.Subscription
}

func (m *memory) Subscriptions(_ context.Context, person string) ([]push.Subscription, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.subs[person], nil
}

func (m *memory) Unsubscribe(_ context.Context, endpoint string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, list := range m.subs {
		var kept []push.Subscription
		for _, s := range list {
			if s.Endpoint != endpoint {
				kept = append(kept, s)
			}
		}
		m.subs[p] = kept
	}
	return nil
}

func setup(t *testing.T) (*pocket.Pocket, *memory, push.Config) {
	t.Helper()
	keys, err := push.NewVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	p, err := pocket.Start(t.Context(), pocket.Config{Phones: []pocket.ProviderPhone{channeltest.Phone}, PushKey: keys.Public})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	var s push.Subscription
	if err := json.Unmarshal(p.Subscription(channeltest.Phone.Person), &s); err != nil {
		t.Fatal(err)
	}
	gone := s
	gone.Endpoint = "http://127.0.0.1:1/push/x"
	store := &memory{subs: map[string][]push.Subscription{channeltest.Phone.Person: {s}, "unheard": {gone}}}
	return p, store, push.Config{Keys: keys, Subscriber: "ops@house.example", Plain: []string{"127.0.0.1"}}
}

func client(t *testing.T, cfg push.Config, store push.SubscriptionStore) *push.Client {
	t.Helper()
	c, err := push.New(cfg, store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// unheard sends to the person whose phone's service does not answer.
type unheard struct{ channel.Channel }

func (u unheard) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	m.To = "unheard"
	return u.Channel.Send(ctx, m)
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) channeltest.Subject {
		p, store, cfg := setup(t)
		c := client(t, cfg, store)
		return channeltest.Subject{Channel: c, Pocket: p, Kind: pocket.ArrivedPush, To: channeltest.Phone.Person, Nowhere: "p-nobody",
			Refusal: channel.Unreachable, Unheard: unheard{c}}
	})
}

func TestASubscriptionThatIsOverIsDropped(t *testing.T) {
	p, store, cfg := setup(t)
	p.SetFaults(func(pocket.Arrival) pocket.Fault { return pocket.Refuse }) // 410 Gone
	c := client(t, cfg, store)
	if _, err := c.Send(t.Context(), channeltest.Message(channeltest.Phone.Person, "k")); err == nil {
		t.Fatal("taken")
	}
	if left, _ := store.Subscriptions(t.Context(), channeltest.Phone.Person); len(left) != 0 {
		t.Errorf("kept %v", left)
	}
}

func TestOnePhoneOfTwoIsEnough(t *testing.T) {
	p, store, cfg := setup(t)
	store.subs[channeltest.Phone.Person] = append(store.subs["unheard"], store.subs[channeltest.Phone.Person]...)
	if _, err := client(t, cfg, store).Send(t.Context(), channeltest.Message(channeltest.Phone.Person, "k")); err != nil {
		t.Fatal(err)
	}
	if len(p.Messages()) != 1 {
		t.Errorf("%d arrived", len(p.Messages()))
	}
}

func TestAPushOfAnotherSenderIsRefused(t *testing.T) {
	p, store, cfg := setup(t)
	var err error
	if cfg.Keys, err = push.NewVAPIDKeys(); err != nil {
		t.Fatal(err)
	}
	_, err = client(t, cfg, store).Send(t.Context(), channeltest.Message(channeltest.Phone.Person, "k"))
	var e *channel.SendError
	if !errors.As(err, &e) || e.Kind != channel.Refused || len(p.Messages()) != 0 {
		t.Errorf("%v, %d arrived", err, len(p.Messages()))
	}
}

func TestCheckEndpoint(t *testing.T) {
	_, store, _ := setup(t)
	s := store.subs[channeltest.Phone.Person][0]
	for endpoint, good := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/x": true,
		"https://8.8.8.8/x":                     true,
		"http://127.0.0.1:9/x":                  true, // named as plain
		"http://fcm.googleapis.com/x":           false,
		"https://10.0.0.1/x":                    false,
		"https://169.254.169.254/latest":        false,
		"https://[::1]/x":                       false,
		"https://user:pw@fcm.googleapis.com/x":  false,
		"file:///etc/passwd":                    false,
		"":                                      false,
	} {
		s.Endpoint = endpoint
		if err := s.Check([]string{"127.0.0.1"}); (err == nil) != good || (err != nil && !errors.Is(err, push.ErrEndpoint)) {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

// Keys to which nothing can be encrypted are found out when a browser brings them, not when a note must leave.
func TestKeysThatAreNoneAreFound(t *testing.T) {
	_, store, _ := setup(t)
	good := store.subs[channeltest.Phone.Person][0]
	for name, spoil := range map[string]func(*push.Subscription){
		"no point of the curve": func(s *push.Subscription) { s.Keys.P256dh = "BA" + strings.Repeat("A", 85) },
		"a point cut short":     func(s *push.Subscription) { s.Keys.P256dh = s.Keys.P256dh[:80] },
		"no point":              func(s *push.Subscription) { s.Keys.P256dh = "" },
		"no base64":             func(s *push.Subscription) { s.Keys.P256dh = "ñ" },
		"15 bytes":              func(s *push.Subscription) { s.Keys.Auth = "AAAAAAAAAAAAAAAAAAAA" },
		"no secret":             func(s *push.Subscription) { s.Keys.Auth = "" },
	} {
		s := good
		spoil(&s)
		if err := s.Check([]string{"127.0.0.1"}); !errors.Is(err, push.ErrKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	padded := good
	padded.Keys.P256dh, padded.Keys.Auth = strings.NewReplacer("-", "+", "_", "/").Replace(good.Keys.P256dh)+"=", good.Keys.Auth+"=="
	for _, s := range []push.Subscription{good, padded} {
		if err := s.Check([]string{"127.0.0.1"}); err != nil {
			t.Error(err)
		}
	}
}

// One that was kept before keys were looked at does not stay in the plan as an address.
func TestASubscriptionThatCanNeverWorkIsDropped(t *testing.T) {
	_, store, cfg := setup(t)
	store.subs[channeltest.Phone.Person][0].Keys.Auth = "short"
	if _, err := client(t, cfg, store).Send(t.Context(), channeltest.Message(channeltest.Phone.Person, "k")); err == nil {
		t.Fatal("taken")
	}
	if left, _ := store.Subscriptions(t.Context(), channeltest.Phone.Person); len(left) != 0 {
		t.Errorf("kept %v", left)
	}
}

// The pocket is as strict as Apple: a subject of "mailto:mailto:" is refused there.
func TestTheContactIsAPlainAddressHoweverItIsWritten(t *testing.T) {
	p, store, cfg := setup(t)
	for i, contact := range []string{"ops@house.example", "mailto:ops@house.example", "MAILTO:ops@house.example",
		"https://house.example/push"} {
		cfg.Subscriber = contact
		if _, err := client(t, cfg, store).Send(t.Context(), channeltest.Message(channeltest.Phone.Person, contact)); err != nil ||
			len(p.Messages()) != i+1 {
			t.Errorf("%s: %v", contact, err)
		}
	}
	for _, bad := range []string{"", "mailto:", "ops", "mailto:mailto:ops@house.example", "http://house.example",
		"Ops <ops@house.example>"} {
		cfg.Subscriber = bad
		if _, err := push.New(cfg, store); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// A name that leads inside is found out when it is resolved, whatever it looked like before.
func TestANameThatLeadsInsideIsNotCalled(t *testing.T) {
	p, store, cfg := setup(t)
	cfg.Plain = nil
	s := store.subs[channeltest.Phone.Person][0]
	s.Endpoint = "https://localhost:443/push/x"
	store.subs[channeltest.Phone.Person] = []push.Subscription{s}
	_, err := client(t, cfg, store).Send(t.Context(), channeltest.Message(channeltest.Phone.Person, "k"))
	var e *channel.SendError
	if !errors.As(err, &e) || e.Kind != channel.Unreachable || len(p.Messages()) != 0 {
		t.Errorf("%v", err)
	}
}

func TestKeysAreMadeOnceAndForTheOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "push.keys")
	var wg sync.WaitGroup
	got := make([]push.VAPIDKeys, 8)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = push.KeysAt(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range got {
		if k != got[0] || k.Private == "" {
			t.Errorf("%v differs", k.Public)
		}
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	if err := os.WriteFile(path, []byte(`{"public":"x","private":"y"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := push.KeysAt(path); err == nil {
		t.Error("garbled keys were taken")
	}
}
