package asterisktest

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// rank is the test's among real-time programs: below Asterisk's, above every ordinary program.
const rank = 1

// Main runs a package's tests, atOnce of them together: those with an Asterisk wait more than they compute. Where it is
// allowed, the test's phones run in real time as Asterisk itself does; otherwise the Asterisks that other tests start
// let them starve, and a test would judge the sound of its own phones. It does not return.
func Main(m *testing.M, atOnce int) {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := inRealTime(); err != nil {
		fmt.Fprintln(os.Stderr, "the test's phones run as ordinary programs, a busy machine makes gaps in their sound:", err)
	}
	os.Exit(m.Run())
}

// inRealTime gives each thread of this process its rank; the threads and programs they start afterwards inherit it.
func inRealTime() error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetAttr(tid, &unix.SchedAttr{Policy: unix.SCHED_RR, Priority: rank}, 0); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}
