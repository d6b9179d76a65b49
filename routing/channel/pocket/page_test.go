package pocket

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// look evaluates script in the page.
func look[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

// In a real browser: what arrives shows at once and as text, in both languages, and a phone's width is enough.
func TestThePageInABrowser(t *testing.T) {
	p := startPocket(t, Config{Phones: []ProviderPhone{reyes, {Person: "p-pena", Name: "Dra. Lucía Peña", Number: "+13125550102",
		Email: "pena@sol.example", Lang: "es"}}})
	alloc, stop := chromedp.NewExecAllocator(t.Context(), chromedp.NoSandbox, chromedp.Headless,
		chromedp.WSURLReadTimeout(time.Minute), chromedp.Flag("lang", "en-US"))
	defer stop()
	tab, closeTab := chromedp.NewContext(alloc)
	defer closeTab()
	ctx, cancel := context.WithTimeout(tab, 40*time.Second)
	defer cancel()
	do := func(a ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, a...); err != nil {
			t.Fatal(err)
		}
	}
	evil := `<img src=x onerror="window.ran=true"> URGENT message L-4821. Open: https://page.example/m#t1`
	post(t, p, p.AuthToken, url.Values{"To": {"+13125550102"}, "From": {"+13125550199"},
		"Body": {"Pediatria Sol: mensaje URGENTE S-12. Abra: https://page.example/m#t2"}})
	do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(p.URL), chromedp.WaitVisible("#arrival-1"))
	post(t, p, p.AuthToken, url.Values{"To": {reyes.Number}, "From": {"+13125550199"}, "Body": {evil}})
	do(chromedp.WaitVisible("#arrival-2"))
	shot(t, ctx, "wide.png")
	if body := look[string](t, ctx, `document.querySelector('#arrival-2 .body').textContent`); body != evil {
		t.Errorf("body %q", body)
	}
	if look[bool](t, ctx, `window.ran === true || document.querySelector('main img') !== null`) {
		t.Error("what arrived ran")
	}
	if href := look[string](t, ctx, `document.querySelector('#arrival-2 a.open').href`); href != "https://page.example/m#t1" {
		t.Errorf("link %q", href)
	}
	if first := look[string](t, ctx, `document.title`); first != "The pocket" {
		t.Errorf("title %q", first)
	}
	do(chromedp.Click("#language"), chromedp.WaitVisible("html[lang=es] #arrival-2"))
	for want, script := range map[string]string{"El bolsillo": `document.title`,
		"Abrir el enlace": `document.querySelector('#arrival-2 a.open').textContent`} {
		if got := look[string](t, ctx, script); got != want {
			t.Errorf("in Spanish: %q, want %q", got, want)
		}
	}
	do(chromedp.EmulateViewport(320, 640))
	shot(t, ctx, "narrow.png")
	if over := look[float64](t, ctx, `document.documentElement.scrollWidth - window.innerWidth`); over > 0 {
		t.Errorf("at 320 px the page is %v px too wide", over)
	}
	phones := look[float64](t, ctx, `document.querySelectorAll('section').length`)
	if fmt.Sprint(phones) != "2" {
		t.Errorf("%v phones", phones)
	}
}

// shot keeps a picture of the page in the directory POCKET_SHOTS, when it is set.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("POCKET_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/"+name, png, 0o600); err != nil {
		t.Fatal(err)
	}
}
