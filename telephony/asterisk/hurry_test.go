package asterisk_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lamplight/telephony/asterisk/asterisktest"
)

// How a thread is scheduled.
type scheduling struct{ policy, priority uint32 }

// schedulings counts the threads of a process by how they are scheduled.
func schedulings(t *testing.T, pid int) map[scheduling]int {
	t.Helper()
	tasks := must[[]os.DirEntry](t)(os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task")))
	n := map[scheduling]int{}
	for _, task := range tasks {
		tid := must[int](t)(strconv.Atoi(task.Name()))
		if a, err := unix.SchedGetAttr(tid, 0); err == nil { // otherwise the thread has just ended
			n[scheduling{a.Policy, a.Priority}]++
		}
	}
	return n
}

// Every thread of Asterisk runs before other programs where that is allowed, and no thread of ours does.
func TestSoundHasTheRightOfWay(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	was := must[*unix.SchedAttr](t)(unix.SchedGetAttr(0, 0))
	want := scheduling{unix.SCHED_RR, 10}
	err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: want.policy, Priority: want.priority}, 0)
	if err == nil {
		err = unix.SchedSetAttr(0, &unix.SchedAttr{Policy: was.Policy, Priority: was.Priority}, 0)
	}
	runtime.UnlockOSThread()
	if err != nil {
		t.Logf("real time is not allowed here: %v", err)
		want = scheduling{unix.SCHED_NORMAL, 0}
	}
	s := asterisktest.Start(t, nil)
	if n := schedulings(t, s.Pid()); n[want] == 0 || len(n) != 1 {
		t.Errorf("Asterisk's threads by scheduling: %v, want all %v", n, want)
	}
	ours := scheduling{was.Policy, was.Priority}
	// While another test starts an Asterisk, a thread of ours has its rank for a moment.
	eventually(t, within(t, 10*time.Second), "no thread of ours has Asterisk's rank", func() bool {
		n := schedulings(t, os.Getpid())
		return len(n) == 1 && n[ours] > 0
	})
}
