package record

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
)

// serviceID is the one row's: a database is one service's.
const serviceID = "service"

// ServiceRules are the service's own settings as they are stored, and an error for those that whoever climbs the service's
// ladder could not use (routing.Service).
type ServiceRules interface {
	Document() ([]byte, error)
}

// PartLadder is the part of the settings whose versions are those of the service's ladder, with who and why; what holds is Service's.
// Its one value is the document.
const (
	PartLadder    = "supervisors"
	ladderVersion = "document"
)

// PutService stores the service's own settings whole, whatever they were before. Storing what is there already is success and leaves no
// leaf.
func (s *Store) PutService(ctx context.Context, settings ServiceRules) error {
	return s.PutServiceFrom(ctx, AnyVersion, settings, "")
}

// PutServiceFrom is PutService of settings that were made from a version of PartLadder: ErrSettingMoved when it is another by now.
func (s *Store) PutServiceFrom(ctx context.Context, basis int, settings ServiceRules, why string) error {
	actor, err := access.Check(ctx, notes.EditAccount, access.Everywhere)
	if err != nil {
		return err
	}
	document, err := settings.Document()
	if err != nil {
		return fmt.Errorf("store the service's settings: %w", err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var last int
		if err := tx.QueryRow(ctx, selectSettingVersion, PartLadder).Scan(&last); err != nil {
			return err
		}
		if basis != AnyVersion && basis != last {
			return ErrSettingMoved
		}
		changed, err := tx.Query(ctx, putService, serviceID, 1, string(document), s.clock())
		if err != nil {
			return err
		}
		rows, err := serviceTable.Read(changed)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: "service.stored", Kind: "service",
			Object: serviceID, Rows: rows}); err != nil {
			return err
		}
		return s.putSettingTx(ctx, tx, actor, last, Setting{Part: PartLadder, Why: why,
			Values: map[string]string{ladderVersion: string(document)}})
	})
	if errors.Is(err, ErrSettingMoved) || clashes(err, "setting_part_version_key") { // of two at the same moment
		return ErrSettingMoved
	}
	if err != nil {
		return fmt.Errorf("store the service's settings: %w", err)
	}
	return nil
}

// Service returns the service's settings as they were stored; nil when there are none. Nothing in them is a patient's.
func (s *Store) Service(ctx context.Context) (document []byte, err error) {
	err = s.pool.QueryRow(ctx, selectService, serviceID).Scan(&document)
	if noSuch(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the service's settings: %w", err)
	}
	return document, nil
}
