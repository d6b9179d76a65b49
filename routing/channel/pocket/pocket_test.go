package pocket

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lamplight/frontend/shared/catalog"
)

var reyes = ProviderPhone{Person: "p-reyes", Name: "Dr Reyes", Number: "+13125550101", Email: "reyes@lakeside.example", Lang: "en"}

func startPocket(t *testing.T, cfg Config) *Pocket {
	t.Helper()
	p, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// post sends one text as any program would.
func post(t *testing.T, p *Pocket, token string, form url.Values) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.URL+"/2010-04-01/Accounts/"+p.AccountSID+"/Messages.json",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(p.AccountSID, token)
	return answer(t, r)
}

func answer(t *testing.T, r *http.Request) (int, map[string]any) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var fields map[string]any
	if err := json.NewDecoder(res.Body).Decode(&fields); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, fields
}

func TestTheGatewaySpeaksTheMessagesAPI(t *testing.T) {
	p := startPocket(t, Config{Phones: []ProviderPhone{reyes}})
	good := url.Values{"To": {reyes.Number}, "From": {"+13125550999"}, "Body": {"hello https://page.example/m#t."}}
	status, msg := post(t, p, p.AuthToken, good)
	if status != 201 || !strings.HasPrefix(msg["sid"].(string), "SM") || msg["status"] != "accepted" {
		t.Fatalf("%d %v", status, msg)
	}
	if a := p.Messages()[0]; a.Link != "https://page.example/m#t" {
		t.Errorf("link %q", a.Link)
	}
	for name, tc := range map[string]struct {
		token string
		form  url.Values
		code  float64
	}{
		"a wrong token":  {"wrong", good, 20003},
		"no number":      {p.AuthToken, url.Values{"To": {"home"}, "Body": {"x"}}, 21211},
		"nothing to say": {p.AuthToken, url.Values{"To": {reyes.Number}}, 21602},
	} {
		if status, msg := post(t, p, tc.token, tc.form); status < 400 || msg["code"] != tc.code {
			t.Errorf("%s: %d %v", name, status, msg)
		}
	}
	for path, want := range map[string]int{"/Messages/" + msg["sid"].(string) + ".json": 200, "/Messages/SM0.json": 404,
		"/Messages.json?To=%2B13125550101&PageSize=1": 200} {
		r, err := http.NewRequest(http.MethodGet, p.URL+"/2010-04-01/Accounts/"+p.AccountSID+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(p.AccountSID, p.AuthToken)
		if status, fields := answer(t, r); status != want {
			t.Errorf("%s: %d %v", path, status, fields)
		}
	}
}

func TestThePageStreamsWhatArrivesAndLetsNothingRun(t *testing.T) {
	p := startPocket(t, Config{Phones: []ProviderPhone{reyes}})
	for _, path := range []string{"/", "/pocket.js", "/pocket.css"} {
		res, err := http.Get(p.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		policy := res.Header.Get("Content-Security-Policy")
		if err != nil || res.StatusCode != 200 || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %d %v %q", path, res.StatusCode, err, policy)
		}
		for _, bad := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "onclick="} {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s uses %s", path, bad)
			}
		}
	}
	res, err := http.Get(p.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	evil := `<img src=x onerror=alert(1)> javascript:alert(1)`
	next := func() (v pocketView) {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(text), &v); err != nil {
					t.Fatal(err)
				}
				return v
			}
		}
		t.Fatal("the stream ended")
		return v
	}
	if v := next(); len(v.Arrivals) != 0 || v.Phones[0].Name != "Dr Reyes" {
		t.Errorf("first %+v", v)
	}
	post(t, p, p.AuthToken, url.Values{"To": {reyes.Number}, "Body": {evil}})
	v := next()
	for len(v.Arrivals) == 0 || v.Arrivals[0].Status != "delivered" {
		v = next()
	}
	if a := v.Arrivals[0]; a.Body != evil || a.Link != "" {
		t.Errorf("%+v", a)
	}
}

func TestThePageHasAllItsWordsInBothLanguages(t *testing.T) {
	p := startPocket(t, Config{})
	script, err := pageFiles.ReadFile("page/pocket.js")
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range c.Languages() {
		r, err := http.NewRequest(http.MethodGet, p.URL+"/words?lang="+string(lang), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, words := answer(t, r)
		if len(words) != len(c.Part(lang, "pocket.")) || words["pocket.title"] != c[lang]["pocket.title"] {
			t.Errorf("%s: %v", lang, words)
		}
		for key := range words {
			stem := strings.TrimSuffix(strings.TrimSuffix(key, "_one"), "_other")
			html, err := pageFiles.ReadFile("page/index.html")
			if err != nil {
				t.Fatal(err)
			}
			prefix := stem[:strings.LastIndexByte(stem, '.')+1] + "${"
			if all := string(script) + string(html); !strings.Contains(all, stem) && !strings.Contains(all, prefix) {
				t.Errorf("%s is said nowhere", key)
			}
		}
	}
}

func TestWaitAndClose(t *testing.T) {
	p := startPocket(t, Config{Phones: []ProviderPhone{reyes}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Wait(ctx, func(a []Arrival) bool { return len(a) > 0 }); err == nil {
		t.Error("nothing came and no error")
	}
	done := make(chan error)
	go func() {
		_, err := p.Wait(context.Background(), func(a []Arrival) bool { return len(a) > 0 })
		done <- err
	}()
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err == nil {
		t.Error("waiting went on after the pocket closed")
	}
	if _, err := Start(t.Context(), Config{Host: "256.0.0.1"}); err == nil {
		t.Error("opened where nothing is")
	}
}

// Whatever a stranger posts to the push service, it answers and does not break.
func FuzzOpenPush(f *testing.F) {
	p := &Pocket{subs: map[string]*subscription{}, byPerson: map[string]*subscription{}}
	if err := p.subscribe("x"); err != nil {
		f.Fatal(err)
	}
	s := p.byPerson["x"]
	f.Add([]byte{})
	f.Add(append(make([]byte, 20), 65, 4))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := s.open(body); err == nil {
			t.Error("a push that nobody sealed was opened")
		}
	})
}
