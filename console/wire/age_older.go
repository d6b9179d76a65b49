//go:build older

package wire

import (
	"encoding/json"
	"reflect"

	"lamplight/console"
)

// An older end knows the messages and fields that stand in release 1's files, and no others: it neither says nor sees the rest. What it
// did with them is today's code, not that release's: its own faults are not here.

// aged leaves of a message, at any depth, what release 1 knew.
func aged(message string, b []byte) []byte {
	if message == "watchEvent" {
		return event(b)
	}
	typ := typeOf(message)
	knew, err := console.Release1.ReadFile("testdata/release-1/" + message + ".json")
	if typ == nil || err != nil {
		return b // no request: what keeps a watch, or what will be refused
	}
	var was, like any
	if json.Unmarshal(knew, &like) != nil || json.Unmarshal(b, &was) != nil {
		return b
	}
	out, err := json.Marshal(known(was, like, typ))
	if err != nil {
		return b
	}
	return out
}

// known is v with the fields that like has.
func known(v, like any, typ reflect.Type) any {
	switch v := v.(type) {
	case []any:
		if l, ok := like.([]any); ok && len(l) > 0 {
			for i := range v {
				v[i] = known(v[i], l[0], elem(typ))
			}
		}
	case map[string]any:
		l, ok := like.(map[string]any)
		if !ok {
			return v
		}
		for k := range v {
			if is(typ, reflect.Map) {
				v[k] = known(v[k], l["en"], elem(typ)) // the one key that the files have
				continue
			}
			if _, knew := l[k]; !knew {
				delete(v, k)
				continue
			}
			v[k] = known(v[k], l[k], field(typ, k))
		}
	}
	return v
}

func alongside(console.Event) []console.Event { return nil }
