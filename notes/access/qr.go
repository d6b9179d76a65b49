package access

import (
	"fmt"
	"image/color"

	"github.com/boombuler/barcode/qr"
)

// QR draws a link or an authenticator's address: a line a row, "1" for a dark module and "0" for a light one, without the quiet margin.
func QR(words string) ([]string, error) {
	code, err := qr.Encode(words, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("draw a QR picture: %w", err)
	}
	size := code.Bounds()
	rows := make([]string, size.Dy())
	for y := range rows {
		row := make([]byte, size.Dx())
		for x := range row {
			row[x] = '0'
			if code.At(x, y) == color.Black {
				row[x] = '1'
			}
		}
		rows[y] = string(row)
	}
	return rows, nil
}
