package attachment

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// readJPEG walks a JPEG's markers to its end: how large it is, how it was coded, which way up, and how many scans it has.
func readJPEG(b []byte) (f form, ok bool) {
	f.turn = 1
	f.decode = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }
	scans := 0
	for i := 2; i+4 <= len(b); {
		if b[i] != 0xff {
			i++ // what a scan is made of, or what fills it up
			continue
		}
		marker := b[i+1]
		switch {
		case marker == 0xff:
			i++
			continue
		case marker == 0 || marker == 1 || marker >= 0xd0 && marker <= 0xd8: // no segment follows
			i += 2
			continue
		case marker == 0xd9:
			return f, f.width > 0 && scans > 0
		}
		n := int(binary.BigEndian.Uint16(b[i+2:]))
		if n < 2 || i+2+n > len(b) {
			return f, false
		}
		body := b[i+4 : i+2+n]
		switch {
		case marker >= 0xc0 && marker <= 0xc2:
			if len(body) < 6 || f.width > 0 {
				return f, false
			}
			f.height, f.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			f.perPixel = max(3, int(body[5]))
			if marker == 0xc2 { // its coefficients stay until the last scan
				f.perPixel *= 5
			}
		case marker == 0xda:
			if scans++; scans > maxScans {
				return f, false
			}
		case marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
			f.turn = orientation(body[6:])
		}
		i += 2 + n
	}
	return f, len(b) >= 2 && bytes.HasSuffix(b, []byte("\xff\xd9")) && f.width > 0 && scans > 0
}

func readPNG(b []byte) (f form, ok bool) {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return f, false
	}
	f = form{width: c.Width, height: c.Height, perPixel: 4, turn: 1, decode: func() (image.Image, error) {
		return png.Decode(bytes.NewReader(b))
	}}
	if c.ColorModel == color.NRGBA64Model || c.ColorModel == color.RGBA64Model {
		f.perPixel = 8
	}
	for i := 8; i+12 <= len(b) && string(b[i+4:i+8]) != "IEND"; { // what stands behind its end is none of it
		n := int64(binary.BigEndian.Uint32(b[i:]))
		if int64(i)+12+n > int64(len(b)) {
			return f, false
		}
		if string(b[i+4:i+8]) == "eXIf" {
			f.turn = orientation(b[i+8 : i+8+int(n)])
		}
		i += 12 + int(n)
	}
	return f, true
}

// readWebP reads the size of the picture itself and of the canvas around it, which must be the same: a decoder makes room for both.
func readWebP(b []byte) (f form, ok bool) {
	size := int64(binary.LittleEndian.Uint32(b[4:])) + 8
	if size < 12 || size > int64(len(b)) {
		return f, false
	}
	b = b[:size]
	f = form{perPixel: 8, turn: 1, decode: func() (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }}
	var canvas image.Point
	for i := 12; i+8 <= len(b); {
		n := int64(binary.LittleEndian.Uint32(b[i+4:]))
		if int64(i)+8+n > int64(len(b)) {
			return f, false
		}
		var at image.Point
		switch kind, body := string(b[i:i+4]), b[i+8:i+8+int(n)]; kind {
		case "VP8X":
			if len(body) != 10 || canvas.X > 0 {
				return f, false
			}
			canvas = image.Pt(int(binary.LittleEndian.Uint32(body[4:])&0xffffff)+1, int(binary.LittleEndian.Uint32(body[6:])>>8)+1)
		case "VP8 ":
			if len(body) < 10 || string(body[3:6]) != "\x9d\x01\x2a" {
				return f, false
			}
			at = image.Pt(int(binary.LittleEndian.Uint16(body[6:])&0x3fff), int(binary.LittleEndian.Uint16(body[8:])&0x3fff))
		case "VP8L":
			if len(body) < 5 || body[0] != 0x2f {
				return f, false
			}
			bits := binary.LittleEndian.Uint32(body[1:])
			at = image.Pt(int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1)
		case "EXIF":
			f.turn = orientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		}
		if at != (image.Point{}) {
			if f.width > 0 {
				return f, false
			}
			f.width, f.height = at.X, at.Y
		}
		i += 8 + int(n+n&1)
	}
	return f, canvas == image.Point{} || canvas == image.Pt(f.width, f.height)
}

// orientation reads which way up a photo was taken (TIFF's tag 274) from EXIF; 1, as it is, when it does not say.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "MM\x00*":
		order = binary.BigEndian
	case "II*\x00":
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x112 && order.Uint16(entries[2:]) == 3 {
			if turn := int(order.Uint16(entries[8:])); turn >= 1 && turn <= 8 {
				return turn
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
