//go:build newer

package wire

import (
	"encoding/json"
	"reflect"

	"lamplight/console"
)

// A newer end says more than today's: a field that nobody knows in every object, and kinds of events that nobody knows between the
// others.

// aged adds to every object of a message that is not a map.
func aged(message string, b []byte) []byte {
	if message == "watchEvent" {
		return event(b)
	}
	var v any
	if json.Unmarshal(b, &v) != nil {
		return b
	}
	out, err := json.Marshal(more(v, typeOf(message)))
	if err != nil {
		return b
	}
	return out
}

func more(v any, typ reflect.Type) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = more(v[i], elem(typ))
		}
	case map[string]any:
		for k := range v {
			if is(typ, reflect.Map) {
				v[k] = more(v[k], elem(typ))
			} else {
				v[k] = more(v[k], field(typ, k))
			}
		}
		if is(typ, reflect.Struct) {
			v["ofTomorrow"] = map[string]any{"said": []string{"more"}}
		}
	}
	return v
}

func alongside(console.Event) []console.Event {
	return []console.Event{{Kind: "of-tomorrow", Notice: "desk.notice.of-tomorrow"}}
}
