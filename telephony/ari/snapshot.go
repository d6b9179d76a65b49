package ari

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"lamplight/telephony"
)

// channel is a channel as Asterisk lists it. ari.ChannelData lacks what tells whether it is in Stasis.
type channel struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	State    string       `json:"state"`
	Created  ari.DateTime `json:"creationtime"`
	Caller   struct{ Name, Number string }
	Dialplan struct {
		Context string
		AppName string `json:"app_name"`
		AppData string `json:"app_data"`
	}
	Vars map[string]string `json:"channelvars"`
}

// inStasis tells whether a channel is ours to command, with the application's arguments.
func (ch channel) inStasis(app string) (args []string, ok bool) {
	parts := strings.Split(ch.Dialplan.AppData, ",")
	return parts[1:], ch.Dialplan.AppName == "Stasis" && parts[0] == app
}

// Snapshot implements telephony.Switch. It also clears away recorders whose leg ended while we were not there.
func (c *Client) Snapshot(ctx context.Context) (telephony.Snapshot, error) {
	var s telephony.Snapshot
	var info struct {
		Status struct {
			Startup ari.DateTime `json:"startup_time"`
		}
	}
	if err := c.do(ctx, "tell its start", http.MethodGet, "/asterisk/info?only=status", nil, &info); err != nil {
		return s, err
	}
	s.Since = time.Time(info.Status.Startup)
	var channels []channel
	if err := c.do(ctx, "list legs", http.MethodGet, "/channels", nil, &channels); err != nil {
		return s, err
	}
	var bridges []ari.BridgeData
	if err := c.do(ctx, "list bridges", http.MethodGet, "/bridges", nil, &bridges); err != nil {
		return s, err
	}
	stored, err := c.stored(ctx)
	if err != nil {
		return s, err
	}
	for _, ch := range channels {
		if ch.Dialplan.Context == contextOverflow {
			s.Lost = append(s.Lost, telephony.LegID(ch.ID))
		}
	}
	s.Legs = slices.DeleteFunc(c.legViews(channels), func(l telephony.LegView) bool { return c.withoutUs(l.Leg, bridges) })
	for _, l := range s.Legs {
		if !l.Up { // it rings; an earlier life may have followed it, this one must
			if err := c.follow(ctx, l.Agent); err != nil {
				return s, err
			}
		}
	}
	live := c.liveRecordings(channels)
	for _, b := range bridges {
		if b.Name != c.cfg.App {
			continue
		}
		if r, ok := recorderOf(b.ID); ok {
			if !slices.Contains(live, r) && !c.starting(r) {
				c.endRecorder(r)
			}
			continue
		}
		if telephony.BridgeID(b.ID) == c.waitingRoom() {
			if err := c.whoWaits(ctx, s.Legs, b.ChannelIDs); err != nil {
				return s, err
			}
			continue
		}
		if c.whoListens(s.Legs, b, channels) {
			continue
		}
		v := telephony.BridgeView{Bridge: telephony.BridgeID(b.ID)}
		for _, id := range b.ChannelIDs {
			if slices.ContainsFunc(s.Legs, func(l telephony.LegView) bool { return string(l.Leg) == id }) {
				v.Legs = append(v.Legs, telephony.LegID(id))
			}
		}
		c.seat(v.Bridge, v.Legs...)
		s.Bridges = append(s.Bridges, v)
	}
	s.Recordings = live
	for _, name := range stored {
		name, talk := strings.CutPrefix(name, c.talkDir())
		name, other := strings.CutPrefix(name, c.cfg.App+"/")
		if r := telephony.RecordingID(name); (talk || other) && !slices.Contains(live, r) {
			s.Recordings = append(s.Recordings, r)
			if talk {
				c.mu.Lock()
				c.talks[r] = true
				c.mu.Unlock()
			}
		}
	}
	slices.Sort(s.Recordings)
	return s, nil
}

// whoWaits marks the legs that are in the waiting room, and sees to it that they hear music.
func (c *Client) whoWaits(ctx context.Context, legs []telephony.LegView, in []string) error {
	for i, l := range legs {
		if legs[i].Waits = slices.Contains(in, string(l.Leg)); legs[i].Waits {
			c.seat(c.waitingRoom(), l.Leg)
		}
	}
	if len(in) == 0 {
		return nil
	}
	return c.playMusic(ctx)
}

// starting tells whether a recorder that is not at work is one we are starting.
func (c *Client) starting(r telephony.RecordingID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recordings[r] != nil
}

// withoutUs tells of a leg that the fail-safe has brought together with its peer: it stands in a bridge of the dialplan's,
// although Asterisk still says that it is in our application. It goes on talking and is not ours to end.
func (c *Client) withoutUs(id telephony.LegID, bridges []ari.BridgeData) bool {
	return slices.ContainsFunc(bridges, func(b ari.BridgeData) bool {
		return b.Name != c.cfg.App && slices.Contains(b.ChannelIDs, string(id))
	})
}

// legViews picks our legs out of all channels and makes them known, so that their events are understood.
func (c *Client) legViews(channels []channel) []telephony.LegView {
	ids := map[string]telephony.LegID{}
	for _, ch := range channels {
		ids[ch.Name] = telephony.LegID(ch.ID)
	}
	var views []telephony.LegView
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range channels {
		if isSnoop(ch.ID) || c.ended.has(telephony.LegID(ch.ID)) {
			continue
		}
		id := telephony.LegID(ch.ID)
		args, in := ch.inStasis(c.cfg.App)
		inbound := in && len(args) > 0 && args[0] == argInbound
		// A leg that rings is in no application yet: it is ours when we remember it or it has our call's mark.
		known := c.legs[id]
		if !in && (known == nil || known.inbound) && !(ch.ours() && ch.State != "Up") {
			continue
		}
		v := telephony.LegView{
			Leg: id, Up: ch.State == "Up", Since: time.Time(ch.Created), Peer: ids[ch.Vars[varPeer]],
			Call: telephony.CallID(ch.Vars[varCall]), Agent: ch.Vars[varAgent],
		}
		if inbound {
			who := whoIsWho(ch.Vars, args, ch.Caller.Number)
			v.DID, v.Called, v.ANI = who.called[0], who.called, who.calling
		}
		if known == nil {
			known = &leg{inbound: inbound, agent: v.Agent != "", call: v.Call, filled: v.Agent != ""}
			c.legs[id] = known
		}
		known.name, known.entered, known.stale = ch.Name, in, false
		known.format = formatOf(args)
		views = append(views, v)
	}
	for id, l := range c.legs {
		if l.stale { // it ended while we were away
			delete(c.legs, id)
		}
	}
	slices.SortFunc(views, func(a, b telephony.LegView) int { return cmp.Compare(a.Leg, b.Leg) })
	return views
}

// ours tells of a channel that is not in Stasis whether we originated it.
func (ch channel) ours() bool {
	return ch.Vars[varCall] != "" && (ch.Dialplan.Context == contextAgent || ch.Dialplan.Context == contextOutbound ||
		ch.Dialplan.AppName == "AppDial2")
}

// stored lists the names of all stored recordings.
func (c *Client) stored(ctx context.Context) ([]string, error) {
	var list []struct{ Name string }
	if err := c.do(ctx, "list recordings", http.MethodGet, "/recordings/stored", nil, &list); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(list))
	for _, r := range list {
		names = append(names, r.Name)
	}
	return names, nil
}

func storedPath(name string) string { return "/recordings/stored/" + url.PathEscape(name) }
