package ari

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
)

// What Asterisk has recorded is read and deleted in its own directory where Config.Spool says so: through ARI each talk would be
// sent three times, over a connection of its own each time, by the process that has to keep the sound of all others going.

// openStored opens a stored recording and tells its size, -1 when Asterisk does not. What is not there is a status of 404.
func (c *Client) openStored(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	path, ours := c.spooled(name)
	if !ours {
		a, err := c.raw.send(ctx, http.MethodGet, storedPath(name)+"/file", nil)
		if err != nil {
			return nil, 0, err
		}
		return a.Body, a.ContentLength, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, statusError(http.StatusNotFound)
	}
	if err != nil {
		return nil, 0, err
	}
	s, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return struct { // not more than there was when its size was told
		io.Reader
		io.Closer
	}{io.LimitReader(f, s.Size()), f}, s.Size(), nil
}

// deleteStored deletes a stored recording; one that is not there is success.
func (c *Client) deleteStored(ctx context.Context, name string) error {
	path, ours := c.spooled(name)
	if !ours {
		err := c.do(ctx, "delete recording", http.MethodDelete, storedPath(name), nil, nil)
		return orDone(err, http.StatusNotFound)
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// spooled is the file of a talk or of a recorder, which are raw sound. A voicemail's form is the dialplan's: Asterisk is asked.
func (c *Client) spooled(name string) (path string, ours bool) {
	dir, of := filepath.Split(name)
	ours = c.cfg.Spool != "" && (dir == c.talkDir() || dir == c.cfg.App+"/") && recordingName.MatchString(of)
	return filepath.Join(c.cfg.Spool, name+".raw"), ours
}
