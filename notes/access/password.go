package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// OWASP's least for argon2id; 42 ms on the machine it was measured on.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
)

// ErrWeak: the new password is shorter than twelve characters or longer than a thousand bytes.
var ErrWeak = errors.New("a password needs at least twelve characters")

// CheckPassword refuses a new password with ErrWeak, before anything is asked of whoever chose it.
func CheckPassword(password string) error {
	if n := len([]rune(password)); n < 12 || len(password) > 1000 {
		return ErrWeak
	}
	return nil
}

// hashPassword returns the PHC form of a password's argon2id hash.
func hashPassword(password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	return phc(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)), nil
}

// hashIfAny is hashPassword, but for no password there is no hash, and nobody comes in by it.
func hashIfAny(password string) (string, error) {
	if password == "" {
		return "", nil
	}
	return hashPassword(password)
}

func phc(salt, hash []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64(salt), b64(hash))
}

// decoy is a hash nobody's password has: an unknown login is checked against it, so that it takes as long.
var decoy = func() string {
	salt, hash := make([]byte, 16), make([]byte, argonKey)
	rand.Read(salt)
	rand.Read(hash)
	return phc(salt, hash)
}()

// checkPassword reports whether password has this hash; it takes the time of one hash whatever the answer.
func checkPassword(stored, password string) bool {
	if len(password) > 1000 {
		password = password[:1000] // too long to be anybody's; do not hash a flood
	}
	parts := strings.Split(stored, "$")
	var version, memory, times, threads int
	if len(parts) == 6 && parts[1] == "argon2id" {
		if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &times, &threads); err != nil {
			parts = nil
		}
	}
	if len(parts) != 6 || version != argon2.Version || memory <= 0 || times <= 0 || threads <= 0 || threads > 64 {
		checkPassword(decoy, password)
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) == 0 {
		checkPassword(decoy, password)
		return false
	}
	got := argon2.IDKey([]byte(password), salt, uint32(times), uint32(memory), uint8(threads), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
