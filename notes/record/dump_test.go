package record_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"lamplight/notes"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// TestADumpTellsNothingOfThePatient takes calls, drafts, notes, add-ons, recordings and a voicemail, dumps the database and
// looks for the patient's words in every form they could stand in, and for the people's secrets.
func TestADumpTellsNothingOfThePatient(t *testing.T) {
	url := postgrestest.URL(t)
	pool := connect(t, url)
	h := fixtureOn(t, pool, t.TempDir()).furnish(t)
	agent, doctor := h.as(t, agentID), h.as(t, doctorID)
	h.record(t, aCall("call-1"), telephony.Arrived, telephony.Talking, telephony.Ended)
	d := aDraft("draft-2", "call-1")
	if err := h.store.SaveDraft(agent, d); err != nil {
		t.Fatal(err)
	}
	n, err := h.store.Take(agent, aDraft("draft-1", "call-1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.AddOn(doctor, n.ID, "", notes.Reply, "Told her to chew an aspirin"); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Keep(agent, "call-1", "rec-1", writes([]byte("the recorded sound of her voice"))); err != nil {
		t.Fatal(err)
	}
	if err := h.store.KeepVoicemail(agent, telephony.Voicemail{Recording: "vm", DID: "+13125550100", ANI: "+13125550142"},
		writes([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.StoryOf(agent, "call-1", ""); err != nil {
		t.Fatal(err)
	}
	const password, secret = "correct horse battery staple", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	if err := h.door.SetPassword(agent, agentID, password); err != nil {
		t.Fatal(err)
	}
	if err := h.door.SetCode(agent, agentID, secret); err != nil {
		t.Fatal(err)
	}
	h.mustVerify(t)

	out, err := exec.Command(filepath.Join(postgrestest.Cluster(t).Bin(), "pg_dump"), "--dbname", url).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_dump: %v %s", err, out)
	}
	if !bytes.Contains(out, []byte("L-1000")) || len(out) < 20_000 {
		t.Fatalf("this is no dump of the record (%d bytes)", len(out))
	}
	log, err := os.ReadFile(postgrestest.Cluster(t).Log())
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"Ximena", "Quiñones", "Quinones", "Wojciechowska", "wojciechowska", "QUINONES XIMENA", "3125550142", "555-0142",
		"1961-04-02", "4/2/1961",
		"breastbone", "esternón", "aspirin", "recorded sound", password, secret}
	for _, w := range words {
		for form, b := range forms(w) {
			if bytes.Contains(out, b) {
				t.Errorf("the dump shows %q (%s)", w, form)
			}
			if bytes.Contains(log, b) {
				t.Errorf("the server's log shows %q (%s)", w, form)
			}
		}
	}
	// The search itself must work: what is not sealed is found.
	if !bytes.Contains(out, []byte("Lakeside Internal Medicine")) {
		t.Error("the scan would find nothing")
	}
}

// forms are the ways a word can stand in a dump: as it is, folded, in hex, in base64 at each of the three offsets, in UTF-16.
func forms(w string) map[string][]byte {
	out := map[string][]byte{"plain": []byte(w), "folded": []byte(seal.Fold(w)), "hex": []byte(hex.EncodeToString([]byte(w))),
		"HEX": []byte(strings.ToUpper(hex.EncodeToString([]byte(w))))}
	for off := range 3 {
		s := base64.StdEncoding.EncodeToString(append(make([]byte, off), w...))
		out["base64 "+string(rune('0'+off))] = []byte(s[(off*8+5)/6 : len(s)-4])
	}
	var wide []byte
	for _, u := range utf16.Encode([]rune(w)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	out["utf16 hex"] = []byte(hex.EncodeToString(wide))
	return out
}

// TestAStepTakesNoWords: a number or a name given as a step's detail goes neither into its row nor into a leaf, and the call
// goes on.
func TestAStepTakesNoWords(t *testing.T) {
	h := newFixture(t).furnish(t)
	c := h.record(t, aCall("call-1"), telephony.Arrived)
	for i, words := range []string{"Ximena Quiñones", "+13125550142", "two words", "é"} {
		if err := h.store.Record(context.Background(), c, telephony.Step{At: c.OpenedAt.Add(time.Duration(i+1) * time.Second), Kind: "held",
			Detail: words}); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}
	var details []string
	if err := h.pool.QueryRow(t.Context(), "select array_agg(distinct detail) from call_step where detail <> ''").Scan(
		&details); err != nil || len(details) != 1 || details[0] != "not-a-code" {
		t.Errorf("%v %v", details, err)
	}
	h.mustVerify(t)
}
