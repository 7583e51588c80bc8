package notify

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/live"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// templates is a catalogue with one app.
type templates map[string][2]message.Text

func (t templates) Notice(app, id string) (title, text message.Text, ok bool) {
	x, ok := t[app+"/"+id]
	return x[0], x[1], ok
}

var declared = templates{
	"feedback/assigned": {
		{"vi": "Phản ánh {code} đã được chuyển", "en": "Report {code} was passed on"},
		{"vi": "{unit} xử lý trước {due}.", "en": "{unit} will see to it by {due}."},
	},
	"feedback/closed": {{"vi": "Đã đóng"}, {"vi": "Bà con xem {missing}lại giúp."}},
	"feedback/news":   {{"vi": "Tin {n}", "en": "News {n}"}, {"vi": "Nội dung {n}", "en": "Content {n}"}},
	"feedback/storm":  {{"vi": "Bão {n}", "en": "Storm {n}"}, {"vi": "Bà con ở trong nhà.", "en": "Stay inside."}},
	"feedback/moved":  {{"vi": "Việc {n}", "en": "Matter {n}"}, {"vi": "Có tiến triển.", "en": "It moved on."}},
}

func viewer(lang message.Lang, subjects ...string) account.Viewer {
	return account.Viewer{Account: "acc", Subject: subjects[0], Subjects: subjects, Lang: lang}
}

// inBubble gives a test inboxes whose clock is the bubble's.
func inBubble(t *testing.T, f func(t *testing.T, n *Notices, engine store.Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		engine := memory.New()
		hub := live.New(nil, slog.New(slog.DiscardHandler))
		n, err := New(t.Context(), engine, Config{}, declared, hub, time.Now)
		require.NoError(t, err)
		f(t, n, engine)
	})
}

func assigned(id, to string) Notice {
	return Notice{
		ID: id, To: to, App: "feedback", Notice: "assigned", CaseApp: "feedback", CaseID: "c1",
		Params: map[string]any{
			"code": "HP-7K3M",
			"unit": message.Text{"vi": "Phường Hồng Bàng", "en": "Hong Bang Ward"},
			"due":  time.Date(2026, 11, 3, 2, 30, 0, 0, time.UTC),
		},
	}
}

func TestDeliveredOnceAndRead(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, _ store.Engine) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { require.NoError(t, n.Deliver(t.Context(), assigned("e1", "s1"))) })
		}
		wg.Wait()
		vi, err := n.List(t.Context(), viewer("vi", "s1"), 10, "")
		require.NoError(t, err)
		require.Len(t, vi.Items, 1)
		item := vi.Items[0]
		require.Equal(t, "Phản ánh HP-7K3M đã được chuyển", item.Title)
		require.Equal(t, "Phường Hồng Bàng xử lý trước 09:30 03/11/2026.", item.Text)
		require.Equal(t, "c1", item.CaseID)
		require.False(t, item.Read)
		require.True(t, strings.HasPrefix(item.ID, "s1/"))
		en, err := n.Get(t.Context(), viewer("en", "s1"), item.ID)
		require.NoError(t, err)
		require.Equal(t, "Report HP-7K3M was passed on", en.Title)
		require.Equal(t, "Hong Bang Ward will see to it by 09:30 3 Nov 2026.", en.Text)

		for range 2 {
			read, err := n.MarkRead(t.Context(), viewer("vi", "s1"), item.ID)
			require.NoError(t, err)
			require.True(t, read.Read)
		}
		require.NoError(t, n.Deliver(t.Context(), assigned("e1", "s1")), "a repeat after reading")
		again, err := n.Get(t.Context(), viewer("vi", "s1"), item.ID)
		require.NoError(t, err)
		require.True(t, again.Read, "does not make it new")
		require.NoError(t, n.Deliver(t.Context(), assigned("e1", "s2")), "another recipient of the same event")
	})
}

// TestWords proves that a notice says the same on a channel as in the inbox.
func TestWords(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, _ store.Engine) {
		require.NoError(t, n.Deliver(t.Context(), assigned("e1", "s1")))
		for _, lang := range []message.Lang{"vi", "en"} {
			page, err := n.List(t.Context(), viewer(lang, "s1"), 1, "")
			require.NoError(t, err)
			title, text, err := n.Words(assigned("e1", "s1"), lang)
			require.NoError(t, err)
			require.Equal(t, page.Items[0].Title, title)
			require.Equal(t, page.Items[0].Text, text)
		}
		title, text, err := n.Words(Notice{App: "feedback", Notice: "closed"}, "en")
		require.NoError(t, err)
		require.Equal(t, []string{"Đã đóng", "Bà con xem lại giúp."}, []string{title, text}, "a language that is missing falls back")
		_, _, err = n.Words(Notice{App: "gone", Notice: "assigned"}, "vi")
		require.Equal(t, fault.Internal, fault.CodeOf(err))
	})
}

func TestNobodyElseSeesIt(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, _ store.Engine) {
		require.NoError(t, n.Deliver(t.Context(), assigned("e1", "s1")))
		mine, err := n.List(t.Context(), viewer("vi", "s1"), 10, "")
		require.NoError(t, err)
		id := mine.Items[0].ID
		staff := viewer("vi", "s9")
		staff.Roles = []account.Role{account.Administrator}
		for name, v := range map[string]account.Viewer{"another citizen": viewer("vi", "s2"), "staff": staff, "guest": {}} {
			_, err := n.Get(t.Context(), v, id)
			require.Equal(t, fault.NotFound, fault.CodeOf(err), name)
			_, err = n.MarkRead(t.Context(), v, id)
			require.Equal(t, fault.NotFound, fault.CodeOf(err), name)
		}
		other, err := n.List(t.Context(), viewer("vi", "s2"), 10, "")
		require.NoError(t, err)
		require.Empty(t, other.Items)
		_, err = n.List(t.Context(), account.Viewer{}, 10, "")
		require.Equal(t, fault.Unauthorized, fault.CodeOf(err))
		for _, err := range n.Follow(t.Context(), account.Viewer{}) {
			require.Equal(t, fault.Unauthorized, fault.CodeOf(err))
		}
		_, err = n.Get(t.Context(), viewer("vi", "s1"), "s1/nothing")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		for name, want := range map[string]int{"s1": 1, "s2": 0} {
			some, err := n.GetMany(t.Context(), viewer("vi", name), []string{id, "s1/nothing"})
			require.NoError(t, err)
			require.Len(t, some, want, name)
		}
	})
}

func TestInboxMergesSubjectsInPages(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, _ store.Engine) {
		var want []string
		for i := range 7 {
			in := assigned(fmt.Sprint("e", i), fmt.Sprint("s", i%3))
			in.Params["code"] = fmt.Sprint("N", i)
			require.NoError(t, n.Deliver(t.Context(), in))
			time.Sleep(time.Second)
			want = append([]string{fmt.Sprintf("Report N%d was passed on", i)}, want...)
		}
		var got []string
		var after store.Cursor
		for {
			page, err := n.List(t.Context(), viewer("en", "s0", "s1", "s2"), 3, after)
			require.NoError(t, err)
			for _, item := range page.Items {
				got = append(got, item.Title)
			}
			if !page.HasNext {
				break
			}
			after = page.Cursors[len(page.Cursors)-1]
		}
		require.Equal(t, want, got)
	})
}

func TestNoticesExpire(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, engine store.Engine) {
		require.NoError(t, n.Deliver(t.Context(), assigned("e1", "s1")))
		removed, err := engine.Sweep(t.Context(), time.Now().Add(yearOfNotices-time.Hour), 100)
		require.NoError(t, err)
		require.Zero(t, removed)
		removed, err = engine.Sweep(t.Context(), time.Now().Add(yearOfNotices+time.Hour), 100)
		require.NoError(t, err)
		require.Equal(t, 1, removed)
	})
}

func TestUndeclaredNoticeIsOurMistake(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, _ store.Engine) {
		for name, in := range map[string]Notice{
			"unknown notice": {ID: "e", To: "s1", App: "feedback", Notice: "nothing"},
			"unknown app":    {ID: "e", To: "s1", App: "gone", Notice: "assigned"},
			"no recipient":   {ID: "e", App: "feedback", Notice: "assigned"},
			"no id":          {To: "s1", App: "feedback", Notice: "assigned"},
		} {
			require.Equal(t, fault.Internal, fault.CodeOf(n.Deliver(t.Context(), in)), name)
		}
	})
}

func TestFollowYieldsWhatComesLater(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, _ store.Engine) {
		require.NoError(t, n.Deliver(t.Context(), assigned("before", "s1")))
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var got []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for item, err := range n.Follow(ctx, viewer("en", "s1", "s2")) {
				require.NoError(t, err)
				mu.Lock()
				got = append(got, item.Title)
				mu.Unlock()
			}
		}()
		synctest.Wait()
		var want []string
		for i := range 5 {
			in := assigned(fmt.Sprint("e", i), fmt.Sprint("s", 1+i%2))
			in.Params["code"] = fmt.Sprint("N", i)
			want = append(want, fmt.Sprintf("Report N%d was passed on", i))
			require.NoError(t, n.Deliver(ctx, in))
			synctest.Wait()
			require.NoError(t, n.Deliver(ctx, in), "a repeat signals again")
			synctest.Wait()
			time.Sleep(7 * time.Second)
		}
		cancel()
		<-done
		require.Equal(t, want, got)
	})
}

// TestFollowYieldsWhatComesLate is a notice of a replica whose clock is behind, stored after a later one was shown.
func TestFollowYieldsWhatComesLate(t *testing.T) {
	inBubble(t, func(t *testing.T, n *Notices, _ store.Engine) {
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for item, err := range n.Follow(ctx, viewer("en", "s1")) {
				require.NoError(t, err)
				got = append(got, item.CaseID)
			}
		}()
		synctest.Wait()
		clock := n.now
		for i, behind := range []time.Duration{0, overlap - time.Millisecond, 0} {
			time.Sleep(time.Minute)
			for id, late := range map[string]time.Duration{"now": 0, "late": behind} {
				if id == "late" && behind == 0 {
					continue
				}
				n.now = func() time.Time { return clock().Add(-late) }
				in := assigned(fmt.Sprint(id, i), "s1")
				in.CaseID = fmt.Sprint(id, i)
				require.NoError(t, n.Deliver(ctx, in))
				synctest.Wait()
			}
		}
		cancel()
		<-done
		require.ElementsMatch(t, []string{"now0", "now1", "late1", "now2"}, got)
	})
}

func TestParametersAsTexts(t *testing.T) {
	at := time.Date(2026, 2, 16, 17, 5, 0, 0, time.UTC) // after midnight in the city
	tests := []struct {
		name   string
		in     any
		vi, en string
	}{
		{"string", "HP-1", "HP-1", "HP-1"},
		{"text", message.Text{"vi": "một", "en": "one"}, "một", "one"},
		{"text in one language", message.Text{"vi": "một"}, "một", "một"},
		{"time", at, "00:05 17/02/2026", "00:05 17 Feb 2026"},
		{"number", 3, "3", "3"},
		{"number out of JSON", 40.5, "40.5", "40.5"},
		{"large number out of JSON", 1_000_000.0, "1000000", "1000000"},
		{"nothing", nil, "", ""},
		{"long", strings.Repeat("ạ", maxParam+1), strings.Repeat("ạ", maxParam) + "…", strings.Repeat("ạ", maxParam) + "…"},
		{"braces in a value stay words", "{code}", "{code}", "{code}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fill(message.Text{"vi": "[{p}]", "en": "[{p}]"}, textsOf(map[string]any{"p": tt.in, "code": "no"}))
			require.Equal(t, message.Text{"vi": "[" + tt.vi + "]", "en": "[" + tt.en + "]"}, got)
		})
	}
	require.Equal(t, "Bà con xem lại giúp.", fill(declared["feedback/closed"][1], nil).In("en"), "a missing parameter leaves no braces")
}

func TestConfig(t *testing.T) {
	require.NoError(t, Config{}.Validate())
	require.ErrorContains(t, Config{Retention: -1}.Validate(), "retention:")
}
