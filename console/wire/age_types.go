//go:build older || newer

package wire

import (
	"encoding/json"
	"reflect"
	"strings"

	"lamplight/console"
)

// event has the event in a watchEvent aged.
func event(b []byte) []byte {
	var t struct {
		Watch string          `json:"watch"`
		N     uint64          `json:"n"`
		Event json.RawMessage `json:"event"`
	}
	if json.Unmarshal(b, &t) != nil {
		return b
	}
	t.Event = aged("event", t.Event)
	out, err := json.Marshal(t)
	if err != nil {
		return b
	}
	return out
}

// typeOf is the type of a message, nil for one that is not known.
func typeOf(message string) reflect.Type {
	if message == "event" {
		return reflect.TypeFor[console.Event]()
	}
	name, way, _ := strings.Cut(message, ".")
	for _, d := range console.Requests() {
		switch {
		case d.Name == name && way == "in":
			return d.In
		case d.Name == name:
			return d.Out
		}
	}
	return nil
}

func is(typ reflect.Type, kind reflect.Kind) bool {
	typ = behind(typ)
	return typ != nil && typ.Kind() == kind
}

func behind(typ reflect.Type) reflect.Type {
	for typ != nil && typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ
}

// elem is what a list or a map holds.
func elem(typ reflect.Type) reflect.Type {
	if typ = behind(typ); is(typ, reflect.Slice) || is(typ, reflect.Map) {
		return typ.Elem()
	}
	return nil
}

// field is the type of a struct's field by its name in JSON.
func field(typ reflect.Type, name string) reflect.Type {
	if typ = behind(typ); !is(typ, reflect.Struct) {
		return nil
	}
	for _, f := range reflect.VisibleFields(typ) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name || tag == "" && strings.EqualFold(f.Name, name) {
			return f.Type
		}
	}
	return nil
}
