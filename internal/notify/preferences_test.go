package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

func ptr[T any](v T) *T { return &v }

func TestPreferencesAreSetOnce(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		n, v := w.inbox, viewer("vi", "s1")
		p, err := n.Preferences(t.Context(), v)
		require.NoError(t, err)
		require.Equal(t, Preferences{}, p)
		first := Patch{Rules: []RulePatch{{"*", "sms", ptr(false)}, {"feedback.news", "push", ptr(true)}}, Areas: &[]string{"b", "a", "b"}, Lang: ptr(message.English)}
		want := Preferences{Rules: []Rule{{"*", "sms", false}, {"feedback.news", "push", true}}, Areas: []string{"a", "b"}, Lang: "en"}
		for range 2 {
			p, err = n.SetPreferences(t.Context(), v, first, "k1")
			require.NoError(t, err)
			require.Equal(t, want, p)
		}
		second := Patch{Quiet: &QuietHours{Off: true}, DigestHour: ptr(8), Areas: &[]string{}, Rules: []RulePatch{{"*", "sms", nil}}, Interests: &[]string{"parks"}, Lang: ptr(message.Lang(""))}
		want = Preferences{Rules: []Rule{{"feedback.news", "push", true}}, Quiet: &QuietHours{Off: true}, DigestHour: ptr(8), Areas: []string{}, Interests: []string{"parks"}}
		p, err = n.SetPreferences(t.Context(), v, second, "k2")
		require.NoError(t, err)
		require.Equal(t, want.Rules, p.Rules)
		require.Empty(t, p.Areas)
		p, err = n.SetPreferences(t.Context(), v, first, "k1")
		require.NoError(t, err)
		require.Equal(t, want.Rules, p.Rules, "a late repeat changes nothing more")
		require.Equal(t, 8, *p.DigestHour)
		_, err = n.SetPreferences(t.Context(), v, second, "k1")
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		p, err = n.SetPreferences(t.Context(), v, Patch{Quiet: &QuietHours{}, DigestHour: ptr(-1)}, "")
		require.NoError(t, err)
		require.Nil(t, p.Quiet)
		require.Nil(t, p.DigestHour)
		_, err = n.SetPreferences(t.Context(), account.Viewer{}, first, "")
		require.Equal(t, fault.Unauthorized, fault.CodeOf(err))
		_, err = n.Preferences(t.Context(), account.Viewer{})
		require.Equal(t, fault.Unauthorized, fault.CodeOf(err))
	})
}

// TestPreferencesOfAGuestComeAlong is somebody who chose as a guest and then linked an account.
func TestPreferencesOfAGuestComeAlong(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.want(guest("g"), Patch{Areas: &[]string{"1"}, DigestHour: ptr(9)})
		linked := account.Viewer{Account: "acc", Subject: "s1", Subjects: []string{"s1", "g"}, Lang: "vi"}
		for _, subject := range []string{"s1", "g"} {
			w.city.who[subject] = Person{Account: "acc", Subjects: linked.Subjects, Lang: "vi"}
			w.city.push[subject] = []string{"fcm:1"}
		}
		p, err := w.inbox.Preferences(t.Context(), linked)
		require.NoError(t, err)
		require.Equal(t, 9, *p.DigestHour)
		b := storm(1)
		require.NoError(t, w.Announce(t.Context(), b))
		w.sweep()
		require.Len(t, w.city.sent, 1)
		p, err = w.inbox.SetPreferences(t.Context(), linked, Patch{DigestHour: ptr(10)}, "k")
		require.NoError(t, err)
		require.Equal(t, []string{"1"}, p.Areas, "what was chosen before stays chosen")
		b.ID = "b2"
		require.NoError(t, w.Announce(t.Context(), b))
		w.sweep()
		require.Len(t, w.city.sent, 2, "one letter, although there are two documents now")
		progress, err := w.Progress(t.Context(), "b2")
		require.NoError(t, err)
		require.Equal(t, Progress{Revision: 1, Total: 1, Posted: 1, Sent: 1, Done: true}, progress)
		removed, err := w.engine.Sweep(t.Context(), time.Now().Add(guestWishes+time.Hour), 100)
		require.NoError(t, err)
		require.NotZero(t, removed)
		p, err = w.inbox.Preferences(t.Context(), linked)
		require.NoError(t, err)
		require.Equal(t, 10, *p.DigestHour, "those of an account stay")
	})
}

// TestPreferencesOfAGuestEnd a year after they were last set.
func TestPreferencesOfAGuestEnd(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.want(guest("g"), Patch{DigestHour: ptr(9)})
		time.Sleep(30 * day)
		w.want(guest("g"), Patch{DigestHour: ptr(10)})
		last := time.Now()
		for _, tt := range []struct {
			after time.Duration
			want  *int
		}{{guestWishes - time.Minute, ptr(10)}, {guestWishes + time.Minute, nil}} {
			_, err := w.engine.Sweep(t.Context(), last.Add(tt.after), 100)
			require.NoError(t, err)
			p, err := w.inbox.Preferences(t.Context(), guest("g"))
			require.NoError(t, err)
			require.Equal(t, tt.want, p.DigestHour)
		}
	})
}

func TestPreferencesSayWhatIsWrong(t *testing.T) {
	many := make([]string, MaxAreas+1)
	rules := make([]RulePatch, maxRules+1)
	for i := range many {
		many[i] = fmt.Sprint("w", i)
	}
	for i := range rules {
		rules[i] = RulePatch{Kind: fmt.Sprint("app", i), Channel: "sms", On: ptr(true)}
	}
	tests := []struct {
		name string
		p    Patch
		path string
		key  string
	}{
		{"kind", Patch{Rules: []RulePatch{{"*", "sms", nil}, {"Feedback!", "sms", nil}}}, "rules.1.kind", "unknown_kind"},
		{"kind that no app declares", Patch{Rules: []RulePatch{{"feedback", "sms", ptr(true)}, {"feedback.storn", "sms", ptr(false)}}}, "rules.1.kind", "unknown_kind"},
		{"app that there is not", Patch{Rules: []RulePatch{{"bogus", "sms", ptr(false)}}}, "rules.0.kind", "unknown_kind"},
		{"channel", Patch{Rules: []RulePatch{{"feedback", "fax", nil}}}, "rules.0.channel", "unknown_channel"},
		{"rules", Patch{Rules: rules}, "rules", "too_many_rules"},
		{"from", Patch{Quiet: &QuietHours{Quiet: Quiet{"25:00", "06:00"}}}, "quietHours.from", "bad_time"},
		{"to", Patch{Quiet: &QuietHours{Quiet: Quiet{"22:00", "6:00"}}}, "quietHours.to", "bad_time"},
		{"half", Patch{Quiet: &QuietHours{Quiet: Quiet{"22:00", ""}}}, "quietHours.to", "bad_time"},
		{"hour", Patch{DigestHour: ptr(24)}, "digestHour", "bad_hour"},
		{"language", Patch{Lang: ptr(message.Lang("fr"))}, "language", "bad_language"},
		{"area", Patch{Areas: &[]string{"1", "nowhere"}}, "areas.1", "unknown_area"},
		{"everywhere", Patch{Areas: &[]string{"*"}}, "areas.0", "unknown_area"},
		{"areas", Patch{Areas: &many}, "areas", "too_many_areas"},
		{"interest", Patch{Interests: &[]string{"Ồn ào"}}, "interests.0", "unknown_interest"},
		{"interests", Patch{Interests: &many}, "interests", "too_many_interests"},
	}
	words := configstest.Texts(t)
	inCity(t, func(t *testing.T, w *world) {
		w.inbox.KnowAreas(func(code string) bool { return code != "nowhere" })
		w.inbox.KnowKinds(func(app, notice string) bool { return app != "bogus" && notice != "storn" })
		for _, tt := range tests {
			_, err := w.inbox.SetPreferences(t.Context(), guest("s1"), tt.p, "")
			require.Equal(t, fault.Invalid, fault.CodeOf(err), tt.name)
			fields := fault.Of(err).Fields
			require.Len(t, fields, 1, tt.name)
			require.Equal(t, tt.path, strings.Join(fields[0].Path, "."), tt.name)
			require.Equal(t, "notify."+tt.key, fields[0].Key, tt.name)
			require.True(t, words.Has(fields[0].Key), tt.name)
		}
		_, err := w.inbox.wishes.Get(t.Context(), "s1")
		require.Equal(t, fault.NotFound, fault.CodeOf(err), "nothing was stored")
		_, err = w.inbox.SetPreferences(t.Context(), guest("s1"), Patch{Rules: []RulePatch{{"gone", "sms", nil}, {"*", "sms", ptr(false)}, {"feedback.storm", "sms", ptr(true)}}}, "")
		require.NoError(t, err, "a rule about what is not declared any more can be removed")
	})
}

func TestWants(t *testing.T) {
	w := wishes{Rules: []Rule{{"*", "sms", false}, {"app", "*", false}, {"app.a", "zalo", true}, {"other", "push", false}}}
	tests := []struct {
		app, notice, channel string
		urgency              miniapps.Urgency
		want                 bool
	}{
		{"x", "y", "zalo", "normal", true},
		{"x", "y", "sms", "normal", false},
		{"x", "y", "sms", "urgent", false},
		{"app", "a", "zalo", "normal", true},
		{"app", "a", "messenger", "normal", false},
		{"app", "b", "zalo", "normal", false},
		{"app", "b", "fcm", "normal", false},
		{"app", "b", "fcm", "urgent", true},
		{"other", "c", "webpush", "normal", false},
		{"other", "c", "webpush", "urgent", true},
		{"other", "c", "web", "bulk", true},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, w.wants(tt.app, tt.notice, tt.urgency, tt.channel), "%+v", tt)
	}
}

func TestQuietEnd(t *testing.T) {
	clock := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", "2026-02-28 "+s, zone)
		require.NoError(t, err)
		return at
	}
	tests := []struct {
		q       Quiet
		at, end string // "" for not quiet; "+" in front means the next day
	}{
		{Quiet{"21:30", "06:30"}, "21:29", ""},
		{Quiet{"21:30", "06:30"}, "21:30", "+06:30"},
		{Quiet{"21:30", "06:30"}, "23:59", "+06:30"},
		{Quiet{"21:30", "06:30"}, "00:00", "06:30"},
		{Quiet{"21:30", "06:30"}, "06:29", "06:30"},
		{Quiet{"21:30", "06:30"}, "06:30", ""},
		{Quiet{"12:00", "13:00"}, "12:30", "13:00"},
		{Quiet{"12:00", "13:00"}, "13:00", ""},
		{Quiet{"00:00", "00:00"}, "00:00", ""},
		{Quiet{"22:00", "00:00"}, "23:00", "+00:00"},
		{Quiet{"", "06:30"}, "00:00", ""},
	}
	for _, tt := range tests {
		end, quiet := tt.q.end(clock(tt.at).UTC())
		require.Equal(t, tt.end != "", quiet, "%+v", tt)
		if quiet {
			hour, tomorrow := strings.CutPrefix(tt.end, "+")
			want := clock(hour)
			if tomorrow {
				want = want.AddDate(0, 0, 1)
			}
			require.True(t, want.Equal(end), "%+v: %s", tt, end)
		}
	}
}

func FuzzMinutes(f *testing.F) {
	for _, s := range []string{"21:30", "00:00", "24:00", "7:5", "", "ab:cd", "23:59 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := minutes(s)
		if ok && s != fmt.Sprintf("%02d:%02d", m/60, m%60) {
			t.Fatalf("%q is %d minutes", s, m)
		}
	})
}

func FuzzWalkOf(f *testing.F) {
	for _, s := range []string{"", "0.", "1.abc", "-1.x", "x", "99999999999999999999.", "3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		areas, at, err := walkOf([]string{"b", "a"}, s)
		if err == nil && (at.Area < 0 || len(areas) != 2) {
			t.Fatalf("%q is %+v", s, at)
		}
	})
}

func TestConfigOfWays(t *testing.T) {
	for key, c := range map[string]Config{
		"order:":              {Order: []string{"fax"}},
		"twice":               {Order: []string{"sms", "sms"}},
		"quiet.from:":         {Quiet: Quiet{From: "9"}},
		"quiet.to:":           {Quiet: Quiet{To: "24:01"}},
		"digest:":             {Digest: "noon"},
		"lease:":              {Lease: time.Second},
		"backoff_max:":        {BackoffMin: time.Hour},
		"dispatch_retention:": {DispatchRetention: day},
		"give_up:":            {GiveUp: time.Second},
		"urgent_wait:":        {UrgentWait: 2 * time.Hour},
		"patience:":           {Patience: -1},
		"spread:":             {Spread: time.Millisecond},
	} {
		require.ErrorContains(t, c.Validate(), key)
	}
	require.Equal(t, map[string]int{"push": 0, "zalo": 2, "web": 3, "sms": 4}, ranks([]string{"push", "zalo", "sms"}))
	require.Equal(t, map[string]int{"web": 0, "zalo": 2}, ranks([]string{"web", "zalo"}))
}
