package web

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c := New(box(t, keyset(t)), &shelf{}, settings, clock)
	token := c.Begin("vi")
	v := visitorOf(t, c, token)
	ticket := c.Ticket(v, channels.Attachment{Kind: channels.Photo, Media: "m1"})
	said := channels.Event{ID: eventID(v, id), Kind: channels.Said, From: channels.Address(v.ID), At: moment, Lang: v.Lang}
	with := func(change func(*channels.Event)) *channels.Event {
		e := said
		change(&e)
		return &e
	}
	msg := func(rest string) string { return `{"id":"` + id + `"` + rest + `}` }
	tests := []struct {
		name, body string
		want       *channels.Event // nil: INVALID
		field      string          // that is wrong; "" for the whole
	}{
		{"text", msg(`,"text":" Đèn hỏng\n"`), with(func(e *channels.Event) { e.Text = " Đèn hỏng\n" }), ""},
		{"text at the limit", msg(`,"text":"` + strings.Repeat("ờ", 2000) + `"`), with(func(e *channels.Event) { e.Text = strings.Repeat("ờ", 2000) }), ""},
		{"text over it", msg(`,"text":"` + strings.Repeat("ờ", 2001) + `"`), nil, "text"},
		{"a choice", msg(`,"text":"Có","choice":"yes"`), with(func(e *channels.Event) { e.Text, e.Choice = "Có", "yes" }), ""},
		{"a choice alone", msg(`,"choice":"yes"`), with(func(e *channels.Event) { e.Choice = "yes" }), ""},
		{"a long choice", msg(`,"choice":"` + strings.Repeat("x", 1001) + `"`), nil, "choice"},
		{"a place", msg(`,"place":{"lat":20.8,"lon":106.7}`), with(func(e *channels.Event) { e.Place = &channels.Place{Lat: 20.8, Lon: 106.7} }), ""},
		{"half a place", msg(`,"place":{"lat":20.8}`), nil, "place"},
		{"no place on Earth", msg(`,"place":{"lat":106.7,"lon":20.8}`), nil, "place"},
		{"a long name", msg(`,"place":{"lat":1,"lon":1,"label":"` + strings.Repeat("ờ", 201) + `"}`), nil, "place"},
		{"a photo", msg(`,"uploads":["` + ticket + `"]`), with(func(e *channels.Event) { e.Attachments = []channels.Attachment{{Kind: channels.Photo, Media: "m1"}} }), ""},
		{"six photos", msg(`,"uploads":["` + strings.Repeat(ticket+`","`, 5) + ticket + `"]`), nil, "uploads"},
		{"a file of nobody", msg(`,"uploads":["m1"]`), nil, "uploads"},
		{"opened", msg(``), with(func(e *channels.Event) { e.Kind = channels.Opened }), ""},
		{"opened by a link", msg(`,"ref":"feedback.report"`), with(func(e *channels.Event) { e.Kind, e.Ref = channels.Opened, "feedback.report" }), ""},
		{"opened by a link with words", msg(`,"ref":"signs.show:HP-00572-4"`), with(func(e *channels.Event) { e.Kind, e.Ref = channels.Opened, "signs.show:HP-00572-4" }), ""},
		{"blanks are nothing", msg(`,"text":"  "`), with(func(e *channels.Event) { e.Kind = channels.Opened }), ""},
		{"a long link", msg(`,"ref":"` + strings.Repeat("x", 251) + `"`), nil, "ref"},
		{"no id", `{"text":"x"}`, nil, "id"},
		{"an id that is none", `{"id":"1","text":"x"}`, nil, "id"},
		{"an unknown field", msg(`,"from":"bot"`), nil, ""},
		{"something behind it", msg(``) + `{}`, nil, ""},
		{"a list", `[` + msg(``) + `]`, nil, ""},
		{"nothing", ``, nil, ""},
		{"another type", msg(`,"text":1`), nil, ""},
		{"not UTF-8", msg(",\"text\":\"\xff\""), nil, ""},
		{"far too long", msg(`,"text":"x"`) + strings.Repeat(" ", maxBody), nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := c.Parse(request(token, tt.body))
			if tt.want != nil {
				require.NoError(t, err)
				require.Equal(t, channels.Batch{Events: []channels.Event{*tt.want}}, b)
				return
			}
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			require.Empty(t, b.Events)
			if f := fault.Of(err); tt.field != "" {
				require.Equal(t, tt.field, f.Fields[0].Path[0])
			}
		})
	}
	r := request(token, msg(``))
	r.Method = http.MethodGet
	_, err := c.Parse(r)
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

// TestVisitorsDoNotShareIDs: a page that sends another's id is a message of its own.
func TestVisitorsDoNotShareIDs(t *testing.T) {
	t.Parallel()
	c := New(box(t, keyset(t)), &shelf{}, settings, clock)
	seen := map[string]bool{}
	for range 3 {
		b, err := c.Parse(request(c.Begin("vi"), `{"id":"`+id+`","text":"x"}`))
		require.NoError(t, err)
		require.False(t, seen[b.Events[0].ID])
		seen[b.Events[0].ID] = true
	}
}

func FuzzParse(f *testing.F) {
	c := New(box(f, keyset(f)), &shelf{}, settings, clock)
	token := c.Begin("vi")
	for _, body := range []string{
		`{"id":"` + id + `","text":"Đèn hỏng"}`, `{"id":"` + id + `","choice":"x","place":{"lat":1,"lon":2,"label":"y"},"uploads":["photo.m.s"],"ref":"a.b"}`, `{}`, `[`, `{"id":1}`,
	} {
		f.Add(token, []byte(body))
	}
	f.Add("a.vi.b", []byte(`{}`))
	f.Fuzz(func(t *testing.T, auth string, body []byte) {
		r := channels.Request{Method: http.MethodPost, Header: http.Header{"Authorization": {"Chat " + auth}}, Body: body}
		if b, err := c.Parse(r); auth != token && (fault.CodeOf(err) != fault.Unauthorized || len(b.Events) > 0) {
			t.Fatalf("believed %q: %v", auth, err)
		}
		b, err := c.Parse(request(token, string(body)))
		if code := fault.CodeOf(err); err != nil && code != fault.Invalid {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			if len(e.ID) > 200 || e.From == "" || len(e.Text) > 4*2000 || len(e.Attachments) > maxUploads || len(e.Ref) > maxRef || c.LineID(e) == "" {
				t.Fatalf("%+v", e)
			}
		}
		again, _ := c.Parse(request(token, string(body)))
		if !reflect.DeepEqual(b, again) {
			t.Fatal("not the same twice")
		}
	})
}
