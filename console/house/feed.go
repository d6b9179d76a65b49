package house

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// How much a provider's calendar program is told: the past month, so that it keeps it, and as far ahead as a schedule is
// reliable.
const (
	feedBehind = -31 // days
	feedAhead  = 183
)

// MakeFeed makes the address at which calendar programs read the actor's on-call days at a practice. The earlier address stops
// working.
func (h *House) MakeFeed(ctx context.Context, account telephony.AccountID) (console.FeedAddress, error) {
	a, acc, _, err := h.schedulePractice(ctx, account, notes.OwnDuty)
	if err != nil {
		return console.FeedAddress{}, err
	}
	if contactOf(acc, a) == "" {
		return console.FeedAddress{}, console.Refuse(console.Conflict, "portal.error.duty-nobody")
	}
	secret, err := h.cfg.Door.MakeFeed(ctx, string(account))
	if err != nil {
		return console.FeedAddress{}, pageRefusal(err)
	}
	return console.FeedAddress{Path: "/feed/" + secret + ".ics"}, nil
}

// StopFeed ends the actor's feed of a practice.
func (h *House) StopFeed(ctx context.Context, account telephony.AccountID) error {
	if _, _, _, err := h.schedulePractice(ctx, account, notes.OwnDuty); err != nil {
		return err
	}
	return pageRefusal(h.cfg.Door.StopFeed(ctx, string(account)))
}

// Feed writes the on-call days that an address's secret leads to, as an iCalendar file. Nobody is signed in: the secret is the
// only proof. A NotFound refusal says that it leads nowhere, or no longer does.
func (h *House) Feed(ctx context.Context, secret string, w io.Writer) error {
	a, account, err := h.cfg.Door.FeedOf(ctx, secret)
	if errors.Is(err, access.ErrNoFeed) {
		return console.Refuse(console.NotFound, "portal.error.not-found")
	}
	if err != nil {
		return err
	}
	acc, err := h.cfg.Store.AccountNow(ctx, telephony.AccountID(account))
	if err != nil {
		return pageRefusal(err)
	}
	me := contactOf(acc, a)
	if me == "" {
		return console.Refuse(console.NotFound, "portal.error.not-found")
	}
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return err
	}
	now := h.cfg.Now().In(zone)
	sched, err := h.cfg.Routing.Schedule(ctx, acc, now, false)
	if err != nil {
		return fmt.Errorf("a feed of %s: %w", acc.ID, err)
	}
	lang := telephony.Language(a.Language)
	return sched.Calendar(w, now.AddDate(0, 0, feedBehind), now.AddDate(0, 0, feedAhead), now, oncall.FeedOf{
		Who: oncall.ParticipantID(me),
		Words: func(_, role string, byDefault bool) (summary, description string) {
			if byDefault {
				description = catalog.T(lang, "feed.default", nil)
			}
			return catalog.T(lang, "feed.shift", catalog.Vars{"practice": acc.Name, "role": roleName(lang, role)}), description
		},
	})
}

// roleName is a role of a schedule in a language; the practice's own word when the catalogs have none.
func roleName(lang telephony.Language, role string) string {
	key := "portal.role." + role
	if said := catalog.T(lang, key, nil); said != key {
		return said
	}
	return role
}
