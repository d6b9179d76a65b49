package chart

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// A Rendering is a note as people read it in a chart: a title, then what was said under its headings.
type Rendering struct {
	Title    string
	Language string // of the headings: "en"
	Lines    []RenderedLine
}

// A RenderedLine is one thing of it. Without a Label, Text is a heading.
type RenderedLine struct{ Label, Text string }

// Text is it as plain text.
func (p Rendering) Text() string {
	var b strings.Builder
	b.WriteString(p.Title + "\n")
	for _, l := range p.Lines {
		switch {
		case l.Label == "":
			b.WriteString("\n" + l.Text + "\n")
		case strings.Contains(l.Text, "\n"):
			b.WriteString(l.Label + ":\n  " + strings.ReplaceAll(l.Text, "\n", "\n  ") + "\n")
		default:
			b.WriteString(l.Label + ": " + l.Text + "\n")
		}
	}
	return b.String()
}

// PDF is it as PDF, the same bytes each time. Its text can be searched and copied; it is not tagged, which no kept
// library does: who reads by ear has the text beside it.
func (p Rendering) PDF(at time.Time) ([]byte, error) {
	d := fpdf.New("P", "mm", "Letter", "")
	d.SetCatalogSort(true)
	d.SetCreationDate(at.UTC())
	d.SetModificationDate(at.UTC())
	d.SetTitle(p.Title, true)
	d.SetLang(p.Language)
	d.SetDisplayMode("fullwidth", "continuous")
	d.AddUTF8FontFromBytes("go", "", goregular.TTF)
	d.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	d.SetMargins(20, 20, 20)
	d.SetAutoPageBreak(true, 20)
	d.SetFooterFunc(func() {
		d.SetY(-14)
		d.SetFont("go", "", 8)
		d.CellFormat(0, 5, fmt.Sprint(d.PageNo()), "", 0, "R", false, 0, "")
	})
	d.AddPage()
	d.SetFont("go", "B", 14)
	d.MultiCell(0, 7, printable(p.Title), "", "L", false)
	for _, l := range p.Lines {
		if l.Label == "" {
			d.Ln(3)
			d.SetFont("go", "B", 11)
			d.MultiCell(0, 6, printable(l.Text), "", "L", false)
			continue
		}
		d.SetFont("go", "B", 9)
		d.MultiCell(0, 5, printable(l.Label), "", "L", false)
		d.SetFont("go", "", 10.5)
		d.MultiCell(0, 5.5, printable(l.Text), "", "L", false)
		d.Ln(1)
	}
	var b bytes.Buffer
	if err := d.Output(&b); err != nil {
		return nil, fmt.Errorf("draw a note as PDF: %w", err)
	}
	return b.Bytes(), nil
}

var glyphs = sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(goregular.TTF) })

// printable has each character that the font does not know stand as its number, so that none is lost unseen.
func printable(s string) string {
	font, err := glyphs()
	if err != nil {
		return s
	}
	var buf sfnt.Buffer
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || r == '\r' || r == '\t' {
			b.WriteRune(r)
			continue
		}
		if i, err := font.GlyphIndex(&buf, r); err != nil || i == 0 || r > 0xffff {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
