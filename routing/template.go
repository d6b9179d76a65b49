package routing

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

// A PracticeTemplate is what a new practice is begun from.
type PracticeTemplate string

const (
	TemplateSolo       PracticeTemplate = "solo"        // one doctor
	TemplateGroup      PracticeTemplate = "group"       // doctors who take turns by the week
	TemplatePediatrics PracticeTemplate = "pediatrics"  // parents call for children
	TemplateHospital   PracticeTemplate = "hospital"    // a hospital's service, called by its wards
	TemplateAfterHours PracticeTemplate = "after-hours" // answered while the office is closed
)

// NewPractice is a practice begun from a template: whole but for what nobody knows yet, whose number it has and who its people are.
// Those are empty, and CheckPractice says so at their places and nothing else. It is answered in the languages given, the first of
// which is assumed of a caller; in both by default. ok is false for no template there is.
func NewPractice(of PracticeTemplate, id telephony.AccountID, name, zone string, in ...telephony.Language) (a notes.Account, ok bool) {
	make, ok := templates[of]
	if !ok {
		return a, false
	}
	t := make()
	if len(in) == 0 {
		in = []telephony.Language{telephony.English, telephony.Spanish}
	}
	a = notes.Account{ID: id, Name: name, TimeZone: zone, Languages: slices.Clone(in), Hours: t.hours, Instructions: t.instructions,
		AnswerPhrase: text(name+", this is "+agentHole+". How may I help you?", name+", le atiende "+agentHole+". ¿En qué le puedo ayudar?"),
		Lines:        []telephony.Line{{Languages: slices.Clone(in)}},
		Script:       notes.Script{Version: 1, CallTypes: t.calls, RedFlags: redFlags()}}
	for i := range a.Script.CallTypes {
		a.Script.CallTypes[i].Digit = fmt.Sprint(i + 1)
	}
	for _, c := range t.contacts {
		a.Contacts = append(a.Contacts, notes.Contact{ID: c, Language: in[0]})
	}
	a.Schedule = written(mergeMaps(map[string]json.RawMessage{"timezone": quoted(zone)}, t.schedule))
	a.Ladders = []byte(`{"ladders":[{"name":"urgent","version":1,"rungs":[` + t.rungs + `]}]}`)
	return a, true
}

// ClonePractice is a practice like another, with its people and their turns, but for its numbers and its chart, which are the other's
// own, and for what was changed on call for a time.
func ClonePractice(of notes.Account, id telephony.AccountID, name, zone string) notes.Account {
	a := of
	renamed := func(t notes.Text) notes.Text {
		out := maps.Clone(t)
		for l, s := range out {
			out[l] = strings.ReplaceAll(s, of.Name, name)
		}
		return out
	}
	a.ID, a.Name, a.Say, a.TimeZone, a.Chart, a.Version = id, name, "", zone, nil, 0
	a.AnswerPhrase, a.Instructions = renamed(of.AnswerPhrase), renamed(of.Instructions)
	a.Lines = slices.Clone(of.Lines)
	for i := range a.Lines {
		a.Lines[i].DID, a.Lines[i].Account, a.Lines[i].Name = "", "", ""
	}
	var schedule map[string]json.RawMessage
	if json.Unmarshal(of.Schedule, &schedule) == nil && schedule != nil {
		carry(schedule, nil, ofCalendar...)
		if zone != of.TimeZone {
			schedule["timezone"] = quoted(zone)
		}
		a.Schedule = written(schedule)
	}
	return a
}

func quoted(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil { // a string always encodes
		panic(err)
	}
	return b
}

func mergeMaps(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	maps.Copy(a, b)
	return a
}

// template is what tells one kind of practice from another.
type template struct {
	hours        []notes.OfficeHours
	instructions notes.Text
	calls        []notes.CallType
	contacts     []string
	schedule     map[string]json.RawMessage
	rungs        string
}

var templates = map[PracticeTemplate]func() template{
	TemplateSolo: func() template {
		return template{hours: weekdays(), instructions: afterHours(), calls: []notes.CallType{symptom(), refill(), appointment(), other()},
			contacts: []string{"doctor"}, schedule: alwaysOn("doctor", ""),
			rungs: `{"after":"0s","who":"primary","channels":["text","push"]},{"after":"4m","who":"primary","channels":["text","push","email"]}`}
	},
	TemplateGroup: func() template {
		return template{hours: weekdays(), instructions: afterHours(),
			calls:    []notes.CallType{symptom(), hospitalCall(), refill(), appointment(), other()},
			contacts: []string{"doctor-1", "doctor-2", "doctor-3"},
			schedule: inTurns("doctor-1", "doctor-2", "doctor-3"), rungs: backedUp}
	},
	TemplatePediatrics: func() template {
		return template{hours: weekdays(), instructions: text(
			"Parents call for a child. Every call about a sick child goes to the doctor on call at once; refills, forms and appointments wait for the office. Never give medical advice.",
			"Llaman los padres por un niño. Toda llamada sobre un niño enfermo va de inmediato al médico de guardia; recetas, formularios y citas esperan a la oficina. Nunca dé consejo médico."),
			calls:    []notes.CallType{sickChild(), hospitalCall(), refill(), formsNeeded(), appointment()},
			contacts: []string{"doctor-1", "doctor-2"},
			schedule: inTurns("doctor-1", "doctor-2"), rungs: backedUp}
	},
	TemplateHospital: func() template {
		return template{instructions: text(
			"Wards, emergency departments and laboratories call, day and night. Every call goes to who is on call at once. Read results and numbers back.",
			"Llaman las salas, urgencias y los laboratorios, de día y de noche. Toda llamada va de inmediato a quien está de guardia. Repita los resultados y los números."),
			calls: []notes.CallType{consult(), criticalResult(), patientUpdate()}, contacts: []string{"attending", "backup"},
			schedule: alwaysOn("attending", "backup"), rungs: backedUp}
	},
	TemplateAfterHours: func() template {
		return template{hours: weekdays(), instructions: text(
			"The office answers its own calls; we answer while it is closed. Symptoms go to the doctor on call at once. Everything else waits until the office opens: say so. Never give medical advice.",
			"La oficina atiende sus propias llamadas; nosotros, mientras está cerrada. Los síntomas van de inmediato al médico de guardia. Lo demás espera a que abra la oficina: dígalo. Nunca dé consejo médico."),
			calls: []notes.CallType{symptom(), hospitalCall(), refill(), other()}, contacts: []string{"doctor-1", "doctor-2"},
			schedule: inTurns("doctor-1", "doctor-2"), rungs: backedUp}
	},
}

// backedUp is a ladder that reaches the backup when the primary is silent.
const backedUp = `{"after":"0s","who":"primary","channels":["text","push"]},{"after":"3m","who":"primary","channels":["text","push","email"]},` +
	`{"after":"6m","who":"backup","channels":["text","push","email"]}`

func alwaysOn(primary, backup string) map[string]json.RawMessage {
	layers := fmt.Sprintf(`{"name":"primary","role":"primary","who":[%q]}`, primary)
	if backup != "" {
		layers += fmt.Sprintf(`,{"name":"backup","role":"backup","who":[%q]}`, backup)
	}
	return map[string]json.RawMessage{"layers": json.RawMessage("[" + layers + "]")}
}

// inTurns hands the duty on every Monday at eight; who is next backs up.
func inTurns(doctors ...string) map[string]json.RawMessage {
	return map[string]json.RawMessage{
		"rotations": json.RawMessage(fmt.Sprintf(`[{"name":"weeks","unit":"week","start":"2026-01-05T08:00","turns":["%s"]}]`,
			strings.Join(doctors, `","`))),
		"layers": json.RawMessage(`[{"name":"primary","role":"primary","rotation":"weeks"},` +
			`{"name":"backup","role":"backup","rotation":"weeks","ahead":1}]`),
	}
}

func weekdays() (out []notes.OfficeHours) {
	for d := time.Monday; d <= time.Friday; d++ {
		out = append(out, notes.OfficeHours{Weekday: d, From: "08:00", To: "17:00"})
	}
	return out
}

func text(en, es string) notes.Text { return notes.Text{telephony.English: en, telephony.Spanish: es} }

func afterHours() notes.Text {
	return text("After hours: symptoms go to the doctor on call at once. Refills and appointments wait for the office. Never give medical advice.",
		"Fuera de horario: los síntomas van de inmediato al médico de guardia. Recetas y citas esperan a la oficina. Nunca dé consejo médico.")
}

// redFlags is the one sentence that most practices have an agent say; each practice makes it its own.
func redFlags() []notes.RedFlag {
	return []notes.RedFlag{{Words: map[telephony.Language][]string{
		telephony.English: {"chest pain", "cannot breathe", "can't breathe", "short of breath", "unconscious"},
		telephony.Spanish: {"dolor de pecho", "no puede respirar", "no puedo respirar", "falta de aire", "inconsciente"}},
		Show: text("If it is happening now, say: “Please hang up and call 911 now.” Then take the message as an emergency.",
			"Si está ocurriendo ahora, diga: «Por favor cuelgue y llame al 911 ahora». Luego tome el mensaje como emergencia.")}}
}

// wakes goes to who is on call at once.
func wakes(id string, u notes.Urgency, en, es string, fields ...notes.Field) notes.CallType {
	return notes.CallType{ID: id, Label: text(en, es), Urgency: u, Ladder: "urgent", Role: primary, Fields: fields}
}

// waits for the office, unless an agent raises it.
func waits(id, en, es string, fields ...notes.Field) notes.CallType {
	return notes.CallType{ID: id, Label: text(en, es), Urgency: notes.Routine, Role: primary, Fields: fields,
		Ladders: map[notes.Urgency]string{notes.Urgent: "urgent", notes.Emergency: "urgent"}}
}

func symptom() notes.CallType {
	return wakes("symptom", notes.Urgent, "Symptom", "Síntoma", patient(), callback(), birth(false), reason())
}

func hospitalCall() notes.CallType {
	return wakes("hospital", notes.Urgent, "Hospital or pharmacy", "Hospital o farmacia", asked("caller", notes.KindName, true,
		"Caller and where from", "Quién llama y de dónde", "May I have your name and where you are calling from?", "¿Me da su nombre y de dónde llama?"),
		callback(), patient(), birth(false), reason())
}

func refill() notes.CallType {
	return waits("refill", "Prescription refill", "Receta", patient(), callback(), birth(true),
		asked("medicine", notes.KindText, true, "Medicine", "Medicamento", "Which medicine is it, and what strength?", "¿Qué medicamento es, y de cuántos miligramos?"),
		asked("pharmacy", notes.KindText, false, "Pharmacy", "Farmacia", "Which pharmacy would you like to use?", "¿En qué farmacia lo recoge?"))
}

func appointment() notes.CallType {
	return waits("appointment", "Appointment", "Cita", patient(), callback(), asked("reason", notes.KindText, true, "What they ask", "Qué pide",
		"Would you like to make, change or cancel an appointment?", "¿Quiere pedir, cambiar o cancelar una cita?"))
}

func other() notes.CallType {
	return waits("other", "Anything else", "Otro asunto", patient(), callback(), reason())
}

func formsNeeded() notes.CallType {
	return waits("forms", "School or camp form", "Formulario de escuela o campamento", patient(), callback(), birth(true), reason())
}

func sickChild() notes.CallType {
	return wakes("sick-child", notes.Urgent, "Sick child", "Niño enfermo",
		asked("name", notes.KindName, true, "Child's name", "Nombre del niño", "May I have the child's full name, please?", "¿Me da el nombre completo del niño, por favor?"),
		birth(true),
		asked("caller", notes.KindName, true, "Parent or guardian", "Padre, madre o tutor", "And your name, and what you are to the child?", "¿Y su nombre, y qué es usted del niño?"),
		callback(), reason())
}

func consult() notes.CallType {
	return wakes("consult", notes.Urgent, "Consult", "Interconsulta", wardCaller(), callback(), patient(), birth(false), recordNumber(), reason())
}

func criticalResult() notes.CallType {
	result := asked("result", notes.KindText, true, "Result, with its unit", "Resultado, con su unidad",
		"What is the test and its value? I will read it back.", "¿Cuál es la prueba y su valor? Se lo repito.")
	result.ReadBack = true
	return wakes("critical-result", notes.Emergency, "Critical result", "Resultado crítico", wardCaller(), callback(), patient(), birth(true),
		recordNumber(), result)
}

func patientUpdate() notes.CallType {
	return wakes("update", notes.Urgent, "About a patient", "Sobre un paciente", wardCaller(), callback(), patient(), recordNumber(), reason())
}

func wardCaller() notes.Field {
	return asked("caller", notes.KindName, true, "Caller and ward", "Quién llama y de qué sala", "May I have your name and your ward?",
		"¿Me da su nombre y su sala?")
}

func recordNumber() notes.Field {
	return asked("record", notes.KindText, false, "Record number", "Número de expediente", "What is the patient's record number?",
		"¿Cuál es el número de expediente?")
}

func patient() notes.Field {
	return asked("name", notes.KindName, true, "Patient's name", "Nombre del paciente", "May I have the patient's full name, please?",
		"¿Me da el nombre completo del paciente, por favor?")
}

func callback() notes.Field {
	f := asked("callback", notes.KindPhone, true, "Call-back number", "Número para devolver la llamada",
		"What is the best number to reach you at? Let me read that back.", "¿A qué número le pueden devolver la llamada? Se lo repito.")
	f.ReadBack = true
	return f
}

func birth(required bool) notes.Field {
	return asked("dob", notes.KindDate, required, "Date of birth", "Fecha de nacimiento", "What is the patient's date of birth?",
		"¿Cuál es la fecha de nacimiento del paciente?")
}

func reason() notes.Field {
	return asked("reason", notes.KindText, true, "Reason for the call", "Motivo de la llamada", "What is happening?", "¿Qué está pasando?")
}

func asked(key string, kind notes.FieldKind, required bool, en, es, cueEn, cueEs string) notes.Field {
	return notes.Field{Key: key, Kind: kind, Required: required, Label: text(en, es), Cue: text(cueEn, cueEs)}
}
