package portal

import "strings"

// browsers and systems are known by a word of what a browser says of itself; the first that fits is it, for most say others' too.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox/", "Firefox"},
		{"FxiOS", "Firefox"}, {"CriOS", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// program tells in two words what somebody sits at, for their list of sessions; "" when a browser does not say.
func program(agent string) string {
	var known []string
	for _, words := range [][][2]string{browsers, systems} {
		for _, w := range words {
			if strings.Contains(agent, w[0]) {
				known = append(known, w[1])
				break
			}
		}
	}
	return strings.Join(known, ", ")
}
