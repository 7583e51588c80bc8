// Package city holds what is particular to one city: its wards and their borders, its former names, who answers for what, its categories of reports,
// and its working calendar. All of it is data, read once from a folder such as configs/cities/haiphong and checked as a whole.
//
// It knows no case, no account and no store. Go code names no place: another city is another folder.
package city

import (
	"slices"

	"github.com/motcua/motcua/internal/geo"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/worktime"
)

// Kind is the kind of a ward. The three kinds are the commune level of Vietnam since 1 July 2025 (Law 72/2025/QH15 on local government).
type Kind string

// The kinds.
const (
	KindWard        Kind = "ward"
	KindCommune     Kind = "commune"
	KindSpecialZone Kind = "special_zone"
	kindTownship    Kind = "township" // former units only
)

// Ward is one commune-level unit: a ward, a commune or a special zone.
type Ward struct {
	Code       string // of the General Statistics Office, five digits
	Name       string // without its kind
	FullName   string // with its kind
	NameEn     string
	FullNameEn string
	Kind       Kind
	Population int     // persons
	AreaKm2    float64 // square kilometres, as announced
	Office     string  // where its administrative centre is, as announced; a text, not an address
	Lat, Lon   float64 // a point well inside, WGS 84 degrees
}

// UnitKind tells the two kinds of responsible units apart.
type UnitKind string

// The kinds of units.
const (
	WardUnit       UnitKind = "ward"       // the people's committee of one ward
	DepartmentUnit UnitKind = "department" // a department of the city, or a body that works for all of it
)

// Unit is who answers for a report.
type Unit struct {
	ID    string // "ward-" and the ward's code, or the department's id
	Kind  UnitKind
	Ward  string // code of the ward; "" for a department
	Name  message.Text
	Phone string // "" when none is known
	Email string // "" when none is known
}

// Group is a heading of the category tree.
type Group struct {
	Code string
	Name message.Text
	Icon string // name of an icon; the faces have a picture for it
}

// Category is what a report can be about.
type Category struct {
	Code         string
	Group        string // code of its group
	Name         message.Text
	Keywords     map[message.Lang][]string // words in a report that point to it
	Unit         string                    // id of the department that answers for it; "" means the ward that the place lies in
	ServiceHours int                       // working hours in which the report is to be resolved
}

// City is one city's data. It is immutable and safe for concurrent use; what its methods return is the caller's to keep but not to change.
type City struct {
	id         string
	name       message.Text
	sample     bool
	index      *geo.Index
	calendar   *worktime.Calendar
	years      []int
	wards      []Ward // ascending by code
	groups     []Group
	categories []Category
	units      []Unit // departments in the order of the file, then wards by code

	wardAt     map[string]int
	categoryAt map[string]int
	unitAt     map[string]int
	gazetteer  *gazetteer
	keywords   keywords
}

// ID is the city's short name, as in its folder: lower-case letters, digits and hyphens.
func (c *City) ID() string { return c.id }

// Name is the city's name.
func (c *City) Name() message.Text { return c.name }

// Sample tells whether the data is an example that no authority has confirmed. The borders and mergers are public facts all the same.
func (c *City) Sample() bool { return c.sample }

// Wards gives all wards, ascending by code.
func (c *City) Wards() []Ward { return slices.Clone(c.wards) }

// Ward gives the ward with that code.
func (c *City) Ward(code string) (Ward, bool) {
	i, ok := c.wardAt[code]
	if !ok {
		return Ward{}, false
	}
	return c.wards[i], true
}

// WardAt gives the ward that a point lies in, WGS 84 degrees. It is false outside the city and for what is no point on Earth (NaN, out of range).
// On borders and just outside the city it answers as geo.Index.Locate does.
func (c *City) WardAt(lat, lon float64) (Ward, bool) {
	code, ok := c.index.Locate(lat, lon)
	if !ok {
		return Ward{}, false
	}
	return c.Ward(code)
}

// Outline gives the border of a ward: closed rings of [longitude, latitude], to be filled by the even-odd rule.
func (c *City) Outline(code string) ([][][2]float64, bool) { return c.index.Outline(code) }

// Groups gives the groups of categories, in the order to show them.
func (c *City) Groups() []Group { return slices.Clone(c.groups) }

// Group gives the group with that code.
func (c *City) Group(code string) (Group, bool) {
	i := slices.IndexFunc(c.groups, func(g Group) bool { return g.Code == code })
	if i < 0 {
		return Group{}, false
	}
	return c.groups[i], true
}

// Categories gives all categories, group by group, in the order to show them.
func (c *City) Categories() []Category { return slices.Clone(c.categories) }

// Category gives the category with that code.
func (c *City) Category(code string) (Category, bool) {
	i, ok := c.categoryAt[code]
	if !ok {
		return Category{}, false
	}
	return c.categories[i], true
}

// Units gives all units: departments first, then one for each ward.
func (c *City) Units() []Unit { return slices.Clone(c.units) }

// Unit gives the unit with that id.
func (c *City) Unit(id string) (Unit, bool) {
	i, ok := c.unitAt[id]
	if !ok {
		return Unit{}, false
	}
	return c.units[i], true
}

// WardUnitID gives the id of the unit of the ward with that code.
func WardUnitID(code string) string { return "ward-" + code }

// Responsible gives the unit that answers for a category in a ward. Category "" means "not sure": the ward's own unit takes it and passes it on if need be.
// It is false for a category or a ward that does not exist.
func (c *City) Responsible(category, ward string) (Unit, bool) {
	if _, ok := c.wardAt[ward]; !ok {
		return Unit{}, false
	}
	if category == "" {
		return c.Unit(WardUnitID(ward))
	}
	cat, ok := c.Category(category)
	if !ok {
		return Unit{}, false
	}
	if cat.Unit == "" {
		return c.Unit(WardUnitID(ward))
	}
	return c.Unit(cat.Unit)
}

// Calendar is the working calendar of the city's offices.
func (c *City) Calendar() *worktime.Calendar { return c.calendar }

// HolidayYears gives the years whose holidays are known. In others only weekends count as days off.
func (c *City) HolidayYears() []int { return slices.Clone(c.years) }
