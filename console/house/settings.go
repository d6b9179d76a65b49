package house

import (
	"context"
	"errors"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// An Office is the server as those see it who set it up.
type Office interface {
	// Given is what the command line says of a part, without secrets; it holds instead of what is set.
	Given(part console.SettingPart) map[string]string
	// Retake has the running server take what is set now.
	Retake(ctx context.Context) error
	// Checks looks at everything a night needs.
	Checks(ctx context.Context) []console.TonightCheck
	// Carrier names what a channel's messages leave by now, "" for nothing: another name has not been tried yet.
	Carrier(part console.SettingPart) string
	// Trunk tells in a word why no call can leave by the carrier now, "" when nothing is known against it.
	Trunk(ctx context.Context) string
}

const mostSettings = 20 // versions of a part that are shown

// defaultName is what a service is called that has no name.
const defaultName = "Lamplight"

func (h *House) serviceName(ctx context.Context) string {
	s, err := h.cfg.Store.Setting(ctx, string(console.PartService))
	if err != nil {
		h.cfg.Log.Error("the service's name", "error", err)
	}
	if name := s.Values["name"]; name != "" {
		return name
	}
	return defaultName
}

// languages are those that the service answers in, the one it assumes first; none when it does not say.
func (h *House) languages(ctx context.Context) (out []telephony.Language, err error) {
	s, err := h.cfg.Store.Setting(ctx, string(console.PartService))
	for _, l := range strings.Fields(s.Values["languages"]) {
		out = append(out, telephony.Language(l))
	}
	return out, err
}

// keeper is an administrator of the whole service, on a server that is set up by one.
func (h *House) keeper(ctx context.Context) (access.Actor, error) {
	a, err := access.Check(ctx, notes.EditAccount, access.Everywhere)
	if err != nil {
		return a, pageRefusal(err)
	}
	if h.cfg.Office == nil {
		return a, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	return a, nil
}

// Settings shows what is set of the service, and by whom.
func (h *House) Settings(ctx context.Context) (out console.ServiceSettings, err error) {
	if _, err := h.keeper(ctx); err != nil {
		return out, err
	}
	for _, part := range console.SettingParts() {
		p, err := h.settingsPart(ctx, part)
		if err != nil {
			return out, err
		}
		out.Parts = append(out.Parts, p)
	}
	out.Ladder, err = h.serviceLadder(ctx)
	return out, err
}

func (h *House) settingsPart(ctx context.Context, part console.SettingPart) (out console.SettingsPart, err error) {
	out = console.SettingsPart{Part: part, Values: map[string]string{}, Given: h.cfg.Office.Given(part), History: []console.SettingChange{}}
	all, err := h.cfg.Store.SettingVersions(ctx, string(part), mostSettings)
	if errors.Is(err, record.ErrSettingForged) {
		out.Forged = true
		return out, nil
	}
	for i, v := range all {
		if i == 0 {
			out.Basis, out.Values, out.Secret = v.Version, v.Values, v.HasSecret
		}
		out.History = append(out.History, console.SettingChange{Version: v.Version, At: v.At, By: v.ByName, Why: v.Why, Values: v.Values,
			Secret: v.HasSecret})
	}
	return out, err
}

// EditSetting changes a part, or brings one of its versions back, and has the server take it.
func (h *House) EditSetting(ctx context.Context, e console.SettingEdit) (out console.SettingEdited, err error) {
	if _, err := h.keeper(ctx); err != nil {
		return out, err
	}
	why := strings.TrimSpace(e.Why)
	switch {
	case e.Part != console.PartSupervisors && !slices.Contains(console.SettingParts(), e.Part):
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	case why == "":
		return out, console.Refuse(console.Invalid, "portal.error.person-why")
	case len(why) > mostWords || len(e.Secret) > 400:
		return out, console.Refuse(console.Invalid, "portal.error.too-large")
	}
	to := record.Setting{Part: string(e.Part), Why: why}
	if e.Part == console.PartSupervisors {
		return h.editLadder(ctx, e, why)
	}
	if e.Back > 0 {
		was, err := h.cfg.Store.SettingWas(ctx, to.Part, e.Back)
		if errors.Is(err, record.ErrNoSetting) {
			return out, console.Refuse(console.NotFound, "portal.error.not-found")
		} else if err != nil {
			return out, err
		}
		to.Values, to.Secret = was.Values, was.Secret
	} else if to, err = h.setting(ctx, to, e); err != nil {
		return out, err
	}
	err = h.cfg.Store.PutSetting(ctx, e.Basis, to)
	if err == nil {
		err, out.Saved = h.cfg.Office.Retake(ctx), true
	}
	if err != nil && !errors.Is(err, record.ErrSettingMoved) {
		return out, err
	}
	out.Part, err = h.settingsPart(ctx, e.Part)
	return out, err
}

// setting is a part as somebody wrote it, or what is wrong with it.
func (h *House) setting(ctx context.Context, to record.Setting, e console.SettingEdit) (record.Setting, error) {
	v := func(key string) string { return strings.TrimSpace(e.Values[key]) }
	if to.Secret = strings.TrimSpace(e.Secret); to.Secret == "" {
		was, err := h.cfg.Store.Setting(ctx, to.Part)
		if err != nil {
			return to, err
		}
		to.Secret = was.Secret
	}
	var err error
	switch e.Part {
	case console.PartService:
		to.Secret = ""
		to.Values, err = goodService(v)
	case console.PartText:
		to.Values, err = goodText(v, to.Secret)
	case console.PartMail:
		to.Values, err = goodMail(v, to.Secret)
	case console.PartCatchAll:
		to.Secret = ""
		to.Values, err = h.goodCatchAll(ctx, v("to"))
	}
	if len(to.Values) == 0 { // what is not used keeps no secret
		to.Secret = ""
	}
	return to, err
}

func goodService(v func(string) string) (out map[string]string, err error) {
	out = map[string]string{"zone": v("zone"), "languages": v("languages")}
	if v("name") != "" {
		if out["name"], err = goodName(v("name")); err != nil {
			return nil, err
		}
	}
	if zone := out["zone"]; zone != "" {
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			return nil, console.Refuse(console.Invalid, "portal.error.setting-zone")
		}
	}
	if !slices.Contains([]string{"", "en", "es", "en es", "es en"}, out["languages"]) {
		return nil, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	return out, nil
}

var gatewayWord = regexp.MustCompile(`^[A-Za-z0-9]{4,80}$`)

func goodText(v func(string) string, token string) (map[string]string, error) {
	account, from, callback := v("account"), v("from"), strings.TrimSuffix(v("callback"), "/")
	if account == "" {
		return map[string]string{}, nil
	}
	if !strings.HasPrefix(from, "MG") {
		n, ok := notes.ParseNumber(from)
		if !ok || n.Ext != "" {
			return nil, console.Refuse(console.Invalid, "portal.error.setting-from")
		}
		from = n.E164
	}
	switch {
	case !gatewayWord.MatchString(account) || !gatewayWord.MatchString(token) || !gatewayWord.MatchString(strings.TrimPrefix(from, "+")):
		return nil, console.Refuse(console.Invalid, "portal.error.setting-text")
	case callback != "" && !strings.HasPrefix(callback, "https://"):
		return nil, console.Refuse(console.Invalid, "portal.error.setting-callback")
	}
	return map[string]string{"account": account, "from": from, "callback": callback}, nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.:-]{0,250}[A-Za-z0-9])?$`)

func goodMail(v func(string) string, password string) (map[string]string, error) {
	host, port, user, from := v("host"), v("port"), v("user"), v("from")
	if host == "" {
		return map[string]string{}, nil
	}
	if port == "" {
		port = "587"
	}
	n, err := strconv.Atoi(port)
	switch {
	case !hostName.MatchString(host):
		return nil, console.Refuse(console.Invalid, "portal.error.setting-host")
	case err != nil || n < 1 || n > 65535:
		return nil, console.Refuse(console.Invalid, "portal.error.setting-port")
	case user != "" && password == "":
		return nil, console.Refuse(console.Invalid, "portal.error.setting-password")
	}
	if _, err := mail.ParseAddress(from); err != nil || len(from) > 200 {
		return nil, console.Refuse(console.Invalid, "portal.error.setting-sender")
	}
	return map[string]string{"host": host, "port": port, "user": user, "from": from}, nil
}

// goodCatchAll is a practice with a number, or one of its numbers.
func (h *House) goodCatchAll(ctx context.Context, to string) (map[string]string, error) {
	if to == "" {
		return map[string]string{}, nil
	}
	if n, ok := notes.ParseNumber(to); ok {
		if _, owned, err := h.cfg.Store.LineFor(ctx, telephony.Number(n.E164)); err != nil || owned {
			return map[string]string{"to": n.E164}, err
		}
	}
	acc, err := h.cfg.Store.AccountNow(ctx, telephony.AccountID(to))
	if err != nil && !errors.Is(err, record.ErrNoAccount) {
		return nil, err
	}
	if err != nil || len(acc.Lines) == 0 {
		return nil, console.Refuse(console.Invalid, "portal.error.setting-catch-all")
	}
	return map[string]string{"to": string(acc.ID)}, nil
}
