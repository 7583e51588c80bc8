package main_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// signSeen is what testdata/browser/signs.mjs prints of a visit.
type signSeen struct {
	Failure                    string
	Errors                     []string
	English, EnglishForm, Page signView
	Form, Asked                signView
	Sent, SentAgain            signView // the result of a report, and when it is loaded again
	AskedAgain, FormAgain      signView // on the way back from there
	SentFromQuestion           signView // when it was sent once more from there
	SentFromForm               signView
	Filled                     []string // what stood in the form then
	Back, Tapped, TappedAgain  signView
}

// signView is what a page shows.
type signView struct {
	Address, Lang, Text, Policy string
	Status, Wide                int      // Wide is by how many pixels the page is wider than the phone
	Methods                     []string // by which it was loaded again
	Loads                       []struct {
		URL, Method    string
		Status         int
		Bytes, Carried int // unpacked; and as it came, with its head
	}
	Links []struct{ Text, Href string }
}

// viewsOfPlate are those in which people hold a phone before a plate at the distance that it is made for; the first is the print itself, on a screen.
func viewsOfPlate() []asSeen {
	at := preview(1)
	return []asSeen{
		{Name: "print", Pixel: 25.4 / 96}, {Name: "straight", Pixel: at}, {Name: "blurred", Pixel: at, Turn: 3, Blur: 1.5}, {Name: "turned", Pixel: at, Turn: 33, Blur: 0.8},
		{Name: "upside down", Pixel: at, Turn: 187, Blur: 0.8}, {Name: "slanted", Pixel: at, Turn: 7, Slant: 35, Blur: 0.8},
		{Name: "slanted and faded", Pixel: at, Turn: 20, Slant: -25, Blur: 0.8, Faded: 0.5},
	}
}

// TestFromPlateToReport goes the way of a citizen before a plate: the print, a camera, a decoder that is not ours, the page without scripts, a report with a photo
// from that spot, and one tap that the plate is broken.
func TestFromPlateToReport(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newSignCity(ctx, t)
	address := ""
	for name, picture := range city.printed(ctx, t, signNumber, viewsOfPlate()...) {
		read, err := decoded(picture)
		if want := strings.ToUpper(city.HTTP + "/s/" + city.code(ctx, t, signNumber)); err != nil || read != want {
			t.Errorf("%s: read %q, %v, want %q", name, read, err, want)
			continue
		}
		address = read
	}
	if address == "" {
		t.FailNow()
	}
	photo, marker := photoWithPlace(t)
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	var seen signSeen
	browse(ctx, t, &seen, "signs.mjs", "visit", address, file, "60000")
	if seen.Failure != "" {
		t.Fatal(seen.Failure, seen.Errors)
	}
	for _, wrong := range seen.Errors {
		t.Error(wrong)
	}
	checkSignPages(t, city, address, seen)
	o := newOffice(ctx, t, city.Process)
	checkReportAtSign(ctx, t, o, seen, marker)
	city.checkDamage(ctx, t, o, seen)
}

// maxSignPage is the weight that the page behind a code must stay below, unpacked and with all that it loads.
const maxSignPage = 60_000

// checkSignPages looks at what the phone was shown.
func checkSignPages(t *testing.T, city *signCity, address string, seen signSeen) {
	t.Helper()
	for name, v := range map[string]signView{
		"page": seen.Page, "English page": seen.English, "form": seen.Form, "English form": seen.EnglishForm, "question": seen.Asked, "question on the way back": seen.AskedAgain, "result": seen.Sent, "thanks": seen.Tapped,
	} {
		if v.Wide > 0 {
			t.Errorf("%s: %d px too wide", name, v.Wide)
		}
	}
	for lang, v := range map[string]signView{"vi": seen.Page, "en": seen.English} {
		if v.Status != http.StatusOK || v.Lang != lang || !strings.EqualFold(v.Address, address) || !strings.Contains(v.Policy, "default-src 'none'") {
			t.Errorf("%s: status %d, language %s at %s with the policy %q", lang, v.Status, v.Lang, v.Address, v.Policy)
		}
		weigh(t, city, lang, v)
	}
	shows(t, "page", seen.Page, "Đường Điện Biên Phủ", signStory, signNumber, signSpot, "Phường Hồng Bàng", "Tại đây, bà con có thể", "Gửi phản ánh", "Báo một sự việc")
	shows(t, "English page", seen.English, "Điện Biên Phủ Street", "Over 56 days and nights", signNumber, signSpot, "Hong Bang Ward", "Here you can", "Send a report")
	shows(t, "form", seen.Form, signStreet, signSpot, "Phường Hồng Bàng", "Nội dung", "Ảnh")
	shows(t, "English form", seen.EnglishForm, signStreet, signSpot, "Description", "Photos")
	shows(t, "question", seen.Asked, signStreet, signSpot, "tối om", "1 ảnh", "Gửi phản ánh này chứ")
	shows(t, "thanks", seen.Tapped, signNumber, "Cảm ơn bà con")
	links := map[string]bool{}
	for _, l := range seen.Page.Links {
		links[strings.SplitN(l.Href, "?", 2)[0]] = true
	}
	for _, want := range []string{"https://m.me/100000000000001", "https://zalo.me/2000000000000000002", city.HTTP + "/chat"} {
		if !links[want] {
			t.Errorf("the page does not lead to %s: %v", want, links)
		}
	}
}

func shows(t *testing.T, name string, v signView, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(v.Text, w) {
			t.Errorf("%s: %q is not on it:\n%s", name, w, v.Text)
		}
	}
}

// weigh looks at all that a page loaded: little, and from nobody but the city.
func weigh(t *testing.T, city *signCity, lang string, v signView) {
	t.Helper()
	bytes, carried, known := 0, 0, map[string]bool{}
	for _, l := range v.Loads {
		if !strings.HasPrefix(strings.ToLower(l.URL), city.HTTP+"/") || l.Method != http.MethodGet || l.Status != http.StatusOK {
			t.Errorf("%s: %s %s: %d", lang, l.Method, l.URL, l.Status)
		}
		if !known[l.URL] {
			bytes += l.Bytes
		}
		known[l.URL] = true
		carried += l.Carried
	}
	if bytes >= maxSignPage || bytes < 5_000 || carried >= bytes {
		t.Errorf("%s: %d bytes, of which %d were carried", lang, bytes, carried)
	}
	t.Logf("%s: %d requests, %d bytes unpacked, %d carried", lang, len(v.Loads), bytes, carried)
}

// checkReportAtSign finds the report as it was sent, once, with the plate's place.
func checkReportAtSign(ctx context.Context, t *testing.T, o *office, seen signSeen, marker string) {
	t.Helper()
	code := codeInText.FindString(seen.Sent.Text)
	if again := codeInText.FindString(seen.SentAgain.Text); code == "" || again != code || !slices.Equal(seen.SentAgain.Methods, []string{http.MethodGet}) {
		t.Errorf("the result shows %q, loaded again (%v) %q", code, seen.SentAgain.Methods, again)
	}
	for _, way := range []signView{seen.SentFromQuestion, seen.SentFromForm} {
		if again := codeInText.FindString(way.Text); again != code {
			t.Errorf("sent once more from the page before, the result shows %q, want %q", again, code)
		}
	}
	if seen.AskedAgain.Text != seen.Asked.Text || seen.FormAgain.Text != seen.Form.Text || len(seen.Filled) != 3 || !strings.Contains(seen.Filled[0], "tối om") || seen.Filled[1] != "street-light-out" || !strings.HasSuffix(seen.Filled[2], ".jpg") {
		t.Errorf("on the way back there are %q, then %q with %q", seen.AskedAgain.Text, seen.FormAgain.Text, seen.Filled)
	}
	if strings.Contains(seen.Sent.Text, "tối om") || strings.Contains(seen.Sent.Address, code) {
		t.Errorf("whoever is sent %s reads %s", seen.Sent.Address, seen.Sent.Text)
	}
	var all []string
	var r atSign
	for _, status := range []string{"RECEIVED", "ASSIGNED"} {
		for c, x := range reportsAt(ctx, t, o.dispatcher, status) {
			if x.Description == "Đèn đường ở góc này không sáng, tối om" {
				all, r = append(all, c), x
			}
		}
	}
	if !slices.Equal(all, []string{code}) {
		t.Fatalf("stored are the reports %v, want %s alone", all, code)
	}
	r.isHere(t, "the form")
	if r.Category == nil || r.Category.Code != "street-light-out" || len(r.Photos) != 1 {
		t.Fatalf("stored is %+v", r)
	}
	checkPhoto(t, r.Photos[0].URL, marker)
}

// tapped is what the unit sees of a plate that was told to be broken.
type tapped struct {
	Plate, Code, Unit string
	Taps              int
}

func damagesOf(ctx context.Context, t *testing.T, officer citytest.Client) (out []tapped) {
	t.Helper()
	var list struct{ Damages []tapped }
	if err := officer.Invoke(ctx, "signs", "damages", map[string]any{}, "", &list); err != nil {
		t.Fatal(err)
	}
	return list.Damages
}

// tap says something about the plate by one tap, and gives the code of the case.
func (p phone) tap(ctx context.Context, t *testing.T, path, kind string) string {
	t.Helper()
	got, err := p.ask(ctx, http.MethodPost, path+"/damage", url.Values{"kind": {kind}, "lang": {"vi"}})
	if err != nil || got.status != http.StatusSeeOther {
		t.Fatalf("a tap from %s: %d, %v", p.address, got.status, err)
	}
	to, err := url.Parse(got.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	code := to.Query().Get("case")
	if thanks := p.get(ctx, t, to.String(), http.StatusOK); code == "" || !strings.Contains(thanks.body, code) {
		t.Errorf("%s does not show its code", to)
	}
	return code
}

// checkMended has the officer settle a case: the plate is as it was until they do what they are offered then, which says that it is good again.
func (c *signCity) checkMended(ctx context.Context, t *testing.T, o *office, id, code string) {
	t.Helper()
	if refused := does(ctx, t, o.officer, "condition", map[string]any{"number": signNumber, "condition": "damaged"}, nil); refused != "" {
		t.Fatalf("refused %q", refused)
	}
	var out struct {
		TransitionFeedback struct {
			Next []struct {
				AppID, ActionID, Label string
				Input                  map[string]any
			}
			Errors []struct{ Code string }
		}
	}
	err := o.officer.Do(ctx, `mutation($id: ID!) { transitionFeedback(input: {id: $id, status: RESOLVED}) { next { appId actionId label input } errors { code } } }`, map[string]any{"id": id}, &out)
	next := out.TransitionFeedback.Next
	if err != nil || len(out.TransitionFeedback.Errors) > 0 || len(next) == 0 || next[0].AppID != "signs" || next[0].ActionID != "condition" || next[0].Label == "" {
		t.Fatalf("%v, %+v", err, out)
	}
	if p := c.sign(ctx, t, signNumber); p.Condition != "damaged" {
		t.Errorf("the case says of the plate that it is %s", p.Condition)
	}
	if refused := does(ctx, t, o.officer, "condition", next[0].Input, nil); refused != "" {
		t.Errorf("what is offered is refused: %q", refused)
	}
	p := c.sign(ctx, t, signNumber)
	if last := p.History[len(p.History)-1]; p.Condition != "good" || !strings.Contains(last.Reason, code) {
		t.Errorf("the plate is %s: %+v", p.Condition, last)
	}
}

// checkDamage follows the tap that the phone made to the unit that looks after the plate, and lets others tap too.
func (c *signCity) checkDamage(ctx context.Context, t *testing.T, o *office, seen signSeen) {
	t.Helper()
	first := codeInText.FindString(seen.Tapped.Text)
	if again := codeInText.FindString(seen.TappedAgain.Text); first == "" || first != again || !strings.Contains(seen.Tapped.Address, first) {
		t.Fatalf("thanks show %q at %s, loaded again %q", first, seen.Tapped.Address, again)
	}
	wantTaps := func(code string, n int) {
		t.Helper()
		if got := damagesOf(ctx, t, o.officer); len(got) != 1 || got[0] != (tapped{"000002", code, mainWard, n}) {
			t.Errorf("the unit sees %+v, want %d taps of %s", got, n, code)
		}
	}
	wantTaps(first, 1)
	path := "/s/" + c.code(ctx, t, signNumber)
	mai, binh := c.phone("203.0.113.7"), c.phone("2001:db8:7::1")
	if code := mai.tap(ctx, t, path, "damaged"); code != first {
		t.Errorf("somebody else's tap leads to %s, want %s", code, first)
	}
	if code := mai.tap(ctx, t, path, "damaged"); code != first {
		t.Errorf("a repeated tap leads to %s, want %s", code, first)
	}
	wantTaps(first, 2)

	status := ""
	var k atSign
	for _, s := range []string{"RECEIVED", "ASSIGNED"} {
		if x, ok := reportsAt(ctx, t, o.officer, s)[first]; ok {
			status, k = s, x
		}
	}
	if status == "" || !strings.Contains(k.Description, signNumber) {
		t.Fatalf("the officer of %s sees %q, %+v", mainWard, status, k)
	}
	k.isHere(t, "the case")
	if status == "RECEIVED" {
		o.step(ctx, t, o.officer, "assignFeedback", "AssignFeedbackInput", map[string]any{"id": k.ID, "unit": mainWard})
	}
	o.step(ctx, t, o.officer, "transitionFeedback", "TransitionFeedbackInput", map[string]any{"id": k.ID, "status": "IN_PROGRESS"})
	c.checkMended(ctx, t, o, k.ID, first)
	second := binh.tap(ctx, t, path, "damaged")
	if second == first {
		t.Errorf("a tap after the case has ended leads to it again")
	}
	wantTaps(second, 1)
}
