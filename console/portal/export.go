package portal

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"lamplight/console"
)

const exportPage = 500

// export writes a practice's filtered calls, in the practice's own time, as CSV (RFC 4180) in UTF-8 with a byte-order
// mark, which Excel needs to read ñ.
func (p *Portal) export(w http.ResponseWriter, r *http.Request) error {
	f, err := read[console.CallsFilter](r)
	if err != nil {
		return err
	}
	f.After, f.Limit = "", exportPage
	page, err := console.AskExport.Of(r.Context(), p.cfg.Service, f)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="calls.csv"`)
	if _, err := w.Write([]byte("\ufeff")); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write([]string{"time", "zone", "reference", "patient", "call type", "urgency", "state", "agent", "language",
		"wait s", "talk s", "to delivered s", "to acknowledged s", "acknowledged by", "outcome", "name", "number", "reason",
		"closed with"}); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for {
		for _, row := range page.Rows {
			if err := c.Write(line(row)); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		if page.Next == "" {
			break
		}
		f.After = page.Next
		if page, err = console.AskExport.Of(r.Context(), p.cfg.Service, f); err != nil {
			// The status is gone already: a visible last line is better than a file that looks whole.
			p.cfg.Log.Error("portal: export cut short", "error", err)
			if err := c.Write([]string{"INCOMPLETE: export again"}); err != nil {
				return fmt.Errorf("export: %w", err)
			}
			break
		}
	}
	c.Flush()
	return c.Error()
}

func line(r console.CallRow) []string {
	words := console.NoteWords{}
	if r.Words != nil {
		words = *r.Words
	}
	out := []string{r.At.Format(time.DateTime), r.Zone, r.Ref, r.Patient, r.CallType.In("en"), string(r.Urgency), string(r.State),
		r.Agent, string(r.Language), seconds(r.Wait), seconds(r.Talk), seconds(r.ToDelivered), seconds(r.ToAck), r.AckedBy,
		string(r.Outcome), words.Name, words.Number, words.Reason, words.Ended}
	for i, s := range out {
		out[i] = harmless(s)
	}
	return out
}

func seconds(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
}

// formula is where a spreadsheet would begin to reckon: at a cell's begin, or after what one of another language takes for
// the end of a cell, blanks and quotes before it or not, in the wide letters too.
var formula = regexp.MustCompile(`(^|[;,|\t\r\n])(["'\s]*[=+\-@＝＋－＠]|[\t\r\n])`)

// harmless keeps a spreadsheet from running a cell as a formula (OWASP, "CSV Injection").
func harmless(s string) string { return formula.ReplaceAllString(s, "${1}'${2}") }
