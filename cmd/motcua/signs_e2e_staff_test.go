package main_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/citytest"
)

// TestSignsForStaff has members of staff do what their roles allow with signs, by the one door that all services have, and shows what citizens then see.
func TestSignsForStaff(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newSignCity(ctx, t)
	city.must(ctx, t, "staff", "add", "--phone", "0909000009", "--role", "officer", "--unit", elsewhereUnit)
	s := signStaff{}
	for phone, c := range map[string]*citytest.Client{"0901000002": &s.dispatcher, "0901000003": &s.second, "0901000001": &s.officer, "0909000009": &s.stranger, "0912345678": &s.citizen} {
		var err error
		if *c, err = city.SignIn(ctx, phone); err != nil {
			t.Fatal(err)
		}
	}
	city.checkReissue(ctx, t, s)
	city.checkReview(ctx, t, s)
	city.checkReach(ctx, t, s)
}

// elsewhereUnit looks after other plates than those of the tests.
const elsewhereUnit = "ward-11383"

// signStaff are members of staff, each with a role of its own: second is another than the dispatcher, stranger an officer of another unit.
type signStaff struct{ dispatcher, second, officer, stranger, citizen citytest.Client }

var refusedAs = regexp.MustCompile(`Code:(\w+)`)

// does carries out an action on signs, and gives the code of its refusal; "" for none.
func does(ctx context.Context, t *testing.T, c citytest.Client, action string, in map[string]any, out any) string {
	t.Helper()
	err := c.Invoke(ctx, "signs", action, in, "", out)
	if err == nil {
		return ""
	}
	m := refusedAs.FindStringSubmatch(err.Error())
	if m == nil {
		t.Fatalf("%s: %v", action, err)
	}
	return m[1]
}

// issued is a plate as staff is shown it.
type issued struct {
	ID    string
	Codes []struct {
		Code, Reason, Batch, RevokedAt string
	}
}

// checkReissue gives a plate a new code: who scans the old one is told so, and who scans the new one reads the story.
func (c *signCity) checkReissue(ctx context.Context, t *testing.T, s signStaff) {
	t.Helper()
	old, visitor := c.code(ctx, t, signNumber), c.phone("203.0.113.41")
	visitor.get(ctx, t, "/s/"+old, http.StatusOK) // now it is kept ready
	var p issued
	if refused := does(ctx, t, s.dispatcher, "reissue", map[string]any{"number": signNumber, "reason": "Biển gãy, làm lại", "batch": "HP-2026-09"}, &p); refused != "" || len(p.Codes) != 2 {
		t.Fatalf("refused %q, %+v", refused, p)
	}
	fresh := p.Codes[1].Code
	if p.ID != "000002" || p.Codes[0].Code != old || p.Codes[0].RevokedAt == "" || p.Codes[1].RevokedAt != "" || p.Codes[1].Batch != "HP-2026-09" || fresh == old {
		t.Errorf("got %+v", p)
	}
	gone := visitor.get(ctx, t, "/s/"+old, http.StatusGone)
	for _, words := range []string{"Mã này không còn giá trị", signNumber, "Biển ở đó nay mang mã khác", `href="/s/` + signNumber} {
		if !strings.Contains(gone.body, words) {
			t.Errorf("%q is not on the page of the old code", words)
		}
	}
	if strings.Contains(gone.body, fresh) || strings.Contains(gone.body, signStory) {
		t.Errorf("the page of the old code gives away the new one, or the story: %s", gone.body)
	}
	if got, err := visitor.ask(ctx, http.MethodGet, "/s/"+old+"/do/feedback/submit", nil); err != nil || got.status != http.StatusGone {
		t.Errorf("a form at the old code: %d, %v", got.status, err)
	}
	if now := visitor.get(ctx, t, "/s/"+fresh, http.StatusOK); !strings.Contains(now.body, signStory) {
		t.Errorf("the new code opens %.300s", now.body)
	}
	for code, want := range map[string]string{old: "REVOKED", fresh: "CURRENT", signNumber: ""} {
		if got := read[*signInApp](ctx, t, s.citizen, "sign", signQuery, map[string]any{"code": code}); got == nil || got.Number != signNumber || got.CodeState != want {
			t.Errorf("in the app %s is %+v, want %q", code, got, want)
		}
	}
	if said := c.must(ctx, t, "signs", "print", "--batch", "HP-2026-09", "--out", t.TempDir()+"/new.pdf"); !strings.Contains(said, "1 plate on 1 page") {
		t.Errorf("the order for the printer: %s", said)
	}
}

// checkReview has a story rewritten, which stands as a draft until somebody else has read these very words.
func (c *signCity) checkReview(ctx context.Context, t *testing.T, s signStaff) {
	t.Helper()
	const unread = "This translation has not been reviewed yet."
	path := "/s/" + c.code(ctx, t, signNumber) + "?lang=en"
	shown := func(words string, draft bool) {
		t.Helper()
		got := c.phone("203.0.113.42").get(ctx, t, path, http.StatusOK)
		if !strings.Contains(got.body, words) || strings.Contains(got.body, unread) != draft {
			_, main, _ := strings.Cut(got.body, "<main")
			t.Errorf("want %q, as a draft %v, on %s", words, draft, main)
		}
	}
	shown("Over 56 days and nights", true)
	var written struct {
		Translations map[string]struct{ Revision int }
	}
	words := map[string]any{"story": "dien-bien-phu", "lang": "en", "title": "Dien Bien Phu Street", "namedAfter": "A battle of 1954", "text": "The first wording."}
	if refused := does(ctx, t, s.dispatcher, "translate", words, &written); refused != "" {
		t.Fatalf("refused %q", refused)
	}
	first := written.Translations["en"].Revision
	words["text"] = "The second wording, which is the one."
	if refused := does(ctx, t, s.dispatcher, "translate", words, &written); refused != "" {
		t.Fatalf("refused %q", refused)
	}
	second := written.Translations["en"].Revision
	shown("The second wording, which is the one.", true)
	review := func(revision int) map[string]any {
		return map[string]any{"story": "dien-bien-phu", "lang": "en", "revision": revision}
	}
	for _, tt := range []struct {
		who      string
		by       citytest.Client
		revision int
		want     string
	}{
		{"their own words", s.dispatcher, second, "FORBIDDEN"}, {"other words", s.second, first, "CONFLICT"}, {"an officer", s.officer, second, "FORBIDDEN"},
		{"a citizen", s.citizen, second, "FORBIDDEN"},
	} {
		if refused := does(ctx, t, tt.by, "review", review(tt.revision), nil); refused != tt.want {
			t.Errorf("%s: refused %q, want %q", tt.who, refused, tt.want)
		}
		shown("The second wording, which is the one.", true)
	}
	if refused := does(ctx, t, s.second, "review", review(second), nil); refused != "" {
		t.Errorf("the second person is refused %q", refused)
	}
	shown("The second wording, which is the one.", false)
	if out := c.must(ctx, t, "signs", "stories", "--text", "dien bien phu"); !strings.Contains(out, "dien-bien-phu") || !strings.Contains(out, "reviewed") {
		t.Errorf("got %s", out)
	}
}

// checkReach refuses what is somebody else's: plates to officers of other units, the desk to officers, everything to citizens.
func (c *signCity) checkReach(ctx context.Context, t *testing.T, s signStaff) {
	t.Helper()
	list, err := c.ops.Plates(ctx, admin.PlateFilter{Unit: elsewhereUnit})
	if err != nil || len(list.Items) == 0 {
		t.Fatal(list, err)
	}
	theirs := list.Items[0].Number
	mine := map[string]any{"sign": signNumber}
	for _, tt := range []struct {
		who, action string
		by          citytest.Client
		in          map[string]any
		want        string
	}{
		{"its officer", "plate", s.officer, mine, ""},
		{"an officer of another unit", "plate", s.stranger, mine, "NOT_FOUND"},
		{"an officer of another unit", "condition", s.stranger, map[string]any{"number": signNumber, "condition": "missing"}, "NOT_FOUND"},
		{"an officer of another unit", "list", s.stranger, map[string]any{"unit": mainWard}, "FORBIDDEN"},
		{"an officer of another unit", "damages", s.stranger, map[string]any{"unit": mainWard}, "FORBIDDEN"},
		{"an officer of another unit", "plate", s.stranger, map[string]any{"sign": theirs}, ""},
		{"its officer", "condition", s.officer, map[string]any{"number": signNumber, "condition": "worn"}, ""},
		{"its officer", "plate", s.officer, map[string]any{"sign": theirs}, "NOT_FOUND"},
		{"its officer", "reissue", s.officer, map[string]any{"number": signNumber, "reason": "muốn"}, "FORBIDDEN"},
		{"its officer", "revoke", s.officer, map[string]any{"number": signNumber, "reason": "muốn"}, "FORBIDDEN"},
		{"its officer", "events", s.officer, map[string]any{}, "FORBIDDEN"},
		{"a citizen", "plate", s.citizen, mine, "FORBIDDEN"},
		{"a citizen", "revoke", s.citizen, map[string]any{"number": signNumber, "reason": "muốn"}, "FORBIDDEN"},
		{"a citizen", "events", s.citizen, map[string]any{}, "FORBIDDEN"},
		{"a guest", "plate", c.guest("203.0.113.43"), mine, "UNAUTHORIZED"},
		{"a citizen", "show", s.citizen, mine, ""},
	} {
		if refused := does(ctx, t, tt.by, tt.action, tt.in, nil); refused != tt.want {
			t.Errorf("%s: %s %v is refused as %q, want %q", tt.who, tt.action, tt.in, refused, tt.want)
		}
	}
	if p := c.sign(ctx, t, signNumber); p.Condition != "worn" || p.Seen.IsZero() {
		t.Errorf("the plate is %+v", p.PlateLine)
	}
	var own struct{ Plates []struct{ Unit string } }
	if refused := does(ctx, t, s.stranger, "list", map[string]any{"first": 100}, &own); refused != "" || len(own.Plates) != len(list.Items) {
		t.Errorf("refused %q, %d plates, want %d", refused, len(own.Plates), len(list.Items))
	}
	for _, p := range own.Plates {
		if p.Unit != elsewhereUnit {
			t.Errorf("%s is shown to an officer of %s", p.Unit, elsewhereUnit)
		}
	}
}
