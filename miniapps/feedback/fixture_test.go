package feedback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// What the program hands to the app must fit.
var (
	_ Media         = (*media.Media)(nil)
	_ Texts         = (*locale.Catalogue)(nil)
	_ Names         = (*account.Accounts)(nil)
	_ media.Cases   = (*App)(nil)
	_ outbox.Source = casework.Carrier(nil)
)

// noon is midday of a Monday in the city.
var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

// Places of the tests: the opera house, and what is there.
const (
	operaWard = "11311"
	operaUnit = "ward-11311"
	opera     = `{"lat": 20.8578, "lon": 106.6810}`
	lamp      = "street-light-out"
	cut       = "power-cut" // a department answers for it
	outage    = `{"description": "Cả ngõ 12 mất điện từ sáng", "category": "power-cut", "place": {"lat": 20.8578, "lon": 106.6810}}`
	dark      = `{"description": "Đèn đường hỏng trước số 12 Lạch Tray", "category": "street-light-out", "place": {"lat": 20.8578, "lon": 106.6810}}`
)

// world is what outlives a process: the store, the media and the inboxes.
type world struct {
	engine store.Engine
	media  *fakeMedia
	inbox  *inbox
	clock  time.Time

	mu      sync.Mutex
	signals []miniapps.CaseRef
	nudges  []string
}

func (w *world) signal(_ context.Context, ref miniapps.CaseRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signals = append(w.signals, ref)
}

func (w *world) nudge(relay string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nudges = append(w.nudges, relay)
}

func newWorld() *world { return worldOn(memory.New()) }

func worldOn(e store.Engine) *world {
	return &world{engine: e, media: newFakeMedia(), inbox: &inbox{}, clock: noon}
}

// open starts a process in the world, which reaches the engine, the media and the inbox while it lives; without a life of its own it lives for ever.
func (w *world) open(t testing.TB, life *storetest.Life) *App {
	t.Helper()
	if life == nil {
		life = &storetest.Life{}
	}
	e := storetest.Mortal{Engine: w.engine, Life: life}
	now := func() time.Time { return w.clock }
	codes, err := casework.NewCodes(t.Context(), e, casework.Config{CodeReservation: 7 * 24 * time.Hour}, now)
	if err != nil {
		t.Fatal(err)
	}
	app, err := New(t.Context(), e, Deps{
		City: configstest.City(t), Media: mortalMedia{w.media, life}, Codes: codes, Texts: configstest.Texts(t), Names: names{},
		Deliver: func(ctx context.Context, n casework.Notice) error {
			return life.Write(func() error { return w.inbox.deliver(ctx, n) })
		},
		Park:   func(context.Context, string, casework.Parked) error { return errors.New("nothing is parked here") },
		Signal: w.signal, Nudge: w.nudge,
	}, Config{Retention: 5 * 365 * 24 * time.Hour, UnsureHours: 40}, now)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// desk is an app with a runner before it.
type desk struct {
	*world
	t      testing.TB
	app    *App
	runner *miniapps.Runner
}

func newDesk(t testing.TB) *desk { return deskIn(t, newWorld()) }

func deskIn(t testing.TB, w *world) *desk {
	d := &desk{world: w, t: t, app: w.open(t, nil)}
	d.runner = miniapptest.NewRunner(t, func() time.Time { return w.clock }, d.app)
	return d
}

func (d *desk) run(v account.Viewer, action, key, input string) (miniapps.Result, error) {
	return d.runner.Run(d.t.Context(), miniapps.Request{App: ID, Action: action, Viewer: v, Key: key, Input: json.RawMessage(input)})
}

func (d *desk) must(v account.Viewer, action, key, input string) miniapps.Result {
	d.t.Helper()
	res, err := d.run(v, action, key, input)
	if err != nil {
		d.t.Fatalf("%s: %v", action, err)
	}
	return res
}

func (d *desk) submit(v account.Viewer, key, input string) *Report {
	d.t.Helper()
	return d.must(v, "submit", key, input).Data.(*Report)
}

// do makes a change by staff.
func (d *desk) do(v account.Viewer, action, id, key string, more map[string]any) (*Report, error) {
	d.t.Helper()
	in := map[string]any{"id": id}
	for k, x := range more {
		in[k] = x
	}
	raw, err := json.Marshal(in)
	if err != nil {
		d.t.Fatal(err)
	}
	res, err := d.run(v, action, key, string(raw))
	if err != nil {
		return nil, err
	}
	return res.Data.(*Report), nil
}

// carry lets all relays work until nothing is left.
func (d *desk) carry() { d.t.Helper(); carryAll(d.t, d.app) }

func carryAll(t testing.TB, app *App) {
	t.Helper()
	for name, r := range app.Relays() {
		for range 20 {
			ids, err := r.Due(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(ids) == 0 {
				break
			}
			for _, id := range ids {
				if err := r.Carry(t.Context(), id); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
	}
}

func citizen(subject string) account.Viewer {
	return account.Viewer{Account: subject, Subject: subject, Subjects: []string{subject}, Session: "s", Assurance: account.Phone}
}

func officer(unit string) account.Viewer {
	v := citizen("officer-" + unit)
	v.Roles, v.Unit = []account.Role{account.Officer}, unit
	return v
}

func dispatcher() account.Viewer {
	v := citizen("dispatcher")
	v.Roles = []account.Role{account.Dispatcher}
	return v
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// wantField wants INVALID about one field with that text.
func wantField(t testing.TB, err error, path, key string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Code != fault.Invalid || len(f.Fields) != 1 || strings.Join(f.Fields[0].Path, ".") != path || f.Fields[0].Key != key {
		t.Errorf("got %v, want INVALID %s at %s", err, key, path)
	}
}

// names gives everybody the same name.
type names struct{}

func (names) Names(_ context.Context, subjects []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range subjects {
		out[s] = "Nguyễn Thị An"
	}
	return out, nil
}

// inbox keeps notices, once for each id.
type inbox struct {
	mu   sync.Mutex
	list []casework.Notice
}

func (b *inbox) deliver(_ context.Context, n casework.Notice) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.list, func(x casework.Notice) bool { return x.ID == n.ID && x.To == n.To }) {
		b.list = append(b.list, n)
	}
	return nil
}

// of gives the kinds of notices of one subject.
func (b *inbox) of(subject string) (out []string) {
	for _, n := range b.list {
		if n.To == subject {
			out = append(out, n.Notice)
		}
	}
	return out
}

// kinds gives the kinds of all notices.
func (b *inbox) kinds() (out []string) {
	for _, n := range b.list {
		out = append(out, n.Notice)
	}
	return out
}

// fakeMedia holds uploads as media.Media does.
type fakeMedia struct {
	mu    sync.Mutex
	items map[string]*upload
}

type upload struct {
	item  media.Item
	owner string
	ref   media.Ref
}

func newFakeMedia() *fakeMedia { return &fakeMedia{items: map[string]*upload{}} }

func (m *fakeMedia) add(owner, id string, kind media.Kind) {
	m.items[id] = &upload{item: media.Item{ID: id, Kind: kind}, owner: owner}
}

func (m *fakeMedia) Items(_ context.Context, ids []string) ([]media.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []media.Item
	for _, id := range ids {
		if u := m.items[id]; u != nil {
			out = append(out, u.item)
		}
	}
	return out, nil
}

func (m *fakeMedia) Attach(_ context.Context, subjects, ids []string, ref media.Ref) ([]media.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var wrong []fault.Field
	for i, id := range ids {
		u := m.items[id]
		if u == nil || !slices.Contains(subjects, u.owner) {
			wrong = append(wrong, fault.Field{Path: []string{strconv.Itoa(i)}, Key: "media.unknown"})
		} else if u.ref != (media.Ref{}) && u.ref != ref {
			wrong = append(wrong, fault.Field{Path: []string{strconv.Itoa(i)}, Key: "media.taken"})
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("media: attach: %w", &fault.Error{Code: fault.Invalid, Fields: wrong})
	}
	for _, id := range ids {
		m.items[id].ref = ref
	}
	return nil, nil
}

// mortalMedia is how a process with a life reaches the media.
type mortalMedia struct {
	*fakeMedia
	*storetest.Life
}

func (m mortalMedia) Attach(ctx context.Context, subjects, ids []string, ref media.Ref) (out []media.Item, err error) {
	err = m.Write(func() (err error) {
		out, err = m.fakeMedia.Attach(ctx, subjects, ids, ref)
		return err
	})
	return out, err
}

// docs gives all documents of a kind as text, by id.
func docs[T any](t testing.TB, c *store.Collection[T]) map[string]string {
	t.Helper()
	out := map[string]string{}
	for doc, err := range c.Find(t.Context(), c.ByID().First(10_000)) {
		if err != nil {
			t.Fatal(err)
		}
		raw, err := bson.MarshalExtJSON(doc, true, false)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.Marshal(fields) // maps are stored in no order
		if err != nil {
			t.Fatal(err)
		}
		out[fmt.Sprint(fields["_id"])] = string(sorted)
	}
	return out
}
