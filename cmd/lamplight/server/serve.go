package server

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"
)

// ServeCommand runs the server. Files: everything under --state (keys/, postgres/, asterisk/). Ports: --nats-listen, --listen,
// --hooks-listen, and Asterisk's SIP (--sip-listen), ARI and audio ports (--rtp-ports), all on loopback unless told otherwise.
// Signals: SIGTERM and SIGINT stop it within ten seconds, with the private database and Asterisk, whose calls are cut; with an
// Asterisk of yours talking callers go on talking and waiting ones get the fail-safe's voicemail. A second signal stops it at
// once and leaves the private ones to the next start.
type ServeCommand struct {
	Config
}

func (c *ServeCommand) Run(ctx context.Context) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	s, err := Start(ctx, c.Config, log, func(step string, took time.Duration) {
		log.Info("started", "step", step, "ms",
			took.Milliseconds())
	})
	if err != nil {
		return err
	}
	said := []any{"desks", s.Bus.URL, "pages", s.PagesURL, "phones", s.Switch.Registrar()}
	if p := s.Switch.Private; p != nil {
		said = append(said, "sip", p.SIPListen().String())
	}
	log.Info("serving", said...)
	s.Out = os.Stdout
	return errors.Join(s.Run(ctx), s.Close())
}
