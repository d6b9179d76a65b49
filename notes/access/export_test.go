package access

import "context"

// Listing is the statement of a page of everybody, with its arguments.
func (d *Door) Listing(ctx context.Context, q PeopleQuery) (query string, args []any, err error) {
	where, args, err := d.listWhere(ctx, nil, q)
	return selectListed + where, args, err
}
