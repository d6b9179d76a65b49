// Package routingtest lets a test's escalations pass without waiting for them: it moves the one clock that all engines of a
// database go by. It promises to touch nothing but that database; it leaves everything else as it is in production.
package routingtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A Clock is the movable clock of one database.
type Clock struct {
	t    testing.TB
	pool *pgxpool.Pool
	own  string // the function as the migrations made it
}

// NewClock makes the database's routing clock movable. It begins at the present.
func NewClock(t testing.TB, pool *pgxpool.Pool) *Clock {
	t.Helper()
	c := &Clock{t: t, pool: pool}
	if err := pool.QueryRow(context.Background(), "select pg_get_functiondef('routing_now'::regproc)").Scan(&c.own); err != nil {
		t.Fatal(err)
	}
	c.exec("create table if not exists test_clock (ahead interval not null)")
	c.exec("delete from test_clock")
	c.exec("insert into test_clock values ('0')")
	c.exec(`create or replace function routing_now() returns timestamptz language sql volatile as
		'select clock_timestamp() + (select ahead from test_clock)'`)
	return c
}

// Restore gives the database its own clock back: whoever verifies it holds its functions against the migrations'.
func (c *Clock) Restore() {
	c.t.Helper()
	c.exec(c.own)
	c.exec("drop table test_clock")
}

// Advance moves the clock on and wakes the engines.
func (c *Clock) Advance(d time.Duration) {
	c.t.Helper()
	c.exec("update test_clock set ahead = ahead + $1", d)
	c.exec("select pg_notify('lamplight_due', '')")
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.t.Helper()
	var now time.Time
	if err := c.pool.QueryRow(context.Background(), "select routing_now()").Scan(&now); err != nil {
		c.t.Fatal(err)
	}
	return now
}

func (c *Clock) exec(sql string, args ...any) {
	c.t.Helper()
	if _, err := c.pool.Exec(context.Background(), sql, args...); err != nil {
		c.t.Fatal(err)
	}
}
