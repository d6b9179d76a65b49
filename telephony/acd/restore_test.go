package acd

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A State written down, read back and driven on gives the same commands as one that was not.
func TestRestoredStateBehavesTheSame(t *testing.T) {
	events, seeds := runs(t)
	for seed := range uint64(seeds) {
		w := newWorld(t, seed+100)
		for i := range events / 4 {
			w.pass()
			e := w.event()
			var twin *State
			if i%50 == 0 {
				twin = reread(t, w.s, w.s.Epoch())
			}
			if err := w.apply(e); err != nil {
				t.Fatal(err)
			}
			if twin == nil {
				continue
			}
			twinDoes(t, w, twin, e)
		}
	}
}

func reread(t *testing.T, s *State, epoch uint64) *State {
	t.Helper()
	b, err := json.Marshal(s.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var snap Snapshot
	if err := json.Unmarshal(b, &snap); err != nil {
		t.Fatal(err)
	}
	twin, err := Restore(snap, epoch)
	if err != nil {
		t.Fatalf("restore: %v\n%s", err, b)
	}
	return twin
}

// twinDoes plays the last event and some more to both and compares.
func twinDoes(t *testing.T, w *world, twin *State, e Event) {
	t.Helper()
	want := slices.Clone(w.s.out)
	got, _ := Apply(twin, e, w.now)
	for i := 0; ; i++ {
		if !slices.Equal(got, want) {
			t.Fatalf("event %T%+v: the restored State says %+v, the other %+v", e, e, got, want)
		}
		if i == 30 {
			break
		}
		w.pass()
		e = w.event()
		if err := w.apply(e); err != nil {
			t.Fatal(err)
		}
		want = slices.Clone(w.s.out)
		got, _ = Apply(twin, e, w.now)
	}
	a, _ := json.MarshalIndent(w.s.Snapshot(), "", " ")
	b, _ := json.MarshalIndent(twin.Snapshot(), "", " ")
	la, lb := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			t.Fatalf("snapshots differ:\n%s\n\n%s", strings.Join(la[max(0, i-12):i+5], "\n"), strings.Join(lb[max(0, i-12):i+5], "\n"))
		}
	}
	if a, b := w.s.Board(w.now), twin.Board(w.now); !reflect.DeepEqual(a, b) {
		t.Fatalf("boards differ:\n%+v\n%+v", a, b)
	}
}
