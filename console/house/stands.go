package house

import (
	"context"
	"time"

	"lamplight/notes"
	"lamplight/notes/record"
	"lamplight/routing"
)

// Stands lists every place by which a note would still go to a person, of each practice and of the service's own ladder.
// Somebody who leaves must be taken out of them.
func Stands(ctx context.Context, store *record.Store, id notes.PersonID, now time.Time) (out []routing.Stand, err error) {
	all, err := store.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		in, err := routing.StandsAt(a, id, now)
		if err != nil {
			return nil, err
		}
		out = append(out, in...)
	}
	document, err := store.Service(ctx)
	if err != nil || document == nil {
		return out, err
	}
	service, err := routing.ParseService(document)
	if err != nil {
		return nil, err
	}
	in, err := routing.ServiceStands(service, id, now)
	return append(out, in...), err
}
