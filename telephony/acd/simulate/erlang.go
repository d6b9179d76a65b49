package simulate

import "time"

// ErlangC is the chance that a caller must wait, and the mean wait of all callers, in a plain M/M/c queue: calls come by
// chance at perHour, last handle on the mean, exponentially, and are taken in order by so many equal agents; nobody
// loses patience. With as much work as agents or more the queue grows without end: then ok is false.
//
// The formula is A. K. Erlang's of 1917 ("Solution of some Problems in the Theory of Probabilities of Significance in
// Automatic Telephone Exchanges"), in the form of L. Kleinrock, Queueing Systems, volume I (1975), equation 3.40;
// reached here from Erlang's loss formula B by the recursion B(n) = A·B(n−1) / (n + A·B(n−1)) and
// C = n·B / (n − A·(1 − B)), which does not overflow.
func ErlangC(agents int, perHour float64, handle time.Duration) (mustWait float64, wait time.Duration, ok bool) {
	load := perHour * handle.Hours() // in erlangs
	n := float64(agents)
	if load < 0 || load >= n {
		return 1, 0, false
	}
	b := 1.0
	for i := 1; i <= agents; i++ {
		b = load * b / (float64(i) + load*b)
	}
	c := n * b / (n - load*(1-b))
	return c, time.Duration(c * float64(handle) / (n - load)), true
}
