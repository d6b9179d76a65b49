package house

import (
	"context"
	"strings"

	"lamplight/console"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// founder is the first administrator as they are kept, or what is wrong with what they wrote of themselves.
func founder(f console.Founding) (access.Founder, error) {
	var p access.Person
	if err := goodCard(&p, f.Name, f.Language, "", ""); err != nil {
		return access.Founder{}, err
	}
	login := strings.ToLower(strings.TrimSpace(f.Login))
	if !goodLogin.MatchString(login) {
		return access.Founder{}, console.Refuse(console.Invalid, "portal.error.login")
	}
	return access.Founder{Code: f.Code, Login: login, Name: p.Name, Language: p.Language}, nil
}

// ShowFounding has whoever holds the server's code choose an authenticator. Nothing is stored.
func (h *House) ShowFounding(ctx context.Context, f console.Founding, source string) (out console.Invitation, err error) {
	who, err := founder(f)
	if err != nil {
		return out, err
	}
	out = console.Invitation{Name: who.Name, Login: who.Login, Language: telephony.Language(who.Language)}
	if out.Secret, out.Address, err = h.cfg.Door.ShowFounding(ctx, who.Code, who.Login, source); err != nil {
		return out, err
	}
	out.Picture, err = access.QR(out.Address)
	return out, err
}

// Found makes the service's first administrator of whoever holds the server's code, and signs them in.
func (h *House) Found(ctx context.Context, f console.Founded, source, program string) (access.Session, error) {
	who, err := founder(f.Founding)
	if err != nil {
		return access.Session{}, err
	}
	who.Password, who.Secret, who.OneTime, who.Source, who.Program = f.Password, f.Secret, f.OneTime, source, program
	return h.cfg.Door.Found(ctx, who)
}

// Founded tells whether the service has an administrator who can sign in.
func (h *House) Founded(ctx context.Context) (bool, error) {
	code, _, err := h.cfg.Door.FoundingCode(ctx)
	return code == "", err
}
