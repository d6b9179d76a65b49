package attachment

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
)

// A PDF is never drawn by our pages: it is handed out as a download, which no script of a page of ours can reach. That is what
// protects. What is refused here beside that is what a reader on somebody's desk might run or unpack: scripts, programs to start,
// other files within, forms that send. They are looked for by name in the whole file, in what its object streams hold as well; what
// is encrypted cannot be looked at, and is refused. It is kept as it came, its own title and author included.
var (
	activeNames = map[string]bool{"JavaScript": true, "Launch": true, "EmbeddedFile": true, "EmbeddedFiles": true, "RichMedia": true,
		"GoToE": true, "GoToR": true, "ImportData": true, "SubmitForm": true, "Rendition": true, "XFA": true}

	startXref = regexp.MustCompile(`startxref[\r\n ]+([0-9]{1,10})[\r\n ]+%%EOF[\r\n ]*$`)
	xrefTable = regexp.MustCompile(`^[\r\n ]*(xref|[0-9]{1,10} [0-9]{1,5} obj)`)
	// One filter alone: behind a second one we would look at what is still packed.
	flateAlone = regexp.MustCompile(`/Filter\s*(/FlateDecode[\s/>]|\[\s*/FlateDecode\s*\])`)
	streams    = regexp.MustCompile(`stream\r?\n`)
)

const (
	maxInflated = 64 << 20 // of what all object streams hold
	maxDict     = 4 << 10  // of what is looked at before a stream
)

func checkPDF(b []byte) error {
	if len(b) < 8 || b[5] != '1' && b[5] != '2' || b[6] != '.' {
		return refuse(BadPDF)
	}
	m := startXref.FindSubmatch(b[max(0, len(b)-1024):])
	if m == nil {
		return refuse(BadPDF) // cut off, or something else stands behind it
	}
	if at, err := strconv.Atoi(string(m[1])); err != nil || at >= len(b) || !xrefTable.Match(b[at:min(len(b), at+40)]) {
		return refuse(BadPDF)
	}
	if err := harmlessNames(b); err != nil {
		return err
	}
	left := int64(maxInflated)
	for _, at := range streams.FindAllIndex(b, -1) {
		dict := b[max(0, at[0]-maxDict):at[0]]
		if bytes.HasSuffix(dict, []byte("end")) {
			continue
		}
		if i := bytes.LastIndex(dict, []byte(" obj")); i >= 0 {
			dict = dict[i:]
		}
		names := namesOf(dict)
		if !names["ObjStm"] {
			continue
		}
		plain := b[at[1]:]
		if names["Filter"] {
			z, err := zlib.NewReader(bytes.NewReader(plain))
			if err != nil || names["Predictor"] || !flateAlone.Match(dict) {
				return refuse(Active) // packed so that we cannot look into it
			}
			if plain, err = io.ReadAll(io.LimitReader(z, left+1)); err != nil {
				return refuse(BadPDF)
			}
			if left -= int64(len(plain)); left < 0 {
				return refuse(Active)
			}
		} else if i := bytes.Index(plain, []byte("endstream")); i >= 0 {
			plain = plain[:i]
		}
		if err := harmlessNames(plain); err != nil {
			return err
		}
	}
	return nil
}

func harmlessNames(b []byte) error {
	for i := bytes.IndexByte(b, '/'); i >= 0; {
		name := nameAt(b[i+1:])
		switch {
		case name == "Encrypt":
			return refuse(Locked)
		case activeNames[name]:
			return refuse(Active)
		}
		next := bytes.IndexByte(b[i+1:], '/')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return nil
}

func namesOf(b []byte) map[string]bool {
	names := map[string]bool{}
	for rest := b; ; {
		i := bytes.IndexByte(rest, '/')
		if i < 0 {
			return names
		}
		rest = rest[i+1:]
		names[nameAt(rest)] = true
	}
}

// nameAt reads a name, whose letters may be written #4A.
func nameAt(b []byte) string {
	const longest = 3 * len("EmbeddedFiles")
	var name []byte
	for i := 0; i < len(b) && i < longest; i++ {
		c := b[i]
		if c <= ' ' || bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 {
			break
		}
		if c == '#' && i+2 < len(b) {
			if v, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8); err == nil {
				c, i = byte(v), i+2
			}
		}
		name = append(name, c)
	}
	return string(name)
}
