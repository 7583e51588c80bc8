package graph_test

import (
	"os"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
)

func TestZZServe(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		return
	}
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, _, unit := c.submit("k1")
	o := w.staff("0987654321", account.Officer, unit)
	os.WriteFile("/tmp/h8/env", []byte(w.url+"\n"+c.token+"\n"+id+"\n"+o.token+"\n"+unit+"\n"), 0o600)
	for range 600 {
		time.Sleep(200 * time.Millisecond)
		if _, err := os.Stat("/tmp/h8/stop"); err == nil {
			os.Remove("/tmp/h8/stop")
			return
		}
	}
}
