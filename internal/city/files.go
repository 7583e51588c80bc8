package city

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/motcua/motcua/internal/message"
)

// The files of a city's folder. Anything else in it, such as a note on sources, is not read.
const (
	cityFile        = "city.yaml"
	addressFile     = "address.yaml"
	wardsFile       = "wards.geojson"
	officesFile     = "ward_offices.csv"
	mergersFile     = "mergers.csv"
	departmentsFile = "departments.yaml"
	categoriesFile  = "categories.yaml"
	holidaysFile    = "holidays.yaml"
)

// cityYAML is city.yaml.
type cityYAML struct {
	ID       string       `yaml:"id"`
	Name     message.Text `yaml:"name"`
	Sample   bool         `yaml:"sample"`
	TimeZone string       `yaml:"time_zone"`
	Days     []string     `yaml:"working_days"`  // "monday"
	Hours    []string     `yaml:"working_hours"` // "07:30-11:30"
	Bounds   bounds       `yaml:"bounds"`        // all wards must lie inside: catches swapped coordinates
	Expected int          `yaml:"expected_wards"`
}

type bounds struct {
	MinLat float64 `yaml:"min_lat"`
	MinLon float64 `yaml:"min_lon"`
	MaxLat float64 `yaml:"max_lat"`
	MaxLon float64 `yaml:"max_lon"`
}

// addressYAML is address.yaml: the words that addresses are written with.
type addressYAML struct {
	WardWords     map[Kind][]string `yaml:"ward_words"`     // words before a ward's name, the written-out one first
	DistrictWords []string          `yaml:"district_words"` // words before a former district's name
	ProvinceWords []string          `yaml:"province_words"`
	StreetWords   []string          `yaml:"street_words"` // what follows is a street's name, not a unit's
	PlaceWords    []string          `yaml:"place_words"`  // numbered parts of a village: the number is not a house's
	FillWords     []string          `yaml:"fill_words"`   // words around a name that do not belong to it
	City          []string          `yaml:"city"`         // names of the city itself and of the country
	Elsewhere     []string          `yaml:"elsewhere"`    // provinces and cities that are not this one
}

// departmentYAML is one entry of departments.yaml.
type departmentYAML struct {
	ID    string       `yaml:"id"`
	Name  message.Text `yaml:"name"`
	Phone string       `yaml:"phone"`
	Email string       `yaml:"email"`
}

// departmentsYAML is departments.yaml.
type departmentsYAML struct {
	WardName    message.Text     `yaml:"ward_unit_name"` // with {ward}
	Departments []departmentYAML `yaml:"departments"`
}

// groupYAML is one group of categories.yaml with its categories.
type groupYAML struct {
	Code       string         `yaml:"code"`
	Name       message.Text   `yaml:"name"`
	Icon       string         `yaml:"icon"`
	Categories []categoryYAML `yaml:"categories"`
}

type categoryYAML struct {
	Code     string                    `yaml:"code"`
	Name     message.Text              `yaml:"name"`
	Unit     string                    `yaml:"unit"` // "ward" or a department's id
	Hours    int                       `yaml:"hours"`
	Keywords map[message.Lang][]string `yaml:"keywords"`
}

// categoriesYAML is categories.yaml.
type categoriesYAML struct {
	Groups []groupYAML `yaml:"groups"`
}

// holidaysYAML is holidays.yaml.
type holidaysYAML struct {
	Years    []int         `yaml:"years"` // the years that are covered
	Holidays []holidayYAML `yaml:"holidays"`
	Workdays []string      `yaml:"workdays"` // days worked in exchange
}

type holidayYAML struct {
	Date        string       `yaml:"date"`
	Name        message.Text `yaml:"name"`
	Provisional bool         `yaml:"provisional"`
}

// merger is one row of mergers.csv: a former ward and one unit that it went into.
type merger struct {
	province, district, ward, code string // ward and code are "" where a whole district without wards became a unit
	divided                        bool   // several rows: the former ward was split
	newName, newCode               string
}

// office is one row of ward_offices.csv.
type office struct {
	code, name, office string
	population         int
	areaKm2            float64
}

// former names the former ward of a row, or the district where it had none.
func (m merger) former() string {
	if m.ward == "" {
		return m.province + "/" + m.district
	}
	return m.code
}

// files is a city's folder as read, before any cross-check.
type files struct {
	city        cityYAML
	address     addressYAML
	wards       []byte
	offices     []office
	mergers     []merger
	departments departmentsYAML
	categories  categoriesYAML
	holidays    holidaysYAML
	badRows     []error // rows of the CSV files that do not parse; the others are there
}

// readFiles reads all files; the error names every one that is missing or does not parse. Single bad rows are kept apart.
func readFiles(fsys fs.FS) (files, error) {
	var f files
	problems := []error{
		readYAML(fsys, cityFile, &f.city),
		readYAML(fsys, addressFile, &f.address),
		readYAML(fsys, departmentsFile, &f.departments),
		readYAML(fsys, categoriesFile, &f.categories),
		readYAML(fsys, holidaysFile, &f.holidays),
	}
	var err error
	if f.wards, err = fs.ReadFile(fsys, wardsFile); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", wardsFile, err))
	}
	var bad []error
	f.offices, f.badRows, err = readCSV(fsys, officesFile, []string{"ward_code", "ward", "office", "population", "area_km2"}, parseOffice)
	problems = append(problems, err)
	f.mergers, bad, err = readCSV(fsys, mergersFile, []string{"old_province", "old_district", "old_ward", "old_ward_code", "divided", "new_ward", "new_ward_code"}, parseMerger)
	problems = append(problems, err)
	f.badRows = append(f.badRows, bad...)
	return f, errors.Join(problems...)
}

// readYAML reads one YAML file strictly: a key that is unknown or there twice is an error.
func readYAML(fsys fs.FS, name string, into any) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := yaml.UnmarshalWithOptions(data, into, yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readCSV reads one CSV file with exactly these columns. Rows that do not parse are reported one by one in bad.
func readCSV[T any](fsys fs.FS, name string, columns []string, parse func(row []string) (T, error)) (good []T, bad []error, err error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], columns) {
		return nil, nil, fmt.Errorf("%s: the first line is not %s", name, strings.Join(columns, ","))
	}
	for i, row := range rows[1:] {
		v, err := parse(row)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: row %d: %w", name, i+2, err))
			continue
		}
		good = append(good, v)
	}
	return good, bad, nil
}

func parseOffice(row []string) (office, error) {
	population, err := strconv.Atoi(row[3])
	if err != nil || population <= 0 {
		return office{}, fmt.Errorf("population %q is no positive number", row[3])
	}
	area, err := strconv.ParseFloat(row[4], 64)
	if err != nil || !(area > 0 && area < 1e6) {
		return office{}, fmt.Errorf("area %q is no positive number", row[4])
	}
	return office{code: row[0], name: row[1], office: row[2], population: population, areaKm2: area}, nil
}

func parseMerger(row []string) (merger, error) {
	if row[4] != "yes" && row[4] != "no" {
		return merger{}, fmt.Errorf("divided is %q, not yes or no", row[4])
	}
	if row[0] == "" || row[1] == "" {
		return merger{}, errors.New("the former province or district is missing")
	}
	return merger{province: row[0], district: row[1], ward: row[2], code: row[3], divided: row[4] == "yes", newName: row[5], newCode: row[6]}, nil
}
