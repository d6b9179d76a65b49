package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"lamplight/console"
	"lamplight/telephony"
)

func newPhone(_ string, _ *slog.Logger) (Phone, error) { return silentPhone{}, nil }

// silentPhone is the phone of an agent who has a telephone of their own.
type silentPhone struct{}

func (silentPhone) Register(console.PhoneAccount, func(bool, time.Time)) error {
	return errors.New("this desk has no phone")
}
func (silentPhone) Answer(context.Context, telephony.CallID) error {
	return errors.New("this desk has no phone")
}
func (silentPhone) Mute(bool)                        {}
func (silentPhone) Levels() (float64, float64, bool) { return 0, 0, false }
func (silentPhone) Leave()                           {}
