package routing

// forward lists where each state may go. Nothing goes back, so reports that come late or out of order change nothing; a
// link that was opened proves arrival even where the carrier had given up.
var forward = map[AttemptState][]AttemptState{
	Due:         {Sending, Withdrawn},
	Sending:     {Accepted, Delivered, Opened, Failed, Undelivered, Withdrawn},
	Accepted:    {Delivered, Opened, Undelivered},
	Delivered:   {Opened},
	Failed:      {Opened},
	Undelivered: {Opened},
}

// MayBecome reports whether an attempt in this state may move to next.
func (s AttemptState) MayBecome(next AttemptState) bool {
	for _, t := range forward[s] {
		if t == next {
			return true
		}
	}
	return false
}

// Open reports that the dispatch still waits for a person.
func (s DispatchState) Open() bool { return s == Climbing || s == Exhausted }
