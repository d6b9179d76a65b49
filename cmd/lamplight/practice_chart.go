package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"lamplight/cmd/lamplight/server"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/chart"
	"lamplight/telephony"
)

// practiceChartCmd keeps the key of a practice's chart. Without a flag it makes one when there is none, and tells which signs.
type practiceChartCmd struct {
	practiceFlags
	NewKey bool   `help:"Make another key. It signs from now on; the chart must know it: it stands on our page of keys beside the one before."`
	Key    string `help:"Take the private key in this file (PEM, EC on P-384 or RSA) instead of making one." type:"existingfile" placeholder:"PEM"`
	Try    bool   `help:"Ask the chart what it can do and whether it lets us in. Nothing is written."`
}

func (c *practiceChartCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *practiceChartCmd) run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(ctx context.Context, s *server.Server, acc notes.Account) error {
		key, err := c.key(ctx, s, acc.ID)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s signs with %s (%s); its public half stands at --public-url + %s\n", acc.Name, key.ID, key.Algorithm(),
			chart.JWKSPath(acc.ID)); err != nil {
			return err
		}
		if acc.Chart == nil {
			_, err := fmt.Fprintln(out, "the practice's file names no chart yet: add account.chart and store it with 'lamplight practice put'")
			return err
		}
		if !c.Try {
			return nil
		}
		can, err := s.Charts.Try(ctx, acc)
		if len(can) > 0 {
			if _, err := fmt.Fprintf(out, "%s: %s\n", acc.Chart.Endpoint, strings.Join(can, ", ")); err != nil {
				return err
			}
		}
		var trouble *chart.Trouble
		if errors.As(err, &trouble) {
			return fmt.Errorf("the chart at %s takes no notes: %s (%w)", acc.Chart.Endpoint,
				strings.TrimSuffix(catalog.T(telephony.English, "portal.chart.why."+string(trouble.Why), nil), "."), err)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, "the chart lets us in and takes notes")
		return err
	})
}

// key is the one that signs, made or taken when that was asked for or none is there.
func (c *practiceChartCmd) key(ctx context.Context, s *server.Server, account telephony.AccountID) (chart.Key, error) {
	switch has, ok, err := s.Charts.Key(ctx, account); {
	case err != nil:
		return chart.Key{}, err
	case ok && !c.NewKey && c.Key == "":
		return has, nil
	}
	k, err := chart.NewKey()
	if c.Key != "" {
		var text []byte
		if text, err = os.ReadFile(c.Key); err == nil {
			k, err = chart.ReadKey(text)
		}
		if err != nil {
			err = fmt.Errorf("take the key in %s: %w", c.Key, err)
		}
	}
	if err != nil {
		return chart.Key{}, err
	}
	return k, s.Charts.PutKey(ctx, account, k)
}
