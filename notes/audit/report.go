package audit

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Report is what Verify found. Everything in it may be shown: ids and codes, no patient data.
type Report struct {
	Leaves      int64     `json:"leaves"` // sequenced
	Waiting     int64     `json:"waiting"`
	Checkpoints int64     `json:"checkpoints"`
	Rows        int64     `json:"rows"`      // business rows checked
	Macs        int64     `json:"macs"`      // rows whose MAC was checked
	Unsettled   int64     `json:"unsettled"` // of these, written by servers of the release before, which know of no MACs
	Vouched     []string  `json:"vouched"`   // the tables that are vouched for, "note: by the log"
	Apart       []string  `json:"apart"`     // the tables that are not, "draft: …why"
	Schema      bool      `json:"schema"`    // the schema itself was looked at
	Unchecked   []string  `json:"unchecked"` // kinds that leaves vouch for and no Table was given for
	Mended      []string  `json:"mended"`    // what was forged and put right since: told for good, and no finding any more
	Findings    []Finding `json:"findings"`
	More        int64     `json:"more"` // findings beyond the first thousand
}

// A Finding is one thing that is not as the log says.
type Finding struct {
	What  string `json:"what"`  // a code: "leaf-edited", "leaf-missing", "row-altered", …
	Where string `json:"where"` // which: "leaf 17", "note 0190…", "checkpoint 52"
}

func (f Finding) String() string { return f.What + ": " + f.Where }

// Good reports that nothing is wrong now; something may have been (Mended).
func (r Report) Good() bool { return len(r.Findings) == 0 }

// Print writes the report for a person, one finding a line, the verdict last.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f)
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "and %d more\n", r.More)
	}
	for _, m := range r.Mended {
		fmt.Fprintf(&b, "was forged, and mended: %s\n", m)
	}
	for _, k := range r.Unchecked {
		fmt.Fprintf(&b, "not checked: rows of kind %s\n", k)
	}
	for _, l := range r.Vouched {
		fmt.Fprintf(&b, "vouched for: %s\n", l)
	}
	if r.Schema {
		fmt.Fprintln(&b, "vouched for: the schema's functions, triggers, rules, policies, constraints, columns and indexes")
	}
	for _, l := range r.Apart {
		fmt.Fprintf(&b, "not vouched for: %s\n", l)
	}
	if r.Unsettled > 0 {
		fmt.Fprintf(&b, "%d rows have no MAC yet: a server of the release before wrote them within the last hour\n", r.Unsettled)
	}
	verdict := "audit verified"
	if !r.Good() {
		verdict = "AUDIT FAILED, " + strconv.FormatInt(int64(len(r.Findings))+r.More, 10) + " findings"
	}
	fmt.Fprintf(&b, "%s, %d leaves (%d waiting), %d checkpoints, %d rows\n", verdict, r.Leaves+r.Waiting, r.Waiting, r.Checkpoints, r.Rows)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) find(what, where string, args ...any) {
	if len(r.Findings) >= 1000 {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{what, fmt.Sprintf(where, args...)})
}
