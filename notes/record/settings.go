package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/seal"
)

// A Setting is one part of what is set of the whole service, as one of its versions has it.
type Setting struct {
	Part    string
	Version int // from 1; 0 is none yet
	At      time.Time
	By      notes.PersonID // or a part of the server
	ByName  string         // "" for a part of the server
	Why     string
	Values  map[string]string
	// Secret is a password or token. HasSecret alone says of a listed one that there is one.
	Secret    string
	HasSecret bool
}

// Errors a caller can tell apart.
var (
	// ErrSettingMoved: somebody else has changed the part meanwhile. Nothing is changed.
	ErrSettingMoved = errors.New("notes: somebody has changed these settings meanwhile")
	// ErrSettingForged: somebody who is not Lamplight has written a setting. It is not taken.
	ErrSettingForged = errors.New("notes: a setting is not as Lamplight wrote it: run 'lamplight audit verify' and tell your security officer")
	// ErrNoSetting: the part never was so.
	ErrNoSetting = errors.New("notes: no such version of these settings")
)

// Setting is a part as it is set now, with its secret; Version is 0 when it never was. ErrSettingForged when its row is not ours.
func (s *Store) Setting(ctx context.Context, part string) (Setting, error) {
	found, err := s.settings(ctx, s.pool, selectSetting, part)
	if err != nil || len(found) == 0 {
		return Setting{Part: part, Values: map[string]string{}}, err
	}
	return found[0], nil
}

// SettingVersions lists how a part was set, the newest first, at most limit of them, without secrets. It needs the right to change them.
func (s *Store) SettingVersions(ctx context.Context, part string, limit int) ([]Setting, error) {
	if _, err := access.Check(ctx, notes.EditAccount, access.Everywhere); err != nil {
		return nil, err
	}
	found, err := s.settings(ctx, s.pool, selectSettingVersions, part, limit)
	for i := range found {
		found[i].Secret = ""
	}
	return found, err
}

// NewestSetting names the newest change of any part, "" before the first: what is asked again and again costs one look.
func (s *Store) NewestSetting(ctx context.Context) (id string, err error) {
	if err := s.pool.QueryRow(ctx, selectNewestSetting).Scan(&id); err != nil {
		return "", fmt.Errorf("look for new settings: %w", err)
	}
	return id, nil
}

func (s *Store) settings(ctx context.Context, q interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, sql string, args ...any) (out []Setting, err error) {
	keys, err := s.ring.Keys(ctx, "")
	if err != nil {
		return nil, err
	}
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	out, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (v Setting, err error) {
		row := settingTable.MacRow()
		if err := r.Scan(append([]any{&v.ByName}, row.Into()...)...); err != nil {
			return v, err
		}
		if !s.log.Holds(row) {
			return v, ErrSettingForged
		}
		is := row.Values()
		var by, document string
		version, _ := is[2].(int32)
		v.Part, _ = is[1].(string)
		v.At, _ = is[3].(time.Time)
		by, _ = is[4].(string)
		v.Why, _ = is[5].(string)
		document, _ = is[6].(string)
		v.Version, v.By = int(version), notes.PersonID(by)
		if sealed, ok := is[7].([]byte); ok && sealed != nil {
			plain, err := keys.Unseal(settingLabel(v.Part, v.Version), sealed)
			if err != nil {
				return v, err
			}
			v.Secret, v.HasSecret = string(plain), true
		}
		return v, json.Unmarshal([]byte(document), &v.Values)
	})
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	return out, nil
}

func settingLabel(part string, version int) seal.Label {
	return seal.Label{Kind: "setting", ID: part + "/" + strconv.Itoa(version), Version: 1}
}

// PutSetting sets a part anew, with its secret, from what it was at version basis: ErrSettingMoved when it is another by now. Who acts
// and why stand beside it.
func (s *Store) PutSetting(ctx context.Context, basis int, to Setting) error {
	actor, err := access.Check(ctx, notes.EditAccount, access.Everywhere)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.putSettingTx(ctx, tx, actor, basis, to) })
	switch {
	case errors.Is(err, ErrSettingMoved) || clashes(err, "setting_part_version_key"): // of two at the same moment
		return ErrSettingMoved
	case err != nil:
		return fmt.Errorf("store a setting: %w", err)
	}
	return nil
}

func (s *Store) putSettingTx(ctx context.Context, tx pgx.Tx, actor access.Actor, basis int, to Setting) error {
	document, err := json.Marshal(to.Values)
	if err != nil {
		return err
	}
	version := basis + 1
	var sealed any
	if to.Secret != "" {
		keys, err := s.ring.Keys(ctx, "")
		if err != nil {
			return err
		}
		if sealed, err = keys.Seal(settingLabel(to.Part, version), []byte(to.Secret)); err != nil {
			return err
		}
	}
	values := []any{newID(), to.Part, version, s.clock(), actor.ID(), to.Why, string(document), sealed}
	mac, err := s.log.Mac(settingTable, values...)
	if err != nil {
		return err
	}
	var last int
	if err := tx.QueryRow(ctx, selectSettingVersion, to.Part).Scan(&last); err != nil {
		return err
	}
	if last != basis {
		return ErrSettingMoved
	}
	rows, err := tx.Query(ctx, insertSetting, append(values, mac)...)
	if err != nil {
		return err
	}
	kept, err := settingTable.Read(rows)
	if err != nil {
		return err
	}
	return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: "setting.stored", Kind: "setting",
		Object: to.Part, Rows: kept})
}

// SettingWas is a part as a version has it, with its secret; ErrNoSetting when it never was so.
func (s *Store) SettingWas(ctx context.Context, part string, version int) (Setting, error) {
	found, err := s.settings(ctx, s.pool, selectSettingWas, part, version)
	if err == nil && len(found) == 0 {
		err = ErrNoSetting
	}
	if err != nil {
		return Setting{}, err
	}
	return found[0], nil
}
