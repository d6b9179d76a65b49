package portal

import "testing"

func TestHarmless(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "M. Muñoz": "M. Muñoz", "Lee, Ann": "Lee, Ann", "L-4821": "L-4821", "a - b; c": "a - b; c",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠A": "'＠A",
		" =1": "' =1", "\"=1": "'\"=1", "a;=1": "a;'=1", "a, =1": "a,' =1", "a\n@b": "a\n'@b", "a|＝1": "a|'＝1",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q became %q, want %q", cell, got, want)
		}
	}
}
