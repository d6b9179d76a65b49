package server

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"

	"lamplight/console"
)

// checksPath is where the running server tells its own machine how it stands.
const checksPath = "/checks"

var errNoServerYet = errors.New("no server has run on this state directory yet: 'lamplight serve' begins one")

// Examine has the server that runs by a configuration say how everything stands, or looks itself when none does.
func Examine(ctx context.Context, cfg Config) ([]console.TonightCheck, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	st, err := NewStateDir(cfg.State)
	if err != nil {
		return nil, err
	}
	if checks, answered, err := askRunning(ctx, cfg, st); answered || ctx.Err() != nil {
		return checks, err
	}
	s, problem := &Server{Config: cfg, State: st, Log: discardLog()}, errNoServerYet
	if _, err := os.Stat(st.Path("postgres")); cfg.DatabaseURL != "" || !errors.Is(err, fs.ErrNotExist) {
		var connected *Server
		if connected, problem = (RecordFlags{State: cfg.State, DatabaseURL: cfg.DatabaseURL}).Connect(ctx); problem == nil {
			s = connected
			s.Config = cfg
			problem = s.Retake(ctx)
		}
	}
	return s.StoppedChecks(ctx, problem), s.Close()
}

// askRunning asks the server at --listen; when nothing of ours answers there, none runs.
func askRunning(ctx context.Context, cfg Config, st StateDir) (checks []console.TonightCheck, answered bool, err error) {
	roots, err := readPool(st.Keys(authorityFile))
	if err != nil {
		return nil, false, err
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, false, err
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	client := &http.Client{Timeout: 2 * lookPatience, Transport: &http.Transport{DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: certificateHosts}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+net.JoinHostPort(host, port)+checksPath, nil)
	if err != nil {
		return nil, false, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, true, fmt.Errorf("the server at %s does not tell this machine how it stands (status %d): give it --metrics-from %s/32",
			cfg.Listen, res.StatusCode, host)
	}
	err = json.NewDecoder(res.Body).Decode(&checks)
	return checks, true, err
}
