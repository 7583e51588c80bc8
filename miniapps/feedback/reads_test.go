package feedback

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
)

// TestWhoSees tries every read as everybody.
func TestWhoSees(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.submit(citizen("an"), "k", strings.TrimSuffix(dark, "}")+`, "hideName": false}`)
	d.submit(citizen("binh"), "k", outage) // another one, of a department
	merged := account.Viewer{Account: "chi", Subject: "chi", Subjects: []string{"chi", "an"}, Assurance: account.Phone}
	tests := []struct {
		name string
		who  account.Viewer
		sees bool
	}{
		{"guest", account.Viewer{}, false},
		{"the owner", citizen("an"), true},
		{"the owner after a merge of accounts", merged, true},
		{"another citizen", citizen("binh"), false},
		{"officer of the unit", officer(operaUnit), true},
		{"officer of another unit", officer("power"), false},
		{"dispatcher", dispatcher(), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := fault.Code("")
			if !tt.sees {
				want = fault.NotFound
			}
			_, err := d.app.Get(t.Context(), tt.who, r.ID)
			wantCode(t, err, want)
			_, err = d.app.Comments(t.Context(), tt.who, r.ID, 10, "")
			wantCode(t, err, want)
			many, err := d.app.GetMany(t.Context(), tt.who, []string{r.ID, "an/none"})
			if err != nil || (many[r.ID] != nil) != tt.sees {
				t.Errorf("GetMany: got %v, %v", many, err)
			}
			p, err := d.app.ByCode(t.Context(), string(r.Code))
			if err != nil || p.Author != "Nguyễn Thị An" {
				t.Errorf("everybody sees the public part: got %+v, %v", p, err)
			}
		})
	}
}

func TestByCode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.submit(citizen("an"), "k", dark) // says nothing of the name: it stays hidden
	p, err := d.app.ByCode(t.Context(), " "+strings.ToLower(r.Code.Grouped())+" ")
	if err != nil || p.Code != r.Code || p.Author != "" || p.Ward != operaWard {
		t.Errorf("got %+v, %v", p, err)
	}
	_, err = d.app.ByCode(t.Context(), "7K3-9QM")
	wantCode(t, err, fault.Invalid)
	codes := d.app.deps.Codes
	other, err := codes.Claim(t.Context(), "x", casework.Ref{App: "other", ID: r.ID})
	if err != nil {
		t.Fatal(err)
	}
	reserved, err := codes.Claim(t.Context(), "y", casework.Ref{App: ID, ID: "an/never-stored"})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []casework.Code{other, reserved} {
		_, err = d.app.ByCode(t.Context(), string(code))
		wantCode(t, err, fault.NotFound)
	}
}

func TestMineOverAllSubjects(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var want []string
	for i := range 9 {
		d.clock = d.clock.Add(time.Minute)
		subject := []string{"an", "zalo-an", "messenger-an"}[i%3]
		want = append([]string{d.submit(citizen(subject), fmt.Sprint(i), dark).ID}, want...)
	}
	d.submit(citizen("binh"), "k", dark)
	v := account.Viewer{Account: "an", Subject: "an", Subjects: []string{"an", "zalo-an", "messenger-an"}}
	var got []string
	var after Cursor
	for range 5 {
		page, err := d.app.Mine(t.Context(), v, 2, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			got = append(got, r.ID)
		}
		if page.HasNext != (len(got) < 9) {
			t.Fatalf("%d reports, more: %v", len(got), page.HasNext)
		}
		after = page.Cursors[len(page.Cursors)-1]
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	_, err := d.app.Mine(t.Context(), account.Viewer{}, 2, "")
	wantCode(t, err, fault.Unauthorized)
	_, err = d.app.Mine(t.Context(), v, 2, "nonsense")
	wantCode(t, err, fault.Invalid)
}

func TestQueue(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	slow := d.submit(citizen("an"), "1", strings.Replace(dark, lamp, "street-light-daytime", 1)) // 40 hours
	fast := d.submit(citizen("binh"), "2", strings.Replace(dark, lamp, "lamp-post-damaged", 1))  // 8 hours
	power := d.submit(citizen("an"), "3", outage)
	done := d.submit(citizen("an"), "4", dark)
	if _, err := d.do(dispatcher(), "transition", done.ID, "k", map[string]any{"status": "rejected", "reason": "Trùng"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.do(dispatcher(), "assign", slow.ID, "k", map[string]any{"unit": operaUnit}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		who    account.Viewer
		unit   string
		status casework.Status
		want   []string
	}{
		{"officer, what is to be done", officer(operaUnit), "", "", []string{fast.ID, slow.ID}},
		{"officer, one state", officer(operaUnit), operaUnit, Assigned, []string{slow.ID}},
		{"officer, rejected", officer(operaUnit), "", Rejected, []string{done.ID}},
		{"dispatcher, one unit", dispatcher(), "power", "", []string{power.ID}},
		{"dispatcher, all", dispatcher(), "", Received, []string{power.ID, fast.ID}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page, err := d.app.Queue(t.Context(), tt.who, tt.unit, tt.status, 10, "")
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for i, r := range page.Items {
				got[r.ID] = true
				if i > 0 && r.DueAt.Before(page.Items[i-1].DueAt) {
					t.Error("not in the order of deadlines")
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			for _, id := range tt.want {
				if !got[id] {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			}
		})
	}
	_, err := d.app.Queue(t.Context(), officer("power"), operaUnit, "", 10, "")
	wantCode(t, err, fault.Forbidden)
	_, err = d.app.Queue(t.Context(), dispatcher(), "", "nonsense", 10, "")
	wantCode(t, err, fault.Invalid)
}

func TestComments(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.submit(citizen("an"), "k", dark)
	say := func(v account.Viewer, key, text string) error {
		d.clock = d.clock.Add(time.Minute)
		_, err := d.run(v, "comment", key, fmt.Sprintf(`{"id": %q, "text": %q}`, r.ID, text))
		return err
	}
	if err := say(citizen("an"), "1", "Tối nay vẫn tắt"); err != nil {
		t.Fatal(err)
	}
	if err := say(officer(operaUnit), "1", "Đội sửa chữa đến lúc 19 giờ"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, say(citizen("binh"), "1", "Cho tôi xem với"), fault.NotFound)
	wantCode(t, say(officer("power"), "1", "Không phải việc của tôi"), fault.NotFound)
	wantCode(t, say(citizen("an"), "1", "Chữ khác dưới khóa cũ"), fault.Conflict)
	wantField(t, say(citizen("an"), "2", "\t \t"), "text", "feedback.comment_length")
	d.carry()
	got := d.inbox.of("an") // the report's and the comment's relay promise no order between them
	slices.Sort(got)
	if !slices.Equal(got, []string{"commented", "received"}) || len(d.inbox.list) != 2 {
		t.Errorf("notices: %v", got)
	}
	page, err := d.app.Comments(t.Context(), citizen("an"), r.ID, 10, "")
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("got %+v, %v", page, err)
	}
	first, second := page.Items[0], page.Items[1]
	if first.By != casework.Citizen || first.Unit != "" || second.By != casework.Staff || second.Unit != operaUnit || second.RelayAt != nil {
		t.Errorf("got %+v", page.Items)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lampID := d.submit(citizen("an"), "1", dark).ID
	powerReport := d.submit(citizen("binh"), "2", outage)
	d.carry()
	tests := []struct {
		name, text string
		who        account.Viewer
		want       string
	}{
		{"own, without diacritics", "den duong", citizen("an"), lampID},
		{"another's", "den duong", citizen("binh"), ""},
		{"dispatcher", "ĐÈN lạch", dispatcher(), lampID},
		{"officer of the unit", "lach tray", officer(operaUnit), lampID},
		{"officer of another unit", "lach tray", officer("power"), ""},
		{"a word too many", "đèn đường vàng", dispatcher(), ""},
		{"code", powerReport.Code.Grouped(), dispatcher(), powerReport.ID},
		{"code of another", string(powerReport.Code), citizen("an"), ""},
		{"nothing to look for", " ... ", dispatcher(), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := d.app.Search(t.Context(), tt.who, tt.text, 10)
			if err != nil {
				t.Fatal(err)
			}
			ids := ""
			for _, r := range got.Reports {
				ids += r.ID
			}
			if ids != tt.want || got.Narrow {
				t.Errorf("got %q, narrow %v, want %q", ids, got.Narrow, tt.want)
			}
		})
	}
	_, err := d.app.Search(t.Context(), account.Viewer{}, "đèn", 10)
	wantCode(t, err, fault.Unauthorized)
}

func TestSearchSaysWhenToNarrow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 5 {
		d.submit(citizen("an"), fmt.Sprint(i), dark)
	}
	d.carry()
	for _, v := range []account.Viewer{citizen("an"), dispatcher()} {
		got, err := d.app.Search(t.Context(), v, "đèn", 3)
		if err != nil || len(got.Reports) != 3 || !got.Narrow {
			t.Errorf("got %d reports, narrow %v, %v", len(got.Reports), got.Narrow, err)
		}
	}
	ids, more, err := d.app.records.candidates(t.Context(), []string{"den", "duong"}, 4)
	if err != nil || len(ids) != 4 || !more {
		t.Errorf("of five candidates with a limit of four: got %d, more %v, %v", len(ids), more, err)
	}
}

func TestExisting(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first, second := d.submit(citizen("an"), "1", dark).ID, d.submit(citizen("binh"), "1", dark).ID
	got, err := d.app.Existing(t.Context(), []string{first, "an/never-stored", second})
	slices.Sort(got)
	if err != nil || !slices.Equal(got, slices.Sorted(slices.Values([]string{first, second}))) {
		t.Errorf("got %v, %v", got, err)
	}
}
