package pocket

// A Fault is what goes wrong with one message.
type Fault int

const (
	None           Fault = iota
	Refuse               // turned away for good: 400, 550, 410
	ServerError          // turned away by a fault of the server: 500, 451
	Busy                 // turned away for now: 503, 421
	Hang                 // not taken, and no answer until the caller gives up
	TakeAndHang          // taken, but the answer never comes
	TakeAndBreak         // taken, and the connection breaks before the answer
	Undeliver            // taken, and later reported undelivered: a text by a callback, a mail by a bounce
	DropReports          // taken and delivered, but nothing is reported
	TwiceReports         // every report comes twice
	ShuffleReports       // "delivered" is reported before "sent" and "accepted"
)

// turnsAway says that the message does not reach the phone.
func (f Fault) turnsAway() bool { return f == Refuse || f == ServerError || f == Busy || f == Hang }

// silent says that the server is never told how it went.
func (f Fault) silent() bool { return f == DropReports || f == TakeAndHang || f == TakeAndBreak }

// SetFaults has f decide what goes wrong with each message from now on; nil for nothing. f is called from any goroutine,
// before the message counts as arrived.
func (p *Pocket) SetFaults(f func(Arrival) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}
