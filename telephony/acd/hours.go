package acd

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// configure takes new settings and works out anew who fits what.
func (s *State) configure(c Config) error {
	zones, err := c.check()
	if err != nil {
		return err
	}
	c = c.withDefaults()
	c.Groups = cloneGroups(c.Groups)
	s.cfg, s.zones = c, zones
	s.turns = math.MinInt64 // runDue looks at the groups at once
	return nil
}

func (s *State) isOpen(g GroupID) bool { return !s.shut[g] }

// turnGroups opens and closes groups by their hours and finds when that is next to be done.
func (s *State) turnGroups() {
	shut := map[GroupID]bool{}
	s.turns = math.MaxInt64
	for i, g := range s.cfg.Groups {
		if len(g.Hours) == 0 {
			continue
		}
		open := g.openAt(at(s.now), s.zones[i])
		if !open {
			shut[g.ID] = true
		}
		if t, ok := g.changes(at(s.now), s.zones[i], open); ok {
			s.turns = min(s.turns, t.UnixNano())
		}
	}
	same := len(shut) == len(s.shut)
	for g := range shut {
		same = same && s.shut[g]
	}
	if same {
		return
	}
	s.shut, s.everyone = shut, true
	for _, sl := range s.slots {
		for _, p := range s.profiles {
			if sl != nil && p != nil {
				s.relate(sl, p)
			}
		}
	}
}

// openAt reads the wall clock of the group's zone. So in a night when the clock is put back, a window in the hour that
// comes twice is open twice; when it is put forward, a window in the hour that is left out does not open.
func (g *Group) openAt(t time.Time, zone *time.Location) bool {
	w := t.In(zone)
	minute, day := w.Hour()*60+w.Minute(), w.Weekday()
	for _, h := range g.Hours {
		if h.To > h.From {
			if minute >= h.From && minute < h.To && h.on(day) {
				return true
			}
			continue
		}
		if minute >= h.From && h.on(day) || minute < h.To && h.on((day+6)%7) {
			return true
		}
	}
	return false
}

func (h Hours) on(d time.Weekday) bool { return len(h.Days) == 0 || slices.Contains(h.Days, d) }

// changes finds when the group next opens or closes by trying every minute of the wall clock for eight days: a week and the
// odd day around a change of the clock. It is asked a few times a day and cannot be wrong about such a change. A group
// that stays as it is all week is looked at again then.
func (g *Group) changes(t time.Time, zone *time.Location, open bool) (time.Time, bool) {
	_, offset := t.In(zone).Zone()
	shift := time.Duration(offset%60) * time.Second // zones before 1970 had offsets of odd seconds
	next := t.Add(shift).Truncate(time.Minute).Add(time.Minute - shift)
	for range 8 * 24 * 60 {
		if g.openAt(next, zone) != open {
			return next, true
		}
		next = next.Add(time.Minute)
	}
	return next, true
}

const (
	maxName  = 256 // bytes of an id or a name
	maxList  = 512 // entries of a list of an agent's or a call's
	maxRelax = 16
	maxSpan  = 366 * 24 * time.Hour
)

// check validates what an administrator typed and says where it is wrong.
func (c *Config) check() ([]*time.Location, error) {
	for name, d := range map[string]time.Duration{"ring": c.Ring, "again": c.Again, "target": c.Target, "short": c.Short} {
		if d < 0 || d > maxSpan {
			return nil, fmt.Errorf("%w: %s is %v, not between 0 and a year", ErrInvalid, name, d)
		}
	}
	if c.WrapUp > maxSpan {
		return nil, fmt.Errorf("%w: wrap_up is %v, more than a year", ErrInvalid, c.WrapUp)
	}
	if c.Misses < 0 {
		return nil, fmt.Errorf("%w: misses is %d, below 0", ErrInvalid, c.Misses)
	}
	zones := make([]*time.Location, len(c.Groups))
	seen := map[GroupID]bool{}
	for i, g := range c.Groups {
		if g.ID == "" || len(g.ID) > maxName || seen[g.ID] {
			return nil, fmt.Errorf("%w: groups[%d].id %.40q is empty, too long or there twice", ErrInvalid, i, string(g.ID))
		}
		seen[g.ID] = true
		zone, err := time.LoadLocation(g.Zone)
		if err != nil {
			return nil, fmt.Errorf("%w: groups[%d].zone: %w", ErrInvalid, i, err)
		}
		zones[i] = zone
		for j, h := range g.Hours {
			if h.From < 0 || h.From > 1439 || h.To < 0 || h.To > 1440 {
				return nil, fmt.Errorf("%w: groups[%d].hours[%d]: from %d to %d is not in the 1440 minutes of a day", ErrInvalid, i, j,
					h.From, h.To)
			}
			for _, d := range h.Days {
				if d < time.Sunday || d > time.Saturday {
					return nil, fmt.Errorf("%w: groups[%d].hours[%d].days: %d is not 0 (Sunday) to 6", ErrInvalid, i, j, int(d))
				}
			}
		}
	}
	return zones, nil
}

func (a *Agent) check() error {
	if len(a.ID) > maxName || len(a.Languages)+len(a.Skills) > maxList || len(a.Groups) > maxList || len(a.Staff) > 1<<16 {
		return fmt.Errorf("%w: an agent's id or lists are too long", ErrInvalid)
	}
	for l, v := range a.Languages {
		if l == "" || v > Native {
			return fmt.Errorf("%w: languages[%.40q]: %v", ErrInvalid, string(l), v)
		}
	}
	for k, v := range a.Skills {
		if k == "" || v > Native {
			return fmt.Errorf("%w: skills[%.40q]: %v", ErrInvalid, string(k), v)
		}
	}
	return nil
}

func (n *Needs) check() error {
	switch {
	case n.Practice == "":
		return fmt.Errorf("%w: practice is empty", ErrInvalid)
	case len(n.Practice) > maxName || len(n.Language) > maxName || len(n.Skills) > maxList || len(n.Groups) > maxList:
		return fmt.Errorf("%w: a name or list in the needs is too long", ErrInvalid)
	case n.Level > Native || n.Own > OwnOnly:
		return fmt.Errorf("%w: level %d, own %d", ErrInvalid, n.Level, n.Own)
	case n.Priority < -24*time.Hour || n.Priority > 24*time.Hour:
		return fmt.Errorf("%w: priority %v is not within 24 h", ErrInvalid, n.Priority)
	case n.Overflow < 0 || n.Overflow > maxSpan:
		return fmt.Errorf("%w: overflow %v is not between 0 and a year", ErrInvalid, n.Overflow)
	case len(n.Relax) > maxRelax:
		return fmt.Errorf("%w: %d relax, more than %d", ErrInvalid, len(n.Relax), maxRelax)
	}
	for i, k := range n.Skills {
		if k.Skill == "" || len(k.Skill) > maxName || k.Level > Native {
			return fmt.Errorf("%w: skills[%d]: %.40q %v", ErrInvalid, i, string(k.Skill), k.Level)
		}
	}
	before := time.Duration(0)
	for i, r := range n.Relax {
		if r.After <= 0 || r.After < before || r.After > maxSpan {
			return fmt.Errorf("%w: relax[%d].after %v is not above 0 and in order", ErrInvalid, i, r.After)
		}
		if r.Level > Native || len(r.Groups) > maxList {
			return fmt.Errorf("%w: relax[%d]: level %d, %d groups", ErrInvalid, i, r.Level, len(r.Groups))
		}
		before = r.After
	}
	return nil
}

func cloneGroups(gs []Group) []Group {
	out := slices.Clone(gs)
	for i := range out {
		out[i].Hours = slices.Clone(out[i].Hours)
		for j := range out[i].Hours {
			out[i].Hours[j].Days = slices.Clone(out[i].Hours[j].Days)
		}
	}
	return out
}
