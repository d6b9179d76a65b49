package postgrestest

import (
	"os/exec"
	"syscall"
)

// detach puts cmd in a process group of its own, so that what ends the tests does not end it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
