package pocket

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

var b64 = base64.RawURLEncoding

// subscription is a demo phone's: what a browser keeps to itself.
type subscription struct {
	id     string
	person string
	key    *ecdh.PrivateKey
	auth   []byte
}

func (p *Pocket) subscribe(person string) error {
	if person == "" {
		return nil
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	auth := make([]byte, 16)
	if _, err := rand.Read(auth); err != nil {
		return err
	}
	s := &subscription{id: random(16), person: person, key: key, auth: auth}
	p.subs[s.id], p.byPerson[person] = s, s
	return nil
}

// Subscription is what the person's demo phone would hand the server after it was allowed to notify: the JSON of a
// PushSubscription. Empty for a person without a phone here.
func (p *Pocket) Subscription(person string) []byte {
	s := p.byPerson[person]
	if s == nil {
		return nil
	}
	text, err := json.Marshal(map[string]any{
		"endpoint": p.URL + "/push/" + s.id,
		"keys":     map[string]string{"p256dh": b64.EncodeToString(s.key.PublicKey().Bytes()), "auth": b64.EncodeToString(s.auth)},
	})
	if err != nil {
		return nil
	}
	return text
}

func (p *Pocket) routesPush(mux *http.ServeMux) { mux.HandleFunc("POST /push/{id}", p.takePush) }

func (p *Pocket) takePush(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	s := p.subs[r.PathValue("id")]
	if s == nil {
		http.Error(w, "no such subscription", http.StatusNotFound)
		return
	}
	if err := p.checkVAPID(r.Header.Get("Authorization")); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if ttl, err := strconv.Atoi(r.Header.Get("TTL")); err != nil || ttl < 0 {
		http.Error(w, "TTL is missing", http.StatusBadRequest)
		return
	}
	if len(r.Header.Get("Topic")) > 32 || r.Header.Get("Content-Encoding") != "aes128gcm" {
		http.Error(w, "bad topic or encoding", http.StatusBadRequest)
		return
	}
	sealed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096+1024))
	if err != nil {
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return
	}
	plain, err := s.open(sealed)
	if err != nil {
		http.Error(w, "cannot be decrypted", http.StatusBadRequest)
		return
	}
	p.showPush(w, r, s, at, plain)
}

func (p *Pocket) showPush(w http.ResponseWriter, r *http.Request, s *subscription, at time.Time, plain []byte) {
	var n struct{ Title, Body, URL string }
	if err := json.Unmarshal(plain, &n); err != nil {
		http.Error(w, "payload is not JSON", http.StatusBadRequest)
		return
	}
	_, fault := p.arrive(Arrival{At: at, Kind: ArrivedPush, To: s.person, Title: n.Title, Body: n.Body, Link: n.URL,
		Ref: r.Header.Get("Topic"), Status: "delivered"})
	switch fault {
	case Refuse:
		http.Error(w, "gone", http.StatusGone)
	case ServerError:
		http.Error(w, "error", http.StatusInternalServerError)
	case Busy:
		http.Error(w, "busy", http.StatusServiceUnavailable)
	case Hang, TakeAndHang:
		p.hang(r)
	case TakeAndBreak:
		snap(w)
	default:
		w.Header().Set("Location", p.URL+"/m/"+random(8))
		w.WriteHeader(http.StatusCreated)
	}
}

// checkVAPID verifies the sender's signed claim (RFC 8292): "vapid t=JWT, k=key".
func (p *Pocket) checkVAPID(header string) error {
	bad := errors.New("bad VAPID signature")
	rest, ok := strings.CutPrefix(header, "vapid ")
	if !ok {
		return errors.New("VAPID is missing")
	}
	var token, key string
	for _, part := range strings.Split(rest, ",") {
		part = strings.TrimSpace(part)
		if v, ok := strings.CutPrefix(part, "t="); ok {
			token = v
		} else if v, ok := strings.CutPrefix(part, "k="); ok {
			key = v
		}
	}
	if p.cfg.PushKey != "" && key != p.cfg.PushKey {
		return errors.New("a push of another sender")
	}
	raw, err := b64.DecodeString(key)
	if err != nil {
		return bad
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return bad
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return bad
	}
	sig, err := b64.DecodeString(parts[2])
	if err != nil || len(sig) != 64 {
		return bad
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return bad
	}
	return p.checkClaims(parts[0], parts[1])
}

func (p *Pocket) checkClaims(head, claims string) error {
	var h struct{ Alg string }
	var c struct {
		Aud string
		Exp int64
		Sub string
	}
	for text, into := range map[string]any{head: &h, claims: &c} {
		raw, err := b64.DecodeString(text)
		if err != nil || json.Unmarshal(raw, into) != nil {
			return errors.New("VAPID claims cannot be read")
		}
	}
	now := time.Now()
	exp := time.Unix(c.Exp, 0)
	switch {
	case h.Alg != "ES256", c.Aud != p.URL:
		return errors.New("VAPID claims are for another service")
	case exp.Before(now), exp.After(now.Add(24 * time.Hour)):
		return errors.New("VAPID claims are out of date")
	case !isContact(c.Sub):
		return errors.New("VAPID claims name no contact")
	}
	return nil
}

// isContact holds a claim's subject to what the strictest service takes: https, or "mailto:" once and a plain address.
func isContact(sub string) bool {
	address, isMail := strings.CutPrefix(sub, "mailto:")
	if !isMail {
		return strings.HasPrefix(sub, "https://")
	}
	a, err := mail.ParseAddress(address)
	return err == nil && a.Address == address
}

// open decrypts an aes128gcm body of one record (RFC 8188) by the keys of RFC 8291.
func (s *subscription) open(body []byte) ([]byte, error) {
	short := errors.New("push: too short")
	if len(body) < 21 {
		return nil, short
	}
	salt, size, idLen := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	if len(body) < 21+idLen || uint64(len(body)-21-idLen) > uint64(size) {
		return nil, short
	}
	sender, err := ecdh.P256().NewPublicKey(body[21 : 21+idLen])
	if err != nil {
		return nil, err
	}
	shared, err := s.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(s.key.PublicKey().Bytes()) + string(sender.Bytes())
	ikm, err := hkdf.Key(sha256.New, shared, s.auth, info, 32)
	if err != nil {
		return nil, err
	}
	cek, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	return unpad(cek, nonce, body[21+idLen:])
}

func unpad(cek, nonce, sealed []byte) ([]byte, error) {
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, err
	}
	end := strings.TrimRight(string(plain), "\x00")
	if !strings.HasSuffix(end, "\x02") {
		return nil, errors.New("push: bad padding")
	}
	return []byte(end[:len(end)-1]), nil
}
