package registry

import (
	"time"
)

// ChangeKind says what a change was.
type ChangeKind string

// The kinds of change.
const (
	Created    ChangeKind = "created"
	Updated    ChangeKind = "updated" // by an import or an editor
	Reissued   ChangeKind = "reissued"
	Revoked    ChangeKind = "revoked"
	Noted      ChangeKind = "noted" // another condition
	Translated ChangeKind = "translated"
	Reviewed   ChangeKind = "reviewed"
)

// Change is one entry of a history.
type Change struct {
	At     time.Time  `bson:"at" json:"at"`
	By     string     `bson:"by" json:"by"` // account; for staff only
	Kind   ChangeKind `bson:"kind" json:"kind"`
	Reason string     `bson:"reason,omitempty" json:"reason,omitempty"`
	Fields []Altered  `bson:"fields,omitempty" json:"fields,omitempty"`
}

// Altered is one field that a change altered.
type Altered struct {
	Name string `bson:"name" json:"name"`
	From string `bson:"from,omitempty" json:"from,omitempty"` // its beginning, at most 100 characters
	To   string `bson:"to,omitempty" json:"to,omitempty"`
}

// Limits of a history.
const (
	maxHistory      = 50       // changes
	maxHistoryBytes = 32 << 10 // of all text in them
	maxAltered      = 100      // characters of a value
	maxAlteredNames = 40       // fields of one change
)

// fact is a field and what it says.
type fact struct{ name, value string }

// altered compares two lists of facts. Facts keep their order; one that a list lacks is empty in it.
func altered(before, after []fact) []Altered {
	was := make(map[string]string, len(before))
	for _, f := range before {
		was[f.name] = f.value
	}
	var out []Altered
	for _, f := range after {
		if old := was[f.name]; old != f.value {
			out = append(out, Altered{Name: f.name, From: cut(old), To: cut(f.value)})
		}
		delete(was, f.name)
	}
	for _, f := range before {
		if old := was[f.name]; old != "" {
			out = append(out, Altered{Name: f.name, From: cut(old)})
		}
	}
	return out
}

// remember appends a change and drops the oldest that no longer fit.
func remember(list []Change, dropped int, c Change) ([]Change, int) {
	c.Fields = c.Fields[:min(len(c.Fields), maxAlteredNames)]
	list = append(list, c)
	bytes := 0
	for i := len(list) - 1; i >= 0; i-- {
		bytes += list[i].size()
		if i < len(list)-1 && (bytes > maxHistoryBytes || len(list)-i > maxHistory) {
			return append([]Change{}, list[i+1:]...), dropped + i + 1
		}
	}
	return list, dropped
}

func (c Change) size() int {
	n := len(c.By) + len(c.Reason)
	for _, f := range c.Fields {
		n += len(f.Name) + len(f.From) + len(f.To)
	}
	return n
}

func cut(s string) string {
	n := 0
	for i := range s {
		if n == maxAltered {
			return s[:i]
		}
		n++
	}
	return s
}
