package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// ErrOver is returned by what needs a call that has ended.
var ErrOver = errors.New("the call is over")

// An Incoming is a call to this phone that was not answered yet. Exactly one of Answer and Reject is called; when Gone
// comes first neither is needed.
type Incoming struct {
	phone  *Phone
	d      *diago.DialogServerSession
	At     time.Time       // when the INVITE came
	answer chan chan error // asks ring to answer
	ended  chan struct{}   // closed when ring has let the dialog go
	over   func()          // asks ring to let the dialog go
}

// ring is called by the library, in a goroutine for each call to us, which lasts as long as the call. It alone answers,
// because the library takes the dialog apart when ring returns, and does not lock it against an answer meanwhile.
func (p *Phone) ring(d *diago.DialogServerSession) {
	over := make(chan struct{})
	in := &Incoming{phone: p, d: d, At: time.Now(), answer: make(chan chan error), ended: make(chan struct{}),
		over: sync.OnceFunc(func() { close(over) })}
	defer close(in.ended)
	deliver := p.incoming
	for {
		select {
		case deliver <- in:
			deliver = nil
		case reply := <-in.answer:
			reply <- d.Answer()
		case <-over:
			return
		case <-d.Context().Done():
			return
		case <-p.ctx.Done():
			return
		}
	}
}

// Header returns a header of the INVITE, "" when there is none.
func (in *Incoming) Header(name string) string {
	h := in.d.InviteRequest.GetHeader(name)
	if h == nil {
		return ""
	}
	return h.Value()
}

// From returns the caller's number and name as the switch showed them.
func (in *Incoming) From() (number, name string) {
	f := in.d.InviteRequest.From()
	if f == nil {
		return "", ""
	}
	return f.Address.User, f.DisplayName
}

// Dialled returns whom the caller asked for: the user of the INVITE's address.
func (in *Incoming) Dialled() string { return in.d.InviteRequest.Recipient.User }

// Gone is closed when the caller has given up, or the call is over.
func (in *Incoming) Gone() <-chan struct{} { return in.d.Context().Done() }

// Ring tells the caller that the phone rings.
func (in *Incoming) Ring() error { return in.d.Ringing() }

// Answer takes the call. It returns when sound can flow.
func (in *Incoming) Answer(ctx context.Context) (*Call, error) {
	reply := make(chan error, 1)
	select {
	case in.answer <- reply:
	case <-in.ended:
		return nil, fmt.Errorf("answer: %w", ErrOver)
	}
	select {
	case err := <-reply:
		if err != nil {
			in.over()
			return nil, fmt.Errorf("answer: %w", err)
		}
	case <-ctx.Done():
		in.over()
		return nil, fmt.Errorf("answer: %w", ctx.Err())
	}
	return newCall(in.phone, in.d, &in.d.DialogMedia, in.over)
}

// Reject tells the caller that we are busy.
func (in *Incoming) Reject() error {
	defer in.over()
	return in.d.Respond(sip.StatusBusyHere, "Busy Here", nil)
}

// An Outgoing is a call to make.
type Outgoing struct {
	Number  string            // whom to dial at the switch
	From    string            // the number shown; the phone's user when empty; "anonymous" withholds it
	Name    string            // the name shown
	Headers map[string]string // more headers of the INVITE
	// Progress is told each answer of the other side: 180 rings, 200 answered. It must not block. May be nil.
	Progress func(status int)
}

// A Refusal is the other side's no.
type Refusal struct {
	Status int // SIP's, 486 is busy
	Reason string
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused: %d %s", r.Status, r.Reason) }

// Dial calls and returns when it was answered. When ctx is done first the call is given up. The error is a *Refusal when
// the other side said no.
func (p *Phone) Dial(ctx context.Context, o Outgoing) (*Call, error) {
	to, err := p.uri(o.Number)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	d, err := p.dg.NewDialog(to, diago.NewDialogOptions{Transport: "udp"})
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	opts := diago.InviteClientOptions{Username: p.cfg.User, Password: p.cfg.Password}
	if o.From != "" || o.Name != "" {
		from := o.From
		if from == "" {
			from = p.cfg.User
		}
		opts.WithCaller(quoted(o.Name), from, p.addr.Addr().String())
	}
	for name, value := range o.Headers {
		opts.Headers = append(opts.Headers, sip.NewHeader(oneLine(name), oneLine(value)))
	}
	opts.OnResponse = func(res *sip.Response) error {
		if o.Progress != nil {
			o.Progress(res.StatusCode)
		}
		return nil
	}
	if err := d.Invite(ctx, opts); err != nil {
		return nil, fmt.Errorf("dial: %w", errors.Join(refusal(err), d.Close()))
	}
	if err := d.Ack(ctx); err != nil {
		return nil, fmt.Errorf("dial: %w", errors.Join(err, d.Close()))
	}
	return newCall(p, d, &d.DialogMedia, func() {})
}

// refusal turns the library's error, which quotes the whole response, into ours.
func refusal(err error) error {
	var no *sipgo.ErrDialogResponse
	if errors.As(err, &no) {
		return &Refusal{no.Res.StatusCode, no.Res.Reason}
	}
	return err
}

// quoted makes a display name safe inside the quotes the library puts around it.
func quoted(name string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(name))
}

// oneLine keeps a value from beginning another header.
func oneLine(s string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(s)
}
