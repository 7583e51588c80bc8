package main

import (
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// TestCitizensReadNoGaps: the program's texts make the best of a parameter or a text that is not there; tests see it as it is.
func TestCitizensReadNoGaps(t *testing.T) {
	t.Parallel()
	texts := wire(t).texts
	if got := texts.Text(message.English, "account.sms_code", map[string]any{"code": "123456"}); strings.Contains(got, "<no value>") || !strings.Contains(got, "123456") {
		t.Errorf("got %q", got)
	}
	if got, want := texts.Fault(message.Vietnamese, fault.New(fault.NotFound, "no.such")), texts.Fault(message.Vietnamese, fault.New(fault.NotFound, "")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
