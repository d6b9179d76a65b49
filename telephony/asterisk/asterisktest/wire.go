package asterisktest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/srtp/v3"
)

// A Wire is a call a carrier makes, message by message: where a test decides what stands in an INVITE, sends it twice,
// changes its sound's source or dies without a BYE, which no telephone does. Set the fields before Invite.
type Wire struct {
	URI     string   // of the request; default sip:<To>@<switch>
	To      string   // default +13125550100
	From    string   // the header's value; default <sip:+13125550142@127.0.0.2>
	Headers []string // more
	SDP     string   // what follows the c= and t= lines; PORT stands for our sound's port, KEY for our key; default mu-law alone

	Invited string // the last INVITE, as it was sent
	Answer  string // and its answer

	t       testing.TB
	sw      netip.AddrPort
	sip     *net.UDPConn
	rtp     *net.UDPConn
	id      string
	replies chan string   // to what we asked
	over    chan struct{} // the other side said BYE

	mu     sync.Mutex // guards what follows
	dead   bool
	toTag  string // the To of the other side's answer
	target string // its Contact
	cseq   int
	media  netip.AddrPort
	theirs *srtp.Context // what the other side says is encrypted so; nil when the sound is plain
	ours   *srtp.Context // and what we say
	heard  map[uint8]int // loud packets by payload type
	loud   []time.Time
}

// Plain is the SDP of a telephone with one codec, "0 PCMU/8000".
func Plain(codec string) string {
	n, name, _ := strings.Cut(codec, " ")
	return "m=audio PORT RTP/AVP " + n + "\r\na=rtpmap:" + n + " " + name + "\r\na=ptime:20\r\n"
}

// Addr is where the carrier's side listens: a call to it is answered at once.
func (w *Wire) Addr() netip.AddrPort { return netip.MustParseAddrPort(w.sip.LocalAddr().String()) }

// Nowhere is the switch of a Wire that only answers.
var Nowhere netip.AddrPort

// NewWire makes a call from an address that nobody listens on yet, "127.0.0.2". It is hung up with the test.
func NewWire(t testing.TB, from string, sw netip.AddrPort) *Wire {
	t.Helper()
	w := &Wire{t: t, sw: sw, id: "w" + strconv.FormatInt(time.Now().UnixNano(), 36), replies: make(chan string, 64),
		over:  make(chan struct{}),
		heard: map[uint8]int{}}
	addr := netip.MustParseAddr(from)
	for _, c := range []**net.UDPConn{&w.sip, &w.rtp} {
		var err error
		if *c, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))); err != nil {
			t.Fatal(err)
		}
	}
	var loops sync.WaitGroup
	loops.Go(w.read)
	loops.Go(w.listen)
	t.Cleanup(func() {
		w.Bye()
		w.sip.Close()
		w.rtp.Close()
		loops.Wait()
	})
	return w
}

// Message writes a request of this call; branch tells one transaction from another.
func (w *Wire) Message(method, branch string, cseq int, body string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	to := w.To
	if to == "" {
		to = "+13125550100"
	}
	uri, toHeader, from := w.URI, "<sip:"+to+"@"+w.sw.String()+">", w.From
	if uri == "" {
		uri = "sip:" + to + "@" + w.sw.String()
	}
	if w.target != "" {
		uri = w.target
	}
	if w.toTag != "" {
		toHeader = w.toTag
	}
	if from == "" {
		from = "<sip:+13125550142@127.0.0.2>"
	}
	lines := []string{method + " " + uri + " SIP/2.0", "Via: SIP/2.0/UDP " + w.sip.LocalAddr().String() + ";rport;branch=z9hG4bK" + w.id +
		branch,
		"From: " + from + ";tag=" + w.id, "To: " + toHeader, "Call-ID: " + w.id,
		"CSeq: " + strconv.Itoa(cseq) + " " + strings.TrimSuffix(method, "!"),
		"Contact: <sip:c@" + w.sip.LocalAddr().String() + ">", "Max-Forwards: 70"}
	lines = append(lines, w.Headers...)
	if body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	return strings.Join(append(lines, "Content-Length: "+strconv.Itoa(len(body)), "", body), "\r\n")
}

// Session is what our INVITEs offer.
func (w *Wire) Session() string {
	host, port, _ := net.SplitHostPort(w.rtp.LocalAddr().String())
	media := w.SDP
	if media == "" {
		media = Plain("0 PCMU/8000")
	}
	return "v=0\r\no=- 1 " + strconv.Itoa(w.cseq+1) + " IN IP4 " + host + "\r\ns=-\r\nc=IN IP4 " + host + "\r\nt=0 0\r\n" +
		strings.NewReplacer("PORT", port, "KEY", ourKey).Replace(media)
}

// Send sends a message as it is.
func (w *Wire) Send(message string) {
	w.t.Helper()
	if _, err := w.sip.WriteToUDPAddrPort([]byte(message), w.sw); err != nil {
		w.t.Error(err)
	}
}

// Invite sends an INVITE, the first or one of the call's own, and returns the status of the final answer, acknowledged.
func (w *Wire) Invite(ctx context.Context) int {
	w.t.Helper()
	w.mu.Lock()
	w.cseq++
	n := w.cseq
	w.mu.Unlock()
	branch := fmt.Sprintf("i%d", n)
	message := w.Message("INVITE", branch, n, w.Session())
	w.Invited = message
	w.Send(message)
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case reply := <-w.replies:
			if !strings.Contains(reply, fmt.Sprintf("CSeq: %d INVITE", n)) {
				continue
			}
			again.Stop() // it was heard
			code, err := strconv.Atoi(reply[8:11])
			if err != nil {
				w.t.Fatalf("an answer that is none: %.40q", reply)
			}
			if code < 200 {
				continue
			}
			w.Answer = reply
			w.mu.Lock()
			w.toTag = Header(reply, "To")
			if code < 300 {
				w.target = strings.Trim(Header(reply, "Contact"), "<>")
			}
			var key string
			w.media, key = mediaOf(reply)
			w.ours, w.theirs = encryption(w.t, ourKey, key), encryption(w.t, key, key)
			w.mu.Unlock()
			ack := branch
			if code < 300 {
				ack += "a"
			}
			w.Send(w.Message("ACK", ack, n, ""))
			return code
		case <-again.C:
			w.Send(message)
		case <-ctx.Done():
			w.t.Fatal("the INVITE is not answered")
		}
	}
}

// Reply waits for the next answer to anything we sent.
func (w *Wire) Reply(ctx context.Context) string {
	w.t.Helper()
	select {
	case r := <-w.replies:
		return r
	case <-ctx.Done():
		w.t.Fatal("no answer")
		return ""
	}
}

// Bye ends the call from our side; a call that is over or dead is left alone.
func (w *Wire) Bye() {
	w.mu.Lock()
	done := w.dead || w.target == ""
	w.cseq++
	n := w.cseq
	w.mu.Unlock()
	select {
	case <-w.over:
	default:
		if !done {
			w.Send(w.Message("BYE", fmt.Sprintf("b%d", n), n, ""))
		}
	}
}

// Die stops to answer and to send, as a machine does whose power is cut.
func (w *Wire) Die() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
}

// read takes what comes: answers for us to wait for, requests to answer at once.
func (w *Wire) read() {
	b := make([]byte, 16<<10)
	for {
		n, from, err := w.sip.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		text := string(b[:n])
		if strings.HasPrefix(text, "SIP/2.0 ") {
			select {
			case w.replies <- text:
			default:
			}
			continue
		}
		method, _, _ := strings.Cut(text, " ")
		w.mu.Lock()
		dead := w.dead
		w.mu.Unlock()
		if dead || method == "ACK" {
			continue
		}
		body := ""
		if method == "INVITE" {
			body = w.Session()
			w.mu.Lock()
			if m, _ := mediaOf(text); m.IsValid() {
				w.media = m
			}
			w.mu.Unlock()
		}
		lines := []string{"SIP/2.0 200 OK"}
		for _, l := range strings.Split(text, "\r\n") {
			if name, _, _ := strings.Cut(l, ":"); name == "Via" || name == "From" || name == "To" || name == "Call-ID" || name == "CSeq" {
				if name == "To" && !strings.Contains(l, ";tag=") {
					l += ";tag=" + w.id
				}
				lines = append(lines, l)
			}
		}
		lines = append(lines, "Contact: <sip:c@"+w.sip.LocalAddr().String()+">")
		if body != "" {
			lines = append(lines, "Content-Type: application/sdp")
		}
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)), "", body)
		if _, err := w.sip.WriteToUDPAddrPort([]byte(strings.Join(lines, "\r\n")), from); err != nil {
			return
		}
		if method == "BYE" {
			w.mu.Lock()
			w.dead = true
			w.mu.Unlock()
			select {
			case <-w.over:
			default:
				close(w.over)
			}
		}
	}
}

// Header is the value of a message's first header of a name.
func Header(message, name string) string {
	for _, l := range strings.Split(message, "\r\n") {
		if n, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(n, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// mediaOf is where the first stream of a session that is not refused wants its sound, and the key that it is encrypted by, "" for
// plain sound.
func mediaOf(message string) (to netip.AddrPort, key string) {
	var host netip.Addr
	for _, l := range strings.Split(message, "\r\n") {
		if c, ok := strings.CutPrefix(l, "c=IN IP4 "); ok {
			if a, err := netip.ParseAddr(c); err == nil {
				host = a
			}
		}
		if strings.HasPrefix(l, "m=") && to.IsValid() {
			break
		}
		if m, ok := strings.CutPrefix(l, "m=audio "); ok {
			port, _, _ := strings.Cut(m, " ")
			if n, err := strconv.ParseUint(port, 10, 16); err == nil && n != 0 {
				to = netip.AddrPortFrom(host, uint16(n))
			}
		}
		if _, k, ok := strings.Cut(l, " "+suite+" inline:"); ok && to.IsValid() {
			key = k
		}
	}
	return to, key
}
