package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/pquerna/otp/totp"

	"lamplight/cmd/lamplight/server"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/keyfile"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

// The demo's practices: an English-first internal medicine group and a Spanish-first pediatric one.
//
//go:embed practices/*.json
var practiceFiles embed.FS

// The demo's own service: its supervisor is called when nobody acknowledges.
//
//go:embed service.json
var serviceFile []byte

// desks are the demo's own staff.
var desks = []struct {
	routing.PracticePerson
	endpoint string
	speaks   house.Speaks
}{
	{routing.PracticePerson{ID: "ana.ruiz", Name: "Ana Ruiz", Role: notes.RoleAgent, Language: "en"}, "agent1",
		house.Speaks{Languages: map[telephony.Language]telephony.Level{"en": telephony.Native, "es": telephony.Native}}},
	{routing.PracticePerson{ID: "ben.cole", Name: "Ben Cole", Role: notes.RoleAgent, Language: "en"}, "agent2",
		house.Speaks{Languages: map[telephony.Language]telephony.Level{"en": telephony.Native}}},
	{routing.PracticePerson{ID: "sofia.marin", Name: "Sofía Marín", Role: notes.RoleSupervisor, Language: "es"}, "agent3",
		house.Speaks{Languages: map[telephony.Language]telephony.Level{"en": telephony.Qualified, "es": telephony.Native}}},
	{routing.PracticePerson{ID: "ada.grant", Name: "Ada Grant", Role: notes.RoleAdmin, Language: "en"}, "", house.Speaks{}},
}

// demoKeys are the made-up secrets of the demo's people, made at its first start and kept with the other keys.
type demoKeys struct {
	Password string                    `json:"password"` // the same for all: this is a demo
	Codes    map[notes.PersonID]string `json:"codes"`    // one-time-code secrets
	Used     map[notes.PersonID]int64  `json:"used"`     // the half minute whose code each used last: a code opens once
}

const codePeriod = 30 * time.Second

// fresh gives a code that was not used yet, waiting for one if it must: a demo started again at once has used those that
// the clock allows.
func (d *demo) fresh(ctx context.Context, who notes.PersonID) (string, error) {
	step := max(time.Now().Unix()/int64(codePeriod/time.Second), d.keys.Used[who]+1)
	at := time.Unix(step*int64(codePeriod/time.Second), 0)
	wait := time.NewTimer(time.Until(at.Add(-codePeriod))) // the door takes the next half minute's, for clocks that differ
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if d.keys.Used == nil {
		d.keys.Used = map[notes.PersonID]int64{}
	}
	d.keys.Used[who] = step
	if err := writeDemoKeys(d.server.State, d.keys); err != nil {
		return "", err
	}
	return d.keys.code(who, at)
}

func (k demoKeys) code(p notes.PersonID, at time.Time) (string, error) {
	c, err := totp.GenerateCode(k.Codes[p], at)
	if err != nil {
		return "", fmt.Errorf("one-time code: %w", err)
	}
	return c, nil
}

func readPractices() ([]routing.PracticeDocument, error) {
	files, err := fs.Glob(practiceFiles, "practices/*.json")
	if err != nil {
		return nil, err
	}
	var out []routing.PracticeDocument
	for _, f := range files {
		b, err := practiceFiles.ReadFile(f)
		if err != nil {
			return nil, err
		}
		p, found := routing.ReadPractice(b, nil, time.Now())
		if err := refused(f, found); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// demoPhones are the providers' and the supervisor's phones for the pocket.
func demoPhones(practices []routing.PracticeDocument) []pocket.ProviderPhone {
	var out []pocket.ProviderPhone
	for _, p := range practices {
		for _, c := range p.Account.Contacts {
			out = append(out, pocket.ProviderPhone{Person: string(c.Person), Name: c.Name, Number: c.Mobile.Reveal(), Email: c.Email,
				Lang: c.Language})
		}
	}
	// What is embedded was read by a test.
	service, _ := routing.ReadService(serviceFile, nil, time.Now())
	for _, c := range service.Contacts {
		out = append(out, pocket.ProviderPhone{Person: string(c.Person), Name: c.Name, Number: c.Mobile.Reveal(), Email: c.Email,
			Lang: c.Language})
	}
	return out
}

// patientPhone is the patient's phone for the pocket.
var patientPhone = pocket.ProviderPhone{Person: demoPatient, Name: "Lucía Ferrer (patient)", Number: "+13125550196",
	Email: "lucia.ferrer@patients.example", Lang: telephony.Spanish}

// demoPatient is lakeside's patient with a phone in the pocket. It is made up, as everybody in the demo is.
const (
	demoPatient = "01930000-0000-7000-8000-000000000001"
	demoBirth   = "1984-09-12"
)

// seedPatient makes the patient, and writes the first message as one of the practice's staff. Both are done once.
func seedPatient(ctx context.Context, s *server.Server, practices []routing.PracticeDocument) error {
	for _, p := range practices {
		i := slices.IndexFunc(p.People, func(q routing.PracticePerson) bool { return q.Role == notes.RolePractice })
		if p.Account.Messaging == nil || i < 0 {
			continue
		}
		actor, err := s.Door.ActorOf(ctx, p.People[i].ID)
		if err != nil {
			return err
		}
		ctx := access.With(ctx, actor)
		who := notes.Patient{ID: demoPatient, Account: p.Account.ID, Language: patientPhone.Lang, Name: "Lucía Ferrer", Birth: demoBirth,
			Numbers: []notes.PatientNumber{{Number: telephony.Number(patientPhone.Number), Text: true, Call: true}},
			Email:   patientPhone.Email}
		if _, err := s.Patients.Put(ctx, who, []notes.Consent{{Channel: notes.ByText, Given: true, How: notes.InPerson},
			{Purpose: notes.PurposeReminders, Channel: notes.ByText, Given: true, How: notes.InPerson}}); err != nil {
			return fmt.Errorf("the demo's patient: %w", err)
		}
		if err := seedVisit(ctx, s, p.Account); err != nil {
			return err
		}
		if last, err := s.Patients.Last(ctx, demoPatient); err != nil || last.ID != "" {
			return err
		}
		tell, err := s.Notices.Tell(ctx, demoPatient)
		if errors.Is(err, patient.ErrNoConsent) { // who said STOP in an earlier demo is not written to in this one
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := s.Patients.Write(ctx, record.Writing{ID: "demo-welcome", Patient: demoPatient,
			Text: "Hola, Lucía. Sus análisis salieron bien: la tiroides está normal. ¿Quiere que le demos cita para el control de marzo?"},
			tell); err != nil {
			return fmt.Errorf("the demo's message: %w", err)
		}
	}
	return nil
}

// seedVisit makes an appointment of the patient's tomorrow at about this time, of which they are reminded at once: one a day that the demo
// is run.
func seedVisit(ctx context.Context, s *server.Server, acc notes.Account) error {
	tomorrow := time.Now().Add(24 * time.Hour).Truncate(5 * time.Minute)
	v := notes.Appointment{ID: notes.AppointmentID("demo-visit-" + tomorrow.UTC().Format(time.DateOnly)), Account: acc.ID,
		Patient: demoPatient, State: notes.VisitBooked, Begins: tomorrow, Minutes: 30, Visit: "Control", Provider: "Dr Reyes"}
	if err := s.Patients.Book(ctx, acc.ID, nil, []notes.Appointment{v}); err != nil {
		return fmt.Errorf("the demo's appointment: %w", err)
	}
	return nil
}

// everybody lists the demo's people with what they may do.
func everybody(practices []routing.PracticeDocument) []access.Person {
	var out []access.Person
	for _, d := range desks {
		speaks, err := json.Marshal(d.speaks)
		if err != nil { // maps and words always encode
			panic(err)
		}
		out = append(out, access.Person{ID: d.ID, Login: string(d.ID), Name: d.Name, Language: string(d.Language),
			Endpoint: d.endpoint, Speaks: string(speaks),
			Grants: []access.Grant{{Account: access.Everywhere, Role: d.Role}}})
	}
	for _, p := range practices {
		for _, d := range p.People {
			out = append(out, access.Person{ID: d.ID, Login: string(d.ID), Name: d.Name, Language: string(d.Language),
				Grants: []access.Grant{{Account: string(p.Account.ID), Role: d.Role}}})
		}
	}
	return out
}

// refused is the error of a practice that must not be stored.
func refused(practice string, found routing.Problems) error {
	if found = found.Refused(); len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%sthe practice %q cannot be used: correct it and start again",
		server.PracticeLines(practice, found, telephony.English), practice)
}

// seed puts the demo's practices and people in place; what is there already stays.
func seed(ctx context.Context, s *server.Server, practices []routing.PracticeDocument) (demoKeys, error) {
	ctx = access.System(ctx, "demo")
	keys, err := readDemoKeys(s.State)
	if err != nil {
		return keys, err
	}
	// All, before the first is stored. Who of the demo's people has left is not asked: a demo in which somebody was let go
	// starts again, and shows it.
	for _, p := range practices {
		if err := refused(string(p.Account.ID), routing.CheckPractice(p, nil, time.Now())); err != nil {
			return keys, err
		}
	}
	for _, p := range practices {
		if _, err := s.Record.AccountNow(ctx, p.Account.ID); err == nil {
			continue // it was changed on the web since, perhaps
		} else if !errors.Is(err, record.ErrNoAccount) {
			return keys, fmt.Errorf("the practice %s: %w", p.Account.ID, err)
		}
		if err := s.Record.PutAccount(ctx, p.Account); err != nil {
			return keys, fmt.Errorf("the practice %s: %w", p.Account.ID, err)
		}
	}
	service, found := routing.ReadService(serviceFile, nil, time.Now())
	if len(found) > 0 {
		return keys, refused("service.json", found)
	}
	if err := s.Record.PutService(ctx, service); err != nil {
		return keys, err
	}
	for _, p := range everybody(practices) {
		if _, err := s.Door.Person(ctx, p.ID); err == nil {
			continue
		} else if !errors.Is(err, access.ErrNoPerson) {
			return keys, err
		}
		if _, err := s.Door.AddPerson(ctx, p, keys.Password); err != nil {
			return keys, err
		}
		if err := s.Door.SetCode(ctx, p.ID, keys.Codes[p.ID]); err != nil {
			return keys, err
		}
	}
	return keys, seedPatient(ctx, s, practices)
}

// readDemoKeys reads the demo's secrets, or makes them.
func readDemoKeys(st server.StateDir) (k demoKeys, err error) {
	path := st.Keys("demo.json")
	b, err := os.ReadFile(path)
	if err == nil {
		if json.Unmarshal(b, &k) != nil || k.Password == "" || len(k.Codes) == 0 { // the decoder's error may quote the file
			return k, fmt.Errorf("the demo's keys in %s are damaged: remove the directory %s to begin a new demo", path, st.Dir)
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		k = demoKeys{Password: "lamp-" + server.RandomWord(), Codes: map[notes.PersonID]string{}}
	} else {
		return k, fmt.Errorf("read the demo's keys: %w", err)
	}
	practices, err := readPractices()
	if err != nil {
		return k, err
	}
	for _, p := range everybody(practices) {
		if k.Codes[p.ID] != "" { // all but those of a later build
			continue
		}
		key, err := totp.Generate(totp.GenerateOpts{Issuer: "Lamplight demo", AccountName: p.Login})
		if err != nil {
			return k, fmt.Errorf("make a one-time-code secret: %w", err)
		}
		k.Codes[p.ID] = key.Secret()
	}
	return k, writeDemoKeys(st, k)
}

func writeDemoKeys(st server.StateDir, k demoKeys) error {
	b, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("write the demo's keys: %w", err)
	}
	return keyfile.Replace(st.Keys("demo.json"), b, 0o600)
}
