// Command lamplight is the server and its administrator's command line: pure Go, no cgo, and the only place where
// adapters meet.
//
// Each command's flags, ports, files and signals are in its own file's comment; `lamplight COMMAND --help` prints them.
// What goes wrong is told in one line on standard error, with what to do about it. Exit status: 0 done, 1 failed, 2 the
// command line is wrong, 130 stopped at once by a second signal.
package main

import "lamplight/cmd/lamplight/server"

// cli is the command line: one field a command.
type cli struct {
	Serve    server.ServeCommand `cmd:"" help:"Run the server: calls, notes, escalations, pages."`
	Doctor   doctorCmd           `cmd:"" help:"Look at everything a night needs, and say what to do about what is not well. Exit status 1 if something is red."`
	Audit    auditCmd            `cmd:"" help:"Prove that nothing was altered or dropped."`
	Backup   backupCmd           `cmd:"" help:"Keep a copy of the record elsewhere."`
	Restore  restoreCmd          `cmd:"" help:"Bring a server's state back from its copy."`
	Drill    drillCmd            `cmd:"" help:"Restore the copy apart, prove it, and keep the result."`
	Keys     keysCmd             `cmd:"" help:"Look after the server's keys."`
	Practice practiceCmd         `cmd:"" help:"Keep practices."`
	Service  serviceCmd          `cmd:"" help:"Keep the service's own settings: who is called when nobody acknowledges."`
	People   peopleCmd           `cmd:"" help:"Keep the people who may sign in."`
	Asterisk asteriskCmd         `cmd:"" help:"Use an Asterisk of yours."`
	NATS     natsCmd             `cmd:"" name:"nats" help:"Use a NATS of yours."`
	Systemd  systemdCmd          `cmd:"" help:"Run the server as a service of systemd."`
	Proxy    proxyCmd            `cmd:"" help:"Put a TLS proxy of yours before the pages."`
	OnCall   onCallCmd           `cmd:"" name:"oncall" help:"Ask a schedule file who is on call, until when, who is next and where nobody is."`
	ACD      acdCmd              `cmd:"" name:"acd" help:"Simulate the distribution of calls to agents."`
}

func main() {
	var c cli
	server.Main("lamplight", "The operator console for medical answering services: server and administration.", &c)
}
