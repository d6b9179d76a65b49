// Package portal holds the built pages of providers and practices (index.html, scripts, styles), so that the server is
// one file. Their sources stand beside it; "npm run build" in frontend makes dist.
//
// It promises only that what was built is inside; it leaves to console/portal who may see what.
package portal

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that the program was compiled before its pages were.
var ErrNotBuilt = errors.New("the web pages were not built into this program: run npm ci and npm run build in frontend, then build it again")

// Pages is the built site, index.html at its root.
func Pages() (fs.FS, error) {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("the web pages: %w", err)
	}
	if _, err := fs.Stat(root, "index.html"); err != nil {
		return nil, ErrNotBuilt
	}
	return root, nil
}
