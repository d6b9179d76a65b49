package keyfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestASecretIsMadeOnceAndReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.key")
	for _, text := range []string{"first", "second"} { // as two processes do at once
		if err := Make(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := Read(path); err != nil || string(b) != "first" {
		t.Fatalf("it holds %q, %v", b, err)
	}
	if err := Replace(path, []byte("third"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := Read(path); err != nil || string(b) != "third" {
		t.Fatalf("it holds %q, %v", b, err)
	}
	if all, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(all) > 0 {
		t.Errorf("left behind: %v, %v", all, err)
	}
}

func TestWhatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.key")
	if err := Replace(path, []byte("secret"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "chmod 600") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err != nil {
		t.Errorf("one that its owner alone can read: %v", err)
	}
	if _, err := Read(path + "-not"); !os.IsNotExist(err) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := Make(filepath.Join(path, "below"), nil); err == nil {
		t.Error("a file is a directory")
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode() != fs.FileMode(0o400) {
		t.Errorf("its mode is %v, %v", fi.Mode(), err)
	}
}
