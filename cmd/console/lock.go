package main

import (
	"lamplight/console"
)

// pausedAway is why the agent of a locked desk takes no calls.
const pausedAway = console.PausedForOther

// Lock takes the desk from whoever left it: no calls come, the session's secret is forgotten, and whoever is here next
// signs in. What was typed is in the journal. The page locks a desk that nobody touched for as long as the server says,
// but never with a call on it.
func (d *Desk) Lock() (err error) {
	defer guard(&err)
	d.locked.Store(true)
	// Without the server no call can come either: it takes a silent desk's agent out by itself.
	_, pause := ask(d, console.AskPause, console.PauseRequest{Reason: pausedAway})
	d.leave()
	d.parts.Log.Info("locked", "paused", pause == nil)
	return nil
}

// unlessLocked has nobody sign in without being asked once the desk was locked.
func (d *Desk) unlessLocked(demo func() (credentials, error)) func() (credentials, error) {
	return func() (credentials, error) {
		c, err := demo()
		if d.locked.Load() {
			return credentials{Login: c.Login}, errNoDemo
		}
		return c, err
	}
}
