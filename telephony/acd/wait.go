package acd

// A pace is a running mean of handle times, in nanoseconds: the plain mean of the first paceSpan, then one that forgets.
type pace struct {
	N    int     `json:"n"`
	Mean float64 `json:"mean"`
}

const (
	paceSpan  = 50
	paceLeast = 20 // fewer handled calls make an expected wait a guess
)

func (p *pace) add(ns float64) {
	p.N = min(p.N+1, paceSpan)
	p.Mean += (ns - p.Mean) / float64(p.N)
}

func paceOf(m map[Language]*pace, l Language) *pace {
	p := m[l]
	if p == nil {
		p = &pace{}
		m[l] = p
	}
	return p
}
