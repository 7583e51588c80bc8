package city

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/geo"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/worktime"
)

// Load reads a city's folder, the root of fsys, and checks it as a whole. The error names everything that is wrong, each problem with its file.
func Load(fsys fs.FS) (*City, error) {
	f, err := readFiles(fsys)
	if err != nil {
		return nil, fmt.Errorf("city: %w", err) // without one of the files the others cannot be checked against each other
	}
	c := &City{id: f.city.ID, name: f.city.Name, sample: f.city.Sample, years: f.holidays.Years, wardAt: map[string]int{}, categoryAt: map[string]int{}, unitAt: map[string]int{}}
	problems := append(f.badRows, checkCity(f.city)...)
	problems = append(problems, c.loadWards(f)...)
	problems = append(problems, c.loadUnits(f.departments)...)
	problems = append(problems, c.loadCategories(f.categories)...)
	problems = append(problems, c.loadCalendar(f.city, f.holidays)...)
	problems = append(problems, c.checkMergers(f.mergers)...)
	var wrong []error
	c.gazetteer, wrong = newGazetteer(f.address, c.wards, f.mergers)
	problems = append(problems, wrong...)
	if len(problems) > 0 {
		return nil, fmt.Errorf("city: %w", errors.Join(problems...))
	}
	c.keywords = newKeywords(c.categories)
	return c, nil
}

// loadWards takes the wards from the map and what else is known of them from the list of offices.
func (c *City) loadWards(f files) []error {
	index, err := geo.NewIndex(f.wards)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", wardsFile, err)}
	}
	c.index = index
	var problems []error
	offices := map[string]office{}
	for _, o := range f.offices {
		if _, twice := offices[o.code]; twice {
			problems = append(problems, fmt.Errorf("%s: ward %s is there twice", officesFile, o.code))
		}
		offices[o.code] = o
	}
	for _, a := range index.Areas() {
		o, ok := offices[a.Code]
		if !ok {
			problems = append(problems, fmt.Errorf("%s: ward %s of %s is missing", officesFile, a.Code, wardsFile))
		}
		delete(offices, a.Code)
		w, wrong := newWard(a, o, f.address)
		problems = append(problems, wrong...)
		c.wardAt[w.Code] = len(c.wards)
		c.wards = append(c.wards, w)
	}
	for code := range offices {
		problems = append(problems, fmt.Errorf("%s: ward %s is not in %s", officesFile, code, wardsFile))
	}
	if f.city.Expected > 0 && len(c.wards) != f.city.Expected {
		problems = append(problems, fmt.Errorf("%s: has %d wards, %s expects %d", wardsFile, len(c.wards), cityFile, f.city.Expected))
	}
	return append(problems, c.checkBounds(f.city.Bounds)...)
}

// newWard joins what the map and the list of offices say about one ward.
func newWard(a geo.Area, o office, words addressYAML) (Ward, []error) {
	text := func(key string) string {
		s, _ := a.Properties[key].(string)
		return strings.TrimSpace(s)
	}
	w := Ward{
		Code: a.Code, Name: text("name"), FullName: text("fullName"), NameEn: text("nameEn"), FullNameEn: text("fullNameEn"),
		Kind: words.kindOf(text("fullName")), Population: o.population, AreaKm2: o.areaKm2, Office: o.office, Lat: a.Lat, Lon: a.Lon,
	}
	var problems []error
	for _, key := range []string{"name", "fullName", "nameEn", "fullNameEn"} {
		if text(key) == "" {
			problems = append(problems, fmt.Errorf("%s: ward %s has no %s", wardsFile, a.Code, key))
		}
	}
	if w.Kind == "" || w.Kind == kindTownship {
		problems = append(problems, fmt.Errorf("%s: ward %s: %q begins with no word of a ward in %s", wardsFile, a.Code, w.FullName, addressFile))
	}
	if o.name != "" && fold.Spelling(o.name) != fold.Spelling(w.FullName) {
		problems = append(problems, fmt.Errorf("%s: ward %s is called %q, in %s %q", officesFile, a.Code, o.name, wardsFile, w.FullName))
	}
	return w, problems
}

// kindOf gives the kind that a full name begins with; "" for none.
func (a addressYAML) kindOf(fullName string) Kind {
	name := fold.Spelling(fullName)
	for kind, words := range a.WardWords {
		for _, w := range words {
			if strings.HasPrefix(name, fold.Spelling(w)+" ") {
				return kind
			}
		}
	}
	return ""
}

// loadUnits makes one unit of each department and of each ward.
func (c *City) loadUnits(f departmentsYAML) []error {
	var problems []error
	add := func(u Unit) {
		if _, twice := c.unitAt[u.ID]; twice {
			problems = append(problems, fmt.Errorf("%s: %q is there twice", departmentsFile, u.ID))
		}
		c.unitAt[u.ID] = len(c.units)
		c.units = append(c.units, u)
	}
	for _, d := range f.Departments {
		if !isCode(d.ID) || strings.HasPrefix(d.ID, WardUnitID("")) {
			problems = append(problems, fmt.Errorf("%s: id %q is not of lower-case letters, digits and hyphens, or begins as a ward's", departmentsFile, d.ID))
		}
		problems = append(problems, checkText(departmentsFile, d.ID, d.Name)...)
		add(Unit{ID: d.ID, Kind: DepartmentUnit, Name: d.Name, Phone: d.Phone, Email: d.Email})
	}
	problems = append(problems, checkText(departmentsFile, "ward_unit_name", f.WardName)...)
	for _, w := range c.wards {
		name := message.Text{}
		for lang, text := range f.WardName {
			full := w.FullNameEn
			if lang == message.Vietnamese {
				full = lowerFirst(w.FullName) // it begins with its kind, within a name a common noun
			}
			name[lang] = strings.ReplaceAll(text, "{ward}", full)
		}
		add(Unit{ID: WardUnitID(w.Code), Kind: WardUnit, Ward: w.Code, Name: name})
	}
	return problems
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// loadCategories takes over groups and categories.
func (c *City) loadCategories(f categoriesYAML) []error {
	var problems []error
	groups := map[string]bool{}
	for _, g := range f.Groups {
		if !isCode(g.Code) || groups[g.Code] {
			problems = append(problems, fmt.Errorf("%s: group code %q is malformed or there twice", categoriesFile, g.Code))
		}
		groups[g.Code] = true
		problems = append(problems, checkText(categoriesFile, g.Code, g.Name)...)
		if len(g.Categories) == 0 {
			problems = append(problems, fmt.Errorf("%s: group %q is empty", categoriesFile, g.Code))
		}
		c.groups = append(c.groups, Group{Code: g.Code, Name: g.Name, Icon: g.Icon})
		for _, y := range g.Categories {
			problems = append(problems, c.addCategory(g.Code, y)...)
		}
	}
	if len(f.Groups) == 0 {
		problems = append(problems, fmt.Errorf("%s: no groups", categoriesFile))
	}
	return problems
}

// addCategory checks and takes over one category.
func (c *City) addCategory(group string, y categoryYAML) []error {
	var problems []error
	wrong := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s: %s", categoriesFile, y.Code, fmt.Sprintf(format, args...)))
	}
	if _, twice := c.categoryAt[y.Code]; twice || !isCode(y.Code) {
		wrong("the code is malformed or there twice")
	}
	problems = append(problems, checkText(categoriesFile, y.Code, y.Name)...)
	if y.Hours <= 0 || y.Hours > maxServiceHours {
		wrong("hours is %d, not 1 to %d", y.Hours, maxServiceHours)
	}
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		if len(y.Keywords[lang]) == 0 {
			wrong("no keywords in %s", lang)
		}
	}
	unit := y.Unit
	if unit == string(WardUnit) {
		unit = ""
	} else if i, ok := c.unitAt[unit]; !ok || c.units[i].Kind != DepartmentUnit {
		wrong("unit %q is neither %q nor a department of %s", unit, WardUnit, departmentsFile)
	}
	c.categoryAt[y.Code] = len(c.categories)
	c.categories = append(c.categories, Category{Code: y.Code, Group: group, Name: y.Name, Keywords: y.Keywords, Unit: unit, ServiceHours: y.Hours})
	return problems
}

// loadCalendar makes the working calendar.
func (c *City) loadCalendar(y cityYAML, h holidaysYAML) []error {
	var problems []error
	note := func(file string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
		}
	}
	cfg := worktime.Config{Zone: y.TimeZone}
	for _, s := range y.Days {
		day, err := parseWeekday(s)
		note(cityFile, err)
		cfg.Week = append(cfg.Week, day)
	}
	for _, s := range y.Hours {
		p, err := parsePeriod(s)
		note(cityFile, err)
		cfg.Hours = append(cfg.Hours, p)
	}
	for _, e := range h.Holidays {
		date, err := h.date(e.Date)
		note(holidaysFile, err)
		problems = append(problems, checkText(holidaysFile, e.Date, e.Name)...)
		cfg.Holidays = append(cfg.Holidays, worktime.Holiday{Date: date, Name: e.Name, Provisional: e.Provisional})
	}
	for _, s := range h.Workdays {
		date, err := h.date(s)
		note(holidaysFile, err)
		cfg.Workdays = append(cfg.Workdays, date)
	}
	if len(problems) > 0 {
		return problems
	}
	var err error
	c.calendar, err = worktime.New(cfg)
	note("calendar of "+cityFile+" and "+holidaysFile, err)
	return problems
}

// parseWeekday reads "monday".
func parseWeekday(s string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), s) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("working_days: %q is no day of the week in English", s)
}

// parsePeriod reads "07:30-11:30".
func parsePeriod(s string) (worktime.Period, error) {
	from, to, ok := strings.Cut(s, "-")
	start, err1 := parseClock(from)
	end, err2 := parseClock(to)
	if !ok || err1 != nil || err2 != nil {
		return worktime.Period{}, fmt.Errorf("working_hours: %q is not like 07:30-11:30", s)
	}
	return worktime.Period{From: start, To: end}, nil
}

// parseClock reads "07:30" as the time since midnight.
func parseClock(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}
