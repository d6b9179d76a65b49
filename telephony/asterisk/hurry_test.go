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

// policies counts the threads of a process by how they are scheduled.
func policies(t *testing.T, pid int) map[uint32]int {
	t.Helper()
	tasks := must[[]os.DirEntry](t)(os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task")))
	n := map[uint32]int{}
	for _, task := range tasks {
		tid := must[int](t)(strconv.Atoi(task.Name()))
		if a, err := unix.SchedGetAttr(tid, 0); err == nil { // otherwise the thread has just ended
			n[a.Policy]++
		}
	}
	return n
}

// Every thread of Asterisk runs before other programs where that is allowed, and no thread of ours does.
func TestSoundHasTheRightOfWay(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_RR, Priority: 1}, 0)
	if err == nil {
		err = unix.SchedSetAttr(0, &unix.SchedAttr{}, 0)
	}
	runtime.UnlockOSThread()
	want := uint32(unix.SCHED_RR)
	if err != nil {
		t.Logf("real time is not allowed here: %v", err)
		want = unix.SCHED_NORMAL
	}
	s := asterisktest.Start(t, nil)
	if n := policies(t, s.Pid()); n[want] == 0 || len(n) != 1 {
		t.Errorf("Asterisk's threads by policy: %v, want all %d", n, want)
	}
	// While another test starts an Asterisk, a thread of ours has its rank for a moment.
	eventually(t, within(t, 10*time.Second), "no thread of ours runs before others", func() bool {
		n := policies(t, os.Getpid())
		return len(n) == 1 && n[unix.SCHED_NORMAL] > 0
	})
}
