package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var _ outbox.Source = Relay{}

// noon is midday of a Monday in the city.
var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

const opera = "11311" // a ward

// crowd is an audience in memory.
type crowd struct {
	mu     sync.Mutex
	told   map[string]Announcement // by id and revision
	wards  map[string][]string     // by subject
	people int                     // that every bulletin reaches
	down   bool
	amid   func() // runs within Announce
}

func (c *crowd) Announce(_ context.Context, n Announcement) error {
	if amid := c.amid; amid != nil {
		c.amid = nil
		amid()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return fault.New(fault.Unavailable, "")
	}
	c.told[fmt.Sprintf("%s/%d", n.ID, n.Revision)] = n
	return nil
}

func (c *crowd) Reach(context.Context, []string, int) (int, error) { return c.people, nil }

func (c *crowd) Progress(_ context.Context, id string) (Progress, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := 0
	for _, n := range c.told {
		if n.ID == id {
			last = max(last, n.Revision)
		}
	}
	if last == 0 {
		return Progress{}, fault.New(fault.NotFound, "")
	}
	return Progress{Revision: last, People: c.people, Told: c.people, Done: true}, nil
}

func (c *crowd) Followed(_ context.Context, who miniapps.Citizen) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wards[who.Subject]), nil
}

func (c *crowd) Follow(ctx context.Context, who miniapps.Citizen, wards []string, _ string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wards[who.Subject] = slices.Clone(wards)
	return nil
}

// world is an app with everything around it.
type world struct {
	t      testing.TB
	app    *App
	runner func() *miniapps.Runner // made when it is first used
	crowd  *crowd
	clock  time.Time
	keys   int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: noon, crowd: &crowd{told: map[string]Announcement{}, wards: map[string][]string{}, people: 100}}
	var err error
	w.app, err = New(t.Context(), memory.New(), Deps{City: configstest.City(t), Texts: configstest.Texts(t), Audience: w.crowd}, Config{}, w.now)
	require.NoError(t, err)
	w.runner = sync.OnceValue(func() *miniapps.Runner { return miniapptest.NewRunner(t, w.now, w.app) })
	return w
}

func (w *world) now() time.Time { return w.clock }

func (w *world) try(v account.Viewer, action, input string) (miniapps.Result, error) {
	w.t.Helper()
	w.keys++
	return w.runner().Run(w.t.Context(), miniapps.Request{App: ID, Action: action, Input: json.RawMessage(input), Viewer: v, Key: fmt.Sprint(w.keys)})
}

func (w *world) do(v account.Viewer, action, input string) miniapps.Result {
	w.t.Helper()
	res, err := w.try(v, action, input)
	require.NoError(w.t, err, action)
	return res
}

// carry lets the relay work until nothing is due, and gives how much it carried.
func (w *world) carry() (n int) {
	w.t.Helper()
	for {
		ids, err := w.app.Relay().Due(w.t.Context(), 10)
		require.NoError(w.t, err)
		if len(ids) == 0 {
			return n
		}
		for _, id := range ids {
			require.NoError(w.t, w.app.Relay().Carry(w.t.Context(), id))
			n++
		}
	}
}

func second() account.Viewer {
	v := miniapptest.Stranger()
	v.Roles = []account.Role{account.Dispatcher}
	return v
}

const (
	flood  = `{"kind": "flood", "severity": "advisory", "wards": ["11311"], "title": "Ngập sâu đường Lạch Tray", "text": "Tránh đi qua từ 17 giờ.", "titleEn": "Deep water", "until": "2026-11-16T14:00:00Z"}`
	typhon = `{"kind": "storm", "severity": "danger", "title": "Bão số 9", "text": "Bà con ở trong nhà.", "until": "2026-11-17T14:00:00Z"}`
)

func TestOnePersonIsEnoughForALittleOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.do(miniapptest.Dispatcher(), "publish", flood).Data.(*Bulletin)
	require.Equal(t, Active, b.State)
	require.Equal(t, 1, b.Revision)
	require.Equal(t, 1, w.carry())
	n := w.crowd.told[b.ID+"/1"]
	require.Equal(t, "advisory", n.Notice)
	require.Equal(t, []string{opera}, n.Wards)
	require.Contains(t, n.Params["wards"].(message.Text)["vi"], "Phường")
	require.Zero(t, w.carry(), "told once")
	shown := w.do(miniapptest.Citizen(), "current", `{"ward": "11311"}`)
	require.Len(t, shown.Data.(currentData).Bulletins, 1)
	require.Empty(t, w.do(miniapptest.Citizen(), "current", `{"ward": "11413"}`).Data.(currentData).Bulletins)
	w.clock = noon.Add(10 * time.Hour)
	require.Empty(t, w.do(miniapptest.Citizen(), "current", `{}`).Data.(currentData).Bulletins, "its time is over")
}

func TestTwoPersonsForAGreatOne(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]string{"danger": typhon, "many": flood} {
		w := newWorld(t)
		if name == "many" {
			w.crowd.people = 2000
		}
		b := w.do(miniapptest.Dispatcher(), "publish", input).Data.(*Bulletin)
		require.Equal(t, Pending, b.State, name)
		require.Zero(t, w.carry(), name)
		require.Empty(t, w.do(miniapptest.Citizen(), "current", `{}`).Data.(currentData).Bulletins, name)
		id := fmt.Sprintf(`{"id": %q, "version": 1}`, b.ID)
		_, err := w.try(miniapptest.Dispatcher(), "approve", id)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err), name)
		b = w.do(second(), "approve", id).Data.(*Bulletin)
		require.Equal(t, Active, b.State, name)
		require.Equal(t, 1, w.carry(), name)
		_, err = w.try(second(), "approve", id)
		require.Equal(t, fault.Conflict, fault.CodeOf(err), name)
	}
}

// TestUpdateIsNoSecondBulletin: what one person told counts together over bulletins, not over what a bulletin said before. When two agreed it is nobody's alone.
func TestUpdateIsNoSecondBulletin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crowd.people = 1500
	b := w.do(miniapptest.Dispatcher(), "publish", flood).Data.(*Bulletin)
	require.Equal(t, Active, b.State)
	update := func(severity string) *Bulletin {
		return w.do(miniapptest.Dispatcher(), "update", fmt.Sprintf(`{"id": %q, "severity": %q, "wards": ["11311"], "title": "Ngập", "text": "Nước dâng.", "until": "2026-11-17T04:00:00Z"}`, b.ID, severity)).Data.(*Bulletin)
	}
	b = update("warning")
	require.Nil(t, b.Next)
	require.Equal(t, 2, b.Revision)
	require.NotEmpty(t, b.AloneBy)
	b = update("danger")
	require.NotNil(t, b.Next)
	b = w.do(second(), "approve", fmt.Sprintf(`{"id": %q, "version": %d}`, b.ID, b.Next.Number)).Data.(*Bulletin)
	require.Empty(t, b.AloneBy)
	require.Nil(t, b.AloneAt)
	other := w.do(miniapptest.Dispatcher(), "publish", flood).Data.(*Bulletin)
	require.Equal(t, Active, other.State, "it does not count against whoever wrote it")
}

// TestUpdateWhileItIsTold comes between the handing on of a revision and its record: it is handed on too.
func TestUpdateWhileItIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.do(miniapptest.Dispatcher(), "publish", flood).Data.(*Bulletin)
	w.crowd.amid = func() {
		w.do(miniapptest.Dispatcher(), "update", fmt.Sprintf(`{"id": %q, "severity": "warning", "wards": ["11311"], "title": "Ngập", "text": "Nước dâng.", "until": "2026-11-17T04:00:00Z"}`, b.ID))
	}
	require.Equal(t, 2, w.carry())
	require.Equal(t, "warning", w.crowd.told[b.ID+"/2"].Notice)
}

// TestTooLateToAgree ends with the time until which the version was to hold.
func TestTooLateToAgree(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]fault.Code{-time.Millisecond: "", 0: fault.Conflict, time.Hour: fault.Conflict} {
		b := Bulletin{State: Pending, Next: &Version{Number: 1, Author: "a", Until: noon}}
		require.Equal(t, want, fault.CodeOf(b.approve("b", 1, noon.Add(after))), "%s", after)
	}
}

func TestUpdateAndAllClearReplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.do(miniapptest.Dispatcher(), "publish", typhon).Data.(*Bulletin)
	w.do(second(), "approve", fmt.Sprintf(`{"id": %q, "version": 1}`, b.ID))
	w.carry()
	b = w.do(miniapptest.Dispatcher(), "update", fmt.Sprintf(`{"id": %q, "severity": "info", "wards": ["11311"], "title": "Bão số 9 yếu đi", "text": "Mưa nhỏ.", "until": "2026-11-17T14:00:00Z"}`, b.ID)).Data.(*Bulletin)
	require.NotNil(t, b.Next, "what replaces a great one needs two persons")
	require.Equal(t, "Bão số 9", b.Current.Title["vi"], "people still see what they were told")
	_, err := w.try(second(), "update", fmt.Sprintf(`{"id": %q, "severity": "info", "title": "x", "text": "y", "until": "2026-11-17T14:00:00Z"}`, b.ID))
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "one thing waits at a time")
	w.do(second(), "refuse", fmt.Sprintf(`{"id": %q, "version": 2, "reason": "Chưa có tin chính thức"}`, b.ID))
	w.do(miniapptest.Dispatcher(), "clear", fmt.Sprintf(`{"id": %q, "text": "Bão đã tan."}`, b.ID))
	b = w.do(second(), "approve", fmt.Sprintf(`{"id": %q, "version": 3}`, b.ID)).Data.(*Bulletin)
	require.Equal(t, Cleared, b.State)
	w.carry()
	require.Equal(t, "danger_over", w.crowd.told[b.ID+"/2"].Notice)
	require.Empty(t, w.do(miniapptest.Citizen(), "current", `{}`).Data.(currentData).Bulletins)
	_, err = w.try(miniapptest.Dispatcher(), "clear", fmt.Sprintf(`{"id": %q, "text": "Lần nữa."}`, b.ID))
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
}

// TestApprovedIsWhatWasRead shows that nobody agrees to a text that took the place of the one that they read.
func TestApprovedIsWhatWasRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.do(miniapptest.Dispatcher(), "publish", flood).Data.(*Bulletin)
	update := func(title string) {
		w.do(miniapptest.Dispatcher(), "update", fmt.Sprintf(`{"id": %q, "severity": "danger", "wards": ["11311"], "title": %q, "text": "b", "until": "2026-11-16T14:00:00Z"}`, b.ID, title))
	}
	update("Vỡ đê")
	seen := w.do(second(), "list", `{}`).Data.(listed).Bulletins[0]
	read := fmt.Sprintf(`{"id": %q, "version": %d}`, b.ID, seen.Next.Number)
	require.Equal(t, 2, seen.Next.Number)
	w.do(miniapptest.Dispatcher(), "refuse", fmt.Sprintf(`{"id": %q, "version": 2, "reason": "Viết lại"}`, b.ID))
	update("Sơ tán ngay")
	_, err := w.try(second(), "approve", read)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Equal(t, "alerts.another_version", fault.Of(err).Key)
	_, err = w.try(second(), "refuse", fmt.Sprintf(`{"id": %q, "version": 2, "reason": "Nhầm"}`, b.ID))
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	w.carry()
	require.NotContains(t, w.crowd.told, b.ID+"/2")
	shown := w.do(second(), "list", `{}`)
	require.Contains(t, shown.Blocks[0].(message.Card).Facts, message.Fact{Label: "Bản số", Value: "3"})
	b = w.do(second(), "approve", fmt.Sprintf(`{"id": %q, "version": 3}`, b.ID)).Data.(*Bulletin)
	require.Equal(t, "Sơ tán ngay", b.Current.Title["vi"])
}

// TestManyLittleOnesAreAGreatOne shows that what one person has told within an hour counts together.
func TestManyLittleOnesAreAGreatOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crowd.people = 900
	one, two := miniapptest.Dispatcher(), second()
	first := w.do(one, "publish", flood).Data.(*Bulletin)
	require.Equal(t, Active, first.State)
	require.Equal(t, Active, w.do(one, "publish", flood).Data.(*Bulletin).State)
	require.True(t, w.do(one, "preview", flood).Data.(preview).TwoPersons)
	third := w.do(one, "publish", flood).Data.(*Bulletin)
	require.Equal(t, Pending, third.State)
	require.Equal(t, Active, w.do(two, "publish", flood).Data.(*Bulletin).State, "somebody else has told nobody yet")
	w.do(two, "approve", fmt.Sprintf(`{"id": %q, "version": 1}`, third.ID))
	over := w.do(one, "clear", fmt.Sprintf(`{"id": %q, "text": "Nước đã rút."}`, first.ID)).Data.(*Bulletin)
	require.Equal(t, Cleared, over.State, "an all-clear is not held up")
	require.Equal(t, Active, w.do(one, "publish", flood).Data.(*Bulletin).State, "neither what two agreed to nor what is over counts")
	w.clock = noon.Add(lately + time.Second)
	require.Equal(t, Active, w.do(one, "publish", flood).Data.(*Bulletin).State)
}

// TestAllClearLeavesAsTheWarningDid shows which notice tells that there is nothing to fear any more, and when it may leave.
func TestAllClearLeavesAsTheWarningDid(t *testing.T) {
	t.Parallel()
	m := newWorld(t).app.Manifest()
	for severity, want := range map[Severity]struct {
		notice  string
		urgency miniapps.Urgency
	}{
		Info: {"all_clear", miniapps.Normal}, Advisory: {"all_clear", miniapps.Normal}, Warning: {"all_clear", miniapps.Normal}, Danger: {"danger_over", miniapps.Urgent},
	} {
		v := Version{Severity: severity, Clear: true}
		require.Equal(t, want.notice, v.notice(), severity)
		i := slices.IndexFunc(m.Notices, func(n miniapps.Notice) bool { return n.ID == want.notice })
		require.Equal(t, want.urgency, m.Notices[i].Urgency, severity)
	}
	byID := func(id string) miniapps.Notice {
		return m.Notices[slices.IndexFunc(m.Notices, func(n miniapps.Notice) bool { return n.ID == id })]
	}
	require.Equal(t, byID("all_clear").Title, byID("danger_over").Title, "both say the same")
	require.Equal(t, byID("all_clear").Text, byID("danger_over").Text)
}

// TestProgressIsOfTheLastRevision shows that nobody takes the end of the warning for that of its update.
func TestProgressIsOfTheLastRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.do(miniapptest.Dispatcher(), "publish", flood).Data.(*Bulletin)
	id := fmt.Sprintf(`{"id": %q}`, b.ID)
	progress := func() Progress { return w.do(miniapptest.Dispatcher(), "progress", id).Data.(Progress) }
	require.Zero(t, progress())
	w.carry()
	require.Equal(t, Progress{Revision: 1, People: w.crowd.people, Told: w.crowd.people, Done: true}, progress())
	w.do(miniapptest.Dispatcher(), "clear", fmt.Sprintf(`{"id": %q, "text": "Nước đã rút."}`, b.ID))
	require.Equal(t, Progress{Revision: 1, People: w.crowd.people, Told: w.crowd.people}, progress(), "the all-clear was not handed on yet")
	w.carry()
	require.Equal(t, 2, progress().Revision)
	require.True(t, progress().Done)
}

func TestToldAfterAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.do(miniapptest.Dispatcher(), "publish", flood).Data.(*Bulletin)
	w.crowd.down = true
	require.Error(t, w.app.Relay().Carry(t.Context(), b.ID))
	n, since, err := w.app.Relay().Waiting(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.True(t, since.Equal(noon))
	w.crowd.down = false
	require.Equal(t, 1, w.carry())
}

func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := func(changes map[string]any) string {
		doc := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(flood), &doc))
		maps.Copy(doc, changes)
		raw, err := json.Marshal(doc)
		require.NoError(t, err)
		return string(raw)
	}
	tests := []struct {
		name   string
		viewer account.Viewer
		action string
		input  string
		want   fault.Code
		field  string
	}{
		{"a citizen publishes", miniapptest.Citizen(), "publish", flood, fault.Forbidden, ""},
		{"a ward that is none", miniapptest.Dispatcher(), "publish", with(map[string]any{"wards": []string{"1"}}), fault.Invalid, "wards"},
		{"the past", miniapptest.Dispatcher(), "publish", with(map[string]any{"until": "2026-11-16T04:00:00Z"}), fault.Invalid, "until"},
		{"too long", miniapptest.Dispatcher(), "publish", with(map[string]any{"until": "2027-11-16T04:00:00Z"}), fault.Invalid, "until"},
		{"blanks only", miniapptest.Dispatcher(), "publish", with(map[string]any{"text": "  "}), fault.Invalid, "text"},
		{"no such bulletin", miniapptest.Dispatcher(), "approve", `{"id": "x", "version": 1}`, fault.NotFound, ""},
		{"approved unread", miniapptest.Dispatcher(), "approve", `{"id": "x"}`, fault.Invalid, "version"},
		{"refused unread", miniapptest.Dispatcher(), "refuse", `{"id": "x", "reason": "Nhầm"}`, fault.Invalid, "version"},
		{"no such bulletin's progress", miniapptest.Dispatcher(), "progress", `{"id": "x"}`, fault.NotFound, ""},
		{"a ward that is none, followed", miniapptest.Citizen(), "follow", `{"ward": "1"}`, fault.Invalid, "ward"},
	}
	for _, tt := range tests {
		_, err := w.try(tt.viewer, tt.action, tt.input)
		require.Equal(t, tt.want, fault.CodeOf(err), tt.name)
		if tt.field != "" {
			require.Equal(t, tt.field, fault.Of(err).Fields[0].Path[0], tt.name)
		}
	}
	page, err := w.app.records.list(t.Context(), 10, "")
	require.NoError(t, err)
	require.Empty(t, page.Items)
}

func TestFollowedWardsChooseWhatIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(miniapptest.Dispatcher(), "publish", flood)
	w.do(miniapptest.Citizen(), "follow", `{"ward": "11413"}`)
	require.Empty(t, w.do(miniapptest.Citizen(), "current", `{}`).Data.(currentData).Bulletins)
	w.do(miniapptest.Citizen(), "follow", `{"ward": "11311"}`)
	require.Len(t, w.do(miniapptest.Citizen(), "current", `{}`).Data.(currentData).Bulletins, 1)
	w.do(miniapptest.Citizen(), "unfollow", `{"ward": "11311"}`)
	require.Empty(t, w.do(miniapptest.Citizen(), "current", `{}`).Data.(currentData).Bulletins)
}

func TestWardsArePagedAndFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	for after := ""; ; {
		o := w.do(miniapptest.Citizen(), "wards", page(after)).Data.(miniapps.Options)
		for _, c := range o.Choices {
			require.False(t, seen[c.Value])
			seen[c.Value] = true
		}
		if after = o.After; after == "" {
			break
		}
	}
	require.Len(t, seen, 114)
	found := w.do(miniapptest.Citizen(), "wards", `{"text": "hong bang"}`).Data.(miniapps.Options).Choices
	require.Len(t, found, 1)
	require.Equal(t, opera, found[0].Value)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	miniapptest.Run(t, func(t *testing.T) miniapptest.Fixture {
		t.Helper()
		w := newWorld(t)
		kept := func(ctx context.Context) ([]Bulletin, error) {
			return w.app.records.bulletins.Collect(ctx, w.app.records.bulletins.ByID())
		}
		return miniapptest.Fixture{
			App: w.app, Now: w.now, Samples: samples(),
			Fingerprint: func(ctx context.Context) (string, error) {
				all, err := kept(ctx)
				raw, _ := json.Marshal(all)
				w.crowd.mu.Lock()
				defer w.crowd.mu.Unlock()
				return fmt.Sprint(string(raw), w.crowd.wards), err
			},
			Count: func(ctx context.Context) (int, error) {
				all, err := kept(ctx)
				return len(all), err
			},
		}
	})
}

func samples() []miniapptest.Sample {
	// written makes a bulletin by a person, which the second may approve when it is a great one.
	written := func(by account.Viewer, doc, input string) func(testing.TB, miniapptest.Do, *miniapptest.Sample) {
		return func(_ testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
			b := do(miniapps.Request{App: ID, Action: "publish", Input: json.RawMessage(doc), Viewer: by, Key: "prepared"}).Data.(*Bulletin)
			s.Input = fmt.Sprintf(input, b.ID)
		}
	}
	return []miniapptest.Sample{
		{Action: "current"},
		{Action: "follow", Input: `{"ward": "11311"}`},
		{Action: "unfollow", Input: `{"ward": "11311"}`},
		{Action: "wards", Input: `{"text": "hồng bàng"}`},
		{Action: "preview", Input: `{"severity": "warning", "title": "a", "text": "b", "until": "2026-11-16T14:00:00Z"}`},
		{Action: "publish", Input: flood, Other: typhon, Opens: true},
		{Action: "update", Prepare: written(miniapptest.Dispatcher(), flood, `{"id": %q, "severity": "info", "wards": ["11311"], "title": "a", "text": "b", "until": "2026-11-16T14:00:00Z"}`)},
		{Action: "clear", Prepare: written(miniapptest.Dispatcher(), flood, `{"id": %q, "text": "Nước đã rút"}`)},
		{Action: "approve", Prepare: written(second(), typhon, `{"id": %q, "version": 1}`)},
		{Action: "refuse", Prepare: written(second(), typhon, `{"id": %q, "version": 1, "reason": "Nhầm"}`)},
		{Action: "list", Input: `{"first": 5}`},
		{Action: "progress", Prepare: written(second(), typhon, `{"id": %q}`)},
	}
}

func page(after string) string {
	if after == "" {
		return `{"first": 50}`
	}
	return fmt.Sprintf(`{"after": %q, "first": 50}`, after)
}
