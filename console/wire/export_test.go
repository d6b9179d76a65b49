package wire

import "github.com/nats-io/nats.go"

// What the tests beside this package look at.
var (
	TellSubject = tellSubject
	DoSubject   = doSubject
	ReplyPrefix = replyPrefix
	Deliver     = deliver
)

func SessionIn(c *Client) Session { return c.session }
func Conn(c *Client) *nats.Conn   { return c.nc }
