package ari

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"

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
	return []string{c.stem(r)}
}

// stem is the name that Asterisk stores a recording under.
func (c *Client) stem(r telephony.RecordingID) string {
	if c.isTalk(r) {
		return c.talkDir() + string(r)
	}
	return c.cfg.App + "/" + string(r)
}

// runs tells whether a recording is being written.
func (c *Client) runs(ctx context.Context, r telephony.RecordingID) (bool, error) {
	c.mu.Lock()
	talk, live := c.talks[r], c.recordings[r] != nil
	c.mu.Unlock()
	if talk || live {
		return live, nil
	}
	_, err := c.channel(ctx, sayPrefix+string(r)) // an earlier life's
	if errors.Is(err, telephony.ErrGone) {
		return false, nil
	}
	return err == nil, err
}

func isVoicemail(r telephony.RecordingID) bool {
	_, err := asterisk.ParseVoicemail(string(r))
	return err == nil
}

// FetchRecording implements telephony.Switch. It writes a WAV: stereo for a recording, mono for a voicemail.
func (c *Client) FetchRecording(ctx context.Context, r telephony.RecordingID, w io.Writer) error {
	vm := isVoicemail(r)
	if !vm {
		switch runs, err := c.runs(ctx, r); {
		case err != nil:
			return err
		case runs:
			return fmt.Errorf("ari: fetch %s: %w", r, errRunning)
		}
	}
	names := c.storedNames(r)
	file, size, err := c.openStored(ctx, names[0])
	if vm && status(err) == http.StatusNotFound {
		return c.fetchSilence(ctx, names[1], w)
	}
	if err != nil {
		return explain("fetch recording", err)
	}
	defer file.Close() //nolint:errcheck // it was read to its end, or the error is told
	if !vm {
		if size < 0 || size > 1<<32-64 {
			return fmt.Errorf("ari: fetch %s: Asterisk does not tell a usable length (%d)", r, size)
		}
		if _, err := w.Write(wavHeader(2, uint32(size))); err != nil {
			return err
		}
	}
	sound := io.Reader(file)
	if c.isTalk(r) {
		sound = swapped{file}
	}
	n, err := io.Copy(w, sound)
	if err == nil && size >= 0 && n != size {
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

// fetchSilence writes an empty WAV for a caller who hung up before speaking, of whom only the companion is there.
func (c *Client) fetchSilence(ctx context.Context, companion string, w io.Writer) error {
	if err := c.do(ctx, "fetch recording", http.MethodGet, storedPath(companion), nil, nil); err != nil {
		return err
	}
	_, err := w.Write(wavHeader(1, 0))
	return err
}

// Voicemails implements telephony.Switch. A message that is still being spoken is left out. A caller who hung up before
// speaking is in: a voicemail of no length, because that caller too waits to be called back.
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
		name, companion := strings.CutSuffix(name, asterisk.CallerSuffix)
		vm, err := asterisk.ParseVoicemail(name)
		spoken := slices.ContainsFunc(channels, func(ch channel) bool { return ch.ID == vm.Channel })
		if err != nil || spoken || companion && slices.Contains(names, name) {
			continue
		}
		v := telephony.Voicemail{Recording: telephony.RecordingID(name), Leg: telephony.LegID(vm.Channel), At: vm.At}
		if !companion {
			if v.Length, err = c.length(ctx, name); err != nil {
				return nil, err
			}
		}
		who, err := c.voicemailInvite(ctx, name)
		if err != nil {
			return nil, err
		}
		if who.called == nil {
			who.called = asterisk.Invite{Dialled: vm.DID}.Called()
		}
		v.DID, v.Called, v.ANI = who.called[0], who.called, who.calling
		all = append(all, v)
	}
	return all, nil
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

// voicemailInvite reads what stands beside a message about who called whom; an older dialplan wrote the caller's number
// alone.
func (c *Client) voicemailInvite(ctx context.Context, name string) (parties, error) {
	var b []byte
	a, err := c.raw.send(ctx, http.MethodGet, storedPath(name+asterisk.CallerSuffix)+"/file", nil)
	if err == nil {
		b, err = io.ReadAll(io.LimitReader(a.Body, 8<<10))
		err = errors.Join(err, a.Body.Close())
	}
	if err != nil && status(err) != http.StatusNotFound { // so Asterisk says of an empty file
		return parties{}, explain("read voicemail's caller", err)
	}
	if len(b) == 0 {
		kept, err := c.variable(ctx, keptBeside(name))
		if err != nil {
			return parties{}, err
		}
		b = []byte(kept)
	}
	if i, ok := asterisk.ParseInvite(string(b)); ok {
		return partiesOf(i), nil
	}
	return parties{calling: asterisk.ReadNumber(string(b))}, nil
}

// keptBeside is the variable that has of a voicemail what a full disk did not take.
func keptBeside(name string) string {
	vm, err := asterisk.ParseVoicemail(name)
	if err != nil {
		return ""
	}
	return asterisk.KeptPrefix + vm.Channel
}

// forgetKept empties that variable.
func (c *Client) forgetKept(ctx context.Context, r telephony.RecordingID) error {
	name := keptBeside(string(r))
	if name == "" {
		return nil
	}
	if kept, err := c.variable(ctx, name); err != nil || kept == "" {
		return err
	}
	return c.call(ctx, "forget a voicemail's caller", func() error {
		return c.rest.Asterisk().Variables().Set(ari.NewKey(ari.VariableKey, name), "")
	})
}
