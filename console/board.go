package console

import (
	"slices"
	"strings"
)

// A BoardQuery asks for the page of the board that follows After, the Next of the page before it; "" asks for the first page,
// which holds what is most late.
type BoardQuery struct {
	After string `json:"after"`
}

// A BoardPage is one page of the board.
type BoardPage struct {
	Rows []BoardRow `json:"rows"`
	Next string     `json:"next"` // "" on the last page
	Open int        `json:"open"` // how much is open, on all pages; Many stands for that many or more
	Late int        `json:"late"` // how much of that is late or reaches nobody
}

// Many is the highest count that is worked out for a heading: it stands for "that many or more".
const Many = 100

// A BoardChange tells a desk what has changed on the board: rows that are new or have changed, and the ids of rows that have
// left it. Seq counts the changes told to this desk since its Hello, from 1; a desk that misses one asks for the page again.
// When Page is set, more may have changed than could be listed: it is the new first page, and the desk forgets every other page
// that it has read.
type BoardChange struct {
	Seq  uint64     `json:"seq"`
	Page *BoardPage `json:"page,omitempty"`
	Rows []BoardRow `json:"rows"`
	Gone []string   `json:"gone"` // ids of rows
	Open int        `json:"open"`
	Late int        `json:"late"`
}

// ID names a row by its unsent draft, else by its note, else by its call.
func (r BoardRow) ID() string {
	if r.Draft != "" {
		return "draft:" + r.Draft
	}
	if r.Note != "" {
		return string(r.Note)
	}
	return string(r.Call)
}

// Follow returns the pages read so far with a change applied. A row that lies beyond them is left out: the page that holds it
// will bring it.
func (p BoardPage) Follow(c BoardChange) BoardPage {
	if c.Page != nil {
		return *c.Page
	}
	rows := slices.DeleteFunc(slices.Clone(p.Rows), func(r BoardRow) bool {
		return slices.Contains(c.Gone, r.ID()) || slices.ContainsFunc(c.Rows, func(n BoardRow) bool { return n.ID() == r.ID() })
	})
	for _, r := range c.Rows {
		if p.Next == "" || r.Key <= p.Next {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b BoardRow) int { return strings.Compare(a.Key, b.Key) })
	return BoardPage{Rows: rows, Next: p.Next, Open: c.Open, Late: c.Late}
}

// Then merges a change with the one that came after it.
func (c BoardChange) Then(next BoardChange) BoardChange {
	if next.Page != nil {
		return next
	}
	if c.Page != nil {
		page := c.Page.Follow(next)
		return BoardChange{Page: &page, Open: next.Open, Late: next.Late}
	}
	again := func(id string) bool {
		return slices.Contains(next.Gone, id) || slices.ContainsFunc(next.Rows, func(r BoardRow) bool { return r.ID() == id })
	}
	out := BoardChange{Open: next.Open, Late: next.Late, Rows: slices.Clone(next.Rows), Gone: slices.Clone(next.Gone)}
	for _, r := range c.Rows {
		if !again(r.ID()) {
			out.Rows = append(out.Rows, r)
		}
	}
	for _, id := range c.Gone {
		if !again(id) {
			out.Gone = append(out.Gone, id)
		}
	}
	return out
}
