package house

import (
	"slices"
	"testing"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// TestAnAgentOfNamedPracticesIsTheirStaff: their calls are those for which they may take notes, and no others.
func TestAnAgentOfNamedPracticesIsTheirStaff(t *testing.T) {
	grant := func(account string, r notes.Role) access.Grant { return access.Grant{Account: account, Role: r} }
	for name, c := range map[string]struct {
		grants []access.Grant
		want   []telephony.AccountID
	}{
		"of one": {[]access.Grant{grant("lakeside", notes.RoleAgent)}, []telephony.AccountID{"lakeside"}},
		"of one, and boss there": {[]access.Grant{grant("lakeside", notes.RoleAgent), grant("lakeside", notes.RoleSupervisor)},
			[]telephony.AccountID{"lakeside"}},
		"of all":                {[]access.Grant{grant("*", notes.RoleAgent)}, nil},
		"of all, office of one": {[]access.Grant{grant("*", notes.RoleAgent), grant("lakeside", notes.RolePractice)}, nil},
		"of two": {[]access.Grant{grant("lakeside", notes.RoleAgent), grant("bosque", notes.RoleAgent)},
			[]telephony.AccountID{"lakeside", "bosque"}},
	} {
		a, err := engineAgent(access.Person{ID: "ana", Grants: c.grants})
		if err != nil || !slices.Equal(a.Staff, c.want) {
			t.Errorf("%s: staff of %q, %v", name, a.Staff, err)
		}
	}
}
