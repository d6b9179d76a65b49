package main

import (
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// The two practices of the fake server: enough of a script to meet every kind of field.

func both(en, es string) notes.Text {
	return notes.Text{telephony.English: en, telephony.Spanish: es}
}

func commonFields() []notes.Field {
	return []notes.Field{
		{Key: "name", Kind: "name", Required: true, Label: both("Patient", "Paciente"),
			Cue: both("May I have the patient's first and last name?", "¿Me da el nombre y apellido del paciente?")},
		{Key: "callback", Kind: "phone", Required: true, ReadBack: true, Label: both("Call back", "Devolver a"),
			Cue: both("Is this the best number to reach you? Let me read it back.", "¿Es este el mejor número? Se lo leo de vuelta.")},
		{Key: "dob", Kind: "date", Required: true, Label: both("Born", "Nacimiento"),
			Cue: both("And the date of birth?", "¿Y la fecha de nacimiento?")},
	}
}

func script() notes.Script {
	reason := notes.Field{Key: "reason", Kind: "text", Required: true, Label: both("Reason", "Motivo"),
		Cue: both("What is going on, in your own words?", "¿Qué le pasa, en sus propias palabras?")}
	since := notes.Field{Key: "since", Kind: "choice", Label: both("Since", "Desde"), Cue: both("When did it start?", "¿Cuándo empezó?"),
		Choices: []notes.Choice{{Value: "today", Label: both("today", "hoy")}, {Value: "days", Label: both("some days", "unos días")},
			{Value: "longer", Label: both("longer", "más")}}}
	patient := notes.Field{Key: "seen", Kind: "yesno", Label: both("Seen this week", "Visto esta semana"),
		Cue: both("Were you seen here this week?", "¿Lo vieron aquí esta semana?")}
	drug := notes.Field{Key: "drug", Kind: "text", Required: true, Label: both("Medicine", "Medicina"),
		Cue: both("Which medicine, and which pharmacy?", "¿Qué medicina, y qué farmacia?")}
	symptom := append(commonFields(), reason, since, patient)
	return notes.Script{Version: 3,
		CallTypes: []notes.CallType{
			{ID: "symptom", Digit: "1", Label: both("Symptom", "Síntoma"), Urgency: notes.Urgent, Ladder: "urgent", Role: "primary",
				Fields: symptom},
			{ID: "refill", Digit: "2", Label: both("Refill", "Receta"), Urgency: notes.Routine, Fields: append(commonFields(), drug)},
			{ID: "appointment", Digit: "3", Label: both("Appointment", "Cita"), Urgency: notes.Routine,
				Fields: append(commonFields(), reason)},
			{ID: "lab", Digit: "4", Label: both("Lab", "Laboratorio"), Urgency: notes.Urgent, Ladder: "urgent",
				Fields: append(commonFields(), reason)},
			{ID: "other", Digit: "5", Label: both("Other", "Otro"), Urgency: notes.Routine, Fields: append(commonFields(), reason)},
		},
		RedFlags: []notes.RedFlag{{Words: map[telephony.Language][]string{
			telephony.English: {"chest pain", "cannot breathe"}, telephony.Spanish: {"dolor de pecho", "no puede respirar"}},
			Show: both("Tell the caller: please hang up and dial 911 now. Then finish this message as an emergency.",
				"Diga: por favor cuelgue y llame al 911 ahora. Luego termine este mensaje como emergencia.")}},
	}
}

func practice(now time.Time, spanish bool) console.PracticeView {
	v := console.PracticeView{
		ID: "lakeside", Name: "Lakeside Internal Medicine", Say: "LAKE-side", TimeZone: "America/Chicago", LocalTime: now,
		Languages: []telephony.Language{telephony.English, telephony.Spanish},
		AnswerPhrase: both("Lakeside Internal Medicine, this is Ana. How may I help you?",
			"Lakeside Internal Medicine, le habla Ana. ¿En qué le puedo ayudar?"),
		Instructions: both("Refills wait for the office.\nLabs called in by a laboratory are urgent at any hour.\nDr Reyes prefers a "+
			"text before a call.",
			"Las recetas esperan al consultorio.\nResultados que llama un laboratorio son urgentes a toda hora."),
		OnCall: []console.OnCall{
			{Role: "primary", Name: "Dr Reyes", Say: "RAY-ess", From: now.Add(-5 * time.Hour), Until: now.Add(5 * time.Hour)},
			{Role: "backup", Name: "Dr Osei", Say: "oh-SAY", From: now.Add(-5 * time.Hour), Until: now.Add(29 * time.Hour)},
			{Role: "primary", Name: "Dr Lindqvist", Say: "LIND-kvist", From: now.Add(5 * time.Hour), Until: now.Add(17 * time.Hour),
				Next: true},
		},
	}
	if spanish {
		v.ID, v.Name, v.Say, v.TimeZone = "sol", "Pediatría del Sol", "peh-dya-TREE-ah del SOL", "America/Los_Angeles"
		v.AnswerPhrase = both("Pediatría del Sol, this is Ana. How may I help you?",
			"Pediatría del Sol, le habla Ana. ¿En qué le puedo ayudar?")
		v.OnCall = v.OnCall[:1]
	}
	return v
}

func scenarios() []console.Scenario {
	return []console.Scenario{
		{ID: "fever", Title: both("A fever that will not go down", "Una fiebre que no baja"), Practice: "Lakeside Internal Medicine",
			Language: telephony.English},
		{ID: "niño", Title: both("A mother, a child, a cough", "Una madre, un niño, una tos"), Practice: "Pediatría del Sol",
			Language: telephony.Spanish},
		{ID: "hostile", Title: both("A name full of tricks", "Un nombre lleno de trucos"), Practice: "Lakeside Internal Medicine",
			Language: telephony.English},
	}
}

// startBoard is a night's board: one late, one unreachable, one to be called back, two in order.
func startBoard(now time.Time) []console.BoardRow {
	row := func(kind notes.BoardKind, id, ref, practice, patient string, u notes.Urgency, ago time.Duration, last console.LastStep,
		next time.Duration, kindNext routing.NextKind, name string, late routing.Lateness) console.BoardRow {
		r := console.BoardRow{Kind: kind, Note: notes.NoteID(id), Call: telephony.CallID("c-" + id), Ref: ref, Practice: practice,
			Urgency: u,
			Patient: patient, State: notes.Open, TakenAt: now.Add(-ago), Last: last, NextKind: kindNext, NextName: name, Late: late}
		if next > 0 {
			r.NextAt = now.Add(next)
		}
		if kind != "note" {
			r.Note = ""
		}
		return r
	}
	return []console.BoardRow{
		row("note", "n1", "S-1190", "Pediatría del Sol", "L. Ibáñez", notes.Emergency, 31*time.Minute,
			console.LastStep{Kind: "voice", Name: "Dr Vega", Detail: "failed"}, 0, "", "", "unreachable"),
		row("note", "n2", "L-4816", "Lakeside Internal Medicine", "J. Ortega", notes.Urgent, 12*time.Minute+40*time.Second,
			console.LastStep{Kind: "text", Name: "Dr Reyes", Detail: "delivered"}, 84*time.Second, "voice", "Dr Osei", "late"),
		row("callback", "n3", "", "Lakeside Internal Medicine", "(312) 555-0177", "", 4*time.Minute, console.LastStep{Kind: "abandoned"}, 0,
			"", "", ""),
		row("note", "n4", "L-4819", "Lakeside Internal Medicine", "M. Kowalski", notes.Urgent, 95*time.Second,
			console.LastStep{Kind: "text", Name: "Dr Reyes", Detail: console.DetailNone}, 85*time.Second, "voice", "Dr Reyes", ""),
		row("note", "n5", "L-4820", "Lakeside Internal Medicine", "T. Nguyen", notes.Routine, 41*time.Second,
			console.LastStep{Kind: "waiting"}, 0, "", "", ""),
	}
}
