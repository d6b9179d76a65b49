package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"lamplight/cmd/lamplight/server"
)

// patientWords are what the demo's callers are called and say, which nobody may find outside the seals.
func patientWords() (secrets []string) {
	for _, s := range server.Scenarios()[:2] {
		for key, v := range s.Expected.Fields {
			if key != "dob" && len(v) > 5 { // a date of birth could stand anywhere as some other date
				secrets = append(secrets, strings.TrimPrefix(v, "+"))
			}
		}
		secrets = append(secrets, strings.TrimPrefix(s.ANI, "+1"), s.Name)
	}
	return secrets
}

// readable looks for secrets, as they are, in hexadecimal and in base64, in a dump of the database and in every file of a state
// directory but the database's own, which the dump shows. It tells how many places it looked at.
func readable(dir string, dump []byte, secrets []string) (places int, found []string, err error) {
	forms := map[string][]byte{}
	for _, s := range secrets {
		for _, form := range []string{s, hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s))[:len(s)]} {
			forms[form] = []byte(form)
		}
	}
	look := func(place string, hay []byte) {
		places++
		for form, b := range forms {
			if bytes.Contains(hay, b) {
				found = append(found, fmt.Sprintf("%s holds %q", place, form))
			}
		}
	}
	look("the database", dump)
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went while we looked
			return nil
		case err != nil:
			return err
		case e.IsDir() && e.Name() == "data" && strings.Contains(path, "postgres"):
			return fs.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		hay, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		look(path, hay)
		return err
	})
	return places, found, err
}

// dumped is what pg_dump makes of a server's private database.
func dumped(ctx context.Context, s *server.Server) ([]byte, error) {
	c := s.Pool.Config().ConnConfig
	cmd := exec.CommandContext(ctx, filepath.Join(s.Cluster.Bin(), "pg_dump"), "--host", c.Host, "--username", c.User, c.Database)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+c.Password)
	out, err := cmd.Output()
	if err == nil && !bytes.Contains(out, []byte("COPY public.note ")) {
		err = errors.New("it holds no notes")
	}
	if err != nil {
		return nil, fmt.Errorf("dump the database: %w", err)
	}
	return out, nil
}
