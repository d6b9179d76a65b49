package wire

import "github.com/nats-io/nats.go"

// What the tests beside this package look at.
var (
	EventSubject = eventSubject
	DoSubject    = doSubject
	ReplyPrefix  = replyPrefix
	Deliver      = deliver
)

func SessionIn(c *Client) DeskSession { return c.session }
func Conn(c *Client) *nats.Conn       { return c.nc }
