package console

import (
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

// DeskBulletin is what a practice wants known now, as a desk shows it: a bulletin that the agent has not acknowledged, or a status line.
type DeskBulletin struct {
	ID   string             `json:"id"`
	Kind notes.BulletinKind `json:"kind"`
	Says notes.Text         `json:"says"`
	Ends time.Time          `json:"ends"`
}

// BulletinRef names a bulletin.
type BulletinRef struct {
	Bulletin string `json:"bulletin"`
}

// PracticeBulletin is a bulletin as the practice's page shows it, with who has acknowledged it.
type PracticeBulletin struct {
	ID     string             `json:"id"`
	Kind   notes.BulletinKind `json:"kind"`
	Says   notes.Text         `json:"says"`
	Begins time.Time          `json:"begins"`
	Ends   time.Time          `json:"ends"`
	MadeAt time.Time          `json:"madeAt"`
	By     string             `json:"by"`
	ReadBy []BulletinReader   `json:"readBy"`
}

// BulletinReader is an agent who has acknowledged a bulletin.
type BulletinReader struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// PracticeBulletins are a practice's bulletins, the newest first.
type PracticeBulletins struct {
	Zone      string               `json:"zone"`
	Languages []telephony.Language `json:"languages"` // in which each must be written
	Bulletins []PracticeBulletin   `json:"bulletins"`
}

// BulletinPut writes a bulletin. From and To are local times of the practice, as a ScheduleEdit's.
type BulletinPut struct {
	Account telephony.AccountID `json:"account"`
	Kind    notes.BulletinKind  `json:"kind"`
	Says    notes.Text          `json:"says"`
	From    string              `json:"from"`
	To      string              `json:"to"`
}

// BulletinEnd ends a bulletin now.
type BulletinEnd struct {
	Account  telephony.AccountID `json:"account"`
	Bulletin string              `json:"bulletin"`
}
