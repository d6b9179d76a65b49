// Package attachment looks at a file that somebody wants to attach to a message, and makes of it what is kept.
//
// It promises: what a file is, its first bytes say, never its name or what a browser called it. A photo (JPEG, PNG, WebP) is decoded
// only after its dimensions, and what decoding them takes, were found small enough; what is kept is a new JPEG of its pixels, upright,
// with a thumbnail, so that no EXIF, place, embedded thumbnail or trailing byte is left of what came. A PDF is kept as it came, if it
// is whole and neither scripts, nor programs, nor other files are seen in it. Anything else is refused with why.
//
// HEIC is refused: the decoders that need no cgo are libheif and libde265 as WebAssembly, under the LGPL, and they load a system's
// library before that. A phone's browser makes a JPEG of such a photo by itself when a page asks for JPEG, as ours do.
//
// It leaves to others: whose file it is, and where it is kept (notes/record). It is pure: bytes in, bytes out, nothing in a file.
package attachment

import (
	"bytes"

	"lamplight/notes"
)

// A FileFault is why a file is refused; a page has words for each.
type FileFault string

const (
	NoKind   FileFault = "unknown" // neither a photo nor a PDF
	HEIC     FileFault = "heic"    // a photo of a kind that is not read
	Broken   FileFault = "broken"  // damaged, or not all of it is there
	TooLarge FileFault = "large"   // more bytes than notes.MaxFileBytes, or none
	TooMany  FileFault = "pixels"  // a photo with more pixels than are looked at
	Active   FileFault = "active"  // a PDF that runs something or carries another file
	Locked   FileFault = "locked"  // a PDF that is encrypted
	BadPDF   FileFault = "pdf"     // a PDF that is damaged, or not all of it is there
)

// A FileRefusal is the error of a file that is not kept.
type FileRefusal struct{ Why FileFault }

func (r *FileRefusal) Error() string { return "attachment: refused: " + string(r.Why) }

func refuse(w FileFault) error { return &FileRefusal{w} }

// Made is a file as it is kept. Small is a photo's thumbnail, a JPEG; nil of a PDF.
type Made struct {
	Kind          notes.FileKind
	Data, Small   []byte
	Width, Height int // of a photo
}

// Inspect looks at a whole file. The error is a *FileRefusal, or one of ours.
func Inspect(b []byte) (Made, error) {
	if len(b) == 0 || len(b) > notes.MaxFileBytes {
		return Made{}, refuse(TooLarge)
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return photo(b, readJPEG)
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return photo(b, readPNG)
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return photo(b, readWebP)
	case bytes.HasPrefix(b, []byte("%PDF-")):
		if err := checkPDF(b); err != nil {
			return Made{}, err
		}
		return Made{Kind: notes.PDF, Data: b}, nil
	case len(b) >= 12 && string(b[4:8]) == "ftyp":
		return Made{}, refuse(HEIC) // a film has this beginning too, and is told the same: send a photo as JPEG
	}
	return Made{}, refuse(NoKind)
}
