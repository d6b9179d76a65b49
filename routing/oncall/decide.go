package oncall

import "slices"

// seat is one place on call and who sits in it.
type seat struct {
	who    ParticipantID
	source source
	locked bool // by an approved swap: overrides pass it by
}

// source is the shift a seat comes from. Two seats of one source were meant to be together; of two sources they overlap.
type source struct {
	kind  string // "layer", "override", "temporary", "default"
	index int32
	shift int32
}

// decision is the answer at an instant: the people scheduled, and until when nothing that was looked at changes.
type decision struct {
	seats    []seat
	left     []int32       // who has left
	fallback ParticipantID // who answers though nobody is scheduled; empty when the role has no default
	until    int64
	explain  *explainer // what was considered, when asked for
}

// decide is the one place where the rules meet; every question is answered through it. It goes from the strongest rule to
// the weakest: a temporary schedule, then the layers with swaps and leave, then overrides on what the swaps left free.
func (sp *span) decide(t int64, q *Query, st *explainer) decision {
	d := decision{until: sp.hi, explain: st}
	p := sp.plan
	r := p.roles[q.Role]
	if r == nil {
		return d
	}
	if len(p.leavers) > 0 {
		d.left = activeAt(&p.leftAt, t, &d)
	}
	temps := activeAt(&p.temporaryAt, t, &d)
	for i := len(temps) - 1; i >= 0; i-- {
		tmp := &p.temporary[temps[i]]
		if !tmp.answers(q) || st.skips("temporary", int(temps[i])) {
			continue
		}
		for _, s := range activeAt(&tmp.at, t, &d) {
			if who := tmp.people[s]; !d.gone(p, who) {
				d.seats = append(d.seats, seat{who: who, source: source{"temporary", temps[i], s}})
			}
		}
		st.temporary(tmp, int(temps[i]), &d)
		d.finish(sp, t, q)
		if st != nil { // tell what would be without it
			st.moot = true
			rest := decision{until: sp.hi, left: d.left, explain: st}
			sp.scheduled(t, q, r, &rest)
		}
		return d
	}
	sp.scheduled(t, q, r, &d)
	d.finish(sp, t, q)
	return d
}

// activeAt asks a timeline and shortens the decision's life to the answer's.
func activeAt(tl *timeline, t int64, d *decision) []int32 {
	active, until := tl.at(t)
	d.until = min(d.until, until)
	return active
}

// gone says whether somebody has left the practice, and tells it once.
func (d *decision) gone(p *plan, who ParticipantID) bool {
	for _, i := range d.left {
		if p.leavers[i] == who && !d.explain.skips("left", int(i)) {
			d.explain.left(int(i), who)
			return true
		}
	}
	return false
}

// scheduled is everything below temporary schedules.
func (sp *span) scheduled(t int64, q *Query, r *role, d *decision) {
	rule := ""
	off := activeAt(&sp.holidays, t, d)
	for i := len(off) - 1; i >= 0; i-- {
		if d.explain.skips("holiday", int(off[i])) {
			continue
		}
		h := &sp.plan.holidays[off[i]]
		if r.rules[h.rule] {
			rule = h.rule
		}
		d.explain.holiday(h, int(off[i]), rule)
		break
	}
	x := exceptions{p: sp.plan, q: q, d: d, leave: activeAt(&sp.plan.leaveAt, t, d),
		swaps: activeAt(&sp.plan.swapAt, t, d), explain: d.explain}
	for i := 0; i < len(r.layers); {
		priority := sp.plan.layers[r.layers[i]].priority
		won := len(d.seats) > 0
		if won {
			x.explain = nil
		}
		for ; i < len(r.layers) && sp.plan.layers[r.layers[i]].priority == priority; i++ {
			k := r.layers[i]
			l := &sp.plan.layers[k]
			if l.rule != rule || !l.answers(q) || d.explain.skips("layer", k) {
				continue
			}
			before := len(d.seats)
			shifts := activeAt(&sp.layers[k], t, d)
			for _, shift := range shifts {
				d.seats = x.seats(d.seats, l.turns[shift], source{"layer", int32(k), shift})
			}
			d.explain.layer(l, k, d.seats[before:], shifts, won)
			if won { // only a story goes on past the winner: it tells what the others would have said
				d.seats = d.seats[:before]
			}
		}
		if len(d.seats) > 0 && d.explain == nil {
			break
		}
	}
	sp.plan.override(activeAt(&sp.plan.overrideAt, t, d), q, d)
}

// exceptions are the swaps and leaves in force at an instant.
type exceptions struct {
	p       *plan
	q       *Query
	d       *decision
	leave   []int32
	swaps   []int32
	explain *explainer
}

// seats adds the seats of one shift: each of its people, or who sits there for them.
func (x *exceptions) seats(seats []seat, people []ParticipantID, from source) []seat {
	for _, who := range people {
		taker, swapped := x.swap(who)
		if !swapped {
			taker = x.present(who)
		} else if x.d.gone(x.p, taker) {
			taker = ""
		}
		if taker != "" {
			seats = append(seats, seat{taker, from, swapped})
		}
	}
	return seats
}

// swap is who took somebody's duty. A taker may have passed it on by a later entry; one entry moves it only once, so that
// the two legs of an exchange do not undo each other.
func (x *exceptions) swap(who ParticipantID) (ParticipantID, bool) {
	moved, last := false, -1
	for _, i := range x.swaps {
		leg := &x.p.swaps[i]
		if leg.from == who && leg.swap != last && leg.answers(x.q) && !x.explain.skips("swap", int(i)) {
			x.explain.swap(int(i), who, leg.to)
			who, moved, last = leg.to, true, leg.swap
		}
	}
	return who, moved
}

// present follows the backups from somebody to the first who is not away; empty when there is none, or when that one has left. It
// ends, because newPlan refuses backups that go round in a circle.
func (x *exceptions) present(who ParticipantID) ParticipantID {
	for {
		away := x.p.awayWith(who, x.leave)
		if away < 0 || x.explain.skips("leave", away) {
			if x.d.gone(x.p, who) {
				return ""
			}
			return who
		}
		x.explain.leave(away, who, x.p.leave[away].backup)
		who = x.p.leave[away].backup
	}
}

// awayWith is the index of the leave that holds for somebody, -1 when there is none. Of several the last written holds.
func (p *plan) awayWith(who ParticipantID, active []int32) int {
	for i := len(active) - 1; i >= 0; i-- {
		if p.leave[active[i]].who == who {
			return int(active[i])
		}
	}
	return -1
}

// override applies the overrides in force, in the order of the document: each acts on what the ones before it left.
func (p *plan) override(active []int32, q *Query, d *decision) {
	for _, i := range active {
		o := &p.overrides[i]
		if !o.answers(q) || d.explain.skips("override", int(i)) {
			continue
		}
		add := o.add
		if add != "" && d.gone(p, add) {
			add = ""
		}
		if o.remove == "" {
			if add != "" {
				d.seats = append(d.seats, seat{who: add, source: source{"override", i, 0}})
				d.explain.override(o, int(i), d)
			}
			continue
		}
		fired := false
		for k := range d.seats {
			if d.seats[k].who == o.remove && !d.seats[k].locked {
				d.seats[k].who, fired = add, true // an empty add leaves the seat empty
			}
		}
		if fired {
			d.seats = slices.DeleteFunc(d.seats, func(s seat) bool { return s.who == "" })
			d.explain.override(o, int(i), d)
		}
	}
}

// finish names the default provider where nobody is scheduled. A default who is away without a backup is still better than nobody;
// one who has left is nobody.
func (d *decision) finish(sp *span, t int64, q *Query) {
	id := sp.plan.fallback[q.Role]
	if len(d.seats) > 0 || id == "" || d.explain.skips("default", 0) {
		return
	}
	x := exceptions{p: sp.plan, q: q, d: d, leave: activeAt(&sp.plan.leaveAt, t, d), explain: d.explain}
	d.fallback = x.present(id)
	if d.fallback == "" && !d.gone(sp.plan, id) {
		d.fallback = id
	}
	if d.fallback == "" {
		return
	}
	d.explain.fallback(id, d.fallback)
}

// people are those who answer, sorted, each once.
func (d *decision) people() []ParticipantID {
	if len(d.seats) == 0 {
		if d.fallback == "" {
			return []ParticipantID{}
		}
		return []ParticipantID{d.fallback}
	}
	ids := make([]ParticipantID, len(d.seats))
	for i, s := range d.seats {
		ids[i] = s.who
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// overlaps says that people hold the role together whom no single shift put there together.
func (d *decision) overlaps() bool {
	people := d.people()
	if len(d.seats) < 2 || len(people) < 2 {
		return false
	}
	for i := 0; i < len(d.seats); { // the seats of a shift stand side by side
		from := d.seats[i].source
		var here []ParticipantID
		for ; i < len(d.seats) && d.seats[i].source == from; i++ {
			here = append(here, d.seats[i].who)
		}
		slices.Sort(here)
		if len(slices.Compact(here)) == len(people) {
			return false
		}
	}
	return true
}
