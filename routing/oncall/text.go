package oncall

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxCalendar is how many bytes of a calendar or a table are read; a practice's ten years are a tenth of it.
const MaxCalendar = 8 << 20

// readBounded reads all of r, refusing more than MaxCalendar bytes with the line the limit fell on.
func readBounded(r io.Reader, field string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxCalendar+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", field, err)
	}
	if len(text) > MaxCalendar {
		return nil, oneProblem(1+bytes.Count(text, []byte("\n")), field, "import-too-long", "most", fmt.Sprint(MaxCalendar))
	}
	return text, nil
}

// plainText takes off a byte order mark, turns UTF-16 into UTF-8 and refuses what is no text at all.
func plainText(text []byte, field string) ([]byte, error) {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		text = fromUTF16(text[2:], binary.LittleEndian)
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		text = fromUTF16(text[2:], binary.BigEndian)
	case len(text) > 3 && text[0] != 0 && text[1] == 0 && text[3] == 0:
		text = fromUTF16(text, binary.LittleEndian)
	case len(text) > 3 && text[0] == 0 && text[1] != 0 && text[2] == 0:
		text = fromUTF16(text, binary.BigEndian)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(text, []byte("PK\x03\x04")), bytes.HasPrefix(text, []byte("\xd0\xcf\x11\xe0")):
		return nil, oneProblem(1, field, "import-workbook")
	case bytes.IndexByte(text, 0) >= 0:
		at := bytes.IndexByte(text, 0)
		return nil, oneProblem(1+bytes.Count(text[:at], []byte("\n")), field, "import-not-text")
	}
	return text, nil
}

func fromUTF16(text []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(text[2*i:])
	}
	out := string(utf16.Decode(units))
	if len(text)%2 != 0 { // half a letter at the end: cut off on its way
		out += string(utf8.RuneError)
	}
	return []byte(out)
}

// windows1252 is what the bytes 0x80 to 0x9F mean to Excel; the rest of Windows-1252 is Latin-1.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

// decodeLine takes UTF-8, and for anything else Windows-1252. It is asked for one line at a time, so that one letter of a
// pasted name does not turn the letters of all others.
func decodeLine(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	var out strings.Builder
	for _, b := range text {
		if b >= 0x80 && b <= 0x9f {
			out.WriteRune(windows1252[b-0x80])
		} else {
			out.WriteRune(rune(b))
		}
	}
	return out.String()
}

// textLines cuts a text at CR LF, LF and CR alone.
func textLines(text []byte) [][]byte {
	var out [][]byte
	for len(text) > 0 {
		i := bytes.IndexAny(text, "\r\n")
		if i < 0 {
			return append(out, text)
		}
		out = append(out, text[:i])
		if text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			i++
		}
		text = text[i+1:]
	}
	return out
}
