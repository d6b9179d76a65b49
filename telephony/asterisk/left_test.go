package asterisk_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
)

// leftVar names the directory in which a second process of this test starts an Asterisk that outlives it.
const leftVar = "LAMPLIGHT_TEST_LEAVE_ASTERISK_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(leftVar); dir != "" {
		if err := startAndWait(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	asterisktest.Main(m, 6)
}

// startAndWait starts an Asterisk, tells its process id and waits to be killed.
func startAndWait(dir string) error {
	cache := os.Getenv(asterisktest.CacheVar)
	if cache == "" {
		var err error
		if cache, err = asterisk.CacheDir(); err != nil {
			return err
		}
	}
	in, err := asterisk.Fetch(context.Background(), cache, nil)
	if err != nil {
		return err
	}
	s, err := asterisk.Start(context.Background(), in, asterisk.Config{Dir: dir})
	if err != nil {
		return err
	}
	fmt.Println(s.Pid())
	select {}
}

// leaveRunning has another process start an Asterisk in dir and kills that process.
func leaveRunning(t *testing.T, dir string) (pid int, err error) {
	asterisktest.Install(t)
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), leftVar+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("%w: %v", err, cmd.Wait())
	}
	if err := cmd.Process.Kill(); err != nil {
		return 0, err
	}
	if err := cmd.Wait(); err == nil {
		return 0, fmt.Errorf("the killed process ended well")
	}
	return strconv.Atoi(strings.TrimSpace(line))
}
