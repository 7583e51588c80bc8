// Package scans counts how often the city's street signs are scanned, without knowing by whom, and notices what cannot be right.
//
// It owns the roll-ups by plate, by ward and by hour, the events that point to fake or forgotten plates, and the list of those that nobody scans. It does not
// know how a code is read or checked, what a page shows, or who is told of an event.
//
// Nothing of a person is stored. An address lives on only as a hash under a random salt that exists in memory alone and changes every day, mixed with the plate,
// so that not even the memory tells which plates one person visited; it serves to count somebody once who opens a page twice, and is gone within the day. Where a
// phone says that it is stays in memory too, for a quarter of an hour; an event keeps of it a distance to the hundred metres and a spot of about 100 m.
//
// Statistics are gathered in memory and written every Config.Flush. A program that is killed loses what it gathered since the last time that the store
// took it: at most one interval while the store works. One that is asked to stop loses nothing. A write whose outcome nobody knows is repeated, and counts once: each document
// remembers the last write of each replica.
package scans

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Face is how a sign was opened.
type Face string

// The faces.
const (
	Web  Face = "page" // the page behind a scan
	Chat Face = "chat"
	App  Face = "app"
)

// Saying is what a visitor can say of a plate.
type Saying string

// The sayings.
const (
	SaidElsewhere Saying = "elsewhere" // it does not belong where they stand
	SaidFake      Saying = "fake"      // another code was pasted over its own
)

// Point is a place in degrees, WGS 84.
type Point struct {
	Lat float64 `bson:"lat" json:"lat"`
	Lon float64 `bson:"lon" json:"lon"`
}

// Scan is one look at a code.
type Scan struct {
	Code  string             // in its stored form; "" for one that was invented. It may lie in a buffer that is used again
	Plate string             // id; "" when the code is of none
	Ward  string             // the plate's
	State registry.CodeState // of the code. Current ones are counted as scans; one that the registry does not have is counted in a metric only
	Face  Face
	// Client is an address or a subject, hashed before Seen returns and never kept; it may lie in a buffer that is used again. The same client at the same plate within
	// ten minutes is one visitor. "" is a visitor of its own each time.
	Client string
	At     time.Time // zero means now
	// Where is where the phone says that it is; nil mostly. Only what is good to some 100 m belongs here: a guess from an address would look like a moved plate.
	Where *Point
	Home  Point // where the plate hangs; zero when it is not known
	// Said is what the visitor says of the plate; "" for a scan. It is a word about a scan that was counted before, if there was one: it is not counted as another.
	// The same client's word about the same plate counts once a day, and once more when the salt changes within the day.
	Said Saying
}

// Deps is what the counting works with. All but Raise are needed.
type Deps struct {
	Now func() time.Time
	Log *slog.Logger
	Reg prometheus.Registerer
	// Raise is told of an event when it is opened, also when it is opened again, by the replica that did so, after it was stored. It should return within a second, and
	// may be called for several events at once. A program that is killed in between tells nobody: what counts is the list. nil tells nobody.
	Raise func(ctx context.Context, e Event)
}

// Scans counts. It is safe for concurrent use.
type Scans struct {
	cfg     Config
	deps    Deps
	records *records
	metrics *metrics
	queue   queue
	salt    atomic.Pointer[maphash.Seed]
	writer  int64 // this process, in the marks of documents

	mu      sync.Mutex // guards what follows; Seen never takes it
	salted  time.Time  // when the salt was made
	visits  visits
	told    sayings
	watch   watch
	days    book[dayKey, dayDelta]
	events  book[eventKey, eventDelta]
	writes  int64 // number of the last write
	touched map[uint32]int64
}

// Open makes room for counts in the store. Run must run for any to get there.
func Open(ctx context.Context, e Engine, d Deps, cfg Config) (*Scans, error) {
	if d.Now == nil || d.Log == nil || d.Reg == nil {
		return nil, errors.New("signs: scans need a clock, a log and a registry of metrics")
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("signs: scans: %w", err)
	}
	r, err := openRecords(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("signs: scans: %w", err)
	}
	s := &Scans{
		cfg: cfg.filled(), deps: d, records: r, writer: rand.Int64(), touched: map[uint32]int64{}, visits: newVisits(), told: sayings{}, watch: newWatch(),
		days: newBook[dayKey, dayDelta](maxDays), events: newBook[eventKey, eventDelta](maxEvents),
	}
	s.resalt(d.Now())
	if s.metrics, err = newMetrics(d.Reg, s.waiting); err != nil {
		return nil, fmt.Errorf("signs: scans: %w", err)
	}
	return s, nil
}

// What waits in memory to be written at most, in documents. What is beyond is not counted, but in a metric.
const (
	maxDays   = 20_000 // a busy day of a city with 2,800 plates has 3,000
	maxEvents = 2_000
)

// waiting gives how many documents are to be written.
func (s *Scans) waiting() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(len(s.days.entries) + len(s.events.entries))
}

// saltLife is how long a salt lives.
const saltLife = 24 * time.Hour

// resalt forgets all visitors: a hash under the new salt tells nothing of one under the old.
func (s *Scans) resalt(now time.Time) {
	seed := maphash.MakeSeed()
	s.salt.Store(&seed)
	s.salted = now
	s.visits.forget()
	clear(s.told)
}
