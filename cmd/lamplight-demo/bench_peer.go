package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/access"
	"lamplight/notes/seal"
	"lamplight/telephony/ari/bare"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/phone"
)

// barePeer is the least that connects a caller with an agent: an Asterisk of its own, configured like ours, and a script
// of a few ARI commands. It looks nothing up, writes nothing down and keeps no caller should it die.
type barePeer struct {
	asterisk *asterisk.Server
	ari      *bare.Client
	caller   *phone.Phone
	agent    *phone.Phone
	stop     context.CancelFunc
	beats    errgroup.Group
	calls    atomic.Int64
}

func startBarePeer(ctx context.Context, dir string) (p *barePeer, err error) {
	cache, err := asterisk.CacheDir()
	if err != nil {
		return nil, err
	}
	install, err := asterisk.Fetch(ctx, cache, server.PrintProgress)
	if err != nil {
		return nil, err
	}
	p = &barePeer{stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
			p = nil
		}
	}()
	if p.asterisk, err = asterisk.Start(ctx, install, asterisk.Config{Dir: dir, DieWithUs: true}); err != nil {
		return p, err
	}
	url, user, password := p.asterisk.ARI()
	if p.ari, err = bare.Dial(ctx, url, user, password, p.asterisk.App()); err != nil {
		return p, err
	}
	if err = p.ari.Beat(ctx); err != nil {
		return p, err
	}
	registrar := p.asterisk.SIPAddr().String()
	if p.agent, err = phone.Start(ctx, phone.Config{Registrar: registrar, User: "agent1",
		Password: p.asterisk.Agents()["agent1"]}); err != nil {
		return p, err
	}
	if err = p.agent.Register(ctx); err != nil {
		return p, err
	}
	if p.caller, err = phone.Start(ctx, phone.Config{Listen: "127.0.0.2:0", Registrar: registrar, User: "caller"}); err != nil {
		return p, err
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.beats.Go(func() error { return p.beat(ctx) })
	return p, nil
}

// beat keeps the dialplan handing calls over.
func (p *barePeer) beat(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := p.ari.Beat(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func (p *barePeer) close() error {
	p.stop()
	err := p.beats.Wait()
	for _, ph := range []*phone.Phone{p.agent, p.caller} {
		if ph != nil {
			err = errors.Join(err, ph.Close())
		}
	}
	if p.ari != nil {
		err = errors.Join(err, p.ari.Close())
	}
	if p.asterisk != nil {
		err = errors.Join(err, p.asterisk.Close())
	}
	return err
}

// bareTimes is what one bare call took: to StasisStart, and from the answer to sound both ways.
type bareTimes struct{ start, audio time.Duration }

func (p *barePeer) call(ctx context.Context) (t bareTimes, err error) {
	ctx, cancel := context.WithTimeout(ctx, markLimit)
	defer cancel()
	id := fmt.Sprintf("bare-%06d", p.calls.Add(1))
	var dialling errgroup.Group
	var caller *phone.Call
	t0 := time.Now()
	dialling.Go(func() (err error) {
		caller, err = p.caller.Dial(ctx, phone.Outgoing{Number: "+13125550100", From: "+13125550142", Name: "ROSA BENNETT"})
		return err
	})
	start, err := p.ari.Wait(ctx, "StasisStart")
	if err != nil {
		return t, errors.Join(err, dialling.Wait())
	}
	t.start = start.Read.Sub(t0)
	music := "/bridges/" + id + "/moh"
	if err := errors.Join(p.ari.Answer(ctx, start.Channel.ID, id), p.ari.Do(ctx, http.MethodPost, music, nil),
		p.ari.Ring(ctx, id+"-agent", "agent1")); err != nil {
		return t, errors.Join(err, dialling.Wait())
	}
	in, err := rung(ctx, p.agent)
	if err := errors.Join(err, dialling.Wait()); err != nil {
		return t, err
	}
	var script errgroup.Group
	script.Go(func() error { // as soon as Asterisk tells that the agent answered
		if _, err := p.ari.Wait(ctx, "StasisStart"); err != nil {
			return err
		}
		return errors.Join(p.ari.Join(ctx, id, id+"-agent"), p.ari.Do(ctx, http.MethodDelete, music, nil))
	})
	var agent *phone.Call
	t.audio, agent, err = audible(ctx, caller, in.Answer)
	if err != nil {
		cancel()
	}
	if err = errors.Join(err, script.Wait()); err != nil {
		return t, err
	}
	return t, errors.Join(caller.Hangup(ctx), p.ari.Hangup(ctx, id+"-agent"), over(ctx, agent), p.ari.Remove(ctx, id))
}

func over(ctx context.Context, c *phone.Call) error {
	select {
	case <-c.Done():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("a leg was left behind: %w", ctx.Err())
	}
}

// floor is the least that makes a note durable and unreadable: one row, sealed, committed.
type floor struct {
	pool     *pgxpool.Pool
	keys     *seal.Keys
	practice string
	body     []byte
}

func startFloor(ctx context.Context, d *demo) (*floor, error) {
	practice := d.practices[0].Account.ID
	f := &floor{pool: d.server.Pool, practice: string(practice)}
	ctx = access.System(ctx, "bench")
	if _, err := f.pool.Exec(ctx, "create table bench_floor (id text primary key, body bytea not null)"); err != nil {
		return nil, fmt.Errorf("the bare insert's table: %w", err)
	}
	var err error
	if f.keys, err = d.server.Record.Keys(ctx, practice); err != nil {
		return nil, err
	}
	f.body, err = json.Marshal(d.script(0).Expected)
	return f, err
}

func (f *floor) insert(ctx context.Context) (time.Duration, error) {
	id := uuid.Must(uuid.NewV7()).String()
	began := time.Now()
	sealed, err := f.keys.Seal(seal.Label{Practice: f.practice, Kind: "bench", ID: id, Version: 1}, f.body)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into bench_floor (id, body) values ($1, $2)", id, sealed)
		return err
	})
	return time.Since(began), err
}
