//go:build linux && desktop && !bridge

package main

import "C"

import "log/slog"

// pageDied is told by WebKit, in GTK's own thread, that the page's process is gone; the page is being loaded anew.
//
//export pageDied
func pageDied(reason C.int) {
	slog.Error("the page's process died; the page is loaded anew", "reason", int(reason))
}
