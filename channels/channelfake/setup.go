package channelfake

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Setup is what can be changed of any chat network while it runs.
type Setup struct {
	Webhook    string  `json:"webhook"`     // where events go
	Base       string  `json:"base"`        // address this network is mounted at
	RetriesMS  []int64 `json:"retries_ms"`  // waits between the attempts of a webhook
	ReceivedMS int64   `json:"received_ms"` // to the delivery receipt; negative: none
	SeenMS     int64   `json:"seen_ms"`     // to the receipt of having read; negative: none
	Echoes     bool    `json:"echoes"`      // tells the program of its own messages
}

// Retries gives the waits between the attempts of a webhook.
func (s Setup) Retries() []time.Duration {
	out := make([]time.Duration, len(s.RetriesMS))
	for i, ms := range s.RetriesMS {
		out[i] = time.Duration(ms) * time.Millisecond
	}
	return out
}

// Own gives a copy that shares nothing, for who changes it.
func (s Setup) Own() Setup {
	s.RetriesMS = slices.Clone(s.RetriesMS)
	return s
}

// Learn takes the address that the network is mounted at from a request to it, unless it has been told.
func (s *Setup) Learn(r *http.Request) {
	if s.Base == "" {
		s.Base = BaseOf(r)
	}
}

// BaseOf gives the address that a stand-in is mounted at, from a request to it; "" when that does not tell.
func BaseOf(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?") // as it came in, before the mount's prefix was taken off
	prefix, ok := strings.CutSuffix(path, r.URL.EscapedPath())
	if !ok {
		return ""
	}
	return "http://" + r.Host + prefix
}

// Millis gives waits in milliseconds.
func Millis(ds []time.Duration) []int64 {
	out := make([]int64, len(ds))
	for i, d := range ds {
		out[i] = d.Milliseconds()
	}
	return out
}

// Client gives one that sends as many webhooks at a time over kept connections.
func Client(atATime int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConns: atATime, MaxIdleConnsPerHost: atATime, IdleConnTimeout: 30 * time.Second}}
}

// Later does something with mu held after ms milliseconds, unless that is negative or ctx has ended by then. Who ends ctx with mu held can be sure that
// nothing is done afterwards.
func Later(ctx context.Context, mu sync.Locker, ms int64, do func()) {
	if ms < 0 {
		return
	}
	time.AfterFunc(time.Duration(ms)*time.Millisecond, func() {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			do()
		}
	})
}

// UserID gives a number of so many digits, at most 19, that is the same for the same name in every run and another one in each scope.
func UserID(scope, name string, digits int) string {
	sum := sha256.Sum256([]byte(scope + "\x00" + name))
	least := uint64(math.Pow10(digits - 1))
	return strconv.FormatUint(least+binary.BigEndian.Uint64(sum[:])%(8*least), 10)
}
