package feedback

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
)

func TestSubmit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.media.add("an", "p1", media.Photo)
	d.media.add("an", "p2", media.Photo)
	d.media.add("an", "v", media.Video)
	r := d.submit(citizen("an"), "k", `{"description": "  Đèn đường hỏng trước số 12 Lạch Tray ", "category": "street-light-out",
		"place": {"lat": 20.8578, "lon": 106.6810, "address": "12 Lạch Tray"}, "photos": ["p2", "p1"], "video": "v", "hideName": true}`)
	if r.Ward != operaWard || r.Unit != operaUnit || r.Status != Received || r.Owner != "an" || !strings.HasPrefix(r.ID, "an/") {
		t.Errorf("got %+v", r)
	}
	if r.Description != "Đèn đường hỏng trước số 12 Lạch Tray" || r.Category != lamp || !r.HideName || strings.Join(r.Photos, ",") != "p2,p1" || r.Video != "v" {
		t.Errorf("got %+v", r)
	}
	if want := time.Date(2026, 11, 19, 4, 30, 0, 0, time.UTC); !r.DueAt.Equal(want) { // 24 working hours from Monday noon: Thursday before lunch
		t.Errorf("due %s, want %s", r.DueAt, want)
	}
	for id, u := range d.media.items {
		if u.ref != (media.Ref{App: ID, ID: r.ID}) {
			t.Errorf("%s is attached to %v", id, u.ref)
		}
	}
	if _, err := casework.ParseCode(r.Code.Grouped()); err != nil {
		t.Errorf("code %s: %v", r.Code, err)
	}
	d.carry()
	if got := d.inbox.list; len(got) != 1 || got[0].Notice != "received" || got[0].To != "an" || got[0].Case != r.ID || got[0].Values()["due"] != r.DueAt {
		t.Errorf("notices: %+v", got)
	}
	stored, err := d.app.Get(t.Context(), citizen("an"), r.ID)
	if err != nil || stored.RelayAt != nil || len(stored.Pending)+len(stored.Counts) != 0 {
		t.Errorf("the relay left %+v, %v", stored, err)
	}
}

func TestSubmitRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.media.add("an", "photo", media.Photo)
	d.media.add("an", "video", media.Video)
	d.media.add("binh", "foreign", media.Photo)
	with := func(more string) string { return strings.TrimSuffix(dark, "}") + `, ` + more + `}` }
	tests := []struct{ name, input, path, key string }{
		{"outside the city", `{"description": "Ổ gà to lắm ạ", "place": {"lat": 21.0285, "lon": 105.8542}}`, "place", "feedback.outside_city"},
		{"blanks only", `{"description": "                 ", "place": ` + opera + `}`, "description", "feedback.description_length"},
		{"unknown category", strings.Replace(dark, lamp, "nonsense", 1), "category", "feedback.unknown_category"},
		{"missing photo", with(`"photos": ["photo", "gone"]`), "photos.1", "feedback.media_missing"},
		{"video as photo", with(`"photos": ["video"]`), "photos.0", "feedback.not_a_photo"},
		{"photo as video", with(`"video": "photo"`), "video", "feedback.not_a_video"},
		{"another's photo", with(`"photos": ["photo", "foreign"]`), "photos.1", "media.unknown"},
		{"six photos", with(`"photos": ["1", "2", "3", "4", "5", "6"]`), "photos", "schema.too_many"},
		{"half a point", `{"description": "Ổ gà to lắm ạ", "place": {"lat": 20.8578}}`, "place", "schema.format_location"},
		{"empty place", `{"description": "Ổ gà to lắm ạ", "place": {}}`, "place", "schema.format_location"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := d.run(citizen("an"), "submit", fmt.Sprint(i), tt.input)
			wantField(t, err, tt.path, tt.key)
		})
	}
	if n := len(docs(t, d.app.records.reports)); n != 0 {
		t.Errorf("%d reports were stored", n)
	}
	if d.media.items["photo"].ref != (media.Ref{}) {
		t.Error("a refused report took its photo")
	}
	_, err := d.run(account.Viewer{}, "submit", "guest", dark)
	wantCode(t, err, fault.Unauthorized)
}

// TestSubmitAgainAfterMending uses the key of a refused attempt for a mended one: nothing took effect before, so nothing clashes.
func TestSubmitAgainAfterMending(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := strings.TrimSuffix(dark, "}") + `, "photos": ["late"]}`
	_, err := d.run(citizen("an"), "submit", "k", in)
	wantField(t, err, "photos.0", "feedback.media_missing")
	d.media.add("an", "late", media.Photo)
	if r := d.submit(citizen("an"), "k", strings.Replace(in, "hỏng", "tắt", 1)); len(r.Photos) != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestSubmitOfAGuestOfANetwork(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	guest := account.Viewer{Subject: "zalo-1", Subjects: []string{"zalo-1"}, Assurance: account.Guest}
	if r := d.submit(guest, "k", dark); r.Owner != "zalo-1" {
		t.Errorf("got owner %s", r.Owner)
	}
}

// TestParallelRepeats sends the same report from twenty places at once, and under its key another one: exactly one of the two is stored.
// TestSubmitAgainAfterALink repeats a guest's report when their chat has been linked to an account meanwhile: it stays one, and whose it was.
func TestSubmitAgainAfterALink(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	guest := account.Viewer{Subject: "chat", Subjects: []string{"chat"}, Scope: "chat", Identity: "zalo/1", Assurance: account.Guest}
	linked := citizen("an")
	linked.Subjects, linked.Scope, linked.Identity = []string{"an", "chat"}, "chat", "zalo/1"
	first, again := d.submit(guest, "k", dark), d.submit(linked, "k", dark)
	if again.ID != first.ID || again.Owner != "chat" || len(docs(t, d.app.records.reports)) != 1 {
		t.Errorf("got %s of %s, want %s", again.ID, again.Owner, first.ID)
	}
}

func TestParallelRepeats(t *testing.T) {
	t.Parallel()
	d := deskIn(t, worldOn(storetest.OnFiles(t)))
	d.media.add("an", "p", media.Photo)
	inputs := []string{strings.TrimSuffix(dark, "}") + `, "photos": ["p"]}`, outage}
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes, clashes := map[casework.Code]string{}, 0
	for i := range 20 {
		wg.Go(func() {
			res, err := d.run(citizen("an"), "submit", "same", inputs[i%2])
			mu.Lock()
			defer mu.Unlock()
			if fault.CodeOf(err) == fault.Conflict {
				clashes++
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			r := res.Data.(*Report)
			codes[r.Code] = r.Description
		})
	}
	wg.Wait()
	if len(codes) != 1 || clashes != 10 || len(docs(t, d.app.records.reports)) != 1 {
		t.Errorf("%d clashes, codes %v", clashes, codes)
	}
	d.carry()
	if got := d.inbox.kinds(); len(got) != 1 {
		t.Errorf("notices: %v", got)
	}
}

// lab is a world with a process that dies at a chosen write, and one that comes after it. An app keeps nothing between calls, so the next death needs no new process.
type lab struct {
	*world
	t              *testing.T
	life           *storetest.Life
	dying, healthy *App
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{world: newWorld(), t: t, life: &storetest.Life{}}
	l.dying, l.healthy = l.open(t, l.life), l.open(t, nil)
	return l
}

// die makes a call and lets the relays work in a process that ends at its n-th write. The error is nil when there are fewer writes.
func (l *lab) die(n int, after bool, call miniapps.Call) error {
	l.life.EndAt(n, after)
	_, err := l.dying.Do(l.t.Context(), call)
	if err == nil {
		err = carryOnce(l.t.Context(), l.dying)
	}
	l.clock = l.clock.Add(time.Hour) // past all pauses of the relays
	return err
}

func carryOnce(ctx context.Context, app *App) error {
	for _, r := range app.Relays() {
		ids, err := r.Due(ctx, 10)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := r.Carry(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func submitCall(t testing.TB, subject, input string) miniapps.Call {
	t.Helper()
	hash, err := once.HashInput(json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	return miniapps.Call{
		Action: "submit", Input: json.RawMessage(input), Key: once.Scope(subject, ID, "submit", "key"), InputHash: hash, Now: noon, Lang: message.Vietnamese,
		Actor: miniapps.Actor{Kind: miniapps.ByCitizen, ID: subject}, Citizen: miniapps.Citizen{Subject: subject, Scope: subject, Subjects: []string{subject}},
	}
}

// maxWrites is more than a call and its relay make.
const maxWrites = 30

// TestSubmitSurvivesAKillAtEachWrite kills the process at every write between the call and the end of the relay, before and after the write is made.
// With a repeat of the call there is exactly one of everything; without one there is all or nothing.
func TestSubmitSurvivesAKillAtEachWrite(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	reports, lost := 0, 0
	for _, after := range []bool{false, true} {
		for _, again := range []bool{true, false} {
			ended := false
			for n := 1; !ended && n < maxWrites; n++ {
				name := fmt.Sprintf("write %d, made %v, repeated %v", n, after, again)
				subject := strings.NewReplacer(" ", "-", ",", "").Replace(name)
				l.media.add(subject, subject, media.Photo)
				call := submitCall(t, subject, fmt.Sprintf(`%s, "photos": [%q]}`, strings.TrimSuffix(dark, "}"), subject))
				ended = l.die(n, after, call) == nil
				if again {
					if res, err := l.healthy.Do(t.Context(), call); err != nil || res.Case.ID != subject+"/"+once.ID(call.Key) {
						t.Fatalf("%s: the repeat gave %v, %v", name, res.Case, err)
					}
				}
				carryAll(t, l.healthy)
				if l.complete(name, subject, &reports) {
					continue
				}
				lost++
				if again {
					t.Errorf("%s: no report", name)
				}
			}
			if !ended {
				t.Errorf("more than %d writes", maxWrites)
			}
		}
	}
	if lost == 0 || reports < 20 {
		t.Errorf("%d reports and %d attempts without one: the process did not die where it should", reports, lost)
	}
}

// complete checks that there is either nothing of a subject's report, or all of it once. It tells which, and counts the reports.
func (l *lab) complete(name, subject string, reports *int) bool {
	t := l.t
	t.Helper()
	page, err := l.healthy.Mine(t.Context(), citizen(subject), 10, "")
	if err != nil {
		t.Fatal(err)
	}
	*reports += len(page.Items)
	if got := statsOf(t, l.healthy)["2026-11/11311/street-light-out/received"]; got != int64(*reports) {
		t.Errorf("%s: %d reports are counted of %d", name, got, *reports)
	}
	notices := l.inbox.of(subject)
	if len(page.Items) == 0 {
		if len(notices) != 0 {
			t.Errorf("%s: no report, but notices %v", name, notices)
		}
		return false
	}
	r := page.Items[0]
	if len(page.Items) != 1 || r.RelayAt != nil {
		t.Errorf("%s: %d reports, relay due %v", name, len(page.Items), r.RelayAt)
	}
	if _, err := l.engine.Sweep(t.Context(), noon.Add(300*24*time.Hour), 100); err != nil {
		t.Fatal(err)
	}
	if p, err := l.healthy.ByCode(t.Context(), string(r.Code)); err != nil || p.Description != r.Description {
		t.Errorf("%s: by code: %v", name, err)
	}
	if ref := l.media.items[subject].ref; ref.ID != r.ID {
		t.Errorf("%s: the photo is attached to %v", name, ref)
	}
	if len(notices) != 1 || notices[0] != "received" {
		t.Errorf("%s: notices %v", name, notices)
	}
	if found, err := l.healthy.Search(t.Context(), dispatcher(), "den duong lach tray", 100); err != nil || len(found.Reports) != *reports {
		t.Errorf("%s: search found %d of %d, %v", name, len(found.Reports), *reports, err)
	}
	return true
}

// statsOf gives all slots that are not empty.
func statsOf(t *testing.T, app *App) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for s, err := range app.Stats(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if s.N != 0 {
			out[s.ID] = s.N
		}
	}
	return out
}

// FuzzSubmission drafts reports of whatever a citizen may write: each is refused as INVALID, or fit to be stored.
func FuzzSubmission(f *testing.F) {
	f.Add("Đèn đường hỏng trước số 12", "phường Hồng Bàng", lamp, 20.8578, 106.6810, true)
	f.Add("ổ gà\x00\u0007 to lắm ạ\xff", "Thị trấn Trường Sơn, huyện An Lão", unsure, 0.0, 0.0, false)
	f.Add(strings.Repeat("u\u031b", 4000), "", "", 90.0, -180.0, true)
	w := newWorld()
	app := w.open(f, nil)
	f.Fuzz(func(t *testing.T, description, address, category string, lat, lon float64, onMap bool) {
		in := submission{Description: description, Category: category, Place: Place{Address: address}}
		if onMap {
			in.Place.Lat, in.Place.Lon = &lat, &lon
		}
		r, err := app.draft(in, "an/1", "an", noon)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("got %v, want INVALID", err)
			}
			return
		}
		n := utf8.RuneCountInString(r.Description)
		if n < minDescription || n > maxDescription || strings.TrimSpace(r.Description) != r.Description || strings.ContainsRune(r.Description, 0) {
			t.Fatalf("a description of %d characters was taken", n)
		}
		if r.Ward == "" || r.Unit == "" || !r.DueAt.After(noon) || len(r.tokens()) > maxTokens {
			t.Fatalf("got %+v", r)
		}
	})
}
