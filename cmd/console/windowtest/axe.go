package windowtest

import (
	"os"
	"testing"
)

// Axe is a script for any page: a promise of what axe-core finds there that keeps somebody from using it (WCAG 2.2 A and AA,
// serious or critical), a line each, nothing for a good page. It is for tests two directories below the module's root.
func Axe(t testing.TB) string {
	t.Helper()
	axe, err := os.ReadFile("../../frontend/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("read axe-core: %v; 'npm ci' in frontend fetches it", err)
	}
	return "if (!window.axe) {" + string(axe) + `};
{
const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const said = n => n.failureSummary.split('\n').slice(1).map(s => s.trim()).join('; ');
axe.run(document, {resultTypes: ['violations'], runOnly: levels}).then(found => found.violations
	.filter(v => v.impact === 'serious' || v.impact === 'critical')
	.flatMap(v => v.nodes.map(n => v.id + ' at ' + n.target.join(' ') + ': ' + said(n)))
	.join('\n'))
}`
}
