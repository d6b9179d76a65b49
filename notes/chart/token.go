package chart

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// A Key signs for a practice at its chart's token server. Its public half stands on our JWKS page.
type Key struct {
	ID      string // its thumbprint (RFC 7638), so that a key is never mistaken for another
	private crypto.Signer
	method  jwt.SigningMethod
	public  jwk
}

// jwk is a public key as RFC 7517 writes it.
type jwk struct {
	Kty    string   `json:"kty"`
	Crv    string   `json:"crv,omitempty"`
	X      string   `json:"x,omitempty"`
	Y      string   `json:"y,omitempty"`
	N      string   `json:"n,omitempty"`
	E      string   `json:"e,omitempty"`
	Kid    string   `json:"kid,omitempty"`
	Alg    string   `json:"alg,omitempty"`
	Use    string   `json:"use,omitempty"`
	KeyOps []string `json:"key_ops,omitempty"`
}

// NewKey makes a key for ES384.
func NewKey() (Key, error) {
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("make a chart's key: %w", err)
	}
	return keyOf(k)
}

// ReadKey reads a private key in PEM form: EC on P-384 (ES384), or RSA of 2048 bits or more (RS384).
func ReadKey(text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, errors.New("it holds no key in PEM form")
	}
	var private any
	var err error
	switch block.Type {
	case "EC PRIVATE KEY":
		private, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil { // the parser's error may quote the file
		return Key{}, errors.New("it holds no private key that can be read: give one without a password, in PKCS #8 form")
	}
	return keyOf(private)
}

// PEM is the private key, for ReadKey.
func (k Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("write a chart's key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// Algorithm is how the key signs: "ES384" or "RS384".
func (k Key) Algorithm() string { return k.method.Alg() }

func keyOf(private any) (Key, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	k := Key{}
	switch p := private.(type) {
	case *ecdsa.PrivateKey:
		if p.Curve != elliptic.P384() {
			return k, errors.New("an EC key for SMART is on P-384")
		}
		point, err := p.PublicKey.Bytes() // 4, then x and y
		if err != nil {
			return k, fmt.Errorf("read a chart's key: %w", err)
		}
		x, y := point[1:49], point[49:]
		k.private, k.method, k.public = p, jwt.SigningMethodES384, jwk{Kty: "EC", Crv: "P-384", X: b64(x), Y: b64(y)}
	case *rsa.PrivateKey:
		if p.N.BitLen() < 2048 {
			return k, errors.New("an RSA key for SMART has 2048 bits or more")
		}
		k.private, k.method = p, jwt.SigningMethodRS384
		k.public = jwk{Kty: "RSA", N: b64(p.N.Bytes()), E: b64(big.NewInt(int64(p.E)).Bytes())}
	default:
		return k, errors.New("SMART signs with EC on P-384 or with RSA")
	}
	thumb, err := json.Marshal(map[string]string{"kty": k.public.Kty, "crv": k.public.Crv, "x": k.public.X, "y": k.public.Y})
	if k.public.Kty == "RSA" {
		thumb, err = json.Marshal(map[string]string{"kty": "RSA", "n": k.public.N, "e": k.public.E})
	}
	if err != nil {
		return k, err
	}
	sum := sha256.Sum256(thumb)
	k.ID = b64(sum[:])
	k.public.Kid, k.public.Alg, k.public.Use, k.public.KeyOps = k.ID, k.method.Alg(), "sig", []string{"verify"}
	return k, nil
}

// JWKS is the public halves of keys, as a token server fetches them.
func JWKS(keys []Key) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{make([]jwk, 0, len(keys))}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.public)
	}
	return json.Marshal(set)
}

// assertionLife is how long an assertion holds; SMART allows five minutes.
const assertionLife = 4 * time.Minute

// assertion says who we are to a token server, once.
func (k Key) assertion(client, audience string, now time.Time) (string, error) {
	t := jwt.NewWithClaims(k.method, jwt.MapClaims{"iss": client, "sub": client, "aud": audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix()})
	t.Header["kid"] = k.ID
	signed, err := t.SignedString(k.private)
	if err != nil {
		return "", fmt.Errorf("sign for a chart: %w", err)
	}
	return signed, nil
}

// signIn keeps the token of one chart.
type signIn struct {
	mu       sync.Mutex // guards what follows, and is held while a token is fetched: who waits for one waits for that
	endpoint string
	token    string
	until    time.Time
}

// early is how long before its end a token is not used any more.
const early = 30 * time.Second

// token returns one that holds, fetched anew when there is none. bad is one that was refused: it is not given again.
func (c *Client) token(ctx context.Context, bad string) (string, error) {
	s := &c.signIn
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != "" && s.token != bad && c.now().Before(s.until) {
		return s.token, nil
	}
	s.token = ""
	if s.endpoint == "" {
		endpoint, err := c.tokenEndpoint(ctx)
		if err != nil {
			return "", err
		}
		s.endpoint = endpoint
	}
	assertion, err := c.cfg.Key.assertion(c.cfg.Client, s.endpoint, c.now())
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(c.dialect.scopes, " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("ask for a chart's token: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	status, _, body, err := c.send(req)
	if err != nil {
		return "", err
	}
	var got struct {
		AccessToken string  `json:"access_token"`
		TokenType   string  `json:"token_type"`
		ExpiresIn   float64 `json:"expires_in"`
		Error       string  `json:"error"`
		Description string  `json:"error_description"`
	}
	broken := json.Unmarshal(body, &got)
	switch {
	case broken == nil && got.Error != "":
		s.endpoint = "" // it may have moved
		return "", &Trouble{Why: NoSignIn, Status: status, Said: strings.TrimSpace(got.Error + " " + got.Description)}
	case status >= 400 && status < 500:
		s.endpoint = ""
		return "", &Trouble{Why: NoSignIn, Status: status}
	case broken != nil:
		return "", &Trouble{Why: Odd, Status: status}
	case got.AccessToken == "" || !strings.EqualFold(got.TokenType, "bearer") || strings.ContainsAny(got.AccessToken, " \r\n\t"):
		return "", &Trouble{Why: NoSignIn, Status: status}
	}
	life := time.Duration(got.ExpiresIn * float64(time.Second))
	if life <= 0 || life > time.Hour {
		life = 5 * time.Minute // what SMART advises, when a server does not say
	}
	s.token, s.until = got.AccessToken, c.now().Add(life-min(early, life/2))
	return s.token, nil
}

// tokenEndpoint is where the chart gives tokens out, as its SMART configuration says, or its CapabilityStatement.
func (c *Client) tokenEndpoint(ctx context.Context) (string, error) {
	var smart struct {
		Endpoint string   `json:"token_endpoint"`
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
		Algs     []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	}
	status, _, body, err := c.open(ctx, "/.well-known/smart-configuration", "application/json")
	if err != nil {
		return "", err
	}
	if status != http.StatusOK || json.Unmarshal(body, &smart) != nil || smart.Endpoint == "" {
		statement, err := c.statement(ctx)
		if err != nil {
			return "", err
		}
		if smart.Endpoint = statement.tokenEndpoint(); smart.Endpoint == "" {
			return "", &Trouble{Why: NoSignIn, Status: status}
		}
	}
	if len(smart.Algs) > 0 && !slices.Contains(smart.Algs, c.cfg.Key.Algorithm()) {
		return "", &Trouble{Why: NoSignIn, Said: c.cfg.Key.Algorithm() + " ∉ " + strings.Join(smart.Algs, ", ")}
	}
	if err := CheckEndpoint(smart.Endpoint); err != nil {
		return "", &Trouble{Why: NoSignIn}
	}
	return smart.Endpoint, nil
}
