package casework

import "github.com/motcua/motcua/internal/account"

// Reach is what somebody may see and do about cases: those of their own subjects, and as staff those of their unit or of all units.
type Reach struct {
	Subjects []string       // empty for somebody who acts as staff only
	Roles    []account.Role // empty for a citizen
	Unit     string         // of a member of staff
	System   bool           // a part of the city's own software acts
}

// Owns tells whether the case belongs to one of the subjects.
func (r Reach) Owns(c *Case) bool {
	return account.Viewer{Subjects: r.Subjects}.Owns(c.Owner)
}

// Works tells whether the case is within reach as staff: an officer reaches the cases of the own unit, dispatchers and administrators all.
func (r Reach) Works(c *Case) bool { return r.WorksFor(c.Unit) }

// WorksFor tells whether the cases of a unit are within reach as staff; the unit "" stands for all units.
func (r Reach) WorksFor(unit string) bool {
	who := account.Viewer{Roles: r.Roles}
	if r.System || who.Has(account.Dispatcher, account.Administrator) {
		return true
	}
	return who.Has(account.Officer) && unit != "" && unit == r.Unit
}

// Sees tells whether the case may be read: by its owner and by staff in reach. Everybody else is to hear NOT_FOUND.
func (r Reach) Sees(c *Case) bool { return r.Owns(c) || r.Works(c) }

// ReachOf gives the reach of a viewer.
func ReachOf(v account.Viewer) Reach {
	return Reach{Subjects: v.Subjects, Roles: v.Roles, Unit: v.Unit}
}
