package feedback

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/field"
	"github.com/motcua/motcua/internal/fold"
)

// The states of a report.
const (
	Received   casework.Status = "received"
	Assigned   casework.Status = "assigned"
	InProgress casework.Status = "in_progress"
	Resolved   casework.Status = "resolved"
	Closed     casework.Status = "closed"
	Rejected   casework.Status = "rejected"
)

// Statuses gives all states, in the order in which a report goes through them.
func Statuses() []casework.Status {
	return []casework.Status{Received, Assigned, InProgress, Resolved, Closed, Rejected}
}

// openStatuses are those in which somebody has still to act.
func openStatuses() []casework.Status {
	return []casework.Status{Received, Assigned, InProgress}
}

// moves is the table of all changes of state. Only staff make them.
func moves() casework.Moves {
	return casework.Moves{
		{From: Received, To: Assigned},
		{From: Received, To: Rejected, Reason: true},
		{From: Assigned, To: Assigned}, // to another unit or category
		{From: Assigned, To: InProgress},
		{From: Assigned, To: Rejected, Reason: true},
		{From: InProgress, To: Assigned}, // handed over
		{From: InProgress, To: Resolved},
		{From: InProgress, To: Rejected, Reason: true},
		{From: Resolved, To: Closed},
	}
}

// Limits of a report. The manifest declares the same.
const (
	minDescription = 10   // characters
	maxDescription = 4000 // characters
	maxPhotos      = 5
	maxComment     = 2000 // characters
	noticeText     = 200  // characters of a reason or comment that a notice repeats

	unsure = "unsure" // stands for "no category" in answers
)

// Report is a report as its owner and the staff in reach see it. One that the system raised has no owner.
type Report struct {
	casework.Case `bson:",inline"`
	Description   string     `bson:"description" json:"description"`
	Category      string     `bson:"category,omitempty" json:"category,omitempty"` // "" when the citizen was not sure
	Place         Place      `bson:"place" json:"place"`
	Ward          string     `bson:"ward" json:"ward"`                       // code
	Photos        []string   `bson:"photos" json:"photos"`                   // media ids, at most five
	Video         string     `bson:"video,omitempty" json:"video,omitempty"` // media id
	HideName      bool       `bson:"hideName" json:"hideName"`
	About         string     `bson:"about,omitempty" json:"about,omitempty"` // what a report of the system is about ("signs/000123"); for staff only
	InputHash     string     `bson:"inputHash" json:"-"`                     // of the input that made it
	ExpiresAt     *time.Time `bson:"expiresAt,omitempty" json:"-"`           // nil while it is open
}

// Place says where something is: a point, an address or both. Lat and Lon are there both or neither.
type Place struct {
	Lat     *float64 `bson:"lat,omitempty" json:"lat,omitempty"` // WGS 84 degrees
	Lon     *float64 `bson:"lon,omitempty" json:"lon,omitempty"`
	Address string   `bson:"address,omitempty" json:"address,omitempty"`
}

// Point gives the point, if there is one.
func (p Place) Point() (lat, lon float64, ok bool) {
	if p.Lat == nil || p.Lon == nil {
		return 0, 0, false
	}
	return *p.Lat, *p.Lon, true
}

// PublicReport is what everybody may see of a report who has its tracking code: nothing that says who made it, except the
// display name when the citizen did not hide it; neither the exact place, pictures nor what staff wrote.
type PublicReport struct {
	Code        casework.Code   `json:"code"`
	Status      casework.Status `json:"status"`
	Category    string          `json:"category,omitempty"`
	Ward        string          `json:"ward"` // code
	Unit        string          `json:"unit"` // id
	Description string          `json:"description"`
	Author      string          `json:"author,omitempty"` // display name; "" when hidden or not given
	CreatedAt   time.Time       `json:"createdAt"`
	UpdatedAt   time.Time       `json:"updatedAt"`
	DueAt       time.Time       `json:"dueAt"`
}

// Public gives the public part, without the author.
func (r *Report) Public() PublicReport {
	return PublicReport{
		Code: r.Code, Status: r.Status, Category: r.Category, Ward: r.Ward, Unit: r.Unit, Description: r.Description,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DueAt: r.DueAt,
	}
}

// Comment is what the owner of a report or the staff in reach wrote about it.
type Comment struct {
	ID                string             `bson:"_id" json:"id"` // <report id>/<uuid>
	Report            string             `bson:"report" json:"report"`
	By                casework.ActorKind `bson:"by" json:"by"`
	Actor             string             `bson:"actor" json:"-"`                       // account, or part of the system; for staff only
	Unit              string             `bson:"unit,omitempty" json:"unit,omitempty"` // of a member of staff
	Text              string             `bson:"text" json:"text"`                     // at most 2,000 characters
	CreatedAt         time.Time          `bson:"createdAt" json:"createdAt"`
	InputHash         string             `bson:"inputHash" json:"-"`
	ExpiresAt         time.Time          `bson:"expiresAt" json:"-"`
	casework.Outbound `bson:",inline" json:"-"`
}

// submission is the input of submit.
type submission struct {
	Description string   `json:"description"`
	Category    string   `json:"category"`
	Place       Place    `json:"place"`
	Photos      []string `json:"photos"`
	Video       string   `json:"video"`
	HideName    bool     `json:"hideName"`
}

// clean brings a submission into the form that is stored and checks what a schema cannot.
func (s *submission) clean() error {
	s.Description = cleanText(s.Description)
	s.Place.Address = cleanText(s.Place.Address)
	if s.Category == unsure {
		s.Category = ""
	}
	if s.Photos == nil {
		s.Photos = []string{}
	}
	if n := utf8.RuneCountInString(s.Description); n < minDescription || n > maxDescription {
		f := fault.InvalidField("feedback.description_length", "description")
		f.Fields[0].Params = map[string]any{"min": minDescription, "max": maxDescription}
		return f
	}
	if len(s.Photos) > maxPhotos {
		return fault.InvalidField("feedback.too_many_photos", "photos")
	}
	for i, id := range s.Photos {
		if slices.Contains(s.Photos[:i], id) {
			return fault.InvalidField("feedback.photo_twice", "photos", fmt.Sprint(i))
		}
	}
	if _, _, ok := s.Place.Point(); !ok && s.Place.Address == "" {
		return fault.InvalidField("feedback.place_needed", "place")
	}
	return nil
}

// media gives the ids of all photos and the video, and the path of the i-th in the input.
func (s *submission) media() (ids []string, path func(i int) []string) {
	ids = slices.Clone(s.Photos)
	if s.Video != "" {
		ids = append(ids, s.Video)
	}
	return ids, func(i int) []string {
		if i < len(s.Photos) {
			return []string{"photos", fmt.Sprint(i)}
		}
		return []string{"video"}
	}
}

// cleanText brings what somebody wrote into the form that is stored.
func cleanText(s string) string { return field.Clean(s, true) }

// shorten cuts a text to n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// final tells whether nothing more is to be done in a state.
func final(s casework.Status) bool { return s == Closed || s == Rejected }

// step is one change that staff make.
type step struct {
	kind     casework.EntryKind
	to       casework.Status
	unit     string // "" keeps it
	category string // "" keeps it
	due      func(category string) time.Time
	reason   string
	by       casework.ActorKind
	actor    string
	reach    casework.Reach
}

// apply makes the change, if the table allows it. CONFLICT names both states, FORBIDDEN who may not.
func (r *Report) apply(now time.Time, s step) error {
	move, err := moves().Find(r.Status, s.to)
	if err != nil {
		return err
	}
	if err := move.Allows(s.reach); err != nil {
		return err
	}
	if err := casework.CheckReason(s.reason, move.Reason, "reason"); err != nil {
		return err
	}
	unit, category := r.Unit, r.Category
	if s.unit != "" {
		unit = s.unit
	}
	if s.category != "" && s.category != category {
		category = s.category
		r.DueAt = s.due(category)
	}
	if s.to == r.Status && unit == r.Unit && category == r.Category {
		return fault.New(fault.Conflict, "feedback.already_assigned")
	}
	r.Category = category
	r.Record(now, casework.Entry{Kind: s.kind, From: r.Status, To: s.to, Unit: unit, By: s.by, Actor: s.actor, Reason: s.reason})
	return nil
}

// tokens are the folded words that a search finds a report by: those of the code, what it is about, the address and the description, at most maxTokens.
func (r *Report) tokens() []string {
	text := string(r.Code) + " " + r.About + " " + r.Place.Address + " " + r.Description
	var out []string
	seen := map[string]bool{}
	for _, w := range fold.Words(text) {
		if len(w) > maxToken || seen[w] {
			continue
		}
		seen[w] = true
		out = append(out, w)
		if len(out) == maxTokens {
			break
		}
	}
	return out
}

const (
	maxTokens = 64 // words of a report that can be searched
	maxToken  = 40 // bytes
)

// holds tells whether the report contains all the words.
func (r *Report) holds(words []string) bool {
	tokens := r.tokens()
	for _, w := range words {
		if !slices.Contains(tokens, w) {
			return false
		}
	}
	return true
}

// slot names where a report is counted: month of receipt in the city's time, ward, category and state.
func (r *Report) slot(zone *time.Location) string {
	category := r.Category
	if category == "" {
		category = unsure
	}
	return strings.Join([]string{r.CreatedAt.In(zone).Format(slotMonth), r.Ward, category, string(r.Status)}, "/")
}

const slotMonth = "2006-01"

// staffUnit tells which unit's queue a viewer asks for. FORBIDDEN for one that is out of reach.
func staffUnit(v account.Viewer, unit string) (string, error) {
	reach := casework.ReachOf(v)
	if unit == "" && !reach.WorksFor("") {
		unit = v.Unit // an officer's "all" is the own unit
	}
	if !v.IsStaff() || !reach.WorksFor(unit) {
		return "", fault.New(fault.Forbidden, "feedback.other_unit")
	}
	return unit, nil
}
