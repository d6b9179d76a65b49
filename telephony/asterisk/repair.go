package asterisk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// repairRecordings makes playable what a dead Asterisk left of its recordings: it writes the sizes into a WAV file's
// header only when a recording ends, so one that was cut short says that it is empty. Asterisk must not be running.
func repairRecordings(spool string) error {
	return filepath.WalkDir(spool, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".wav" {
			return err
		}
		if err := repairWAV(name); err != nil {
			return fmt.Errorf("repair a recording: %w", err)
		}
		return nil
	})
}

// repairWAV corrects the header of a WAV file as Asterisk lays it out, 44 bytes and then sound to the end. Other files
// are left as they are.
func repairWAV(name string) (err error) {
	const header = 44
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var b [header]byte
	if _, err := io.ReadFull(f, b[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	} else if err != nil {
		return err
	}
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	sound := fi.Size() - header
	said := int64(binary.LittleEndian.Uint32(b[40:]))
	if string(b[:4]) != "RIFF" || string(b[36:40]) != "data" || said == sound || sound > math.MaxUint32-header {
		return nil
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(sound+header-8))
	binary.LittleEndian.PutUint32(b[40:], uint32(sound))
	_, err = f.WriteAt(b[:], 0)
	return err
}
