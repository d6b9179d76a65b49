package record

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

var errKept = errors.New("kept before")

// Keep seals and stores a call's finished recording. One that was kept before is success, and fetch is not asked.
func (s *Store) Keep(ctx context.Context, call telephony.CallID, id telephony.RecordingID, fetch func(io.Writer) error) error {
	ctx = asEngine(ctx)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var account telephony.AccountID
		err := tx.QueryRow(ctx, selectCallAccount, call).Scan(&account)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoCall
		}
		if err != nil {
			return err
		}
		row, err := s.keepTx(ctx, tx, account, call, id, fetch)
		if err != nil {
			return err
		}
		return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actorOf(ctx), Action: string(notes.LineRecordingKept), Kind: "call",
			Object: string(call), Account: string(account), Rows: []audit.Row{row}})
	})
	if err != nil && !errors.Is(err, errKept) {
		return fmt.Errorf("keep a recording: %w", err)
	}
	return nil
}

// keepTx stores the sound in chunks as fetch brings it, so that an hour's recording never stands in memory. It returns
// errKept when the recording is there.
func (s *Store) keepTx(ctx context.Context, tx pgx.Tx, account telephony.AccountID, call telephony.CallID, id telephony.RecordingID,
	fetch func(io.Writer) error) (audit.Row, error) {
	keys, err := s.Keys(ctx, account)
	if err != nil {
		return audit.Row{}, err
	}
	stream, head, err := keys.NewStream(recordingLabel(account, id))
	if err != nil {
		return audit.Row{}, err
	}
	now := s.clock()
	tag, err := tx.Exec(ctx, insertRecording, id, call, now, head)
	if err != nil {
		return audit.Row{}, err
	}
	if tag.RowsAffected() == 0 {
		return audit.Row{}, errKept
	}
	sound := sha256.New()
	w := seal.NewWriter(stream, func(n int, sealed []byte) error {
		sum := sha256.Sum256(sealed)
		sound.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
		sound.Write(sum[:])
		_, err := tx.Exec(ctx, insertChunk, id, n, sealed)
		return err
	})
	if err := fetch(w); err != nil {
		return audit.Row{}, fmt.Errorf("fetch it: %w", err)
	}
	if err := w.Close(); err != nil {
		return audit.Row{}, err
	}
	if _, err := tx.Exec(ctx, updateRecording, id, w.Total(), w.Chunks()); err != nil {
		return audit.Row{}, err
	}
	return recordingTable.Row(string(id), string(id), string(call), now, w.Total(), w.Chunks(), head, sound.Sum(nil))
}

func recordingLabel(account telephony.AccountID, id telephony.RecordingID) seal.Label {
	return seal.Label{Practice: string(account), Kind: "recording", ID: string(id), Version: 1}
}

// KeepVoicemail makes of a fail-safe's message an open note that waits on the agents, with the recording, and an ended call,
// unless the caller's own is there: one caller is one call, whoever took them in the end.
func (s *Store) KeepVoicemail(ctx context.Context, v telephony.Voicemail, fetch func(io.Writer) error) error {
	ctx = asEngine(ctx)
	line, owned, err := s.LineFor(ctx, v.DID)
	if err != nil {
		return err
	}
	c := telephony.Call{ID: telephony.CallOf(cmp.Or(v.Leg, telephony.LegID("voicemail:"+string(v.Recording)))), DID: v.DID, ANI: v.ANI,
		Account:  line.Account,
		Language: telephony.English, State: telephony.Ended, Outcome: telephony.Overflowed, OpenedAt: v.At, EndedAt: v.At.Add(v.Length),
		Inbound: true}
	if owned && len(line.Languages) > 0 {
		c.Language = line.Languages[0]
	}
	fields := map[string]string{}
	if v.ANI != "" {
		fields["callback"] = v.ANI.Reveal()
	}
	d := notes.Draft{ID: "voicemail:" + string(v.Recording), Call: c.ID, Account: c.Account, CallType: notes.VoicemailType,
		Urgency:  notes.Urgent,
		Language: c.Language, Body: notes.Body{Fields: fields}}
	left := s.clock() // it waits since it was left, however late it is found
	if !v.At.IsZero() && v.At.Before(left) {
		left = v.At.UTC().Truncate(time.Microsecond)
	}
	p, err := s.prepare(ctx, d, notes.Script{}, left, time.UTC)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := s.voicemailCall(ctx, tx, c)
		if err != nil {
			return err
		}
		row, err := s.keepTx(ctx, tx, c.Account, c.ID, v.Recording, fetch)
		if err != nil {
			return err
		}
		if err := s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actorOf(ctx), Action: string(notes.LineVoicemailKept),
			Kind:   "call",
			Object: string(c.ID), Account: string(c.Account), Rows: append(rows, row)}); err != nil {
			return err
		}
		b := &pgx.Batch{}
		if err := s.queueNote(b, p); err != nil {
			return err
		}
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil && !errors.Is(err, errKept) {
		return fmt.Errorf("keep a voicemail: %w", err)
	}
	s.log.Wake()
	return nil
}

// voicemailCall writes the call of a voicemail, when the caller has none yet.
func (s *Store) voicemailCall(ctx context.Context, tx pgx.Tx, c telephony.Call) (rows []audit.Row, err error) {
	args, err := s.callArgs(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, q := range []struct {
		t    audit.Table
		sql  string
		args []any
	}{
		{callTable, insertCall, args},
		{stepTable, insertStep, stepArgs(c.ID, telephony.Step{At: c.OpenedAt, Kind: telephony.StepArrived})},
		{stepTable, insertStep, stepArgs(c.ID, telephony.Step{At: c.EndedAt, Kind: telephony.StepEnded, Detail: string(c.Outcome)})},
	} {
		res, err := tx.Query(ctx, q.sql, q.args...)
		if err != nil {
			return nil, err
		}
		r, err := q.t.Read(res)
		if err != nil {
			return nil, err
		}
		if len(rows)+len(r) == 0 { // the call is there, with its own story
			return nil, nil
		}
		rows = append(rows, r...)
	}
	return rows, nil
}

// A Sized writer is told how many bytes will come, before the first of them.
type Sized interface{ Size(bytes int64) error }

// PlayRecording writes a call's recording, a WAV file, to w; of several, one after the other in the order of their ends: each
// agent's part of a call is one. The trace is durable before anything is decrypted. ErrNoCall also means that nothing was
// recorded. After an error, what was written must not be played as if it were whole. An error of w's is returned as it is.
func (s *Store) PlayRecording(ctx context.Context, call telephony.CallID, w io.Writer) error {
	return s.play(ctx, call, w, false)
}

// PlayPart is PlayRecording for who reads it part by part: what they read of it within a minute leaves one trace.
func (s *Store) PlayPart(ctx context.Context, call telephony.CallID, w io.Writer) error {
	return s.play(ctx, call, w, true)
}

func (s *Store) play(ctx context.Context, call telephony.CallID, w io.Writer, brief bool) error {
	rows, err := s.pool.Query(ctx, selectRecordingSizes, call)
	if err != nil {
		return fmt.Errorf("look for a recording: %w", err)
	}
	var ids []telephony.RecordingID
	var bytes []int64
	var id telephony.RecordingID
	var size int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &size}, func() error {
		ids, bytes = append(ids, id), append(bytes, size)
		return nil
	}); err != nil {
		return fmt.Errorf("look for a recording: %w", err)
	}
	switch len(ids) {
	case 0:
		return ErrNoCall
	case 1:
		return s.playOne(ctx, ids[0], w, brief)
	}
	all := &parts{w: w, bytes: bytes}
	for _, id := range ids {
		all.skip = wavHead
		if err := s.playOne(ctx, id, all, brief); err != nil {
			return err
		}
	}
	return nil
}

// PlayOne is PlayRecording of one recording of several. Agents may hear a voicemail, which is theirs to handle.
func (s *Store) PlayOne(ctx context.Context, id telephony.RecordingID, w io.Writer) error {
	return s.playOne(ctx, id, w, false)
}

func (s *Store) playOne(ctx context.Context, id telephony.RecordingID, w io.Writer, brief bool) error {
	var account telephony.AccountID
	var call telephony.CallID
	var outcome telephony.Outcome
	var chunks int
	var size int64
	var head []byte
	err := s.pool.QueryRow(ctx, selectRecording, id).
		Scan(&account, &call, &outcome, &size, &chunks, &head)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoCall
	}
	if err != nil {
		return fmt.Errorf("look for a recording: %w", err)
	}
	act := notes.Listen
	if outcome == telephony.Overflowed {
		act = notes.ReadNote
	}
	actor, err := access.Check(ctx, act, string(account))
	if err != nil {
		return err
	}
	read, scope, now := string(notes.LineRecordingOpened)+" "+string(id), []string{string(account)}, s.clock()
	if !brief || !s.glances.covers(actor.ID(), read, scope, now) {
		if err := s.addLeaf(ctx, audit.Entry{Actor: actor.ID(), Action: string(notes.LineRecordingOpened), Kind: "call",
			Object: string(call), Account: string(account), Detail: []string{string(id)}}); err != nil {
			return err
		}
		s.glances.left([]string{actor.ID()}, read, scope, now)
	}
	keys, err := s.Keys(ctx, account)
	if err != nil {
		return err
	}
	stream, err := keys.UnsealStream(recordingLabel(account, id), head)
	if err != nil {
		return fmt.Errorf("open a recording: %w", err)
	}
	if sized, ok := w.(Sized); ok {
		if err := sized.Size(size); err != nil {
			return err
		}
	}
	for n := range chunks {
		var data []byte
		if err := s.pool.QueryRow(ctx, selectChunk, id, n).Scan(&data); err != nil {
			return fmt.Errorf("read a recording: %w", err)
		}
		plain, err := stream.Unseal(data, n == chunks-1)
		if err != nil {
			return fmt.Errorf("open a recording: %w", err)
		}
		if _, err := w.Write(plain); err != nil {
			return err
		}
	}
	return nil
}
