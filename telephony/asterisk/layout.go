package asterisk

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Prompts are the sentences Lamplight speaks, each in English and in Spanish. Their names are those ARI plays as
// "sound:lamplight/greeting".
var Prompts = []string{
	"lamplight/greeting",  // who this is, emergencies hang up and dial 911; one for English, two for Spanish
	"lamplight/busy",      // all agents are helping others, please wait
	"lamplight/overflow",  // apology: no agent can be reached, leave a message after the tone
	"lamplight/recorded",  // thank you, the message was recorded
	"lamplight/unknown",   // apology: the number dialled is not ours
	"lamplight/press-one", // to whoever answers a provider's phone: press one to call the patient
	"lamplight/trial-one", // to whoever answers a call for trial: press one for the code; trial-code and digit-0 to digit-9 say it
	"lamplight/trial-code",
	"lamplight/connecting", // to a provider: please wait while your call is connected
	"lamplight/beep",       // the tone
}

// The prompts and the hold music, 8 kHz mu-law.
//
//go:generate sh sounds/make.sh
//go:embed sounds/en/*.ulaw sounds/es/*.ulaw sounds/moh/*.ulaw
var sounds embed.FS

// Sound returns a prompt as it is played, 8 kHz mu-law: Sound("es", "lamplight/greeting"). It fails for what is not in
// Prompts or not "en" or "es".
func Sound(language, prompt string) ([]byte, error) {
	return sounds.ReadFile("sounds/" + language + "/" + filepath.Base(prompt) + ".ulaw")
}

// WriteSounds writes the prompts into dir as Asterisk's sounds directory wants them, en/lamplight/greeting.ulaw, and the
// hold music into dir/moh. For the administrator of an existing Asterisk.
func WriteSounds(dir string) error { return writeSounds(dir, filepath.Join(dir, "moh"), account{}) }

func writeSounds(dir, moh string, a account) error {
	return fs.WalkDir(sounds, "sounds", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := sounds.ReadFile(name)
		if err != nil {
			return err
		}
		to := filepath.Join(moh, filepath.Base(name))
		if lang := filepath.Base(filepath.Dir(name)); lang != "moh" {
			to = filepath.Join(dir, lang, "lamplight", filepath.Base(name))
		}
		if same, err := os.ReadFile(to); err == nil && bytes.Equal(same, text) {
			return nil
		}
		if err := makeDir(filepath.Dir(to), a); err != nil {
			return err
		}
		return writeFile(to, text, a)
	})
}

// lay makes the server's directories and writes the configuration and the sounds into them.
func (p plan) lay(in Install, a account) error {
	for _, d := range []string{"etc", "var", "data", "run", "log", "spool/recording/vm", "spool/monitor", "spool/tmp"} {
		if err := makeDir(filepath.Join(p.Dir, d), a); err != nil {
			return err
		}
	}
	for _, d := range []string{"documentation", "rest-api"} {
		if err := link(filepath.Join(in.Data, d), filepath.Join(p.Dir, "data", d)); err != nil {
			return err
		}
	}
	if err := p.sounds(a); err != nil {
		return err
	}
	files, err := p.render()
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := writeFile(filepath.Join(p.Dir, "etc", name), text, a); err != nil {
			return err
		}
	}
	return nil
}

// sounds writes the prompts and the music where Asterisk finds them.
func (p plan) sounds(a account) error {
	return writeSounds(filepath.Join(p.Dir, "data/sounds"), filepath.Join(p.Dir, "data/moh"), a)
}

// laid tells whether the configuration that stands in the directory is the one we would write.
func (p plan) laid() (bool, error) {
	files, err := p.render()
	if err != nil {
		return false, err
	}
	for name, text := range files {
		had, err := os.ReadFile(filepath.Join(p.Dir, "etc", name))
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if !bytes.Equal(had, text) {
			return false, nil
		}
	}
	return true, nil
}

// makeDir makes a directory and those above it that are missing, the last for the account alone.
func makeDir(dir string, a account) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := makeDir(filepath.Dir(dir), a); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return a.own(dir)
	} else if err != nil {
		return err
	}
	return nil
}

// writeFile writes a file for the account alone; whoever reads it sees the old one or the whole new one.
func writeFile(name string, text []byte, a account) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(f.Name()))
		}
	}()
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := a.own(f.Name()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// link makes or moves a symbolic link.
func link(to, name string) error {
	if had, err := os.Readlink(name); err == nil && had == to {
		return nil
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(to, name)
}
