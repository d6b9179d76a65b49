package house

import (
	"testing"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// TestAnAgentOfOnePracticeIsItsStaff: their calls are those for which they may take notes, and no others.
func TestAnAgentOfOnePracticeIsItsStaff(t *testing.T) {
	grant := func(account string, r notes.Role) access.Grant { return access.Grant{Account: account, Role: r} }
	for name, c := range map[string]struct {
		grants []access.Grant
		want   telephony.AccountID
	}{
		"of one":                 {[]access.Grant{grant("lakeside", notes.RoleAgent)}, "lakeside"},
		"of one, and boss there": {[]access.Grant{grant("lakeside", notes.RoleAgent), grant("lakeside", notes.RoleSupervisor)}, "lakeside"},
		"of all":                 {[]access.Grant{grant("*", notes.RoleAgent)}, ""},
		"of all, office of one":  {[]access.Grant{grant("*", notes.RoleAgent), grant("lakeside", notes.RolePractice)}, ""},
		"of two":                 {[]access.Grant{grant("lakeside", notes.RoleAgent), grant("bosque", notes.RoleAgent)}, ""},
	} {
		a, err := engineAgent(access.Person{ID: "ana", Grants: c.grants})
		if err != nil || a.Staff != c.want {
			t.Errorf("%s: staff of %q, %v", name, a.Staff, err)
		}
	}
}
