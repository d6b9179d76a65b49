package engine

import (
	"context"
	"time"

	"lamplight/telephony"
)

// level is the share of the day's calls that were answered in time. It is counted from the record, so that it is the whole
// service's, outlives this process, and counts the callers whom the fail-safe took while nobody drove.
type level struct {
	share  float64   // -1 when no call was counted
	at     time.Time // when it was asked for last
	stale  bool      // a call has moved since
	asking bool
}

const (
	answerIn   = 20 * time.Second // the service level's time
	countEvery = 5 * time.Second  // while calls move
	countAgain = time.Minute      // while none does: a day may have ended, another server may have answered
)

// count looks the service level up, each second, if it may be another.
func (e *Engine) count() {
	e.dirty = true // the longest wait is another each second
	now := e.cfg.Now()
	since := now.Sub(e.level.at)
	if e.level.asking || since < countEvery || since < countAgain && !e.level.stale {
		return
	}
	e.level.asking, e.level.stale, e.level.at = true, false, now
	var a telephony.Answered
	e.work(func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, e.cfg.LedgerPatience)
		defer cancel()
		a, err = e.cfg.Ledger.Answered(ctx, midnight(now, e.cfg.Zone), answerIn)
		return err
	}, func(err error) {
		e.level.asking = false
		if err != nil {
			e.level.stale = true
			e.cfg.Log.Warn("telephony: the service level could not be counted", "error", err)
			return
		}
		e.level.share, e.dirty = a.Share(), true
	})
}

// AnswerIn is within how long a call is to be answered, and Day when the day began whose calls count.
func (e *Engine) AnswerIn() time.Duration { return answerIn }
func (e *Engine) Day() time.Time          { return midnight(e.cfg.Now(), e.cfg.Zone) }

// midnight is the beginning of the day of an instant in a zone.
func midnight(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}
