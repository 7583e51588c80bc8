package damage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
	"github.com/motcua/motcua/miniapps/miniapptest"
	"github.com/motcua/motcua/miniapps/signs/damage"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

// noMedia is where no pictures are.
type noMedia struct{}

func (noMedia) Items(context.Context, []string) ([]media.Item, error) { return nil, nil }
func (noMedia) Attach(context.Context, []string, []string, media.Ref) ([]media.Item, error) {
	return nil, nil
}

// office is the service of reports, as the program puts it before damage.
type office struct {
	reports *feedback.App
	runner  *miniapps.Runner
	city    *city.City
	texts   *locale.Catalogue
}

func openOffice(t *testing.T, e feedback.Engine) *office {
	t.Helper()
	now := func() time.Time { return noon }
	c, texts := configstest.City(t), configstest.Texts(t)
	codes, err := casework.NewCodes(t.Context(), e, casework.Config{CodeReservation: 168 * time.Hour}, now)
	if err != nil {
		t.Fatal(err)
	}
	app, err := feedback.New(t.Context(), e, feedback.Deps{
		City: c, Media: noMedia{}, Codes: codes, Texts: texts,
		Deliver: func(_ context.Context, n casework.Notice) error { t.Errorf("a notice to nobody: %+v", n); return nil },
	}, feedback.Config{Retention: 1000 * time.Hour, UnsureHours: 40}, now)
	if err != nil {
		t.Fatal(err)
	}
	return &office{reports: app, runner: miniapptest.NewRunner(t, now, app), city: c, texts: texts}
}

func (o *office) raise(ctx context.Context, r damage.Raise) (string, string, error) {
	in, err := json.Marshal(map[string]any{
		"description": r.Description, "unit": r.Unit, "about": r.About,
		"place": map[string]any{"lat": r.Place.Lat, "lon": r.Place.Lon, "address": r.Place.Address},
	})
	if err != nil {
		return "", "", err
	}
	res, err := o.runner.Run(ctx, miniapps.Request{App: feedback.ID, Action: feedback.ActionRaise, System: "signs", Key: r.Key, Input: in})
	if err != nil {
		return "", "", err
	}
	s := res.Data.(feedback.Standing)
	return s.ID, string(s.Code), nil
}

func (o *office) open(ctx context.Context, id string) (bool, error) {
	in := json.RawMessage(fmt.Sprintf(`{"id": %q}`, id))
	res, err := o.runner.Run(ctx, miniapps.Request{App: feedback.ID, Action: feedback.ActionState, System: "signs", Input: in})
	if err != nil {
		return false, err
	}
	return res.Data.(feedback.Standing).Open, nil
}

func (o *office) note(ctx context.Context, id, key, text string) error {
	in, err := json.Marshal(map[string]string{"id": id, "text": text})
	if err != nil {
		return err
	}
	_, err = o.runner.Run(ctx, miniapps.Request{App: feedback.ID, Action: feedback.ActionNote, System: "signs", Key: key, Input: in})
	return err
}

func officer(unit string) account.Viewer {
	id := "0197c5f0-0000-7000-8000-00000000aaaa"
	return account.Viewer{Account: id, Subject: id, Subjects: []string{id}, Assurance: account.EID, Roles: []account.Role{account.Officer}, Unit: unit}
}

func (o *office) work(t *testing.T, unit, action, id, more string) {
	t.Helper()
	in := json.RawMessage(fmt.Sprintf(`{"id": %q, %s}`, id, more))
	if _, err := o.runner.Run(t.Context(), miniapps.Request{App: feedback.ID, Action: action, Viewer: officer(unit), Key: more, Input: in}); err != nil {
		t.Fatal(err)
	}
}

// TestWithReports: the real service takes what damage asks for, at the unit of the plate, and damage hears when staff have ended it.
func TestWithReports(t *testing.T) {
	t.Parallel()
	e := memory.New()
	o := openOffice(t, e)
	d, err := damage.Open(t.Context(), e, damage.Deps{
		Raise: o.raise, Open: o.open, Note: o.note, Texts: o.texts, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Number: func(n int) string { return fmt.Sprintf("HP-%05d-7", n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	const unit = "ward-11311"
	p := registry.Plate{
		ID: "000123", Number: 123, Street: strings.Repeat("Đ", 120), Unit: unit, Ward: "11311",
		Place: registry.Place{Lat: 20.86286, Lon: 106.67587, Address: strings.Repeat("đ", 200), Side: registry.Left},
	}
	tap := func(kind, key string) damage.Case {
		t.Helper()
		c, err := d.Report(t.Context(), damage.Tap{Plate: p, Kind: kind, Key: key, Note: "gọi tôi 0912 345 678"})
		if err != nil || c.ID == "" {
			t.Fatalf("got %+v, %v", c, err)
		}
		return c
	}
	first := tap(damage.Fake, "a")
	if again := tap(damage.Missing, "b"); again.ID != first.ID || again.Taps != 2 {
		t.Errorf("got %+v", again)
	}
	queue, err := o.reports.Queue(t.Context(), officer(unit), "", "", 10, "")
	if err != nil || len(queue.Items) != 1 {
		t.Fatalf("got %+v, %v", queue.Items, err)
	}
	r := queue.Items[0]
	if r.ID != first.ID || string(r.Code) != first.Code || r.About != "signs/000123" || !strings.Contains(r.Description, "HP-00123-7") || strings.Contains(r.Description, "0912") {
		t.Errorf("got %+v", r)
	}
	if p, err := o.reports.ByCode(t.Context(), first.Code); err != nil || p.Author != "" {
		t.Errorf("got %+v, %v", p, err)
	}
	comments, err := o.reports.Comments(t.Context(), officer(unit), r.ID, 10, "")
	if err != nil || len(comments.Items) != 1 || !strings.Contains(comments.Items[0].Text, "không còn ở chỗ treo") || !strings.HasSuffix(comments.Items[0].Text, "đến nay: 2.") {
		t.Errorf("the unit reads %+v, %v", comments.Items, err)
	}
	o.work(t, unit, "assign", r.ID, `"unit": "construction"`) // handed to another unit: still the same case
	if c := tap(damage.Damaged, "c"); c.ID != first.ID {
		t.Errorf("got %+v", c)
	}
	o.work(t, "construction", "transition", r.ID, `"status": "in_progress"`)
	o.work(t, "construction", "transition", r.ID, `"status": "resolved"`)
	if x, err := d.Of(t.Context(), p.ID); x != nil || err != nil {
		t.Errorf("got %+v, %v", x, err)
	}
	second := tap(damage.Damaged, "d")
	if !second.New || second.ID == first.ID || second.Code == first.Code {
		t.Errorf("got %+v", second)
	}
	o.work(t, unit, "transition", second.ID, `"status": "rejected", "reason": "Biển vẫn tốt"`)
	if third := tap(damage.Damaged, "e"); !third.New {
		t.Errorf("got %+v", third)
	}
	for name, relay := range o.reports.Relays() {
		ids, err := relay.Due(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if err := relay.Carry(t.Context(), id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	p.Unit = "gone"
	p.ID = "000124"
	c, err := d.Report(t.Context(), damage.Tap{Plate: p, Kind: damage.Damaged, Key: "x"})
	if err != nil || c.ID != "" || c.Taps != 1 {
		t.Errorf("a unit that the city does not have: got %+v, %v", c, err)
	}
	if _, err := o.open(t.Context(), "system:signs/none"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}
