package scans

import (
	"hash/maphash"
	"math/rand/v2"
	"sync"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

// record is a scan that waits to be counted, without anything of who scanned.
type record struct {
	at          int64  // Unix milliseconds
	visitor     uint64 // fingerprint of a client at a plate; 0 when there was no client
	home, where Point
	ward        string
	code        code
	plate       uint32 // its number; 0 when there is none
	state       state
	face        face
	hasWhere    bool
	said        saying
}

// code is a code by value; zero for none.
type code [13]byte

// state, face and saying are those of a scan as small numbers: metrics are found by the first two.
type (
	state  uint8
	face   uint8
	saying uint8
)

const (
	current state = iota
	ended
	unknown
	invented
	otherState
	states
)

const (
	web face = iota
	chat
	app
	otherFace
	faces
)

const (
	nothing saying = iota
	elsewhere
	fake
	otherSaying
)

// Seen notes a scan. It does no I/O, takes well under a microsecond, never waits and never fails: what comes faster than it can be counted, over 300,000 a second, or
// while Run does not run, is left out and counted in a metric.
func (s *Scans) Seen(x Scan) {
	r := record{ward: x.Ward, home: x.Home, code: codeOf(x.Code), plate: numberOf(x.Plate), state: stateOf(x.State), face: faceOf(x.Face), said: sayingOf(x.Said)}
	if r.at = x.At.UnixMilli(); r.at <= 0 { // so is that of the zero time
		r.at = s.deps.Now().UnixMilli()
	}
	if x.Where != nil {
		r.where, r.hasWhere = *x.Where, true
	}
	if x.Client != "" {
		r.visitor = fingerprint(*s.salt.Load(), x.Client, r.plate, r.said)
	}
	if !s.queue.put(&r) {
		s.metrics.dropped[full].Inc()
	}
}

// fingerprint is never 0.
//
// A keyed hash without cryptographic strength is enough: who could read the salt out of the memory could try all addresses under any hash.
func fingerprint(salt maphash.Seed, client string, plate uint32, said saying) uint64 {
	return maphash.Comparable(salt, visit{client, plate, said}) | 1
}

type visit struct {
	client string
	plate  uint32
	said   saying
}

func codeOf(s string) (c code) {
	if len(s) == len(c) {
		copy(c[:], s)
	}
	return c
}

// text gives the code as text; "other" when there was none, or none as codes are.
func (c code) text() string {
	for _, b := range c {
		if (b < '0' || b > '9') && (b < 'A' || b > 'Z') {
			return "other"
		}
	}
	return string(c[:])
}

// numberOf reads a plate's id: decimal digits. 0 when it is none.
func numberOf(id string) uint32 {
	if len(id) > 9 {
		return 0
	}
	n := uint32(0)
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return 0
		}
		n = n*10 + uint32(id[i]-'0')
	}
	if n > registry.MaxNumber {
		return 0
	}
	return n
}

func stateOf(s registry.CodeState) state {
	switch s {
	case registry.Current:
		return current
	case registry.Ended:
		return ended
	case registry.Unknown:
		return unknown
	case registry.Invented:
		return invented
	}
	return otherState
}

func faceOf(f Face) face {
	switch f {
	case Web:
		return web
	case Chat:
		return chat
	case App:
		return app
	}
	return otherFace
}

func sayingOf(s Saying) saying {
	switch s {
	case "":
		return nothing
	case SaidElsewhere:
		return elsewhere
	case SaidFake:
		return fake
	}
	return otherSaying
}

// Size of the queue: 32,768 records of about 100 bytes, taken out ten times a second.
const (
	trayCount = 8
	traySize  = 4096
)

// queue holds records until they are counted. It has several trays, so that processors do not wait for each other, and nobody waits for one that is locked.
type queue struct {
	trays [trayCount]tray
	spare []record // of whoever drains
}

type tray struct {
	mu sync.Mutex
	in []record
	_  [64]byte // the next tray lies in another cache line
}

// put is false when there is no room.
func (q *queue) put(r *record) bool {
	first := rand.Uint32()
	for i := range uint32(trayCount) {
		if q.trays[(first+i)%trayCount].put(r) {
			return true
		}
	}
	return false
}

func (t *tray) put(r *record) bool {
	if !t.mu.TryLock() {
		return false
	}
	room := len(t.in) < traySize
	if room {
		t.in = append(t.in, *r)
	}
	t.mu.Unlock()
	return room
}

// drain hands over all records, tray by tray, and forgets them. One may call it at a time.
func (q *queue) drain(count func([]record)) {
	for i := range q.trays {
		t := &q.trays[i]
		t.mu.Lock()
		full := t.in
		t.in = q.spare[:0]
		t.mu.Unlock()
		if len(full) > 0 {
			count(full)
		}
		clear(full)
		q.spare = full
	}
}
