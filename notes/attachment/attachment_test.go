package attachment

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"

	"lamplight/notes"
)

// corner is a picture that is red in its upper left quarter and blue elsewhere.
func corner(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{B: 255, A: 255}
			if x < w/2 && y < h/2 {
				c = color.NRGBA{R: 255, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif is EXIF that says which way up, and where.
func exif(turn int) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	b = binary.BigEndian.AppendUint16(b, uint16(turn))
	return append(b, "\x00\x00\x00\x00\x00\x00 41.8781 N 87.6298 W Ximena's phone"...)
}

// withEXIF is a JPEG as a phone makes it.
func withEXIF(b []byte, turn int) []byte {
	body := append([]byte("Exif\x00\x00"), exif(turn)...)
	seg := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	out := append(append([]byte{0xff, 0xd8}, seg...), body...)
	return append(append(out, b[2:]...), "trailing: Ximena's film"...)
}

// pngChunk is a chunk of a PNG.
func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// bigPNG claims a size that its few bytes do not hold.
func bigPNG(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append(append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(head, 8, 6, 0, 0, 0))...), pngChunk("IEND", nil)...)
}

// aPDF is a PDF with an object more, and an object stream.
func aPDF(object, packed string) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write([]byte(packed)); err != nil {
		panic(err) // a buffer takes all
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	b := []byte("%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n" + object)
	b = append(fmt.Appendf(b, "\n4 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n", z.Len()), z.Bytes()...)
	b = append(b, "\nendstream\nendobj\n"...)
	return fmt.Appendf(b, "xref\n0 1\n0000000000 65535 f \ntrailer<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(b))
}

func why(err error) FileFault {
	var r *FileRefusal
	if errors.As(err, &r) {
		return r.Why
	}
	return FileFault(fmt.Sprint(err))
}

// TestWhatIsKept: a photo of each kind becomes a JPEG of its pixels, upright, with nothing else of what came.
func TestWhatIsKept(t *testing.T) {
	lossy, err := os.ReadFile("testdata/flower.webp")
	if err != nil {
		t.Fatal(err)
	}
	// red is where the red quarter is when a photo with that orientation stands upright.
	for turn, red := range map[int]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}} {
		m, err := Inspect(withEXIF(asJPEG(t, corner(64, 32)), turn))
		if err != nil {
			t.Fatal(turn, err)
		}
		if w, h := 64, 32; turn >= 5 && (m.Width != h || m.Height != w) || turn < 5 && (m.Width != w || m.Height != h) {
			t.Errorf("turned %d it is %d×%d", turn, m.Width, m.Height)
		}
		got, err := jpeg.Decode(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []image.Point{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
			r, _, _, _ := got.At(m.Width/4+q.X*m.Width/2, m.Height/4+q.Y*m.Height/2).RGBA()
			if (r > 0x8000) != (q == red) {
				t.Errorf("turned %d, the quarter %v is red: %v", turn, q, r > 0x8000)
			}
		}
	}
	clear := corner(40, 40)
	clear.SetNRGBA(30, 30, color.NRGBA{})
	turned := asPNG(t, corner(64, 32))
	turned = append(append(append([]byte{}, turned[:33]...), pngChunk("eXIf", exif(6))...), turned[33:]...)
	for name, c := range map[string]struct {
		in            []byte
		width, height int
	}{"a PNG": {asPNG(t, clear), 40, 40}, "a PNG of a phone": {turned, 32, 64}, "a WebP": {lossy, 150, 100},
		"a PNG with a tail":  {append(asPNG(t, clear), "Ximena's film, and more of it"...), 40, 40},
		"a WebP with a tail": {append(bytes.Clone(lossy), "Ximena's film"...), 150, 100},
		"a large JPEG":       {asJPEG(t, image.NewGray(image.Rect(0, 0, 5000, 2500))), 4096, 2048},
		"a narrow PNG":       {asPNG(t, image.NewGray16(image.Rect(0, 0, 9000, 1))), 4096, 1},
		"PNG of 16 bits":     {asPNG(t, image.NewNRGBA64(image.Rect(0, 0, 7, 9))), 7, 9}} {
		m, err := Inspect(c.in)
		if err != nil || m.Kind != notes.Photo || m.Width != c.width || m.Height != c.height {
			t.Errorf("%s: %s, %d×%d, %v", name, m.Kind, m.Width, m.Height, err)
			continue
		}
		small, err := jpeg.DecodeConfig(bytes.NewReader(m.Small))
		if err != nil || max(small.Width, small.Height) > smallSide || len(m.Small) > 64<<10 {
			t.Errorf("%s: a thumbnail of %d×%d, %d bytes, %v", name, small.Width, small.Height, len(m.Small), err)
		}
	}
	m, err := Inspect(withEXIF(asJPEG(t, corner(64, 32)), 6))
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{"Exif", "Ximena", "41.8781", "trailing"} {
		if bytes.Contains(m.Data, []byte(left)) || bytes.Contains(m.Small, []byte(left)) {
			t.Errorf("%q is left of what came", left)
		}
	}
	pdf := aPDF("3 0 obj\n<</Type/Annot/A<</S/URI/URI(https://example.org/?a=javascript)>>>>\nendobj\n", "3 0 <</Type/Page>>")
	if m, err := Inspect(pdf); err != nil || m.Kind != notes.PDF || !bytes.Equal(m.Data, pdf) || m.Small != nil {
		t.Errorf("a PDF: %s, %v", m.Kind, err)
	}
}

// TestWhatIsRefused, and with which word; nothing of it is decoded.
func TestWhatIsRefused(t *testing.T) {
	photo, pdf := asJPEG(t, corner(640, 480)), aPDF("", "")
	lossy, err := os.ReadFile("testdata/flower.webp")
	if err != nil {
		t.Fatal(err)
	}
	// The canvas of a WebP is made room for before the picture is read.
	canvas := bytes.Clone(lossy)
	copy(canvas[20:], "\x10\x00\x00\x00\xff\xff\x00\xfe\xff\x00")
	huge := append([]byte("RIFF\x00\x00\x00\x00WEBP"), lossy[bytes.Index(lossy, []byte("VP8 ")):]...)
	binary.LittleEndian.PutUint32(huge[4:], uint32(len(huge)-8))
	if m, err := Inspect(huge); err != nil || m.Width != 150 {
		t.Fatalf("a WebP without a canvas: %d, %v", m.Width, err)
	}
	binary.LittleEndian.PutUint16(huge[26:], 0x3fff)
	binary.LittleEndian.PutUint16(huge[28:], 0x3fff)
	sof := bytes.Clone(photo)
	at := bytes.Index(sof, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(sof[at+5:], 65535)
	binary.BigEndian.PutUint16(sof[at+7:], 65535)
	progressive := bytes.Clone(photo)
	progressive[at+1] = 0xc2
	binary.BigEndian.PutUint16(progressive[at+5:], 6000)
	binary.BigEndian.PutUint16(progressive[at+7:], 6000)
	scan := photo[bytes.Index(photo, []byte{0xff, 0xda}):]
	scans := append(bytes.Clone(photo[:len(photo)-2]), bytes.Repeat(scan[:14], maxScans)...)
	for name, c := range map[string]struct {
		in   []byte
		want FileFault
	}{
		"nothing":                        {nil, TooLarge},
		"too much":                       {make([]byte, notes.MaxFileBytes+1), TooLarge},
		"a page":                         {[]byte("<html><script>alert(1)</script>"), NoKind},
		"a program":                      {[]byte("MZ\x90\x00\x03"), NoKind},
		"a GIF":                          {[]byte("GIF89a\x01\x00\x01\x00"), NoKind},
		"an SVG":                         {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), NoKind},
		"HEIC":                           {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), HEIC},
		"a page behind a JPEG's begin":   {[]byte("\xff\xd8\xff<html>"), Broken},
		"half a JPEG":                    {photo[:len(photo)/2], Broken},
		"a JPEG without its last byte":   {photo[:len(photo)-1], Broken},
		"a JPEG of 65,535×65,535":        {sof, TooMany},
		"a progressive JPEG of 36 M":     {progressive, TooMany},
		"a JPEG of many scans":           {append(scans, 0xff, 0xd9), Broken},
		"half a PNG":                     {asPNG(t, corner(64, 64))[:120], Broken},
		"a PNG of 30,000×30,000":         {bigPNG(30_000, 30_000), TooMany},
		"a PNG of 2^31×2^31":             {bigPNG(1<<31-1, 1<<31-1), Broken},
		"a PNG that is empty":            {bigPNG(10, 10), Broken},
		"half a WebP":                    {lossy[:len(lossy)/2], Broken},
		"a WebP on a canvas of 4 G":      {canvas, Broken},
		"a WebP of 16,383×16,383":        {huge, TooMany},
		"half a PDF":                     {pdf[:len(pdf)/2], BadPDF},
		"a PDF with something behind it": {append(bytes.Clone(pdf), "<html>"...), BadPDF},
		"a PDF that is none":             {[]byte("%PDF-1.7\nhello"), BadPDF},
		"a PDF with a script":            {aPDF("3 0 obj <</S/JavaScript/JS(app.alert(1))>> endobj", ""), Active},
		"one with a hidden name":         {aPDF("3 0 obj <</S/J#61vaScr#69pt/JS(app.alert(1))>> endobj", ""), Active},
		"one that starts a program":      {aPDF("3 0 obj <</S/Launch/F(cmd.exe)>> endobj", ""), Active},
		"one with a file in it":          {aPDF("3 0 obj <</Names<</EmbeddedFiles 9 0 R>>>> endobj", ""), Active},
		"one with a packed script":       {aPDF("", "7 0 <</S/JavaScript/JS(1)>>"), Active},
		"one packed in another way":      {bytes.Replace(aPDF("", "x"), []byte("/FlateDecode"), []byte("[/A85  /Fl ]"), 1), Active},
		"one packed twice":               {bytes.Replace(pdf, []byte("/FlateDecode/Length"), []byte("[/FlateDecode /Fl]/"), 1), Active},
		"one packed as a bomb":           {aPDF("", strings.Repeat(" ", maxInflated+1)), Active},
		"one that is locked":             {aPDF("3 0 obj <</Filter/Standard>> endobj trailer<</Encrypt 3 0 R>>", ""), Locked},
	} {
		if _, err := Inspect(c.in); why(err) != c.want {
			t.Errorf("%s: %v, want %s", name, why(err), c.want)
		}
	}
}

// FuzzInspect: whatever comes, it is refused or becomes a JPEG of ours or the PDF that it was.
func FuzzInspect(f *testing.F) {
	lossy, err := os.ReadFile("testdata/flower.webp")
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{withEXIF(asJPEG(f, corner(16, 8)), 6), asPNG(f, corner(8, 8)), lossy, bigPNG(30_000, 30_000),
		aPDF("3 0 obj <</S/JavaScript>> endobj", "x"), aPDF("", "7 0 <</Type/Page>>"), []byte("%PDF-1.4 stream\n/ObjStm"),
		[]byte("\x00\x00\x00\x18ftypheic")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Inspect(b)
		var refused *FileRefusal
		switch {
		case err != nil:
			if !errors.As(err, &refused) {
				t.Error(err)
			}
		case m.Kind == notes.PDF:
			if !bytes.Equal(m.Data, b) {
				t.Error("a PDF was changed")
			}
		default:
			c, err := jpeg.DecodeConfig(bytes.NewReader(m.Data))
			if err != nil || c.Width != m.Width || c.Height != m.Height || max(c.Width, c.Height) > keepSide {
				t.Errorf("it became %+v, %v", c, err)
			}
			if bytes.Contains(m.Data, []byte("Exif")) {
				t.Error("EXIF is left")
			}
		}
	})
}
