package casework

import (
	"slices"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// Move is one allowed change of state.
type Move struct {
	From, To Status
	Roles    []account.Role // of staff who may make it; empty means every role
	Reason   bool           // whether the citizen must be told why
}

// Moves is the table of all allowed changes of a service.
type Moves []Move

// Find gives the move from one state to another. CONFLICT, naming both, when there is none.
func (ms Moves) Find(from, to Status) (Move, error) {
	for _, m := range ms {
		if m.From == from && m.To == to {
			return m, nil
		}
	}
	return Move{}, fault.New(fault.Conflict, "casework.move_not_allowed").With("from", string(from)).With("to", string(to))
}

// Next gives the states that can follow, in the order of the table.
func (ms Moves) Next(from Status) []Status {
	var next []Status
	for _, m := range ms {
		if m.From == from && m.To != from {
			next = append(next, m.To)
		}
	}
	return next
}

// Allows tells whether somebody in that reach may make the move. FORBIDDEN when not.
func (m Move) Allows(r Reach) error {
	if r.System || len(m.Roles) == 0 && len(r.Roles) > 0 || slices.ContainsFunc(m.Roles, func(x account.Role) bool { return slices.Contains(r.Roles, x) }) {
		return nil
	}
	return fault.New(fault.Forbidden, "casework.move_forbidden")
}
