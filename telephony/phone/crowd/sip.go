package crowd

import (
	"crypto/md5" //nolint:gosec // what SIP's digest asks for (RFC 8760 allows better, Asterisk offers this)
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// A message is one SIP message, parsed just enough for signalling.
type message struct {
	start string
	head  []string // "Name: value"
	body  string
}

func parse(b []byte) *message {
	head, body, _ := strings.Cut(string(b), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	return &message{start: lines[0], head: lines[1:], body: body}
}

// all are the full lines of every header of a name.
func (m *message) all(name string) (out []string) {
	for _, h := range m.head {
		if k, _, ok := strings.Cut(h, ":"); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			out = append(out, h)
		}
	}
	return out
}

// get is the value of the first header of a name.
func (m *message) get(name string) string {
	for _, h := range m.all(name) {
		_, v, _ := strings.Cut(h, ":")
		return strings.TrimSpace(v)
	}
	return ""
}

// method is a request's, "" of a response.
func (m *message) method() string {
	k, _, _ := strings.Cut(m.start, " ")
	if k == "SIP/2.0" {
		return ""
	}
	return k
}

// status is a response's, 0 of a request.
func (m *message) status() (code int) {
	if _, err := fmt.Sscanf(m.start, "SIP/2.0 %d", &code); err != nil {
		return 0
	}
	return code
}

// answers is the method that a response answers.
func (m *message) answers() string {
	_, method, _ := strings.Cut(m.get("CSeq"), " ")
	return method
}

// uri is the bare URI of a From, To or Contact.
func uri(v string) string {
	if _, r, ok := strings.Cut(v, "<"); ok {
		v, _, _ = strings.Cut(r, ">")
		return v
	}
	v, _, _ = strings.Cut(v, ";")
	return v
}

// user is the user part of a URI.
func user(u string) string {
	_, u, _ = strings.Cut(u, ":")
	u, _, ok := strings.Cut(u, "@")
	if !ok {
		return ""
	}
	return u
}

func build(start string, head []string, body string) []byte {
	if body != "" {
		head = append(head, "Content-Type: application/sdp")
	}
	return []byte(fmt.Sprintf("%s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", start, strings.Join(head, "\r\n"), len(body), body))
}

// reply is a response to a request; tag, if any, is added to To.
func reply(req *message, code int, reason, tag string, extra []string, body string) []byte {
	to := req.get("To")
	if tag != "" && !strings.Contains(to, ";tag=") {
		to += ";tag=" + tag
	}
	head := append(req.all("Via"), req.all("Record-Route")...)
	head = append(head, "From: "+req.get("From"), "To: "+to, "Call-ID: "+req.get("Call-ID"), "CSeq: "+req.get("CSeq"))
	return build(fmt.Sprintf("SIP/2.0 %d %s", code, reason), append(head, extra...), body)
}

func sdp(at netip.AddrPort) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP 0\r\n"+
		"a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n", at.Addr(), at.Port())
}

var (
	sdpHost = regexp.MustCompile(`(?m)^c=IN IP4 ([0-9.]+)`)
	sdpPort = regexp.MustCompile(`(?m)^m=audio ([0-9]+) `)
)

// soundAt is where a description of sound wants it sent.
func soundAt(body string) netip.AddrPort {
	host, port := sdpHost.FindStringSubmatch(body), sdpPort.FindStringSubmatch(body)
	if host == nil || port == nil {
		return netip.AddrPort{}
	}
	at, err := netip.ParseAddrPort(host[1] + ":" + port[1])
	if err != nil {
		return netip.AddrPort{}
	}
	return at
}

var challengeField = regexp.MustCompile(`(\w+)="([^"]*)"`)

// authorize answers a digest challenge with qop "auth".
func authorize(challenge, method, target, user, password string) string {
	f := map[string]string{}
	for _, m := range challengeField.FindAllStringSubmatch(challenge, -1) {
		f[m[1]] = m[2]
	}
	h := func(s string) string {
		sum := md5.Sum([]byte(s)) //nolint:gosec // see the import
		return hex.EncodeToString(sum[:])
	}
	const count, own = "00000001", "crowd"
	secret, asked := h(user+":"+f["realm"]+":"+password), h(method+":"+target)
	answer := h(strings.Join([]string{secret, f["nonce"], count, own, "auth", asked}, ":"))
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, qop=auth, nc=%s, `+
		`cnonce="%s", opaque="%s"`, user, f["realm"], f["nonce"], target, answer, count, own, f["opaque"])
}

// A socket tells when the kernel received each packet, so that no delay of ours is in what is measured.
type socket struct {
	*net.UDPConn
	at netip.AddrPort
}

func listen(host string) (*socket, error) {
	c, err := net.ListenPacket("udp4", host+":0")
	if err != nil {
		return nil, fmt.Errorf("crowd: %w", err)
	}
	u := c.(*net.UDPConn)
	raw, err := u.SyscallConn()
	if err != nil {
		return nil, err
	}
	var serr error
	err = raw.Control(func(fd uintptr) {
		serr = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err == nil {
		err = serr
	}
	if err == nil {
		err = u.SetReadBuffer(8 << 20)
	}
	at, _ := netip.ParseAddrPort(u.LocalAddr().String())
	return &socket{u, at}, err
}

// serve hands every message to take, one at a time, until the socket is closed.
func (s *socket) serve(take func(time.Time, *message)) {
	buf, oob := make([]byte, 1<<16), make([]byte, 128)
	for {
		n, on, _, _, err := s.ReadMsgUDP(buf, oob)
		if err != nil {
			return
		}
		at := time.Now()
		if cs, err := syscall.ParseSocketControlMessage(oob[:on]); err == nil {
			for _, c := range cs {
				if c.Header.Level == syscall.SOL_SOCKET && c.Header.Type == syscall.SO_TIMESTAMPNS && len(c.Data) >= 16 {
					at = time.Unix(int64(binary.NativeEndian.Uint64(c.Data)), int64(binary.NativeEndian.Uint64(c.Data[8:])))
				}
			}
		}
		if n > 4 { // shorter: to keep a path open
			take(at, parse(buf[:n]))
		}
	}
}
