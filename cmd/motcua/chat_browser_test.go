package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// phoneLine is one message as the stand-in phone shows it.
type phoneLine struct {
	From, Kind, State, Text string
	Staff                   bool
	Buttons                 []string
}

// phoneTalk is one conversation on the stand-in phone.
type phoneTalk struct {
	Code          string   // of the report; "" when none was to be sent
	Told          []string // everything that the city said with that code
	Back, Mine    string
	First, Second string // the summaries before and after a change
	Cancelled     []string
	Lines         []phoneLine
}

// phonesSeen is what testdata/browser/chat.mjs prints.
type phonesSeen struct {
	Errors, Wide, Failures []string
	People                 map[string]phoneTalk
	Switches               struct {
		Duplicate, Reorder    string // tracking codes
		Kept                  phoneLine
		Answers, Issued, Slow int
		Stats                 struct {
			Doubles  int
			Webhooks struct{ Duplicates, Swapped int }
		}
	}
}

const (
	lampAt   = "đèn đường hỏng trước số %d Lạch Tray"
	lampEn   = "the street light is broken in front of 12 Lach Tray"
	mended   = "Đã thay bóng mới."
	mainWard = "ward-11311"
)

// TestChatInChromium has citizens report on the stand-in phone, in a real browser as wide as a small phone, while the office does its work.
func TestChatInChromium(t *testing.T) {
	t.Parallel()
	ctx := within(t, 6*time.Minute)
	city := newPlace(t).start(t)
	photo, marker := photoWithPlace(t)
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo, 0o600); err != nil {
		t.Fatal(err)
	}
	o := newOffice(ctx, t, city)
	var seen phonesSeen
	o.whileBrowsing(ctx, t, &seen, "chat.mjs", city.Fakecity, city.Admin, file, "60")
	if len(seen.Failures) > 0 {
		for _, f := range seen.Failures {
			t.Error(f)
			who, _, _ := strings.Cut(f, ":")
			t.Log(transcript(seen.People[who].Lines))
		}
		t.FailNow()
	}
	if len(seen.Errors) > 0 || len(seen.Wide) > 0 {
		t.Errorf("errors %v; wider than 360 px: %v", seen.Errors, seen.Wide)
	}
	reports := o.stored(ctx, t)
	checkStored(ctx, t, city, seen, reports, marker)
	for _, who := range []string{"text", "photo", "place", "english"} {
		checkTold(t, who, seen.People[who])
	}
	checkCancelled(t, seen.People["cancel"])
	checkChanged(t, seen.People["change"])
	for _, who := range []string{"english", "asked"} {
		checkEnglish(t, who, seen.People[who])
	}
	checkSilence(t, seen.People["silence"])
	checkSwitches(t, seen)
}

// office does what the city's staff does: reports that come in are assigned and resolved.
type office struct {
	dispatcher, officer citytest.Client
	done                map[string]bool // by id
}

func newOffice(ctx context.Context, t *testing.T, city *citytest.Process) *office {
	t.Helper()
	o := &office{done: map[string]bool{}}
	for phone, c := range map[string]*citytest.Client{"0901000002": &o.dispatcher, "0901000001": &o.officer} {
		var err error
		if *c, err = city.SignIn(ctx, phone); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// whileBrowsing works until the citizens have put their phones away, and decodes what they saw.
func (o *office) whileBrowsing(ctx context.Context, t *testing.T, seen any, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = "testdata/browser"
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (make test installs node and chromium)", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v (make test installs node and chromium): %s", err, errs.String())
			}
			if err := json.Unmarshal(out.Bytes(), seen); err != nil {
				t.Fatalf("%v: %s", err, out.String())
			}
			return
		case <-tick.C:
			o.work(ctx, t)
		}
	}
}

// work takes up what has come in.
func (o *office) work(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, r := range o.queue(ctx, t, "RECEIVED") {
		if o.done[r.ID] {
			continue
		}
		o.done[r.ID] = true
		o.step(ctx, t, o.dispatcher, "assignFeedback", "AssignFeedbackInput", map[string]any{"id": r.ID, "unit": mainWard})
		o.step(ctx, t, o.officer, "transitionFeedback", "TransitionFeedbackInput", map[string]any{"id": r.ID, "status": "IN_PROGRESS"})
		o.step(ctx, t, o.officer, "transitionFeedback", "TransitionFeedbackInput", map[string]any{"id": r.ID, "status": "RESOLVED", "reason": mended})
	}
}

func (o *office) step(ctx context.Context, t *testing.T, c citytest.Client, mutation, input string, in map[string]any) {
	t.Helper()
	var out map[string]struct {
		Errors []struct{ Code, Message string }
	}
	if err := c.Do(ctx, `mutation($i: `+input+`!) { `+mutation+`(input: $i) { errors { code message } } }`, map[string]any{"i": in}, &out); err != nil {
		t.Fatal(err)
	}
	if errs := out[mutation].Errors; len(errs) > 0 {
		t.Fatalf("%s %v: %+v", mutation, in, errs)
	}
}

// chatReport is a report that came in by chat, as the dispatcher sees it.
type chatReport struct {
	report
	Description string
	Category    *struct{ Code string }
}

func (o *office) queue(ctx context.Context, t *testing.T, status string) []chatReport {
	t.Helper()
	var out struct {
		FeedbackQueue struct{ Edges []struct{ Node chatReport } }
	}
	err := o.dispatcher.Do(ctx, `query($s: FeedbackStatus!) { feedbackQueue(status: $s, first: 50) { edges { node { `+reportFields+` description category { code } } } } }`,
		map[string]any{"s": status}, &out)
	if err != nil {
		t.Fatal(err)
	}
	var list []chatReport
	for _, e := range out.FeedbackQueue.Edges {
		list = append(list, e.Node)
	}
	return list
}

// stored gives every report that there is, by its tracking code.
func (o *office) stored(ctx context.Context, t *testing.T) map[string]chatReport {
	t.Helper()
	o.work(ctx, t)
	all := map[string]chatReport{}
	for _, status := range []string{"RECEIVED", "ASSIGNED", "IN_PROGRESS", "RESOLVED", "CLOSED", "REJECTED"} {
		for _, r := range o.queue(ctx, t, status) {
			all[r.Code] = r
		}
	}
	return all
}

// wantReport is what a conversation must have left behind.
type wantReport struct {
	who, code, description, category string
	photos                           int
}

// checkStored compares what is stored with what was agreed to: no more, no less.
func checkStored(ctx context.Context, t *testing.T, city *citytest.Process, seen phonesSeen, got map[string]chatReport, marker string) {
	t.Helper()
	at := func(n int) string { return fmt.Sprintf(lampAt, n) }
	of := func(who string) string { return seen.People[who].Code }
	want := []wantReport{
		{"text", of("text"), at(12), "", 1}, {"photo", of("photo"), at(14), "", 1}, {"place", of("place"), at(16), "", 1},
		{"cancel", of("cancel"), at(22), "", 0}, {"english", of("english"), lampEn, "", 1}, {"change", of("change"), at(24), "street-light-out", 0},
		{"duplicate", seen.Switches.Duplicate, at(26), "", 0}, {"reorder", seen.Switches.Reorder, at(28), "", 0},
	}
	for _, w := range want {
		r, ok := got[w.code]
		if !ok {
			t.Errorf("%s: no report %q is stored", w.who, w.code)
			continue
		}
		checkReport(ctx, t, city, w, r, marker)
		delete(got, w.code)
	}
	for code, r := range got {
		t.Errorf("report %s was never agreed to: %q", code, r.Description)
	}
}

// trackingCode is Crockford's alphabet in groups, as it is read over the phone.
var trackingCode = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{3}(-[0-9A-HJKMNP-TV-Z]{3}){2}$`)

func checkReport(ctx context.Context, t *testing.T, city *citytest.Process, w wantReport, r chatReport, marker string) {
	t.Helper()
	category := ""
	if r.Category != nil {
		category = r.Category.Code
	}
	if !trackingCode.MatchString(r.Code) || r.Description != w.description || r.Ward.FullName != "Phường Hồng Bàng" || r.Unit.Code != mainWard || category != w.category {
		t.Errorf("%s: stored %+v with category %q, want %+v", w.who, r, category, w)
	}
	if len(r.Photos) != w.photos {
		t.Errorf("%s: %d photos, want %d", w.who, len(r.Photos), w.photos)
	}
	for _, p := range r.Photos {
		checkType(t, p.URL, "image/jpeg")
		checkPhoto(t, p.URL, marker)
	}
	var public struct {
		FeedbackByCode struct{ Code, Description, Status string }
	}
	err := citytest.Client{URL: city.HTTP + "/graphql"}.Do(ctx, `query($c: String!) { feedbackByCode(code: $c) { code description status } }`, map[string]any{"c": w.code}, &public)
	if err != nil || public.FeedbackByCode.Code != w.code || public.FeedbackByCode.Description != w.description || public.FeedbackByCode.Status != "RESOLVED" {
		t.Errorf("%s: public part %+v, %v", w.who, public, err)
	}
}

func checkType(t *testing.T, url, want string) {
	t.Helper()
	res, err := http.Head(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != want {
		t.Errorf("type %q, want %q", got, want)
	}
}

// checkTold finds the notices of the office's two steps, each once.
func checkTold(t *testing.T, who string, talk phoneTalk) {
	t.Helper()
	assigned := regexp.MustCompile(`(?i)đã giao|được giao|assigned|given to`)
	for what, holds := range map[string]func(string) bool{
		"it was assigned": assigned.MatchString, "it is resolved": func(s string) bool { return strings.Contains(s, mended) },
	} {
		if n := len(slices.DeleteFunc(slices.Clone(talk.Told), func(s string) bool { return !holds(s) })); n != 1 {
			t.Errorf("%s: told %d times that %s: %q", who, n, what, talk.Told)
		}
	}
}

func checkCancelled(t *testing.T, talk phoneTalk) {
	t.Helper()
	if strings.Contains(talk.Back, "Bỏ qua") || !strings.Contains(talk.Back, "Hủy") {
		t.Errorf("back from the category leads to %q, want the question of the place", talk.Back)
	}
	for _, text := range append(slices.Clone(talk.Cancelled), talk.Mine) {
		if strings.Contains(text, "Gửi phản ánh này chứ") || regexp.MustCompile(`\w{3}-\w{3}-\w{3}`).MatchString(text) {
			t.Errorf("after cancelling: %q", text)
		}
	}
}

func checkChanged(t *testing.T, talk phoneTalk) {
	t.Helper()
	if !strings.Contains(talk.First, "Ổ gà") || strings.Contains(talk.Second, "Ổ gà") || !strings.Contains(talk.Second, "Đèn đường không sáng") {
		t.Errorf("summary before the change %q, after it %q", talk.First, talk.Second)
	}
}

// vietnamese finds letters that English does not have.
var vietnamese = regexp.MustCompile(`(?i)[ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]`)

// checkEnglish looks at all that the city said; the way back to Vietnamese and the officer's own words may stay what they are.
func checkEnglish(t *testing.T, who string, talk phoneTalk) {
	t.Helper()
	exempt := strings.NewReplacer("Tiếng Việt", "", mended, "")
	for _, l := range talk.Lines {
		if text := exempt.Replace(l.Text + strings.Join(l.Buttons, " ")); l.From == "city" && vietnamese.MatchString(text) {
			t.Errorf("%s: not English: %q", who, text)
		}
	}
}

// checkSilence wants nothing from the program after a person of the city has answered.
func checkSilence(t *testing.T, talk phoneTalk) {
	t.Helper()
	staff := slices.IndexFunc(talk.Lines, func(l phoneLine) bool { return l.Staff })
	if staff < 0 || len(talk.Lines) != staff+2 || talk.Lines[staff+1].From != "citizen" {
		t.Errorf("after an officer answered:\n%s", transcript(talk.Lines))
	}
}

func checkSwitches(t *testing.T, seen phonesSeen) {
	t.Helper()
	s := seen.Switches
	if s.Stats.Webhooks.Duplicates == 0 || s.Stats.Webhooks.Swapped == 0 || s.Stats.Doubles != 0 {
		t.Errorf("the stand-in counted %+v", s.Stats)
	}
	if s.Kept.Text != "trợ giúp" || s.Kept.From != "citizen" || s.Answers != 1 {
		t.Errorf("during the outage the chat ended with %+v; answers after it: %d", s.Kept, s.Answers)
	}
	if s.Issued < 1 || s.Slow < 3000 {
		t.Errorf("tokens issued a day later: %d; a slow answer took %d ms", s.Issued, s.Slow)
	}
	receipts := 0
	for _, l := range seen.People["webhooks"].Lines {
		if strings.Contains(l.Text, s.Duplicate) && len(l.Buttons) > 0 { // notices have no buttons
			receipts++
		}
	}
	if receipts != 1 {
		t.Errorf("a report whose every event came twice was acknowledged %d times:\n%s", receipts, transcript(seen.People["webhooks"].Lines))
	}
}

// transcript writes a chat down for a reader.
func transcript(lines []phoneLine) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s (%s, %s): %s %v\n", l.From, l.Kind, l.State, l.Text, l.Buttons)
	}
	return b.String()
}
