package main

// What must have come to rest before a campaign reckons.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// settled is how long what goes on by itself may take.
const settled = 4 * time.Minute

// settle waits until no call lives, no note is being sent, and every note has a person.
func (a *reckoning) settle(ctx context.Context) error {
	began := time.Now()
	for {
		rest, err := a.unsettled(ctx)
		if err != nil {
			return err
		}
		climbing := 0
		if err := a.record.Pool.QueryRow(ctx, "select count(*) from dispatch where state = 'climbing'").Scan(&climbing); err != nil {
			return err
		}
		if len(rest) == 0 && (climbing == 0 || time.Since(began) > a.cmd.Climb) {
			a.note("all is settled after %.0f s", time.Since(began).Seconds())
			return nil
		}
		if time.Since(began) > settled {
			for _, r := range rest {
				a.wrong(time.Now(), "after %v still %s", settled, r)
			}
			return nil
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

// unsettled tells what still goes on.
func (a *reckoning) unsettled(ctx context.Context) (rest []string, err error) {
	for _, q := range []struct{ what, sql string }{
		{"the call %s lives in the database", "select id from call where state <> 'ended'"},
		{"the note %s has nobody: neither acknowledged nor on its ladder nor a supervisor told", withoutPerson},
	} {
		rows, err := a.record.Pool.Query(ctx, q.sql)
		if err != nil {
			return nil, err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			rest = append(rest, fmt.Sprintf(q.what, id))
		}
	}
	left, err := a.onSwitch(ctx)
	if err != nil {
		return nil, err
	}
	rest = append(rest, left...)
	sending := map[string]agentSaw{}
	for _, s := range a.seen() {
		switch s.What {
		case sawSending:
			sending[s.Draft] = s
		case sawSent:
			delete(sending, s.Draft)
		}
	}
	for _, s := range sending {
		rest = append(rest, fmt.Sprintf("the draft %s of %s about the call %s, sent at %s, is not confirmed", s.Draft, s.Agent, s.Call,
			s.At.Format("15:04:05")))
	}
	return rest, nil
}

// withoutPerson are the notes that a person neither has nor is being told of: nobody acknowledged or closed them, no supervisor
// took them over or was told, and nothing is due on a ladder. A note that waits for the office has the office, and a voicemail
// has the agents while it stands on their board.
const withoutPerson = `select n.id from note n where n.state in ('open', 'read') and n.urgency <> 'routine' and not exists (
	select from board b where b.id = n.id and b.kind = 'voicemail' and b.rank is not null) and not exists (
	select from dispatch d where d.note = n.id and (
		d.state = 'acked'
		or d.state = 'climbing' and exists (select from attempt a where a.dispatch = d.id and a.state in ('due', 'sending')
			and a.due_at > routing_now() - interval '30 seconds')
		or d.state = 'exhausted' and exists (select from summons s where s.dispatch = d.id and (s.taken_by is not null
			or s.round > 0 and s.told = '' and s.next_at > routing_now() - interval '30 seconds'))))`

// seen is what all desks have seen, in order.
func (c *campaign) seen() (all []agentSaw) {
	for _, a := range c.agents {
		all = append(all, a.all()...)
	}
	slices.SortStableFunc(all, func(x, y agentSaw) int { return x.At.Compare(y.At) })
	return all
}

// asterisk reads where the private Asterisk is reached.
func (c *campaign) asterisk() (s asteriskState, err error) {
	b, err := os.ReadFile(c.server.State.Path("asterisk/state.json"))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// onSwitch lists the channels and bridges that Asterisk itself has, and recordings that nobody fetched.
func (a *reckoning) onSwitch(ctx context.Context) (left []string, err error) {
	at, err := a.asterisk()
	if err != nil {
		return nil, err
	}
	for _, what := range []string{"channels", "bridges"} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/ari/%s", at.ARI, what), nil)
		if err != nil {
			return nil, err
		}
		r.SetBasicAuth("lamplight", at.ARIPassword)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		var all []struct{ ID, Name string }
		err = errors.Join(json.NewDecoder(res.Body).Decode(&all), res.Body.Close())
		if err != nil {
			return nil, fmt.Errorf("Asterisk's %s: %w", what, err)
		}
		for _, one := range all {
			// The watchman looks after who waits, and stays; so does the room they wait in.
			if strings.Contains(one.Name, "lamplight-watch") || strings.HasSuffix(one.ID, "-waiting-room") {
				continue
			}
			left = append(left, fmt.Sprintf("%s %s %s on the switch", what, one.ID, one.Name))
		}
	}
	err = filepath.WalkDir(a.server.State.Path("asterisk/spool/recording"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			left = append(left, "the recording "+path+" is not fetched")
		}
		return err
	})
	return left, err
}
