package asterisk_test

import (
	"testing"
	"time"

	"lamplight/telephony/asterisk/asterisktest"
)

func TestStartsQuickly(t *testing.T) {
	asterisktest.Install(t)
	begun := time.Now()
	s := asterisktest.Start(t, nil)
	took := time.Since(begun)
	t.Log(took, s.SIPAddr(), s.CarrierAddr(), s.Spool())
	if took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}
