package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/notes"
	"lamplight/notes/access"
)

// actorLife is how long an actor is believed without asking the database again: a person who leaves is out within it.
const actorLife = 2 * time.Second

// awayLife is how long an actor is believed while the database cannot be asked: who talks must be able to hold and to hang
// up, and a desk must not fall silent. Without a database nothing can be opened or changed by anybody.
const awayLife = 10 * time.Minute

// hereFor is how long after its last beat a desk is still here: no clock that is set meanwhile makes its session idle.
const hereFor = time.Minute

// overtime is how long the bus keeps a connection past its session's end: a call may outlast that, and every request is asked
// about anew.
const overtime = time.Hour

// doorkeeper lets desks in by notes/access.
type doorkeeper struct {
	door   *access.Door
	inCall func(notes.PersonID) bool
	now    func() time.Time

	mu   sync.Mutex // guards seen
	seen map[wire.DeskSession]seenActor
}

type seenActor struct {
	actor access.Actor
	until time.Time
}

// NewDoorkeeper returns what lets desks of the service's people in. inCall tells who has a caller in hand, or that call's note: the
// session at their desk does not end before that is over.
func NewDoorkeeper(door *access.Door, inCall func(notes.PersonID) bool) interface {
	Admitter
	wire.Doorkeeper
} {
	return &doorkeeper{door: door, inCall: inCall, now: time.Now, seen: map[wire.DeskSession]seenActor{}}
}

// Enter signs a desk in, or takes up the session it has.
func (k *doorkeeper) Enter(ctx context.Context, in SignIn) (time.Time, error) {
	if in.Password == "" && in.Code == "" {
		s, err := k.resume(ctx, wire.SessionOf(in.Token))
		if now := k.door.Now(); s.Expires.Before(now) {
			s.Expires = now
		}
		return s.Expires.Add(overtime), err
	}
	s, err := k.door.SignIn(ctx, access.SignInAttempt{Login: in.Login, Password: in.Password, Code: in.Code, Source: in.Source,
		Token: in.Token})
	return s.Expires.Add(overtime), err
}

// resume takes up a session, with what is known here of its use.
func (k *doorkeeper) resume(ctx context.Context, s wire.DeskSession) (access.Session, error) {
	hash, err := s.Hash()
	if err != nil {
		return access.Session{}, access.ErrSignedOut
	}
	k.mu.Lock()
	seen, ok := k.seen[s]
	k.mu.Unlock()
	var use access.InUse
	if use.Connected = ok && k.now().Sub(seen.until) < hereFor; use.Connected {
		use.InCall = k.inCall(seen.actor.Person)
	}
	return k.door.ResumeHashed(ctx, hash, use)
}

// Who returns ctx with the session's actor in it.
func (k *doorkeeper) Who(ctx context.Context, s wire.DeskSession) (context.Context, error) {
	now := k.now()
	k.mu.Lock()
	seen, ok := k.seen[s]
	k.mu.Unlock()
	if ok && now.Before(seen.until) {
		return access.With(ctx, seen.actor), nil
	}
	session, err := k.resume(ctx, s)
	k.mu.Lock()
	defer k.mu.Unlock()
	for session, v := range k.seen { // few desks: forgetting the old ones here needs no clock of its own
		if now.After(v.until.Add(awayLife)) {
			delete(k.seen, session)
		}
	}
	switch {
	case errors.Is(err, access.ErrSignedOut):
		delete(k.seen, s)
		return nil, console.Refuse(console.SignedOut, "desk.error.session")
	case err != nil && ok && now.Before(seen.until.Add(awayLife)):
		return access.With(ctx, seen.actor), nil
	case err != nil:
		return nil, err
	}
	k.seen[s] = seenActor{session.Actor, now.Add(actorLife)}
	return access.With(ctx, session.Actor), nil
}
