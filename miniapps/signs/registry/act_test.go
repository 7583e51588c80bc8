package registry

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/internal/store/storetest"
)

func langOf(s string) message.Lang { return message.Lang(s) }

func TestCodesLiveAndEnd(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := told(t, e, 1)
		first := d.get(1).Codes[0].Code
		state := func(code string) Coded {
			t.Helper()
			c, err := d.PlateByCode(t.Context(), code)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if c := state(" " + strings.ToLower(first)); c.State != Current || c.Plate.Number != 1 || c.Code != first {
			t.Errorf("got %+v", c)
		}
		act := Act{By: "officer", Key: once.Scope("officer", "signs", "reissue", "1"), Hash: "h"}
		for range 2 { // a repeat makes no third code
			p, err := d.Reissue(t.Context(), "000001", "HP-2026-01", "bị dán đè", act)
			if err != nil || len(p.Codes) != 2 || p.Batch != "HP-2026-01" {
				t.Fatalf("got %+v, %v", p.Codes, err)
			}
		}
		second := d.get(1).Codes[1].Code
		if c := state(first); c.State != Ended || c.Reason != "bị dán đè" || !c.RevokedAt.Equal(noon) || c.ReplacedBy != second {
			t.Errorf("got %+v", c)
		}
		if c := state(second); c.State != Current || c.Plate.Number != 1 {
			t.Errorf("got %+v", c)
		}
		_, err := d.Reissue(t.Context(), "000001", "", "khác", Act{By: "officer", Key: act.Key, Hash: "other"})
		wantCode(t, err, fault.Conflict)
		if _, err := d.Revoke(t.Context(), "000001", "mất", Act{By: "officer", Key: "k2"}); err != nil {
			t.Fatal(err)
		}
		if c := state(second); c.State != Ended || c.ReplacedBy != "" {
			t.Errorf("got %+v", c)
		}
		_, err = d.Revoke(t.Context(), "000001", "mất", Act{By: "officer", Key: "k3"})
		wantCode(t, err, fault.Conflict)
		p, err := d.Reissue(t.Context(), "000001", "", "tìm thấy", Act{By: "officer", Key: "k4"})
		if err != nil || len(p.Codes) != 3 || state(second).ReplacedBy != p.Codes[2].Code {
			t.Errorf("got %+v, %v", p.Codes, err)
		}
		fresh, _ := codes(t).Mint()
		if c := state(string(fresh)); c.State != Unknown || c.Plate.ID != "" {
			t.Errorf("never issued: got %+v", c)
		}
		if _, err := insert(t.Context(), d.records.claims, claim{ID: string(fresh), Plate: "000001", At: noon}); err != nil {
			t.Fatal(err)
		}
		if c := state(string(fresh)); c.State != Unknown || c.Plate.ID != "" {
			t.Errorf("claimed, but never stored: got %+v", c)
		}
	})
}

// TestInventedCodesReadNothing: the store is closed, and nobody notices.
func TestInventedCodesReadNothing(t *testing.T) {
	t.Parallel()
	e := memory.New()
	d := told(t, e, 1)
	good := d.get(1).Codes[0].Code
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"", "abc", good[1:], flip(good), strings.Repeat("A", 13)} {
		if c, err := d.PlateByCode(t.Context(), code); err != nil || c.State != Invented {
			t.Errorf("%q: got %s, %v", code, c.State, err)
		}
	}
	if _, err := d.PlateByCode(t.Context(), good); err == nil {
		t.Error("a closed store answered: the test tries nothing")
	}
}

func flip(code string) string {
	if code[12] == 'A' {
		return code[:12] + "B"
	}
	return code[:12] + "A"
}

func TestActsRefuse(t *testing.T) {
	t.Parallel()
	d, ctx := told(t, memory.New(), 1), t.Context()
	_, err := d.Reissue(ctx, "000002", "", "mất", Act{})
	wantCode(t, err, fault.NotFound)
	_, err = d.Reissue(ctx, "000001", "", "  ", Act{})
	if got := wrongs(err); got != "reason needed" {
		t.Errorf("got %s", got)
	}
	_, err = d.Revoke(ctx, "000001", strings.Repeat("x", 501), Act{})
	if got := wrongs(err); got != "reason too_long" {
		t.Errorf("got %s", got)
	}
	_, err = d.Revoke(ctx, "000002", "mất", Act{})
	wantCode(t, err, fault.NotFound)
	_, err = d.SetCondition(ctx, "000001", "broken", "", Act{})
	if got := wrongs(err); got != "condition condition" {
		t.Errorf("got %s", got)
	}
	wantCode(t, d.Saw(ctx, "000002", noon), fault.NotFound)
	_, err = d.History(ctx, "000002")
	wantCode(t, err, fault.NotFound)
	_, err = d.Story(ctx, "khong-co")
	wantCode(t, err, fault.NotFound)
	for i := range maxCodes - 1 {
		if _, err := d.Reissue(ctx, "000001", "", "thử", Act{Key: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = d.Reissue(ctx, "000001", "", "thử", Act{Key: "last"})
	wantCode(t, err, fault.Conflict)
}

func TestConditionOnce(t *testing.T) {
	t.Parallel()
	d, ctx := told(t, memory.New(), 1), t.Context()
	set := func(c Condition, key string) Plate {
		t.Helper()
		p, err := d.SetCondition(ctx, "000001", c, "", Act{By: "an", Key: key, Hash: string(c)})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	set(Good, "k1") // as it is
	set(Damaged, "k2")
	if p := set(Good, "k1"); p.Condition != Damaged { // a late repeat
		t.Errorf("got %s", p.Condition)
	}
	if h, _ := d.History(ctx, "000001"); len(h.Changes) != 2 || h.Changes[1].Fields[0] != (Altered{"condition", "good", "damaged"}) {
		t.Errorf("got %+v", h.Changes)
	}
}

func TestSaw(t *testing.T) {
	t.Parallel()
	d := told(t, memory.New(), 1)
	for _, s := range []struct{ at, want time.Time }{
		{noon, noon},
		{noon.Add(-time.Hour), noon},
		{noon.Add(365 * 24 * time.Hour), noon}, // a clock that goes wrong
	} {
		if err := d.Saw(t.Context(), "000001", s.at); err != nil {
			t.Fatal(err)
		}
		if got := d.get(1).SeenAt; !got.Equal(s.want) {
			t.Errorf("got %v, want %v", got, s.want)
		}
	}
	d.later(2 * time.Hour)
	for _, s := range []struct{ at, want time.Time }{
		{noon.Add(seenStep - time.Second), noon},
		{noon.Add(seenStep), noon.Add(seenStep)},
		{noon.Add(2 * time.Hour), noon.Add(2 * time.Hour)},
	} {
		if err := d.Saw(t.Context(), "000001", s.at); err != nil || !d.get(1).SeenAt.Equal(s.want) {
			t.Errorf("got %v, %v, want %v", d.get(1).SeenAt, err, s.want)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	d := told(t, memory.New(), 1)
	row := plate(1)
	for i := range 70 {
		row.Address = fmt.Sprintf("Số %d %s", i, strings.Repeat("ế", 190))
		d.plate(row)
	}
	h, err := d.History(t.Context(), "000001")
	if err != nil || len(h.Changes)+h.Dropped != 71 || len(h.Changes) > maxHistory || h.Dropped < 21 {
		t.Fatalf("got %d and %d dropped, %v", len(h.Changes), h.Dropped, err)
	}
	size := 0
	for _, c := range h.Changes {
		size += c.size()
	}
	if last := h.Changes[len(h.Changes)-1]; size > maxHistoryBytes || length(last.Fields[0].To) != maxAltered || !strings.HasPrefix(last.Fields[0].To, "Số 69") {
		t.Errorf("got %d bytes, last %+v", size, last)
	}
}

// TestOneOfManyWins: parallel changes of one plate are made one after the other.
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d := told(t, e, 1)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if _, err := d.Reissue(t.Context(), "000001", "", "thử", Act{By: "an", Key: fmt.Sprint(i % 4), Hash: "h"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		p, good := d.get(1), 0
		for _, c := range p.Codes {
			if c.RevokedAt.IsZero() {
				good++
			}
		}
		if len(p.Codes) != 5 || good != 1 {
			t.Errorf("got %d codes, %d of them good; want 5 and 1", len(p.Codes), good)
		}
	})
}

func TestReview(t *testing.T) {
	t.Parallel()
	storetest.OnEngines(t, func(t *testing.T, e store.Engine) {
		d, ctx := told(t, e, 1), t.Context()
		_, err := d.Review(ctx, "nha-hat-lon", "vi", 1, Act{By: "importer"})
		wantCode(t, err, fault.Forbidden)
		_, err = d.Review(ctx, "nha-hat-lon", "vi", 2, Act{By: "reviewer"})
		wantCode(t, err, fault.Conflict)
		_, err = d.Review(ctx, "nha-hat-lon", "fr", 1, Act{By: "reviewer"})
		wantCode(t, err, fault.NotFound)
		if f := fault.Of(err); f.Key != "signs.no_translation" {
			t.Errorf("got %s", f.Key)
		}
		_, err = d.Review(ctx, "khong-co", "vi", 1, Act{By: "reviewer"})
		wantCode(t, err, fault.NotFound)
		s, err := d.Review(ctx, "nha-hat-lon", "vi", 1, Act{By: "reviewer", Key: "k"})
		if vi := s.Translations["vi"]; err != nil || vi.State != Approved || vi.ReviewedBy != "reviewer" || !vi.ReviewedAt.Equal(noon) || s.Translations["en"].State != Draft {
			t.Errorf("got %+v, %v", s.Translations, err)
		}
		if got := d.story(opera()); got != Same { // the list still says draft
			t.Errorf("got %s", got)
		}
		row := opera()
		words := row.Texts["vi"]
		words.Text = "Nhà hát xây xong năm 1912."
		row.Texts["vi"] = words
		delete(row.Texts, "en")
		if got := d.story(row); got != Different {
			t.Errorf("got %s", got)
		}
		s, err = d.Story(ctx, "nha-hat-lon")
		if vi := s.Translations["vi"]; err != nil || vi.State != Draft || vi.Revision != 2 || vi.ReviewedBy != "" || len(s.Translations) != 2 {
			t.Errorf("altered words: got %+v, %v", s.Translations, err)
		}
		s, err = d.Translate(ctx, "nha-hat-lon", "fr", Words{Title: "Théâtre municipal", Text: "Bâti dès 1904."}, Act{By: "translator", Key: "t"})
		if lang, fr := s.In("ja", "fr"); err != nil || lang != "fr" || fr.Writer != "translator" || fr.Revision != 1 {
			t.Errorf("got %s %+v, %v", lang, fr, err)
		}
		if lang, _ := s.In("ja"); lang != "vi" {
			t.Errorf("got %s", lang)
		}
		if found, err := d.Search(ctx, Filter{Text: "theatre MUNICIPAL"}, 10, ""); err != nil || len(found.Items) != 1 {
			t.Errorf("the plates do not follow: got %d, %v", len(found.Items), err)
		}
		if _, err := d.Translate(ctx, "nha-hat-lon", "fr", Words{Title: "<i>"}, Act{By: "translator"}); wrongs(err) != "name.fr html, text.fr needed" {
			t.Errorf("got %s", wrongs(err))
		}
	})
}
