package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// serveCmd runs the server. Files: everything under --state (keys/, postgres/, asterisk/). Ports: --nats-listen, --listen,
// --hooks-listen, and Asterisk's SIP, ARI and audio ports, all on loopback unless told otherwise. Signals: SIGTERM and
// SIGINT stop it within ten seconds, with the private database and Asterisk, whose calls are cut; with an Asterisk of yours
// talking callers go on talking and waiting ones get the fail-safe's voicemail. A second signal stops it at once and leaves
// the private ones to the next start.
type serveCmd struct {
	serverConfig
}

func (c *serveCmd) Run(ctx context.Context) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	s, err := Open(ctx, c.serverConfig, log, func(step string, took time.Duration) { log.Info("started", "step", step, "ms", took.Milliseconds()) })
	if err != nil {
		return err
	}
	log.Info("serving", "desks", s.bus.url, "pages", s.pagesURL)
	return errors.Join(s.Run(ctx), s.Close())
}

// progress prints a line a step with the time since the start.
func progress(step string, took time.Duration) {
	fmt.Fprintf(os.Stderr, "  %-58s%6.1f s\n", step, took.Seconds())
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
