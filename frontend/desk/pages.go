// Package desk holds the built page of the agent's desk (index.html, one script, one style sheet, two fonts), so that
// cmd/console is one file. The page's sources stand beside it; "npm run build" in frontend makes dist.
//
// It promises only that what was built is inside; it leaves to cmd/console what the page may call.
package desk

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that the program was compiled before its page was.
var ErrNotBuilt = errors.New("the desk's page was not built into this program: run npm ci and npm run build in frontend, then build it " +
	"again")

// Pages is the built page, index.html at its root.
func Pages() (fs.FS, error) {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("the desk's page: %w", err)
	}
	if _, err := fs.Stat(root, "index.html"); err != nil {
		return nil, ErrNotBuilt
	}
	return root, nil
}
