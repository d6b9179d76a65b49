package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/telephony"
)

// ErrScheduleMoved: a practice's schedule is no longer the one that a change was made from. Nothing is stored.
var ErrScheduleMoved = errors.New("notes: somebody has changed the schedule meanwhile")

// ErrNoVersion: a practice never had that schedule.
var ErrNoVersion = errors.New("notes: no such version of the schedule")

// A ScheduleVersion is a schedule that a practice has or had.
type ScheduleVersion struct {
	ID     string
	At     time.Time
	By     notes.PersonID // or a part of the server; "" where nobody knows
	Change string         // what was done, in the words of whoever did it; "" where nobody knows
	Why    string
}

// PutSchedule gives a practice the schedule after in the place of before, and keeps both; ErrScheduleMoved when it has another by
// now. change and why tell what was done, and stand in the version, not in the log, whose leaf vouches for it. Dispatches
// that run go on by the plan they have. over is as PutPractice's.
func (s *Store) PutSchedule(ctx context.Context, account telephony.AccountID, before, after []byte, change, why string,
	over *Overruling) error {
	actor, err := access.Check(ctx, notes.EditSchedule, string(account))
	if errors.Is(err, access.ErrForbidden) { // of their own days; which those are is console/house's to say
		actor, err = access.Check(ctx, notes.OwnDuty, string(account))
	}
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var was string
		var since time.Time
		err := tx.QueryRow(ctx, lockSchedule, account).Scan(&was, &since)
		switch {
		case noSuch(err):
			return ErrNoAccount
		case err != nil:
			return err
		case was != string(before):
			return ErrScheduleMoved
		}
		res, err := tx.Query(ctx, updateSchedule, account, string(after), s.clock())
		if err != nil {
			return err
		}
		rows, err := accountTable.Read(res)
		if err != nil {
			return err
		}
		kept, err := s.keepSchedules(ctx, tx, account, ScheduleVersion{At: since}, was,
			ScheduleVersion{At: s.clock(), By: notes.PersonID(actor.ID()), Change: change, Why: why}, string(after))
		if err != nil {
			return err
		}
		if err := s.overrule(ctx, tx, actor, account, over); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: "schedule.changed", Kind: "account",
			Object: string(account), Account: string(account), Rows: append(rows, kept...)})
	})
	if err != nil {
		return fmt.Errorf("change a schedule: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, account)
	return nil
}

// keepSchedules keeps the schedule a practice had, unless that is the newest one kept, and the one it has now. The caller's leaf must
// vouch for the rows.
func (s *Store) keepSchedules(ctx context.Context, tx pgx.Tx, account telephony.AccountID, had ScheduleVersion, was string,
	has ScheduleVersion, is string) (rows []audit.Row, err error) {
	for _, v := range []struct {
		ScheduleVersion
		document string
	}{{had, was}, {has, is}} {
		if v.At.IsZero() || was == "" && is == "" {
			continue // there was none
		}
		res, err := tx.Query(ctx, keepSchedule, newID(), account, v.At, v.By, v.Change, v.Why, v.document)
		if err != nil {
			return nil, err
		}
		kept, err := scheduleTable.Read(res)
		if err != nil {
			return nil, err
		}
		rows = append(rows, kept...)
	}
	return rows, nil
}

// ScheduleVersions lists the schedules a practice has and had, the newest first, at most limit of them. Nothing in them is a
// patient's.
func (s *Store) ScheduleVersions(ctx context.Context, account telephony.AccountID, limit int) ([]ScheduleVersion, error) {
	rows, err := s.pool.Query(ctx, selectSchedules, account, limit)
	if err != nil {
		return nil, fmt.Errorf("list the versions of a schedule: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (v ScheduleVersion, err error) {
		return v, r.Scan(&v.ID, &v.At, &v.By, &v.Change, &v.Why)
	})
	if err != nil {
		return nil, fmt.Errorf("list the versions of a schedule: %w", err)
	}
	return out, nil
}

// ScheduleOf is the document of one of a practice's versions, ErrNoVersion when it never had it.
func (s *Store) ScheduleOf(ctx context.Context, account telephony.AccountID, version string) (document []byte, err error) {
	err = s.pool.QueryRow(ctx, selectSchedule, account, version).Scan(&document)
	if noSuch(err) {
		return nil, ErrNoVersion
	}
	if err != nil {
		return nil, fmt.Errorf("read a version of a schedule: %w", err)
	}
	return document, nil
}
