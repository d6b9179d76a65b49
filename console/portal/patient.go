package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

// patientCookie keeps a patient's device known. It is no sign-in of staff's, and theirs is none of a patient's.
const patientCookie = "__Host-lamplight-patient"

// A PatientArrival is what is told of a link to whoever holds it: whose practice it is and whom to call, nothing of the patient.
type PatientArrival struct {
	Practice string             `json:"practice"`
	Number   string             `json:"number"`
	Language telephony.Language `json:"language"`
	Expired  bool               `json:"expired"`
	In       bool               `json:"in"` // this device is known to be the patient's
}

// PatientDoor lets patients in; routing/patient's Engine is one. What each refuses with is said there.
type PatientDoor interface {
	Locate(ctx context.Context, token string) (patient.LinkedPatient, error)
	SendCode(ctx context.Context, token, source string) (notes.ConsentChannel, error)
	SendLink(ctx context.Context, token, source string) (notes.ConsentChannel, error)
	Prove(ctx context.Context, p patient.Proof) (token string, until time.Time, err error)
	Resume(ctx context.Context, token string) (access.Visitor, error)
	SignOut(ctx context.Context, token string) error
}

// patientRoutes serves what a patient asks before and after they are in. Everything is posted: a token must stand in no address.
func (p *Portal) patientRoutes() {
	if p.cfg.Patients == nil {
		return
	}
	for route, h := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST /api/patient/link":     p.patientLink,
		"POST /api/patient/code":     p.patientCode,
		"POST /api/patient/new-link": p.patientNewLink,
		"POST /api/patient/prove":    p.patientProve,
		"POST /api/patient/out":      p.patientOut,
	} {
		p.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				p.fail(w, r, patientRefusal(err))
			}
		})
	}
}

// visiting runs h with the patient of the session in the request's context, or answers 401.
func (p *Portal) visiting(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := p.visitor(r)
		if err == nil {
			err = h(w, r.WithContext(access.WithVisitor(r.Context(), v)))
		}
		if err != nil {
			p.fail(w, r, patientRefusal(err))
		}
	}
}

func (p *Portal) visitor(r *http.Request) (access.Visitor, error) {
	c, err := r.Cookie(patientCookie)
	if err != nil || p.cfg.Patients == nil {
		return access.Visitor{}, patient.ErrNoVisit
	}
	return p.cfg.Patients.Resume(r.Context(), c.Value)
}

// patientRefusal is what a patient's page is told when it is refused.
func patientRefusal(err error) error {
	var slowed *access.SlowedError
	switch {
	case errors.As(err, &slowed):
		return &SlowedError{Until: slowed.Until}
	case errors.Is(err, patient.ErrNoVisit):
		return console.Refuse(console.SignedOut, "patient.error.signed-out")
	case errors.Is(err, patient.ErrNoLink), errors.Is(err, record.ErrNoPatient):
		return console.Refuse(console.NotFound, "patient.error.link")
	case errors.Is(err, patient.ErrExpired):
		return console.Refuse(console.Conflict, "patient.error.expired")
	case errors.Is(err, patient.ErrWrongProof):
		return console.Refuse(console.SignedOut, "patient.error.refused")
	case errors.Is(err, patient.ErrNoConsent):
		return console.Refuse(console.Conflict, "patient.error.no-way")
	case errors.Is(err, patient.ErrEnough):
		return console.Refuse(console.Unavailable, "patient.error.enough")
	}
	return err
}

type tokenBody struct {
	Token string `json:"token"`
}

func (p *Portal) patientLink(w http.ResponseWriter, r *http.Request) error {
	b, err := read[tokenBody](r)
	if err != nil {
		return err
	}
	l, err := p.cfg.Patients.Locate(r.Context(), b.Token)
	if err != nil {
		return err
	}
	out := PatientArrival{Language: l.Language, Expired: l.Expired}
	if out.Practice, out.Number, err = p.cfg.Practice(r.Context(), l.Account); err != nil {
		return err
	}
	v, err := p.visitor(r)
	if err != nil && !errors.Is(err, patient.ErrNoVisit) {
		return err
	}
	out.In = err == nil && v.Patient == l.Patient
	p.write(w, http.StatusOK, out)
	return nil
}

func (p *Portal) patientCode(w http.ResponseWriter, r *http.Request) error {
	return p.sends(w, r, p.cfg.Patients.SendCode)
}

func (p *Portal) patientNewLink(w http.ResponseWriter, r *http.Request) error {
	return p.sends(w, r, p.cfg.Patients.SendLink)
}

func (p *Portal) sends(w http.ResponseWriter, r *http.Request,
	send func(ctx context.Context, token, source string) (notes.ConsentChannel, error)) error {
	b, err := read[tokenBody](r)
	if err != nil {
		return err
	}
	by, err := send(r.Context(), b.Token, p.source(r))
	if err != nil {
		return err
	}
	p.write(w, http.StatusOK, map[string]notes.ConsentChannel{"by": by})
	return nil
}

func (p *Portal) patientProve(w http.ResponseWriter, r *http.Request) error {
	b, err := read[struct {
		tokenBody
		Code  string `json:"code"`
		Birth string `json:"birth"`
	}](r)
	if err != nil {
		return err
	}
	token, until, err := p.cfg.Patients.Prove(r.Context(), patient.Proof{Token: b.Token, Code: b.Code, Birth: b.Birth, Source: p.source(r)})
	if err != nil {
		return err
	}
	setCookie(w, patientCookie, token, until)
	p.write(w, http.StatusOK, console.Nothing{})
	return nil
}

func (p *Portal) patientOut(w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie(patientCookie); err == nil {
		if err := p.cfg.Patients.SignOut(r.Context(), c.Value); err != nil {
			return err
		}
	}
	setCookie(w, patientCookie, "", time.Unix(1, 0))
	p.write(w, http.StatusOK, console.Nothing{})
	return nil
}
