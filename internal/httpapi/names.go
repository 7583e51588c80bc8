package httpapi

import (
	"strings"
	"sync"
)

// unknown is the kind of what a network tells that it has learnt and we have not; the network's own name for it stands behind a blank.
const unknown = "unknown"

// maxNames is how many such names of one network become labels: their number is the sender's choice, and each label stays for as long as the program runs.
const maxNames = 50

// namesSeen keeps the names that networks chose few.
type namesSeen struct {
	mu  sync.Mutex
	all map[string]map[string]bool // by network
}

func newNamesSeen() *namesSeen { return &namesSeen{all: map[string]map[string]bool{}} }

// label gives the label of a kind: our own kinds as they are, the first names of a network too, and unknown for all further ones.
func (s *namesSeen) label(network, kind string) string {
	if !strings.HasPrefix(kind, unknown+" ") {
		return kind
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	names := s.all[network]
	switch {
	case names[kind]:
		return kind
	case len(names) >= maxNames:
		return unknown
	case names == nil:
		names = map[string]bool{}
		s.all[network] = names
	}
	names[kind] = true
	return kind
}
