package console

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
)

// A Version is the protocol and the build of one end of the wire.
type Version struct {
	Protocol int    `json:"protocol"` // 0 for a build that knew no versions
	Build    string `json:"build"`    // for people: "1.2.0" or a commit; "" when it is not known
}

// String is a version as --version prints it.
func (v Version) String() string { return fmt.Sprintf("%s, protocol %d", v.Build, v.Protocol) }

// build is set by the linker where a release is made: -X lamplight/console.build=1.2.0
var build string

// ThisVersion is this program's own.
func ThisVersion() Version { return Version{Protocol: Protocol, Build: Build()} }

// Build names this build: the release, or the commit it was built from, with a "+" when the tree had changes.
func Build() string {
	if build != "" {
		return build
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var commit, dirty string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	if commit == "" {
		return strings.Trim(info.Main.Version, "()")
	}
	return commit[:min(12, len(commit))] + dirty
}

type speakingKey struct{}

// Speaking returns a context for somebody who speaks a protocol; 0 stands for the first, when it was not yet said. A newer
// protocol than ours counts as ours.
func Speaking(ctx context.Context, protocol int) context.Context {
	return context.WithValue(ctx, speakingKey{}, min(max(protocol, 1), Protocol))
}

// ProtocolOf is the protocol of whoever asks in ctx, or ours when Speaking has not set one.
func ProtocolOf(ctx context.Context) int {
	if p, ok := ctx.Value(speakingKey{}).(int); ok {
		return p
	}
	return Protocol
}

// Notice is the catalog code of the sentence that a desk of this version shows when the server is v, "" when the two fit. That
// the desk is too old it learns from the server alone: see TooOld.
func (desk Version) Notice(server Version) string {
	if max(server.Protocol, 1) < desk.Protocol {
		return "desk.notice.older-server"
	}
	return ""
}

// TooOld is the code of the notice for a desk whose protocol is older than OldestProtocol, "" for any other. Such a desk still
// takes calls.
func TooOld(ctx context.Context) string {
	if ProtocolOf(ctx) < OldestProtocol {
		return "desk.notice.update-desk"
	}
	return ""
}
