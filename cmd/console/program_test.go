package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"lamplight/cmd/console/windowtest"
)

// The desk as a program: built once a kind, started in a group of its own, its log kept for a failed test.

var built sync.Map // tags → func() (path string, err error)

// program builds the desk with tags. Its page must have been built before: npm ci and npm run build in frontend.
func program(t *testing.T, tags string) string {
	t.Helper()
	once, _ := built.LoadOrStore(tags, sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "lamplight-desk")
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, "console")
		cmd := exec.Command("go", "build", "-tags", tags, "-o", path, ".")
		if tags == windowtest.Tags {
			cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go build -tags %s: %w\n%s", tags, err, out)
		}
		return path, nil
	}))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	built.Range(func(_, once any) bool {
		if path, err := once.(func() (string, error))(); err == nil {
			_ = os.RemoveAll(filepath.Dir(path)) // of a temporary directory
		}
		return true
	})
	os.Exit(code)
}
