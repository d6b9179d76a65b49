// Command lamplight-demo runs everything on one machine with two made-up practices: the server, the pocket (the providers'
// phones) and the desk, or scripted people in their place; it is also the bench. Nothing of it is in the server's program.
//
// Each command's flags, ports, files and signals are in its own file's comment; `lamplight-demo COMMAND --help` prints them.
package main

import "lamplight/cmd/lamplight/server"

// cli is the command line: one field a command; without one it is the demo.
type cli struct {
	Demo  demoCmd     `cmd:"" default:"withargs" help:"Run everything with two made-up practices, practice calls and the providers' phones."`
	Code  demoCodeCmd `cmd:"" help:"Print a demo person's one-time code of this moment."`
	Bench benchCmd    `cmd:"" help:"Measure calls, notes and deliveries against bare peers, in one run."`

	Campaign campaignCmd `cmd:"" help:"Hurt the service while calls come in, and account for every call and note afterwards."`
	Agent    agentCmd    `cmd:"" hidden:""`
}

func main() {
	var c cli
	server.Main("lamplight-demo", "Lamplight with two made-up practices, on this machine alone.", &c)
}
