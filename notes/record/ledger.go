package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/audit/tree"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// Whether somebody must ring an abandoned caller back. Any other word is how that ended.
const (
	followupDue      = "due"
	followupNoNumber = "no-number" // the caller withheld it: nobody can
	followupDone     = "done"      // somebody has; their words are sealed beside it
)

// notACode stands in a story where a step's detail held words instead of a code.
const notACode = "not-a-code"

// caller is what is sealed of a caller.
type caller struct {
	ANI  string `json:"ani"`
	Name string `json:"name"`
}

func callerLabel(account telephony.AccountID, id telephony.CallID) seal.Label {
	return seal.Label{Practice: string(account), Kind: "call.caller", ID: string(id), Version: 1}
}

// Record writes the call as it now stands and the step that brought it there. A call that has ended stays as it ended, so
// that a late or repeated move revives nothing; who called and which practice was called stay as first recorded.
func (s *Store) Record(ctx context.Context, c telephony.Call, st telephony.Step) error {
	ctx = asEngine(ctx)
	if st.Detail != "" && !tree.IsCode(st.Detail) {
		// A leaf would refuse it, and the row must not keep words either; but no call is lost over a detail.
		st.Detail = notACode
	}
	callArgs, err := s.callArgs(ctx, c)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(upsertCall, callArgs...)
	b.Queue(insertStep, stepArgs(c.ID, st)...)
	var rows []audit.Row
	tx, err := postgres.Begin(ctx, s.pool, b, func(res pgx.BatchResults) error {
		for _, t := range []audit.Table{callTable, stepTable} {
			r, err := res.Query()
			if err != nil {
				return err
			}
			made, err := t.Read(r)
			if err != nil {
				return err
			}
			rows = append(rows, made...)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record a call: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit it does nothing
	if len(rows) == 0 {
		return nil // all of it was recorded before
	}
	detail := []string{string(st.Kind)}
	if st.Detail != "" {
		detail = append(detail, st.Detail)
	}
	who := actorOf(ctx)
	if st.Agent != "" {
		detail = append(detail, "agent:"+string(st.Agent))
	}
	if err := s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: who, Action: "call.moved", Kind: "call", Object: string(c.ID),
		Account: string(c.Account), Detail: detail, Rows: rows}); err != nil {
		return fmt.Errorf("record a call: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("record a call: %w", err)
	}
	return nil
}

// callArgs are a call's columns.
func (s *Store) callArgs(ctx context.Context, c telephony.Call) ([]any, error) {
	keys, err := s.Keys(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(caller{c.ANI.Reveal(), telephony.CleanName(c.CallerName)})
	if err != nil {
		return nil, fmt.Errorf("record a call: %w", err)
	}
	sealed, err := keys.Seal(callerLabel(c.Account, c.ID), plain)
	if err != nil {
		return nil, err
	}
	var term any
	if c.ANI != "" {
		term = []byte(keys.PhoneTerm(c.ANI.Reveal()))
	}
	followup := ""
	if c.State == telephony.Ended && c.Outcome == telephony.Abandoned && c.Inbound {
		if followup = followupDue; c.ANI == "" {
			followup = followupNoNumber
		}
	}
	return []any{c.ID, c.Account, c.DID.Reveal(), sealed, term, c.Language, c.State, c.Agent, c.Outcome, c.OpenedAt.UTC(),
		orNil(c.AnsweredAt), orNil(c.EndedAt), c.Inbound, followup, nil, nil, nil}, nil
}

// stepArgs are a step's columns. Its id is of its content: the same step told twice is one row.
func stepArgs(call telephony.CallID, st telephony.Step) []any {
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %q %q %q", call, st.At.UnixMicro(), st.Kind, st.Agent, st.Detail)
	return []any{hex.EncodeToString(h.Sum(nil)[:16]), call, st.At.UTC(), st.Kind, st.Agent, st.Detail}
}

// scanCall reads a call; the caller stays sealed.
func scanCall(row pgx.Row) (c telephony.Call, sealed []byte, err error) {
	var r callRow
	err = row.Scan(append(r.targets(), &sealed)...)
	return r.read(), sealed, err
}

// unsealCaller decrypts who called; its leaf must have been committed.
func (s *Store) unsealCaller(ctx context.Context, c *telephony.Call, sealed []byte) error {
	keys, err := s.Keys(ctx, c.Account)
	if err != nil {
		return err
	}
	plain, err := keys.Unseal(callerLabel(c.Account, c.ID), sealed)
	if err != nil {
		return fmt.Errorf("open a call's caller: %w", err)
	}
	var who caller
	if err := json.Unmarshal(plain, &who); err != nil {
		return errors.New("open a call's caller: it is not as it was sealed")
	}
	c.ANI, c.CallerName = telephony.Number(who.ANI), who.Name
	return nil
}

// Answered implements telephony.Ledger. Practice calls to a number nobody owns are no calls of the service's.
func (s *Store) Answered(ctx context.Context, since time.Time, within time.Duration) (telephony.Answered, error) {
	var a telephony.Answered
	err := s.pool.QueryRow(ctx, countAnswered,
		since, within, []string{string(telephony.Abandoned), string(telephony.Overflowed)}).Scan(&a.All, &a.InTime)
	if err != nil {
		return a, fmt.Errorf("count the answered calls: %w", err)
	}
	return a, nil
}

// AnsweredOf are the answered calls of one practice in one language.
type AnsweredOf struct {
	Account  telephony.AccountID
	Language telephony.Language
	telephony.Answered
}

// AnsweredBy is Answered of each practice in each language, in no order.
func (s *Store) AnsweredBy(ctx context.Context, since time.Time, within time.Duration) ([]AnsweredOf, error) {
	rows, err := s.pool.Query(ctx, countAnsweredBy, since, within, []string{string(telephony.Abandoned), string(telephony.Overflowed)})
	if err != nil {
		return nil, fmt.Errorf("count the answered calls: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (a AnsweredOf, err error) {
		return a, r.Scan(&a.Account, &a.Language, &a.All, &a.InTime)
	})
	if err != nil {
		return nil, fmt.Errorf("count the answered calls: %w", err)
	}
	return out, nil
}

// Live lists the calls that have not ended, with who called, oldest first.
func (s *Store) Live(ctx context.Context) ([]telephony.Call, error) {
	ctx = asEngine(ctx)
	rows, err := s.pool.Query(ctx, selectLive)
	if err != nil {
		return nil, fmt.Errorf("list the live calls: %w", err)
	}
	var calls []telephony.Call
	var sealed [][]byte
	for rows.Next() {
		c, b, err := scanCall(rows)
		if err != nil {
			rows.Close()
			return nil, fmt.Errorf("list the live calls: %w", err)
		}
		calls, sealed = append(calls, c), append(sealed, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the live calls: %w", err)
	}
	if len(calls) == 0 {
		return nil, nil
	}
	if err := s.addLeaf(ctx, audit.Entry{Actor: actorOf(ctx), Action: "calls.resumed", Kind: "calls", Object: "live",
		Detail: []string{fmt.Sprint(len(calls))}}); err != nil {
		return nil, err
	}
	for i := range calls {
		if err := s.unsealCaller(ctx, &calls[i], sealed[i]); err != nil {
			return nil, err
		}
	}
	if err := s.supervised(ctx, calls); err != nil {
		return nil, fmt.Errorf("list the live calls: %w", err)
	}
	return calls, nil
}

// supervised says of each call how a supervisor is in on it.
func (s *Store) supervised(ctx context.Context, calls []telephony.Call) error {
	ids := make([]string, len(calls))
	for i, c := range calls {
		ids[i] = string(c.ID)
	}
	rows, err := s.pool.Query(ctx, selectSupervised, ids)
	if err != nil {
		return err
	}
	var id, kind string
	var now telephony.Supervision
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &now.By, &now.Mode, &now.Since}, func() error {
		if i := slices.Index(ids, id); telephony.StepKind(kind) == telephony.StepSupervised {
			now.Since = now.Since.UTC()
			calls[i].Supervision = now
		}
		return nil
	})
	return err
}

// Call opens a call with who called: for ringing back. The trace is durable before anything is decrypted.
func (s *Store) Call(ctx context.Context, id telephony.CallID) (telephony.Call, error) {
	c, sealed, err := scanCall(s.pool.QueryRow(ctx, selectCall, id))
	if noSuch(err) {
		return telephony.Call{}, ErrNoCall
	}
	if err != nil {
		return telephony.Call{}, fmt.Errorf("read a call: %w", err)
	}
	actor, err := access.Check(ctx, notes.ReadNote, string(c.Account))
	if err != nil {
		return telephony.Call{}, err
	}
	if err := s.addLeaf(ctx, audit.Entry{Actor: actor.ID(), Action: string(notes.LineCallOpened), Kind: "call", Object: string(id),
		Account: string(c.Account)}); err != nil {
		return telephony.Call{}, err
	}
	return c, s.unsealCaller(ctx, &c, sealed)
}

// CloseCallBack takes a call that was to be called back from the board, and with it every other that the same caller gave up,
// with the agent's words on how it ended; they are sealed. A call that was closed stays as it was closed.
func (s *Store) CloseCallBack(ctx context.Context, id telephony.CallID, words string) error {
	if words = strings.TrimSpace(words); words == "" || len(words) > notes.MaxField {
		return &Incomplete{map[string]string{"text": map[bool]string{true: notes.FieldRequired, false: notes.FieldTooLong}[words == ""]}}
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, lockTries, id)
		if err != nil {
			return err
		}
		var tries []telephony.CallID
		var account, call string
		if _, err := pgx.ForEachRow(rows, []any{&call, &account}, func() error {
			tries = append(tries, telephony.CallID(call))
			return nil
		}); err != nil {
			return err
		}
		if len(tries) == 0 {
			err := tx.QueryRow(ctx, selectCallAccount, id).Scan(&account)
			if errors.Is(err, pgx.ErrNoRows) {
				return ErrNoCall
			}
			if err != nil {
				return err
			}
		}
		actor, err := access.Check(ctx, notes.CallBack, account)
		if err != nil {
			return err
		}
		keys, err := s.Keys(ctx, telephony.AccountID(account))
		if err != nil {
			return err
		}
		for _, call := range tries {
			if err := s.followUp(ctx, tx, actor, keys, telephony.AccountID(account), call, words); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("close a call back: %w", err)
	}
	return nil
}

// followUp writes how a call was followed up.
func (s *Store) followUp(ctx context.Context, tx pgx.Tx, actor access.Actor, keys *seal.Keys, account telephony.AccountID,
	call telephony.CallID, words string) error {
	sealed, err := keys.Seal(followUpLabel(account, call), []byte(words))
	if err != nil {
		return err
	}
	now := s.clock()
	res, err := tx.Query(ctx, closeCall, call, followupDone, actor.ID(), now, sealed)
	if err != nil {
		return err
	}
	rows, err := callTable.Read(res)
	if err != nil {
		return err
	}
	return s.log.Append(ctx, tx, audit.Entry{At: now, Actor: actor.ID(), Action: string(notes.LineCallFollowedUp), Kind: "call",
		Object:  string(call),
		Account: string(account), Rows: rows})
}

// EndCall leaves the trace of a supervisor who is about to end a call, whoever's it is; for which practice it may be done is
// checked here.
func (s *Store) EndCall(ctx context.Context, id telephony.CallID) error {
	return s.superviseCall(ctx, id, notes.LineCallEndAsked)
}

// ListenIn is EndCall of one who is about to be in on a call.
func (s *Store) ListenIn(ctx context.Context, id telephony.CallID, m telephony.SupervisionMode) error {
	return s.superviseCall(ctx, id, notes.LineCallListenAsked, string(m))
}

// SetAgent leaves the trace of a supervisor who is about to change an agent's state; whether they may is the caller's to know.
func (s *Store) SetAgent(ctx context.Context, id telephony.AgentID, detail ...string) error {
	return s.addLeaf(ctx, audit.Entry{Actor: actorOf(ctx), Action: "agent.state-asked", Kind: "person", Object: string(id), Detail: detail})
}

func (s *Store) superviseCall(ctx context.Context, id telephony.CallID, line notes.LineKind, detail ...string) error {
	var account string
	err := s.pool.QueryRow(ctx, selectCallAccount, id).Scan(&account)
	if noSuch(err) {
		return ErrNoCall
	}
	if err != nil {
		return fmt.Errorf("supervise a call: %w", err)
	}
	actor, err := access.Check(ctx, notes.Supervise, account)
	if err != nil {
		return err
	}
	return s.addLeaf(ctx, audit.Entry{Actor: actor.ID(), Action: string(line), Kind: "call", Object: string(id),
		Account: account, Detail: detail})
}

// CallBackStep tells how far a call is that somebody has asked for about a note: its last step. Nothing is opened. ErrNoCall:
// there is none, or it has not been written yet.
func (s *Store) CallBackStep(ctx context.Context, note notes.NoteID, id telephony.CallID) (st telephony.Step, err error) {
	n, err := s.Note(ctx, note)
	if err != nil {
		return st, err
	}
	if _, err := access.Check(ctx, notes.AckNote, string(n.Account)); err != nil {
		return st, err
	}
	err = s.pool.QueryRow(ctx, selectCallBack, id, note).Scan(&st.Kind, &st.Detail, &st.At)
	if noSuch(err) {
		return st, ErrNoCall
	}
	if err != nil {
		return st, fmt.Errorf("read how far a call back is: %w", err)
	}
	return st, nil
}

func followUpLabel(account telephony.AccountID, id telephony.CallID) seal.Label {
	return seal.Label{Practice: string(account), Kind: "call.followup", ID: string(id), Version: 1}
}

// unsealFollowUp opens how a call back ended, nil when nobody has said so; its leaf must have been committed.
func (s *Store) unsealFollowUp(ctx context.Context, c telephony.Call) (*notes.AddOn, error) {
	var by *string
	var at *time.Time
	var sealed []byte
	err := s.pool.QueryRow(ctx, selectFollowUp, c.ID).Scan(&by, &at, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read how a call back ended: %w", err)
	}
	keys, err := s.Keys(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	plain, err := keys.Unseal(followUpLabel(c.Account, c.ID), sealed)
	if err != nil {
		return nil, fmt.Errorf("open how a call back ended: %w", err)
	}
	return &notes.AddOn{ID: string(c.ID), By: notes.PersonID(text(by)), At: since(at), Kind: notes.CloseWord, Text: string(plain)}, nil
}
