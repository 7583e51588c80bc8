// Package lockscreen plays the lock screens of devices that stand-ins push to.
//
// It owns what each device shows: a notification takes the place of an earlier one with the same name, and a tap opens it. It does not know how a
// notification came. Nothing is kept on disk.
package lockscreen

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Note is one notification.
type Note struct {
	ID       string            `json:"id"`  // of the stand-in
	Rev      int64             `json:"rev"` // counts the changes of all screens: the one of its latest
	Title    string            `json:"title,omitempty"`
	Text     string            `json:"text,omitempty"`
	Link     string            `json:"link,omitempty"`
	Collapse string            `json:"collapse,omitempty"` // a later one with the same takes its place
	Data     map[string]string `json:"data,omitempty"`
	Urgent   bool              `json:"urgent,omitempty"`
	At       time.Time         `json:"at"`
	Replaced int               `json:"replaced,omitempty"` // how many were here before it
	Opened   time.Time         `json:"opened,omitzero"`    // when it was tapped
}

// What is kept: enough for a person to look at, and not more with time.
const (
	perDevice  = 50
	maxDevices = 2000
)

// Screens are the lock screens of all devices of one stand-in, by name. They are safe for concurrent use.
type Screens struct {
	now  func() time.Time
	run  string // tells runs of the stand-in apart
	done chan struct{}

	mu      sync.Mutex
	closed  bool
	rev     int64
	changed chan struct{}     // closed and replaced at each change
	notes   map[string][]Note // oldest first
	order   []string          // devices, the one shown something longest ago first
}

// New makes screens. Close ends what waits for them.
func New(now func() time.Time) *Screens {
	return &Screens{now: now, run: rand.Text()[:8], done: make(chan struct{}), changed: make(chan struct{}), notes: map[string][]Note{}}
}

// Close ends open streams.
func (s *Screens) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
}

// Show puts a notification on a device's screen.
func (s *Screens) Show(device string, n Note) Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
	n.Rev, n.At, n.Opened = s.rev, s.now().UTC(), time.Time{}
	if n.ID == "" {
		n.ID = strconv.FormatInt(s.rev, 10)
	}
	list := s.notes[device]
	if i := slices.IndexFunc(list, func(x Note) bool { return n.Collapse != "" && x.Collapse == n.Collapse }); i >= 0 {
		n.Replaced = list[i].Replaced + 1
		list = slices.Delete(list, i, i+1)
	}
	list = append(list, n)
	s.notes[device] = list[max(0, len(list)-perDevice):]
	s.order = append(slices.DeleteFunc(s.order, func(x string) bool { return x == device }), device)
	if len(s.order) > maxDevices {
		delete(s.notes, s.order[0])
		s.order = s.order[1:]
	}
	return n
}

// Tap opens a notification. It is false when it is not there.
func (s *Screens) Tap(device, id string) (Note, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.notes[device]
	i := slices.IndexFunc(list, func(x Note) bool { return x.ID == id })
	if i < 0 {
		return Note{}, false
	}
	s.touch()
	list[i].Rev, list[i].Opened = s.rev, s.now().UTC()
	return list[i], true
}

// Clear wipes a device's screen.
func (s *Screens) Clear(device string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
	delete(s.notes, device)
	s.order = slices.DeleteFunc(s.order, func(x string) bool { return x == device })
}

// Notes gives what a device shows, oldest first.
func (s *Screens) Notes(device string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.after(device, 0)
}

// Devices gives the names of those that show something.
func (s *Screens) Devices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.notes))
}

// Wait gives what changed on a device after a revision, in the order of the changes, and waits for it until the context ends.
func (s *Screens) Wait(ctx context.Context, device string, after int64) []Note {
	for {
		s.mu.Lock()
		list, changed := s.after(device, after), s.changed
		s.mu.Unlock()
		if len(list) > 0 {
			return list
		}
		select {
		case <-changed:
		case <-s.done:
			return list
		case <-ctx.Done():
			return list
		}
	}
}

// after is called with mu held.
func (s *Screens) after(device string, rev int64) []Note {
	out := []Note{}
	for _, n := range s.notes[device] {
		if n.Rev > rev {
			n.Data = maps.Clone(n.Data)
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b Note) int { return cmp.Compare(a.Rev, b.Rev) })
	return out
}

// touch wakes who waits. It is called with mu held, before a change under the new revision.
func (s *Screens) touch() {
	s.rev++
	close(s.changed)
	s.changed = make(chan struct{})
}
