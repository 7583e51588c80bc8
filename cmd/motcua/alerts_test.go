package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// warners are two members of staff: one writes, the other approves.
type warners [2]citytest.Client

func signInWarners(ctx context.Context, t *testing.T, city *citytest.Process) (w warners) {
	t.Helper()
	for i, phone := range []string{"0901000002", "0901000003"} {
		var err error
		if w[i], err = city.SignIn(ctx, phone); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

const alertWard = "11383"

// storm is what a bulletin says that needs both.
func storm(title string) map[string]any {
	return map[string]any{
		"severity": "danger", "wards": []string{alertWard}, "title": title, "text": "Bà con ở trong nhà cho đến khi có tin mới.",
		"until": time.Now().Add(6 * time.Hour).UTC().Format(time.RFC3339),
	}
}

// write puts a version forward, which waits then. id "" makes a bulletin.
func (w warners) write(ctx context.Context, t *testing.T, id, action string, in map[string]any) citytest.Bulletin {
	t.Helper()
	if id == "" {
		in["kind"] = "storm"
	} else {
		in["id"] = id
	}
	var b citytest.Bulletin
	if err := w[0].Invoke(ctx, "alerts", action, in, fmt.Sprint(action, in["title"], in["text"]), &b); err != nil {
		t.Fatal(err)
	}
	if b.Next == nil {
		t.Fatalf("%s: nothing waits for a second person: %+v", action, b)
	}
	return b
}

// approve has the other one agree.
func (w warners) approve(ctx context.Context, t *testing.T, b citytest.Bulletin) citytest.Bulletin {
	t.Helper()
	in := map[string]any{"id": b.ID, "version": b.Next.Version}
	if err := w[0].Invoke(ctx, "alerts", "approve", in, "", nil); err == nil || !strings.Contains(err.Error(), "FORBIDDEN") {
		t.Fatalf("approved by whoever wrote it: %v", err)
	}
	if err := w[1].Invoke(ctx, "alerts", "approve", in, fmt.Sprint("approve", b.Revision), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// warn does both.
func (w warners) warn(ctx context.Context, t *testing.T, id, action string, in map[string]any) citytest.Bulletin {
	t.Helper()
	return w.approve(ctx, t, w.write(ctx, t, id, action, in))
}

// alertProgress is how far the telling of a revision is.
type alertProgress struct {
	citytest.AlertProgress
	Revision int
}

// awaitDone waits until nothing of a bulletin's revision is to be sent any more.
func (w warners) awaitDone(ctx context.Context, t *testing.T, id string, revision int) (p alertProgress) {
	t.Helper()
	err := citytest.Poll(ctx, func() (bool, error) {
		var now alertProgress
		if err := w[0].Invoke(ctx, "alerts", "progress", map[string]any{"id": id}, "", &now); err != nil {
			return false, nil // it was killed
		}
		p = now
		return p.Done && p.Revision >= revision, nil
	})
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return p
}

// inboxLine is a notice in somebody's inbox.
type inboxLine struct {
	ID, Title, AppID string
	Read             bool
}

func inboxOf(ctx context.Context, t *testing.T, c citytest.Client) []inboxLine {
	t.Helper()
	all, err := pages[inboxLine](ctx, c, "notifications", "id title appId read")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// lockScreen is a phone that the stand-in for Firebase plays.
type lockScreen struct{ fcm, name string }

type screenNote struct {
	Title, Text string
	Replaced    int
	Urgent      bool
}

// install gives the registration token.
func (l lockScreen) install(t *testing.T) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": l.name})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(l.fcm+"/control/devices", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("no token: %v", err)
	}
	return out.Token
}

// await waits until the phone shows something with the title and gives all that it shows.
func (l lockScreen) await(ctx context.Context, t *testing.T, title string) (notes []screenNote) {
	t.Helper()
	err := citytest.Poll(ctx, func() (bool, error) {
		res, err := http.Get(l.fcm + "/control/devices/" + l.name + "/screen")
		if err != nil {
			return false, err
		}
		defer res.Body.Close()
		notes = nil
		err = json.NewDecoder(res.Body).Decode(&notes)
		return len(notes) > 0 && notes[len(notes)-1].Title == title, err
	})
	if err != nil {
		t.Fatalf("no %q: %v, %+v", title, err, notes)
	}
	return notes
}

// follows waits until the network has the phone follow these topics and no others.
func (l lockScreen) follows(ctx context.Context, t *testing.T, want ...string) {
	t.Helper()
	var got []string
	err := citytest.Poll(ctx, func() (bool, error) {
		res, err := http.Get(l.fcm + "/control/devices")
		if err != nil {
			return false, err
		}
		defer res.Body.Close()
		var all []struct {
			Name   string
			Topics []string
		}
		if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
			return false, err
		}
		i := slices.IndexFunc(all, func(d struct {
			Name   string
			Topics []string
		}) bool {
			return d.Name == l.name
		})
		if i >= 0 {
			got = all[i].Topics
		}
		return i >= 0 && slices.Equal(got, want), nil
	})
	if err != nil {
		t.Fatalf("%s follows %v, want %v: %v", l.name, got, want, err)
	}
}

// heard gives each push that the phone got, "topic title" or "letter title", in order.
func (l lockScreen) heard(t *testing.T) []string {
	t.Helper()
	res, err := http.Get(l.fcm + "/control/devices/" + l.name + "/deliveries")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var all []struct {
		Topic   string
		Message struct{ Notification struct{ Title string } }
	}
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, d := range all {
		how := "letter"
		if d.Topic != "" {
			how = "topic"
		}
		out = append(out, how+" "+d.Message.Notification.Title)
	}
	return out
}

// phoneOf gives somebody a phone with the app.
func phoneOf(ctx context.Context, t *testing.T, city *citytest.Process, c citytest.Client, name string) lockScreen {
	t.Helper()
	l := lockScreen{fcm: city.Fakecity + "/fcm", name: name}
	if err := c.Do(ctx, `mutation($i: RegisterDeviceInput!) { registerDevice(input: $i) { device { id } errors { message } } }`,
		map[string]any{"i": map[string]any{"fcmToken": l.install(t), "platform": "android"}}, nil); err != nil {
		t.Fatal(err)
	}
	return l
}

func prefer(ctx context.Context, t *testing.T, c citytest.Client, in map[string]any) {
	t.Helper()
	var out struct {
		SetNotificationPreferences struct{ Errors []struct{ Message string } }
	}
	err := c.Do(ctx, `mutation($i: SetNotificationPreferencesInput!) { setNotificationPreferences(input: $i) { errors { message } } }`, map[string]any{"i": in}, &out)
	if err != nil || len(out.SetNotificationPreferences.Errors) > 0 {
		t.Fatal(err, out)
	}
}

// muteAlerts is what the app sends for somebody who wants no pushes of warnings.
var muteAlerts = map[string]any{"rules": []any{map[string]any{"kind": "alerts", "channel": "push", "on": false}}}

// TestWarningByTopic tells phones by the topics of their wards, everybody else by letters, and nobody by both.
func TestWarningByTopic(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	city := newPlace(t, "MOTCUA_NOTIFY__QUIET__FROM=00:00", "MOTCUA_NOTIFY__QUIET__TO=00:00").start(t)
	staff := signInWarners(ctx, t, city)
	ward := "ward-" + alertWard
	an, binh, chi, dung := signedIn(ctx, t, city, "0912345601", alertWard), signedIn(ctx, t, city, "0912345602", alertWard), signedIn(ctx, t, city, "0912345603", alertWard), signedIn(ctx, t, city, "0912345604", alertWard)
	prefer(ctx, t, binh, map[string]any{"language": "EN"})
	prefer(ctx, t, chi, muteAlerts)
	phones := map[string]lockScreen{}
	for name, c := range map[string]citytest.Client{"an": an, "binh": binh, "chi": chi, "dung": dung} {
		phones[name] = phoneOf(ctx, t, city, c, name)
	}
	phones["an"].follows(ctx, t, "city", ward)
	phones["binh"].follows(ctx, t)
	phones["chi"].follows(ctx, t)
	phones["dung"].follows(ctx, t, "city", ward)
	if err := dung.Invoke(ctx, "alerts", "unfollow", map[string]any{"ward": alertWard}, "unfollow", nil); err != nil {
		t.Fatal(err)
	}
	phones["dung"].follows(ctx, t, "city")

	want := map[string][]string{}
	heard := func(told int, id string, revision int, add map[string]string) {
		t.Helper()
		p := staff.awaitDone(ctx, t, id, revision)
		if p.Told != told || p.Failed != 0 {
			t.Errorf("%+v, want %d told", p, told)
		}
		for name, phone := range phones {
			if line := add[name]; line != "" {
				want[name] = append(want[name], line)
			}
			if got := phone.heard(t); !slices.Equal(got, want[name]) {
				t.Errorf("%s heard %q, want %q", name, got, want[name])
			}
		}
	}
	b := staff.warn(ctx, t, "", "publish", storm("Bão số 3"))
	heard(3, b.ID, 1, map[string]string{"an": "topic CẢNH BÁO: Bão số 3", "binh": "letter WARNING: Bão số 3", "chi": "letter CẢNH BÁO: Bão số 3"})

	staff.warn(ctx, t, b.ID, "update", storm("Bão số 3 đổi hướng"))
	heard(3, b.ID, 2, map[string]string{"an": "topic CẢNH BÁO: Bão số 3 đổi hướng", "binh": "letter WARNING: Bão số 3 đổi hướng", "chi": "letter CẢNH BÁO: Bão số 3 đổi hướng"})
	if notes := phones["an"].await(ctx, t, "CẢNH BÁO: Bão số 3 đổi hướng"); len(notes) != 1 || notes[0].Replaced != 1 {
		t.Errorf("the phone shows %+v", notes)
	}

	prefer(ctx, t, an, muteAlerts)
	phones["an"].follows(ctx, t)
	staff.warn(ctx, t, b.ID, "clear", map[string]any{"text": "Bão đã tan."})
	heard(3, b.ID, 3, map[string]string{"an": "letter Đã hết nguy hiểm: Bão số 3 đổi hướng", "binh": "letter All clear: Bão số 3 đổi hướng", "chi": "letter Đã hết nguy hiểm: Bão số 3 đổi hướng"})
	if notes := phones["an"].await(ctx, t, "Đã hết nguy hiểm: Bão số 3 đổi hướng"); len(notes) != 1 || notes[0].Replaced != 2 {
		t.Errorf("the phone shows %+v", notes)
	}

	everywhere := storm("Động đất")
	everywhere["wards"] = []string{}
	b = staff.warn(ctx, t, "", "publish", everywhere)
	heard(3, b.ID, 1, map[string]string{"an": "letter CẢNH BÁO: Động đất", "binh": "letter WARNING: Động đất", "chi": "letter CẢNH BÁO: Động đất", "dung": "topic CẢNH BÁO: Động đất"})
}

// TestWarningReachesFollowers takes a bulletin from the dispatcher who writes it to the all-clear: a second person approves, the followers of the ward are told in
// their chat, on their phone and in their inbox, and nobody else is.
func TestWarningReachesFollowers(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	city := newPlace(t, "MOTCUA_NOTIFY__QUIET__FROM=00:00", "MOTCUA_NOTIFY__QUIET__TO=00:00").start(t)
	staff := signInWarners(ctx, t, city)
	zalo := citytest.Zalo{Base: city.Fakecity + "/zalo", HTTP: &http.Client{Timeout: 70 * time.Second}}
	seq := followInChat(ctx, t, zalo, "Hà")
	an := signedIn(ctx, t, city, "0912345678", alertWard)
	binh := signedIn(ctx, t, city, "0987654321", "11311")
	phone := phoneOf(ctx, t, city, an, "an")

	b := staff.write(ctx, t, "", "publish", storm("Bão số 3"))
	if b.State != "pending" || b.Revision != 0 || b.Next.Reach != 2 || len(inboxOf(ctx, t, an)) != 0 {
		t.Fatalf("before the approval: %+v, %+v", b, inboxOf(ctx, t, an))
	}
	staff.approve(ctx, t, b)
	told := func(title string, replaced int) inboxLine { // replaced counts the revisions before
		t.Helper()
		e, err := zalo.Await(ctx, "Hà", seq, title)
		if err != nil {
			t.Fatal(err)
		}
		seq = e.Seq
		if notes := phone.await(ctx, t, title); len(notes) != 1 || notes[0].Replaced != replaced {
			t.Errorf("the phone shows %+v", notes)
		}
		if p := staff.awaitDone(ctx, t, b.ID, replaced+1); p.Told != 2 || p.Failed != 0 {
			t.Errorf("%+v", p)
		}
		lines := inboxOf(ctx, t, an)
		if len(lines) != 1 || lines[0].Title != title || lines[0].Read || lines[0].AppID != "alerts" {
			t.Fatalf("inbox: %+v", lines)
		}
		if other := inboxOf(ctx, t, binh); len(other) != 0 {
			t.Errorf("who follows another ward was told: %+v", other)
		}
		return lines[0]
	}
	markRead(ctx, t, an, told("CẢNH BÁO: Bão số 3", 0).ID)
	if lines := inboxOf(ctx, t, an); !lines[0].Read {
		t.Errorf("still not read: %+v", lines)
	}
	staff.warn(ctx, t, b.ID, "update", storm("Bão số 3 đổi hướng"))
	told("CẢNH BÁO: Bão số 3 đổi hướng", 1)
	if b = staff.warn(ctx, t, b.ID, "clear", map[string]any{"text": "Bão đã tan."}); b.State != "cleared" || b.Revision != 3 {
		t.Errorf("%+v", b)
	}
	told("Đã hết nguy hiểm: Bão số 3 đổi hướng", 2)
}

// followInChat has a person follow the ward by its name as people type it, and gives the last line.
func followInChat(ctx context.Context, t *testing.T, zalo citytest.Zalo, who string) (seq int64) {
	t.Helper()
	for _, line := range []struct{ say, hear string }{
		{"nhan canh bao", "phường, xã nào"},
		{"le chan", "Từ nay có cảnh báo ở Phường Lê Chân"},
	} {
		said, err := zalo.Do(ctx, who, "say", map[string]string{"text": line.say})
		if err != nil {
			t.Fatal(err)
		}
		e, err := zalo.Await(ctx, who, said.Seq, line.hear)
		if err != nil {
			t.Fatal(err)
		}
		seq = e.Seq
	}
	return seq
}

// signedIn gives a citizen who follows a ward.
func signedIn(ctx context.Context, t *testing.T, city *citytest.Process, phone, ward string) citytest.Client {
	t.Helper()
	c, err := city.SignIn(ctx, phone)
	if err == nil {
		err = c.Invoke(ctx, "alerts", "follow", map[string]any{"ward": ward}, "follow", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func markRead(ctx context.Context, t *testing.T, c citytest.Client, id string) {
	t.Helper()
	err := c.Do(ctx, `mutation($id: ID!) { markNotificationRead(input: {id: $id}) { errors { message } } }`, map[string]any{"id": id}, nil)
	if err != nil {
		t.Fatal(err)
	}
}
