package ari

import (
	"cmp"
	"strings"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// parties are who is called and who calls.
type parties struct {
	called   []telephony.Number // the likeliest first
	calling  telephony.Number
	withheld bool
}

func partiesOf(i asterisk.Invite) parties {
	p := parties{called: i.Called()}
	p.calling, p.withheld = i.Calling()
	return p
}

// whoIsWho reads what the dialplan tells of a caller's leg: its variables, the application's arguments and Asterisk's own
// idea of the caller's number. A dialplan older than the Invite tells only the last two, and the number dialled.
func whoIsWho(vars map[string]string, args []string, caller string) parties {
	if i, ok := asterisk.ParseInvite(vars[asterisk.InviteVar]); ok {
		return partiesOf(i)
	}
	return partiesOf(asterisk.Invite{Dialled: cmp.Or(vars[varDID], strings.Join(args[min(1, len(args)):], ",")), Caller: caller})
}
