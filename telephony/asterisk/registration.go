package asterisk

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Registration is how our registration with the carrier stands.
type Registration string

const (
	Registered Registration = "registered"
	Denied     Registration = "denied" // the carrier says no, or does not answer; it is tried again
	Trying     Registration = "trying" // it has not answered yet
)

// Registration asks Asterisk how our registration with the carrier stands, which ARI does not tell. ctx bounds it.
func (s *Server) Registration(ctx context.Context) (Registration, error) {
	args := append(s.in.Command[1:len(s.in.Command):len(s.in.Command)], "-C", filepath.Join(s.plan.Dir, "etc", "asterisk.conf"),
		"-rx", "pjsip show registrations")
	cmd := exec.CommandContext(ctx, s.in.Command[0], args...)
	cmd.Dir = s.plan.Dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + s.plan.Dir, "LC_ALL=C.UTF-8"}
	said, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ask Asterisk for its registration: %w", err)
	}
	for line := range strings.Lines(string(said)) {
		words := strings.Fields(line)
		if len(words) < 3 || !strings.HasPrefix(words[0], "carrier/") {
			continue
		}
		switch words[2] {
		case "Registered":
			return Registered, nil
		case "Rejected", "Stopped":
			return Denied, nil
		}
		return Trying, nil
	}
	return "", fmt.Errorf("Asterisk knows of no registration with the carrier")
}
