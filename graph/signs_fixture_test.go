package graph_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/intake"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// street has the street signs of the tests' city, as the mini-app gives them to the gateway.
type street struct {
	codes  *platecode.Codes
	base   platecode.Base
	plates *registry.Registry
	reads  storetest.Tally // of plates and stories

	mu     sync.Mutex
	visits []graph.Visit
}

var _ graph.Signs = (*street)(nil)

func (w *world) streetSigns(ctx context.Context, s shared, box *secret.Box) *street {
	w.t.Helper()
	out := &street{}
	var err error
	out.codes, err = platecode.New(box, "HP")
	require.NoError(w.t, err)
	out.base, err = platecode.NewBase("https://city.example")
	require.NoError(w.t, err)
	out.plates, err = registry.Open(ctx, &storetest.Watched{Engine: w.engine.Engine, Before: out.reads.Note}, registry.Deps{City: s.city, Codes: out.codes, Numbers: out.codes.Numbers().Parse, Now: time.Now})
	require.NoError(w.t, err)
	w.signs = out
	return out
}

func (s *street) Look(ctx context.Context, text string, v graph.Visit) (registry.Coded, error) {
	s.mu.Lock()
	s.visits = append(s.visits, v)
	s.mu.Unlock()
	missing := fault.New(fault.NotFound, "signs.not_ours")
	found, ok := s.codes.FromText(text, s.base)
	if !ok {
		return registry.Coded{}, missing
	}
	if found.Number > 0 {
		p, err := s.plates.PlateByNumber(ctx, found.Number)
		return registry.Coded{State: "number", Plate: p}, err
	}
	c, err := s.plates.PlateByCode(ctx, string(found.Code))
	if err == nil && c.State == registry.Unknown {
		err = missing
	}
	return c, err
}

func (s *street) Numbered(text string) bool {
	found, ok := s.codes.FromText(text, s.base)
	return ok && found.Number > 0
}

func (s *street) Here(p *registry.Plate, lang message.Lang) []miniapps.Suggestion {
	place := map[string]any{"lat": p.Place.Lat, "lon": p.Place.Lon, "address": p.Street}
	return []miniapps.Suggestion{{
		App: "feedback", Action: "submit", Input: map[string]any{"place": place}, Label: message.Text{message.Vietnamese: "Phản ánh ở đây", message.English: "Report here"},
	}}
}

func (s *street) Number(p *registry.Plate) string { return s.codes.Numbers().Format(p.Number) }

func (s *street) Link(code string) string { return s.base.Link(platecode.Code(code)) }

func (s *street) Registry() *registry.Registry { return s.plates }

// lastVisit gives the latest look.
func (s *street) lastVisit() graph.Visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits[len(s.visits)-1]
}

// code gives the code that a plate has now.
func (s *street) code(t testing.TB, number int) string {
	t.Helper()
	p, err := s.plates.PlateByNumber(t.Context(), number)
	require.NoError(t, err)
	now, ok := p.Current()
	require.True(t, ok)
	return now.Code
}

// signedWorld is a city with the sample of signs, and one more work with five plates, told in four languages.
func signedWorld(t testing.TB, options ...func(*graph.Settings)) *world {
	t.Helper()
	w := newWorld(t, options...)
	rows, err := sampleRows()
	require.NoError(t, err)
	_, err = intake.New(intake.Deps{Registry: w.signs.plates}).Apply(t.Context(), rows, intake.Options{By: "importer"})
	require.NoError(t, err)
	_, err = w.signs.plates.PutStory(t.Context(), tower(), "importer")
	require.NoError(t, err)
	for i := range 5 {
		_, err = w.signs.plates.PutPlate(t.Context(), towerPlate(9001+i), "importer")
		require.NoError(t, err)
	}
	return w
}

// sampleRows are the rows of the sample, as a registry with nothing in it is to take them. They take long to check, and never change.
var sampleRows = sync.OnceValues(func() ([]intake.Row, error) {
	s, err := load()
	if err != nil {
		return nil, err
	}
	box, err := secret.Open(s.keys)
	if err != nil {
		return nil, err
	}
	codes, err := platecode.New(box, "HP")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	plates, err := registry.Open(ctx, memory.New(), registry.Deps{City: s.city, Codes: codes, Numbers: codes.Numbers().Parse, Now: time.Now})
	if err != nil {
		return nil, err
	}
	files, err := sampleFiles()
	if err != nil {
		return nil, err
	}
	rep, rows, err := intake.New(intake.Deps{Registry: plates}).Check(ctx, files, "importer")
	if err == nil && rep.Faulty() > 0 {
		err = fmt.Errorf("the sample has %d faulty rows", rep.Faulty())
	}
	return rows, err
})

func sampleFiles() (out []intake.File, err error) {
	err = fs.WalkDir(configs.Files, "cities/haiphong/signs", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "README.md" {
			return err
		}
		data, err := fs.ReadFile(configs.Files, path)
		out = append(out, intake.File{Name: d.Name(), Data: data})
		return err
	})
	return out, err
}

// towerLat and towerLon are on an island, far from the plates of the sample.
const towerLat, towerLon = 20.13280, 107.72760

// tower is a work with everything that a story can have.
func tower() registry.StoryRow {
	words := func(title, text string) registry.Words { return registry.Words{Title: title, Text: text} }
	return registry.StoryRow{
		ID: "hai-dang", Kind: registry.Work, Former: []string{"Đèn Tây"}, Sources: []string{"Sử đảo"},
		Texts: map[string]registry.TextRow{
			"vi": {Words: registry.Words{Title: "Hải đăng", NamedAfter: "Đảo", Dates: "1892", Text: "Ngọn đèn.\n\nCòn sáng."}, State: registry.Approved, ReviewedBy: "Sở Văn hóa"},
			"en": {Words: words("Lighthouse", "A light."), State: registry.Draft},
			"fr": {Words: words("Phare", "Une lumière."), State: registry.Draft}, "zh-Hans": {Words: words("灯塔", "灯。"), State: registry.Draft},
		},
		Pictures: []registry.Picture{
			{URL: "https://anh.example/den.jpg", Credit: "Bảo tàng", Alt: map[string]string{"vi": "Ngọn đèn", "en": "The light"}},
			{Media: "m1", Credit: "Thư viện"},
		},
		Audio: []registry.Recording{{Lang: "vi", Media: "m2", Credit: "Đài"}, {Lang: "en", URL: "https://am.example/den.mp3"}},
	}
}

func towerPlate(number int) registry.PlateRow {
	return registry.PlateRow{
		Number: number, Story: "hai-dang", Street: "Đường Hải Đăng", Address: "Chân đèn", Side: registry.Wall,
		Lat: towerLat + float64(number-9001)*20/111_195, Lon: towerLon, Batch: "HP-2026-01", Installed: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Condition: registry.Worn,
	}
}

// newWorldWithoutSigns is a city that has put up none.
func newWorldWithoutSigns(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	deps := w.deps
	deps.Signs, deps.Reg = nil, prometheus.NewRegistry()
	handler, err := graph.New(settings(), deps)
	require.NoError(t, err)
	bare := &world{t: t, handler: handler}
	bare.listen()
	return bare
}

// column gives one field of all nodes of a connection.
func (a answer) column(field string, path ...string) []any {
	edges, _ := a.at(append(slices.Clone(path), "edges")...).([]any)
	out := []any{}
	for _, e := range edges {
		edge, _ := e.(map[string]any)
		node, _ := edge["node"].(map[string]any)
		out = append(out, node[field])
	}
	return out
}
