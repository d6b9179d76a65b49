package console

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
)

// A Version is what one end of the wire is.
type Version struct {
	Protocol int    `json:"protocol"` // 0 for a build from before versions
	Build    string `json:"build"`    // for people: "1.2.0" or a commit; "" when it is not known
}

// String is a version as --version prints it.
func (v Version) String() string { return fmt.Sprintf("%s, protocol %d", v.Build, v.Protocol) }

// build is set by the linker where a release is made: -X lamplight/console.build=1.2.0
var build string

// ThisVersion is what this program speaks and is.
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

// Speaking returns a context of somebody who speaks a protocol; 0 is one from before it was said. Who speaks a later one than we
// do is spoken to in ours.
func Speaking(ctx context.Context, protocol int) context.Context {
	return context.WithValue(ctx, speakingKey{}, min(max(protocol, 1), Protocol))
}

// ProtocolOf is the protocol of whoever asks in ctx: ours when nobody has said another.
func ProtocolOf(ctx context.Context) int {
	if p, ok := ctx.Value(speakingKey{}).(int); ok {
		return p
	}
	return Protocol
}

// Notice is the catalog's code of the sentence that a desk of this version shows when the server is v, "" when they go together.
// That the desk is too old is told by the server, which alone knows: see TooOld.
func (desk Version) Notice(server Version) string {
	if max(server.Protocol, 1) < desk.Protocol {
		return "desk.notice.older-server"
	}
	return ""
}

// TooOld is the notice for a desk that speaks a protocol which is not served whole any more, "" for one that does not. It still takes
// calls.
func TooOld(ctx context.Context) string {
	if ProtocolOf(ctx) < OldestProtocol {
		return "desk.notice.update-desk"
	}
	return ""
}
