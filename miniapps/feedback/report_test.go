package feedback

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

func point(lat, lon float64) Place { return Place{Lat: &lat, Lon: &lon} }

func TestConfigValidate(t *testing.T) {
	if err := (Config{Retention: 744 * time.Hour, UnsureHours: 1}).Validate(); err != nil {
		t.Errorf("got %v, want none", err)
	}
	err := (Config{}).Validate()
	for _, key := range []string{"retention: ", "unsure_hours: "} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("got %v, want %s named", err, key)
		}
	}
}

func TestClean(t *testing.T) {
	good := func() submission {
		return submission{Description: "Ổ gà to lắm", Place: Place{Address: "Phường Hồng Bàng"}}
	}
	tests := []struct {
		name      string
		change    func(*submission)
		path, key string // "" when it is taken
	}{
		{"good", func(*submission) {}, "", ""},
		{"shortest", func(s *submission) { s.Description = " ổ gà to ạ \x00\u0007 " }, "description", "feedback.description_length"},
		{"ten characters after cleaning", func(s *submission) { s.Description = "\tổ gà to ạ!\n" }, "", ""},
		{"only blanks", func(s *submission) { s.Description = strings.Repeat(" ", 50) }, "description", "feedback.description_length"},
		{"longest", func(s *submission) { s.Description = strings.Repeat("ư", 4000) }, "", ""},
		{"longest, typed with combining marks", func(s *submission) { s.Description = strings.Repeat("u\u031b", 4000) }, "", ""},
		{"too long", func(s *submission) { s.Description = strings.Repeat("ư", 4001) }, "description", "feedback.description_length"},
		{"no place", func(s *submission) { s.Place = Place{} }, "place", "feedback.place_needed"},
		{"blank address", func(s *submission) { s.Place = Place{Address: " \t"} }, "place", "feedback.place_needed"},
		{"half a point", func(s *submission) { s.Place = Place{Lat: new(float64)} }, "place", "feedback.place_needed"},
		{"six photos", func(s *submission) { s.Photos = []string{"1", "2", "3", "4", "5", "6"} }, "photos", "feedback.too_many_photos"},
		{"one photo twice", func(s *submission) { s.Photos = []string{"1", "2", "1"} }, "photos.2", "feedback.photo_twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			tt.change(&s)
			err := s.clean()
			if tt.key == "" {
				if err != nil || s.Photos == nil {
					t.Errorf("got %v, photos %v", err, s.Photos)
				}
				return
			}
			wantField(t, err, tt.path, tt.key)
		})
	}
}

func TestCleanText(t *testing.T) {
	if got, want := cleanText("  Đường\x00 \u0007hỏng\r\n nặng\t "), "Đường hỏng\n nặng"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if a, b := cleanText("ho\u0323c"), cleanText("học"); a != b {
		t.Errorf("%q and %q are stored differently", a, b)
	}
}

func TestRoute(t *testing.T) {
	c := configstest.City(t)
	tests := []struct {
		name       string
		place      Place
		category   string
		ward, unit string
		path, key  string
	}{
		{name: "opera house", place: point(20.8578, 106.6810), category: lamp, ward: operaWard, unit: operaUnit},
		{name: "department", place: point(20.8578, 106.6810), category: cut, ward: operaWard, unit: "power"},
		{name: "not sure", place: point(20.8578, 106.6810), ward: operaWard, unit: operaUnit},
		{name: "point wins", place: withAddress(point(20.8578, 106.6810), "phường Đồ Sơn"), ward: operaWard, unit: operaUnit},
		{name: "address", place: Place{Address: "số 12, phuong hong bang"}, ward: operaWard, unit: operaUnit},
		{name: "Hà Nội", place: point(21.0285, 105.8542), path: "place", key: "feedback.outside_city"},
		{name: "the sea", place: point(0, 0), path: "place", key: "feedback.outside_city"},
		{name: "another province", place: Place{Address: "phường Bến Nghé, quận 1, thành phố Hồ Chí Minh"}, path: "place", key: "feedback.outside_city"},
		{name: "no ward named", place: Place{Address: "trước số 12 ngõ 34"}, path: "place", key: "feedback.address_unknown"},
		{name: "divided", place: Place{Address: "Thị trấn Trường Sơn, huyện An Lão"}, path: "place", key: "feedback.address_divided"},
		{name: "no such category", place: point(20.8578, 106.6810), category: "nonsense", path: "category", key: "feedback.unknown_category"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ward, unit, err := route(c, tt.place, tt.category)
			if tt.key != "" {
				wantField(t, err, tt.path, tt.key)
				return
			}
			if err != nil || ward.Code != tt.ward || unit.ID != tt.unit {
				t.Errorf("got ward %s, unit %s, %v, want %s, %s", ward.Code, unit.ID, err, tt.ward, tt.unit)
			}
		})
	}
	_, _, err := route(c, Place{Address: "Thị trấn Trường Sơn, huyện An Lão"}, "")
	if names := fmt.Sprint(fault.Of(err).Fields[0].Params["wards"]); !strings.Contains(names, "Phường Phù Liễn") || !strings.Contains(names, "Xã An Lão") {
		t.Errorf("a divided address names %q", names)
	}
}

func withAddress(p Place, address string) Place {
	p.Address = address
	return p
}

// TestMoves tries every state against every other.
func TestMoves(t *testing.T) {
	allowed := map[casework.Status][]casework.Status{
		Received:   {Assigned, Rejected},
		Assigned:   {Assigned, InProgress, Rejected},
		InProgress: {Assigned, Resolved, Rejected},
		Resolved:   {Closed},
	}
	for _, from := range Statuses() {
		for _, to := range Statuses() {
			r := &Report{Case: casework.Case{Status: from, Unit: "a"}}
			err := r.apply(noon, step{to: to, unit: "b", reason: "vì thế", reach: casework.Reach{System: true}})
			want := slices.Contains(allowed[from], to)
			if (err == nil) != want {
				t.Errorf("%s to %s: got %v", from, to, err)
			}
			if f := fault.Of(err); !want && (f.Code != fault.Conflict || f.Params["from"] != string(from) || f.Params["to"] != string(to)) {
				t.Errorf("%s to %s: got %v, want CONFLICT that names both", from, to, err)
			}
			if err == nil && (r.Status != to || r.Unit != "b" || r.Entries != 1) {
				t.Errorf("%s to %s: got %+v", from, to, r.Case)
			}
		}
	}
}

func TestApply(t *testing.T) {
	due := func(category string) time.Time { return noon.Add(time.Duration(len(category)) * time.Hour) }
	base := func(s casework.Status) *Report {
		return &Report{Case: casework.Case{Status: s, Unit: "a", DueAt: noon}, Category: "x"}
	}
	all := casework.Reach{System: true}
	tests := []struct {
		name string
		from casework.Status
		step step
		code fault.Code
	}{
		{"reject needs a reason", Received, step{to: Rejected, reach: all}, fault.Invalid},
		{"reason too long", Assigned, step{to: InProgress, reason: strings.Repeat("x", 501), reach: all}, fault.Invalid},
		{"assigned to the same", Assigned, step{to: Assigned, unit: "a", reach: all}, fault.Conflict},
		{"assigned to the same with another category", Assigned, step{to: Assigned, unit: "a", category: "yy", due: due, reach: all}, ""},
		{"no role", Received, step{to: Assigned, unit: "b"}, fault.Forbidden},
		{"officer", Received, step{to: Assigned, unit: "a", reach: casework.Reach{Roles: []account.Role{account.Officer}}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := base(tt.from)
			err := r.apply(noon, tt.step)
			wantCode(t, err, tt.code)
			if err != nil && (r.Status != tt.from || r.Entries != 0 || r.Category != "x" || !r.DueAt.Equal(noon)) {
				t.Errorf("a refused step changed the report: %+v", r)
			}
			if tt.step.category != "" && (r.Category != "yy" || !r.DueAt.Equal(noon.Add(2*time.Hour))) {
				t.Errorf("got category %s, due %s", r.Category, r.DueAt)
			}
		})
	}
}

func TestPublicTellsNothingPrivate(t *testing.T) {
	lat, lon := 20.85781, 106.68101
	r := &Report{
		Case: casework.Case{
			ID: "secret-owner/secret-id", Owner: "secret-owner", Code: "7K39QMX2A", Status: Received, Unit: operaUnit,
			Timeline: []casework.Entry{{Actor: "secret-officer", Reason: "secret reason"}},
		},
		Description: "Đèn hỏng", Place: Place{Lat: &lat, Lon: &lon, Address: "secret address"}, Photos: []string{"secret-photo"}, Video: "secret-video", InputHash: "secret-hash",
	}
	raw, err := bson.MarshalExtJSON(r.Public(), false, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"secret", "20.857", "106.681"} {
		if strings.Contains(string(raw), s) {
			t.Errorf("the public part holds %q: %s", s, raw)
		}
	}
}

func TestTokens(t *testing.T) {
	r := &Report{Case: casework.Case{Code: "7K39QMX2A"}, Description: "Đèn đường hỏng, đèn không sáng", Place: Place{Address: "12 Lạch Tray"}}
	for _, q := range []string{"den duong", "ĐÈN", "lach tray 12", "hỏng sáng", "7k39qmx2a"} {
		if !r.holds(fold.Words(q)) {
			t.Errorf("%q does not find it among %v", q, r.tokens())
		}
	}
	if r.holds(fold.Words("đèn vàng")) {
		t.Error("found by a word that is not there")
	}
	r.Description = strings.Repeat("từ"+strings.Repeat("x", 50)+" ", 10)
	for i := range 500 {
		r.Description += fmt.Sprintf(" w%d", i)
	}
	if n := len(r.tokens()); n != maxTokens {
		t.Errorf("%d words, want %d", n, maxTokens)
	}
}

// TestLargestReport fills everything that a report may hold with the longest characters: the document stays under 64 KB.
func TestLargestReport(t *testing.T) {
	const wide = "🏮" // four bytes
	lat := 20.8578
	r := &Report{
		Case:        casework.Case{ID: strings.Repeat("i", 73), Owner: strings.Repeat("o", 36), Code: "7K39QMX2A", Status: InProgress, Unit: "ward-11311", CreatedAt: noon},
		Description: strings.Repeat(wide, maxDescription), Category: strings.Repeat("c", 64), Ward: operaWard,
		Place:  Place{Lat: &lat, Lon: &lat, Address: strings.Repeat(wide, 200)},
		Photos: slices.Repeat([]string{strings.Repeat("p", 64)}, maxPhotos), Video: strings.Repeat("v", 64), InputHash: strings.Repeat("h", 64),
	}
	name := message.Text{message.Vietnamese: strings.Repeat("ậ", 60), message.English: strings.Repeat("a", 80)}
	for r.Room() == nil {
		reason := ""
		if len(r.Timeline) < 50 {
			r.Outbound = casework.Outbound{} // the relay is there until the time-line is nearly full
		} else {
			reason = strings.Repeat(wide, casework.MaxText)
		}
		n := r.Record(noon, casework.Entry{Kind: casework.Assigned, From: InProgress, To: InProgress, Unit: strings.Repeat("u", 64), By: casework.Staff, Actor: strings.Repeat("a", 36), Reason: reason})
		slot := "2026-11/11311/" + strings.Repeat("c", 64) + "/in_progress"
		r.Count(noon, casework.Count{ID: eventID(r.ID, n), From: slot, To: slot + "x"})
		r.Tell(casework.Notice{
			ID: eventID(r.ID, n), To: r.Owner, Notice: "in_progress", Case: r.ID, At: noon,
			Params: map[string]string{"code": "7K3-9QM-X2A", "reason": shorten(strings.Repeat(wide, 500), noticeText)}, Names: map[string]message.Text{"unit": name},
		})
	}
	for i := range 40 {
		r.Marks.Add(once.Scope("s", "a", "b", fmt.Sprint(i)), once.Scope("s", "a", "c", fmt.Sprint(i)))
	}
	raw, err := bson.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d entries, %d notices", len(raw), len(r.Timeline), len(r.Pending))
	if len(raw) >= 64<<10 || len(r.Timeline) < 55 || len(r.Pending) < casework.MaxNotices {
		t.Errorf("the largest report has %d bytes with %d entries and %d notices", len(raw), len(r.Timeline), len(r.Pending))
	}
}

// TestTextsExist looks for every key that the code names in the catalogues.
func TestTextsExist(t *testing.T) {
	catalogue := configstest.Texts(t)
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %v, %v", files, err)
	}
	whole := regexp.MustCompile(`"((?:feedback|store|once)\.[a-z_]+(?:\.[a-z_]+)?)"`)
	short := regexp.MustCompile(`a\.(?:text|choices)\((?:c\.Lang|lang), "([a-z_.]+[a-z])"`)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range whole.FindAllSubmatch(src, -1) {
			if key := string(m[1]); key != ReportRelay && key != CommentRelay {
				found++
				if !catalogue.Has(key) {
					t.Errorf("%s: no text %s", name, key)
				}
			}
		}
		for _, m := range short.FindAllSubmatch(src, -1) {
			found++
			if key := "feedback." + string(m[1]); !catalogue.Has(key) {
				t.Errorf("%s: no text %s", name, key)
			}
		}
	}
	if found < 30 {
		t.Errorf("found only %d keys", found)
	}
	for _, s := range Statuses() {
		if key := "feedback.status." + string(s); !catalogue.Has(key) {
			t.Errorf("no text %s", key)
		}
	}
}

func TestStaffUnit(t *testing.T) {
	tests := []struct {
		name, unit, want string
		viewer           account.Viewer
		code             fault.Code
	}{
		{"officer's own by default", "", "ward-1", officer("ward-1"), ""},
		{"officer's own", "ward-1", "ward-1", officer("ward-1"), ""},
		{"officer of another", "ward-2", "", officer("ward-1"), fault.Forbidden},
		{"officer without a unit", "", "", officer(""), fault.Forbidden},
		{"dispatcher, all", "", "", dispatcher(), ""},
		{"dispatcher, one", "ward-2", "ward-2", dispatcher(), ""},
		{"citizen", "ward-1", "", citizen("c"), fault.Forbidden},
		{"guest", "", "", account.Viewer{}, fault.Forbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := staffUnit(tt.viewer, tt.unit)
			if got != tt.want || fault.CodeOf(err) != tt.code {
				t.Errorf("got %q, %v, want %q, %q", got, err, tt.want, tt.code)
			}
		})
	}
}

func TestNewReportsWhatIsMissing(t *testing.T) {
	w := newWorld()
	now := func() time.Time { return noon }
	if _, err := New(t.Context(), w.engine, Deps{}, Config{Retention: time.Hour}, now); err == nil {
		t.Error("a bad setting was taken")
	}
	if _, err := New(t.Context(), w.engine, Deps{}, Config{Retention: 1000 * time.Hour, UnsureHours: 1}, now); err == nil {
		t.Errorf("got %v, want the missing parts named", err)
	}
}
