package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Kept is what a resource held when it was read: all its fields as they stood, those we know nothing of and the extensions of
// those we know among them. It is written back with the resource, but for the fields that were changed since.
type Kept struct{ was map[string]json.RawMessage }

// readKept reads a JSON object into the fields of the struct that v points to, each by its exact name, and keeps all of it.
func readKept(b []byte, v any, kept *Kept) error {
	var was map[string]json.RawMessage
	if err := json.Unmarshal(b, &was); err != nil {
		return err
	}
	if was == nil {
		return errors.New("null stands where a resource or a part of one should")
	}
	for name, field := range fieldsOf(v) {
		raw, ok := was[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	kept.was = was
	return nil
}

// writeKept writes what was kept, with the fields of v that are other than they were read.
func writeKept(v any, kept Kept) ([]byte, error) {
	out := make(map[string]json.RawMessage, len(kept.was))
	for name, raw := range kept.was {
		out[name] = raw
	}
	for name, field := range fieldsOf(v) {
		if raw, ok := kept.was[name]; ok {
			was := reflect.New(field.Type())
			if err := json.Unmarshal(raw, was.Interface()); err == nil && reflect.DeepEqual(was.Elem().Interface(), field.Interface()) {
				continue
			}
		}
		if empty(field) {
			delete(out, name)
			continue
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(field.Interface()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = bytes.TrimSpace(b.Bytes())
	}
	return json.Marshal(out)
}

// empty reports a field that FHIR does not write: it knows neither empty strings nor empty lists or objects.
func empty(v reflect.Value) bool { return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 }

// fieldsOf are the fields of the struct that v points to, by their names in JSON.
func fieldsOf(v any) map[string]reflect.Value {
	s := reflect.ValueOf(v).Elem()
	out := make(map[string]reflect.Value, s.NumField())
	for i := range s.NumField() {
		if name, _, _ := strings.Cut(s.Type().Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			out[name] = s.Field(i)
		}
	}
	return out
}
