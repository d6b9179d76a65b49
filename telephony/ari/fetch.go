package ari

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// rate is the sample rate of recordings, in Hz: what a telephone line carries.
const rate = 8000

// errRunning is why a recording cannot be fetched yet.
var errRunning = errors.New("the recording still runs")

// storedNames are the names Asterisk keeps a recording under, the voice first.
func (c *Client) storedNames(r telephony.RecordingID) []string {
	if isVoicemail(r) {
		return []string{string(r), string(r) + asterisk.CallerSuffix}
	}
	return []string{c.cfg.App + "/" + string(r)}
}

func isVoicemail(r telephony.RecordingID) bool {
	_, err := asterisk.ParseVoicemail(string(r))
	return err == nil
}

// FetchRecording implements telephony.Switch. It writes a WAV: stereo for a recording, mono for a voicemail.
func (c *Client) FetchRecording(ctx context.Context, r telephony.RecordingID, w io.Writer) error {
	vm := isVoicemail(r)
	if !vm {
		_, err := c.channel(ctx, sayPrefix+string(r))
		if err == nil {
			return fmt.Errorf("ari: fetch %s: %w", r, errRunning)
		}
		if !errors.Is(err, telephony.ErrGone) {
			return err
		}
	}
	a, err := c.raw.send(ctx, http.MethodGet, storedPath(c.storedNames(r)[0])+"/file", nil)
	if err != nil {
		return explain("fetch recording", err)
	}
	defer a.Body.Close() //nolint:errcheck // it was read to its end, or the error is told
	if !vm {
		if a.ContentLength < 0 || a.ContentLength > 1<<32-64 {
			return fmt.Errorf("ari: fetch %s: Asterisk does not tell a usable length (%d)", r, a.ContentLength)
		}
		if _, err := w.Write(wavHeader(2, uint32(a.ContentLength))); err != nil {
			return err
		}
	}
	n, err := io.Copy(w, a.Body)
	if err == nil && a.ContentLength >= 0 && n != a.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("ari: fetch %s: %w", r, err)
	}
	return nil
}

// wavHeader begins a file of size bytes of 16-bit samples.
func wavHeader(channels uint16, size uint32) []byte {
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, 36+size)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*2*uint32(channels))
	b = binary.LittleEndian.AppendUint16(b, 2*channels)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, size)
}

// Voicemails implements telephony.Switch. A message that is still being spoken is left out, and so is what a caller
// left who hung up before speaking.
func (c *Client) Voicemails(ctx context.Context) ([]telephony.Voicemail, error) {
	// Channels are listed first: one that ends in between only makes a finished message wait for the next time.
	var channels []channel
	if err := c.do(ctx, "list legs", http.MethodGet, "/channels", nil, &channels); err != nil {
		return nil, err
	}
	names, err := c.stored(ctx)
	if err != nil {
		return nil, err
	}
	var all []telephony.Voicemail
	for _, name := range names {
		vm, err := asterisk.ParseVoicemail(name)
		if err != nil || spoken(name, channels) {
			continue
		}
		v := telephony.Voicemail{Recording: telephony.RecordingID(name), DID: dialled(vm.DID), At: vm.At}
		if v.Length, err = c.length(ctx, name); err != nil {
			return nil, err
		}
		if v.ANI, err = c.voicemailCaller(ctx, name); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// spoken tells whether the channel that speaks a message still lives: the name ends in its id.
func spoken(name string, channels []channel) bool {
	for _, ch := range channels {
		if strings.HasSuffix(name, "-"+ch.ID) {
			return true
		}
	}
	return false
}

// length is how long a voicemail is, from its size: 16-bit mono after a header of 44 bytes.
func (c *Client) length(ctx context.Context, name string) (time.Duration, error) {
	a, err := c.raw.send(ctx, http.MethodGet, storedPath(name)+"/file", nil)
	if err != nil {
		return 0, explain("look at voicemail", err)
	}
	samples := max(a.ContentLength-44, 0) / 2
	return time.Duration(samples) * time.Second / rate, a.Body.Close()
}

// voicemailCaller reads the number that stands beside a message; empty when it was withheld.
func (c *Client) voicemailCaller(ctx context.Context, name string) (telephony.Number, error) {
	a, err := c.raw.send(ctx, http.MethodGet, storedPath(name+asterisk.CallerSuffix)+"/file", nil)
	if status(err) == http.StatusNotFound {
		return "", nil
	}
	if err != nil {
		return "", explain("read voicemail's caller", err)
	}
	b, err := io.ReadAll(io.LimitReader(a.Body, 64))
	if err = errors.Join(err, a.Body.Close()); err != nil {
		return "", fmt.Errorf("ari: read voicemail's caller: %w", err)
	}
	return number(string(b)), nil
}
