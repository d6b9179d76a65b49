package console

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
)

// Protocol is what this build speaks. It rises with each change that an older build cannot pass over: a new request or event
// does raise it (Spec.Since says which), a new field does not. Fields, names and meanings that stand here are never
// changed or given again; see the roll-over rule in .github/CONTRIBUTING.md.
//
//	1  the first: without a version
//	2  versions, kinds of errors
//	3  the board and the inbox by page, the board's changes
const Protocol = 3

// OldestProtocol is the oldest that a server still serves whole. A desk that speaks an older one is told to be updated, and
// still takes calls.
const OldestProtocol = 1

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

// Speaking returns a context of somebody who speaks a protocol; 0 is one from before it was said.
func Speaking(ctx context.Context, protocol int) context.Context {
	return context.WithValue(ctx, speakingKey{}, max(protocol, 1))
}

// Speaks is the protocol of whoever asks in ctx: ours when nobody has said another.
func Speaks(ctx context.Context) int {
	if p, ok := ctx.Value(speakingKey{}).(int); ok {
		return p
	}
	return Protocol
}

// Notice is the catalog's code of the sentence that a desk of this version shows when the server is v, "" when they go together.
func (desk Version) Notice(server Version) string {
	switch {
	case max(desk.Protocol, 1) < OldestProtocol:
		return "desk.notice.update-desk"
	case max(server.Protocol, 1) < desk.Protocol:
		return "desk.notice.older-server"
	}
	return ""
}
