//go:build !desktop

package main

import "log/slog"

// devices is none in a build that is not the desktop's: those run where nobody listens.
func devices(*slog.Logger) sound { return noSound{} }
