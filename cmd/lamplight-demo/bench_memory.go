package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memory is the most that the programs ever held, as the kernel counts resident memory. Pages that processes share are
// counted in each, so a sum is too high rather than too low.
func (b *bench) memory() []verdict {
	line := func(what string, pids []int, err error) verdict {
		var sum int
		for _, pid := range pids {
			kb, perr := peakMemory(pid)
			if perr != nil && err == nil {
				err = perr
			}
			sum += kb
		}
		v := verdict{what: what, ours: fmt.Sprintf("%d MB", sum>>10), peer: "-", ratio: "-", target: "none stated"}
		if err != nil {
			v.ours, v.met = "-", "not measured: "+err.Error()
		}
		return v
	}
	rows := []verdict{line("peak memory: the server, in one process with bus, pocket and scripted people", []int{os.Getpid()}, nil)}
	if b.demo.server.Switch.Private != nil {
		rows = append(rows, line("peak memory: Asterisk", []int{b.demo.server.Switch.Private.Pid()}, nil))
	}
	if b.window != nil {
		pids, err := groupOf(b.window.desk.Process.Pid)
		rows = append(rows, line(fmt.Sprintf("peak memory: the desk, %d processes with WebKit's", len(pids)), pids, err))
	}
	return rows
}

// peakMemory is a process's largest resident set in KiB (proc_pid_status(5), VmHWM).
func peakMemory(pid int) (kb int, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if rest, ok := strings.CutPrefix(sc.Text(), "VmHWM:"); ok {
			return strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(rest, "kB")))
		}
	}
	return 0, fmt.Errorf("process %d tells no VmHWM", pid)
}

// groupOf lists the processes of a process group.
func groupOf(leader int) (pids []int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue // it has ended meanwhile
		}
		_, rest, ok := strings.Cut(string(b), ") ") // the name may hold anything
		fields := strings.Fields(rest)
		if !ok || len(fields) < 3 || fields[2] != strconv.Itoa(leader) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(s)))
		if err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}
