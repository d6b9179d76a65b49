package ari

import (
	"sync"

	"lamplight/telephony"
)

// A queue takes events without ever making the writer wait and hands them on in order.
type queue struct {
	out   chan telephony.Event
	alarm func(depth int)
	done  chan struct{}
	wake  chan struct{}
	over  sync.WaitGroup

	mu      sync.Mutex // guards all below
	waiting []telephony.Event
	taken   int // events the pump holds and has not handed on
	limit   int
	raiseAt int // the depth that raises the next alarm
	closed  bool
}

func newQueue(limit int, alarm func(depth int)) *queue {
	q := &queue{
		out: make(chan telephony.Event), alarm: alarm, done: make(chan struct{}), wake: make(chan struct{}, 1),
		limit: limit, raiseAt: limit,
	}
	q.over.Go(q.pump)
	return q
}

func (q *queue) put(e telephony.Event) {
	q.mu.Lock()
	q.waiting = append(q.waiting, e)
	depth, raise := len(q.waiting)+q.taken, 0
	if depth >= q.raiseAt {
		raise = depth
		q.raiseAt = 2 * depth
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // the pump has been woken already
	}
	if raise > 0 {
		q.alarm(raise)
	}
}

func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + q.taken
}

// take moves what waits to the pump; an empty queue arms the alarm again.
func (q *queue) take() []telephony.Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.waiting
	q.waiting = nil
	q.taken = len(batch)
	if len(batch) == 0 {
		q.raiseAt = q.limit
	}
	return batch
}

func (q *queue) pump() {
	defer close(q.out)
	for {
		for _, e := range q.take() {
			select {
			case q.out <- e:
			case <-q.done:
				return
			}
			q.mu.Lock()
			q.taken--
			q.mu.Unlock()
		}
		if q.depth() > 0 {
			continue
		}
		select {
		case <-q.wake:
		case <-q.done:
			return
		}
	}
}

func (q *queue) close() {
	q.mu.Lock()
	first := !q.closed
	q.closed = true
	q.mu.Unlock()
	if first {
		close(q.done)
	}
	q.over.Wait()
}
