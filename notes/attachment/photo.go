package attachment

import (
	"bytes"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"

	"lamplight/notes"
)

const (
	maxPixels = 50_000_000 // what phones' cameras make, 8160×6120
	maxMemory = 256 << 20  // what decoding may take, in bytes
	maxScans  = 64         // of a progressive JPEG; cameras make ten, a bomb makes a million
	keepSide  = 4096       // no side of what is kept is longer, in pixels
	smallSide = 320        // nor of a thumbnail
	keepGood  = 88         // the quality of the JPEGs we make
	smallGood = 75
)

// A form is what was read of a photo before it is decoded.
type form struct {
	width, height int
	perPixel      int // bytes that decoding takes
	turn          int // EXIF's orientation, 1 to 8
	decode        func() (image.Image, error)
}

// A reader reads a photo's form without decoding it; false for one that is damaged.
type reader func(b []byte) (form, bool)

func photo(b []byte, read reader) (Made, error) {
	f, ok := read(b)
	if !ok || f.width < 1 || f.height < 1 {
		return Made{}, refuse(Broken)
	}
	if f.width > maxPixels/f.height || f.width*f.height > maxMemory/f.perPixel {
		return Made{}, refuse(TooMany)
	}
	src, err := f.decode()
	if err != nil || src.Bounds().Dx() != f.width || src.Bounds().Dy() != f.height {
		return Made{}, refuse(Broken)
	}
	whole := upright(shrunk(src, keepSide), f.turn)
	m := Made{Kind: notes.Photo, Width: whole.Bounds().Dx(), Height: whole.Bounds().Dy()}
	if m.Data, err = encode(whole, keepGood); err != nil {
		return Made{}, err
	}
	m.Small, err = encode(shrunk(whole, smallSide), smallGood)
	if len(m.Data) > notes.MaxFileBytes {
		return Made{}, errors.New("attachment: a photo became larger than what may come")
	}
	return m, err
}

func encode(m image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// shrunk draws a picture on white with no side longer than most, each pixel the mean of those it stands for. It holds a strip of the
// picture at a time, not all of it once more.
func shrunk(src image.Image, most int) *image.RGBA {
	at := src.Bounds()
	w, h := at.Dx(), at.Dy()
	dw, dh := w, h
	if long := max(w, h); long > most {
		dw, dh = max(1, w*most/long), max(1, h*most/long)
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	strip := image.NewRGBA(image.Rect(0, 0, w, h/dh+1))
	for y := range dh {
		y0, y1 := y*h/dh, (y+1)*h/dh
		rows := image.Rect(0, 0, w, y1-y0)
		draw.Draw(strip, rows, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, rows, src, at.Min.Add(image.Pt(0, y0)), draw.Over)
		out := dst.Pix[dst.PixOffset(0, y):]
		if dw == w && y1-y0 == 1 {
			copy(out, strip.Pix[:4*w])
			continue
		}
		for x := range dw {
			x0, x1 := x*w/dw, (x+1)*w/dw
			var r, g, b int
			for sy := range y1 - y0 {
				row := strip.Pix[strip.PixOffset(x0, sy) : strip.PixOffset(x1-1, sy)+4]
				for i := 0; i < len(row); i += 4 {
					r, g, b = r+int(row[i]), g+int(row[i+1]), b+int(row[i+2])
				}
			}
			n := (x1 - x0) * (y1 - y0)
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = uint8(r/n), uint8(g/n), uint8(b/n), 255
		}
	}
	return dst
}

// upright turns a picture as EXIF's orientation says it was taken.
func upright(src *image.RGBA, turn int) *image.RGBA {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	if turn < 2 || turn > 8 {
		return src
	}
	dw, dh := w, h
	if turn >= 5 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			sx, sy := x, y
			if turn >= 5 {
				sx, sy = y, x
			}
			switch turn {
			case 2, 7, 8:
				sx = w - 1 - sx
			}
			switch turn {
			case 4, 6, 7:
				sy = h - 1 - sy
			case 3:
				sx, sy = w-1-sx, h-1-sy
			}
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return dst
}
