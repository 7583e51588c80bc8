package signs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/intake"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// noon is midday of a Monday in the city.
var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

// world is the app over a store of its own, with a few sample signs: two streets and a work.
type world struct {
	app   *App
	cases map[string]damage.Raise // by id
	ended map[string]bool
	mu    sync.Mutex
}

const (
	number = "HP-00002-1"              // on Điện Biên Phủ, in the ward of Hồng Bàng
	unit   = "ward-11311"              // looks after it
	other  = "https://evil.example/s/" // somebody else's address
	domain = "https://city.example"

	category = "traffic-sign" // that cases are counted under
)

func newWorld(t testing.TB) *world {
	t.Helper()
	base, err := platecode.NewBase(domain)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{cases: map[string]damage.Raise{}, ended: map[string]bool{}}
	w.app, err = New(t.Context(), memory.New(), Deps{
		City: configstest.City(t), Texts: configstest.Texts(t), Keys: secrettest.Fixed{}, Base: base, Services: services, Raise: w.raise, CaseOpen: w.open,
		Limiter: limit.New(nil, func() time.Time { return noon }, slog.New(slog.DiscardHandler)), Log: slog.New(slog.DiscardHandler), Reg: prometheus.NewRegistry(),
	}, Config{Category: category}, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	w.fill(t, os.DirFS("../../configs/cities/haiphong/signs"))
	return w
}

// services are two that take a place.
func services() []miniapps.Placed {
	return []miniapps.Placed{
		{App: "feedback", Action: miniapps.Action{ID: "submit", Title: message.Text{message.Vietnamese: "Gửi phản ánh"}}, Field: "place"},
		{App: "transit", Action: miniapps.Action{ID: "next", Title: message.Text{message.Vietnamese: "Chuyến sắp tới"}}, Field: "from"},
	}
}

func (w *world) raise(_ context.Context, r damage.Raise) (id, code string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cases[r.Key] = r
	return r.Key, "7K3-9QM-X2B", nil
}

func (w *world) open(_ context.Context, id string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.ended[id], nil
}

// fill stores plates 1 to 9 of the sample, and the stories.
func (w *world) fill(t testing.TB, fsys fs.FS) {
	t.Helper()
	all, err := intake.FromFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	files := slices.DeleteFunc(all, func(f intake.File) bool {
		name := path.Base(f.Name)
		return name != "plates.csv" && name != "dien-bien-phu.yaml" && name != "nha-hat-lon.yaml"
	})
	for i, f := range files {
		if path.Base(f.Name) == "plates.csv" {
			lines := bytes.SplitAfter(f.Data, []byte("\n"))
			kept := lines[:1]
			for _, l := range lines[1:] {
				if bytes.Contains(l, []byte(",dien-bien-phu,")) || bytes.Contains(l, []byte(",nha-hat-lon,")) {
					kept = append(kept, l)
				}
			}
			files[i].Data = bytes.Join(kept, nil)
		}
	}
	report, rows, err := w.app.Intake().Check(t.Context(), files, "test")
	if err != nil || report.Faulty() > 0 {
		t.Fatal(err, report.Faults)
	}
	if _, err := w.app.Intake().Apply(t.Context(), rows, intake.Options{By: "test"}); err != nil {
		t.Fatal(err)
	}
}

// plate gives the plate with the number above.
func (w *world) plate(t testing.TB) registry.Plate {
	t.Helper()
	p, err := w.app.Registry().PlateByNumber(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) code(t testing.TB) string {
	t.Helper()
	p := w.plate(t)
	c, ok := p.Current()
	if !ok {
		t.Fatal("the plate has no code")
	}
	return c.Code
}

// fingerprint describes all that is kept, codes and counts left out of what a repeat may not change.
func (w *world) fingerprint(ctx context.Context) (string, error) {
	var out strings.Builder
	for p, err := range w.app.Registry().AllPlates(ctx) {
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&out, p)
	}
	for s, err := range w.app.Registry().AllStories(ctx) {
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&out, s)
	}
	told, err := w.app.Damage().List(ctx, "", 100, "")
	raw, _ := json.Marshal(told.Items)
	out.Write(raw)
	return out.String(), err
}

func TestConformance(t *testing.T) {
	t.Parallel()
	miniapptest.Run(t, func(t *testing.T) miniapptest.Fixture {
		t.Helper()
		w := newWorld(t)
		return miniapptest.Fixture{
			App: w.app, Now: func() time.Time { return noon }, Samples: samples(w), Fingerprint: w.fingerprint,
			Count: func(ctx context.Context) (int, error) {
				told, err := w.app.Damage().List(ctx, "", 100, "")
				n := len(told.Items)
				for p, err := range w.app.Registry().AllPlates(ctx) {
					if err != nil {
						return 0, err
					}
					n += len(p.History)
				}
				for s, err := range w.app.Registry().AllStories(ctx) {
					if err != nil {
						return 0, err
					}
					n += len(s.History)
				}
				return n, err
			},
		}
	})
}

func samples(w *world) []miniapptest.Sample {
	const about = `{"number": "` + number + `", `
	words := func(text string) string {
		return `{"story": "dien-bien-phu", "lang": "fr", "title": "Rue Điện Biên Phủ", "text": "` + text + `"}`
	}
	return []miniapptest.Sample{
		{Action: "show", Input: `{"sign": "` + number + `"}`},
		{Name: "show by code", Action: "show", Prepare: func(t testing.TB, _ miniapptest.Do, s *miniapptest.Sample) {
			s.Input = fmt.Sprintf(`{"sign": %q}`, w.code(t))
		}},
		{Action: "near", Input: `{"place": {"lat": 20.862, "lon": 106.6806}}`},
		{Name: "near an address", Action: "near", Input: `{"place": {"address": "dien bien phu"}}`},
		{Action: "find", Input: `{"text": "dien bien phu", "ward": "11311"}`},
		{Action: "damaged", Input: `{"sign": "` + number + `", "kind": "damaged", "note": "Gãy chân"}`, Other: `{"sign": "` + number + `", "kind": "fake"}`},
		{Action: "plate", Input: `{"sign": "` + number + `"}`},
		{Action: "list", Input: `{"text": "dien bien phu", "first": 2}`},
		{Name: "list by condition", Action: "list", Input: `{"unit": "` + unit + `", "conditions": ["good", "worn"]}`},
		{Action: "reissue", Input: about + `"reason": "Biển gãy"}`, Other: about + `"reason": "Mã bị sao chép"}`},
		{Action: "revoke", Input: about + `"reason": "Biển gãy"}`, Other: about + `"reason": "Mã bị sao chép"}`},
		{Action: "condition", Input: about + `"condition": "worn"}`, Other: about + `"condition": "missing"}`},
		{Action: "translate", Input: words("Une victoire."), Other: words("Une bataille.")},
		{Action: "review", Input: `{"story": "dien-bien-phu", "lang": "vi", "revision": 1}`, Other: `{"story": "dien-bien-phu", "lang": "en", "revision": 1}`},
		{Action: "story", Input: `{"story": "dien-bien-phu"}`},
		{Action: "events", Input: `{"settled": true}`},
		{Action: "settle", Prepare: func(t testing.TB, _ miniapptest.Do, s *miniapptest.Sample) {
			s.Input = fmt.Sprintf(`{"id": %q, "note": "Đã gỡ mã giả"}`, w.event(t))
		}},
		{Action: "silent", Input: `{"days": 1}`},
		{Action: "heat", Input: `{"ward": "11311", "from": "2026-11-10", "to": "2026-11-16"}`},
		{Name: "heat of all wards", Action: "heat", Input: `{}`},
		{Action: "damages", Input: `{"unit": "` + unit + `"}`},
	}
}

// event brings one about and gives its id.
func (w *world) event(t testing.TB) string {
	t.Helper()
	p := w.plate(t)
	w.app.scans.Seen(scans.Scan{Plate: p.ID, Ward: p.Ward, State: registry.Current, Face: scans.Web, At: noon, Said: scans.SaidElsewhere})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.app.scans.Run(ctx); err != nil { // writes what has come
		t.Fatal(err)
	}
	page, err := w.app.scans.Events(t.Context(), true, 1, "")
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%d events, %v", len(page.Items), err)
	}
	return page.Items[0].ID
}

// TestLook opens a sign by everything that names it, and by nothing else.
func TestLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(t)
	revoked := code
	p, err := w.app.Registry().Reissue(t.Context(), registry.PlateID(2), "", "Gãy", registry.Act{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	code = p.Codes[1].Code
	for text, want := range map[string]registry.CodeState{
		code: registry.Current, strings.ToLower(code): registry.Current, domain + "/s/" + code: registry.Current, strings.ToUpper(domain+"/s/") + code + "?lang=en": registry.Current,
		revoked: registry.Ended, number: ByNumber, "hp 00002 1": ByNumber, "00002-1": ByNumber, domain + "/s/" + number: ByNumber,
	} {
		got, err := w.app.Look(t.Context(), text, Visit{Face: scans.Chat})
		if err != nil || got.State != want || got.Plate.Number != 2 {
			t.Errorf("%q: %v of plate %d, %v; want %s", text, got.State, got.Plate.Number, err, want)
		}
	}
	for text, want := range map[string]fault.Code{
		"HP-00002-7": fault.Invalid, "xin chào": fault.Invalid, "": fault.Invalid, "HP-00003-7x": fault.Invalid,
		other + code: fault.NotFound, "0000000000000": fault.NotFound, domain + "/s/0000000000000": fault.NotFound, "HP-99999-1": fault.Invalid,
	} {
		if _, err := w.app.Look(t.Context(), text, Visit{Face: scans.Chat}); fault.CodeOf(err) != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestHere offers every service that takes a place, with the plate's own, and the report of damage.
func TestHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.plate(t)
	got := w.app.Here(&p, message.Vietnamese)
	want := []string{"feedback.submit place", "transit.next from", "signs.damaged sign"}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i, s := range got {
		for field, v := range s.Input {
			if name := s.App + "." + s.Action + " " + field; name != want[i] {
				t.Errorf("%s, want %s", name, want[i])
			}
			if place, ok := v.(map[string]any); ok && (place["lat"] != p.Place.Lat || !strings.Contains(place["address"].(string), "Phường Hồng Bàng") || !strings.Contains(place["address"].(string), p.Street)) {
				t.Errorf("%s: %v", want[i], place)
			}
		}
	}
}

// TestOfficersReachTheirOwn lets an officer see and change the plates of the own unit only.
func TestOfficersReachTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	officer := func(of string) account.Viewer {
		v := miniapptest.Dispatcher()
		v.Roles, v.Unit = []account.Role{account.Officer}, of
		return v
	}
	for name, tt := range map[string]struct {
		action, input, unit string
		want                fault.Code
	}{
		"own file":            {"plate", `{"sign": "` + number + `"}`, unit, ""},
		"another's file":      {"plate", `{"sign": "` + number + `"}`, "ward-11383", fault.NotFound},
		"own condition":       {"condition", `{"number": "` + number + `", "condition": "worn"}`, unit, ""},
		"another's condition": {"condition", `{"number": "` + number + `", "condition": "worn"}`, "ward-11383", fault.NotFound},
		"own list":            {"list", `{}`, unit, ""},
		"another's list":      {"list", `{"unit": "` + unit + `"}`, "ward-11383", fault.Forbidden},
		"revoke":              {"revoke", `{"number": "` + number + `", "reason": "Biển gãy"}`, unit, fault.Forbidden},
		"events":              {"events", `{}`, unit, fault.Forbidden},
		"silent":              {"silent", `{}`, unit, ""},
		"no unit":             {"damages", `{}`, "", fault.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run.Run(t.Context(), miniapps.Request{App: ID, Action: tt.action, Input: []byte(tt.input), Viewer: officer(tt.unit), Key: name})
			if fault.CodeOf(err) != tt.want {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// TestDamagedBecomesOneCase tells of a plate twice, and again after the case has ended.
func TestDamagedBecomesOneCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	tell := func(key string) Told {
		t.Helper()
		res, err := run.Run(t.Context(), miniapps.Request{App: ID, Action: ActionDamaged, Input: []byte(`{"sign": "` + number + `", "kind": "damaged"}`), Viewer: miniapptest.Citizen(), Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return res.Data.(Told)
	}
	for i, key := range []string{"1", "2", "2"} {
		if got, want := tell(key), (Told{number, "7K3-9QM-X2B", min(i+1, 2)}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if len(w.cases) != 1 {
		t.Fatalf("%d cases", len(w.cases))
	}
	for id, r := range w.cases {
		if r.Unit != unit || r.Category != category || !strings.Contains(r.Description, number) {
			t.Errorf("%+v", r)
		}
		w.ended[id] = true
	}
	if got := tell("3"); got.Taps != 1 || len(w.cases) != 2 {
		t.Errorf("%+v of %d cases", got, len(w.cases))
	}
}

// TestCategoryIsTheCitys: what no report can be counted under is found at the start.
func TestCategoryIsTheCitys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := New(t.Context(), memory.New(), w.app.deps, Config{Category: "street-sings"}, time.Now); err == nil || !strings.Contains(err.Error(), "street-sings") {
		t.Errorf("got %v", err)
	}
}

// TestMended: what is offered to whoever has settled a case can be done as it is.
func TestMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.plate(t)
	if _, err := w.app.plates.SetCondition(t.Context(), p.ID, registry.Missing, "", registry.Act{By: "test"}); err != nil {
		t.Fatal(err)
	}
	next := w.app.Mended(p.ID, "7K3-9QM-X2B")
	in, err := json.Marshal(next[0].Input)
	if err != nil {
		t.Fatal(err)
	}
	run := miniapptest.NewRunner(t, func() time.Time { return noon }, w.app)
	if _, err := run.Run(t.Context(), miniapps.Request{App: next[0].App, Action: next[0].Action, Input: in, Viewer: miniapptest.Dispatcher(), Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if p = w.plate(t); p.Condition != registry.Good || !p.SeenAt.Equal(noon) || !strings.Contains(p.History[len(p.History)-1].Reason, "7K3-9QM-X2B") {
		t.Errorf("got %+v", p)
	}
}

// TestOtherPrefix declares the numbers of another city.
func TestOtherPrefix(t *testing.T) {
	t.Parallel()
	n, err := platecode.NewNumbers("DNA")
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifestOf(n)
	if err != nil {
		t.Fatal(err)
	}
	text := string(m.Actions[0].Input)
	if !strings.Contains(text, "[Dd][Nn][Aa]") || !strings.Contains(text, n.Format(exampleNumber)) || strings.Contains(text, "HP") {
		t.Error(text)
	}
	if shipped, err := Manifest(); err != nil || !strings.Contains(string(shipped.Actions[0].Input), shippedPrefix) || !strings.Contains(string(shipped.Actions[0].Input), shippedExample) {
		t.Error("the shipped manifest is for another prefix", err)
	}
}
