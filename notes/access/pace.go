package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/seal"
)

// After a few free failures each further one doubles the wait. A source gets more, because an office shares one address.
// Failures are forgotten one by one, so that the mistakes of months do not add up.
const (
	freeByLogin  = 5
	freeBySource = 30
	firstWait    = 2 * time.Second
	longestWait  = 15 * time.Minute
	paceForgets  = 24 * time.Hour
)

// A pace is one count of failures: how many are free, and after how long one of them is forgotten.
type pace struct {
	key     []byte
	free    int
	forgets time.Duration
}

// pacesOf are what an attempt is slowed by: the login's count and the source's. A device the login is known from has a count
// of its own instead, or whoever knows a login could keep its owner out. The desks' logins are counted apart from the web's,
// because the web is everybody's. Keys are HMACs, since a mistyped login is often a password.
func pacesOf(own *seal.Keys, login string, a SignInAttempt, known bool) []pace {
	if known {
		return []pace{{own.Term("pace-device", a.Device), freeByLogin, longestWait}}
	}
	kind := "pace-login"
	if a.Token != "" {
		kind = "pace-desk"
	}
	return []pace{
		{own.Term(kind, login), freeByLogin, longestWait},
		{own.Term("pace-source", network(a.Source)), freeBySource, longestWait / 3},
	}
}

// network is whom an address belongs to: of IPv6, a subscriber has a whole /64.
func network(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}

// newDevice makes what a browser keeps after a sign-in: a random name, and our word that the login came in by it.
func newDevice(own *seal.Keys, login string) string {
	random := make([]byte, 16)
	rand.Read(random)
	name := base64.RawURLEncoding.EncodeToString(random)
	return name + "." + deviceMark(own, login, name)
}

func knownDevice(own *seal.Keys, login, device string) bool {
	name, mark, ok := strings.Cut(device, ".")
	return ok && hmac.Equal([]byte(mark), []byte(deviceMark(own, login, name)))
}

func deviceMark(own *seal.Keys, login, name string) string {
	return base64.RawURLEncoding.EncodeToString(own.Term("device", name+"\x00"+login))
}

// loginMark is what a leaf calls a login that may belong to nobody.
func loginMark(own *seal.Keys, login string) string {
	return hex.EncodeToString(own.Term("login-mark", login))
}

// takeTurn counts an attempt before it is looked at, so that many at once cannot slip through, and returns until when the
// attempt must wait; zero when it may go on. A success takes the count back. One that must wait counts for nothing, and
// writes nothing.
func (d *Door) takeTurn(ctx context.Context, paces []pace) (until time.Time, err error) {
	now := d.Now()
	keys := make([][]byte, len(paces))
	for i, p := range paces {
		keys[i] = p.key
	}
	var waits *time.Time
	if err := d.pool.QueryRow(ctx, "select max(until) from sign_in_pace where key = any($1) and until > $2", keys,
		now).Scan(&waits); err != nil {
		return time.Time{}, fmt.Errorf("pace the sign-in: %w", err)
	}
	if waits != nil {
		return *waits, nil
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		until, err = count(ctx, tx, paces, now)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("pace the sign-in: %w", err)
	}
	return until, nil
}

// count adds a failure to each pace, unless one of them says wait.
func count(ctx context.Context, tx pgx.Tx, paces []pace, now time.Time) (until time.Time, err error) {
	failures, last := make([]int, len(paces)), make([]time.Time, len(paces))
	for i, p := range paces {
		var wait time.Time
		// The insert takes the row's lock, also when the row was there.
		if err := tx.QueryRow(ctx, `insert into sign_in_pace (key, failures, last_at, until) values ($1, 0, $2, $2)
			on conflict (key) do update set key = excluded.key returning failures, last_at, until`, p.key, now).Scan(&failures[i], &last[i], &wait); err != nil {
			return until, err
		}
		if wait.After(now) && wait.After(until) {
			until = wait
		}
	}
	if !until.IsZero() { // not looked at, so it counts for neither: a desk that tries again must not slow its office
		return until, nil
	}
	for i, p := range paces {
		if forgotten := max(0, int(now.Sub(last[i])/p.forgets)); forgotten >= failures[i] {
			failures[i], last[i] = 0, now
		} else { // what is left of the time counts towards the next
			failures[i], last[i] = failures[i]-forgotten, last[i].Add(time.Duration(forgotten)*p.forgets)
		}
		failures[i]++
		next := now
		if over := failures[i] - p.free; over >= 0 {
			next = now.Add(min(firstWait<<min(over, 20), longestWait))
		}
		if _, err := tx.Exec(ctx, "update sign_in_pace set failures = $2, last_at = $3, until = $4 where key = $1", p.key, failures[i],
			last[i], next); err != nil {
			return until, err
		}
	}
	return until, nil
}
