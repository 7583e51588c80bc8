package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

func TestCreateUploadChecksWhatIsAnnounced(t *testing.T) {
	t.Parallel()
	d := open(t)
	tests := []struct {
		name   string
		viewer account.Viewer
		r      UploadRequest
		code   fault.Code // "" when it is taken
		key    string
		header string // Content-Type to send along
	}{
		{"guest", account.Viewer{}, UploadRequest{ContentType: typeJPEG, Size: 1, Key: "k"}, fault.Unauthorized, "", ""},
		{"without a key", citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: 1}, fault.Invalid, "media.key_missing", ""},
		{"too long a key", citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: 1, Key: strings.Repeat("k", once.MaxKey+1)}, fault.Invalid, "media.key_too_long", ""},
		{"HEIC", citizen("mai"), UploadRequest{ContentType: "image/heif", Size: 1, Key: "k"}, fault.Invalid, "media.heic", ""},
		{"HEIC by its name", citizen("mai"), UploadRequest{Name: "IMG_0001.HEIC", Size: 1, Key: "k"}, fault.Invalid, "media.heic", ""},
		{"GIF", citizen("mai"), UploadRequest{ContentType: "image/gif", Size: 1, Key: "k"}, fault.Invalid, "media.type_unknown", ""},
		{"no type at all", citizen("mai"), UploadRequest{ContentType: ";;", Size: 1, Key: "k"}, fault.Invalid, "media.type_unknown", ""},
		{"empty", citizen("mai"), UploadRequest{ContentType: typeJPEG, Key: "k"}, fault.Invalid, "media.empty", ""},
		{"negative", citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: -1, Key: "k"}, fault.Invalid, "media.empty", ""},
		{"photo of more than 12 MB", citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: 12<<20 + 1, Key: "k"}, fault.Invalid, "media.too_large_photo", ""},
		{"video of more than 50 MB", citizen("mai"), UploadRequest{ContentType: typeMP4, Size: 50<<20 + 1, Key: "k"}, fault.Invalid, "media.too_large_video", ""},
		{"photo of 12 MB", citizen("mai"), UploadRequest{ContentType: "image/jpg", Size: 12 << 20, Key: "a"}, "", "", typeJPEG},
		{"video of 50 MB", citizen("mai"), UploadRequest{ContentType: "video/quicktime; codecs=hvc1", Size: 50 << 20, Key: "b"}, "", "", typeQuickTime},
		{"type by the name", citizen("mai"), UploadRequest{ContentType: typeUnknown, Name: "ngập.3GP", Size: 1, Key: "c"}, "", "", type3GP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := d.CreateUpload(d.ctx, tt.viewer, tt.r)
			refused(t, err, tt.code, tt.key)
			if got := u.Headers["Content-Type"]; got != tt.header {
				t.Errorf("Content-Type to send is %q, want %q", got, tt.header)
			}
		})
	}
}

func TestCreateUploadTwiceIsOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i] = d.announce(typeJPEG, 100, "k").ID })
	}
	wg.Wait()
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("one key made %v", ids)
	}
	if other := d.announce(typeJPEG, 100, "k2").ID; other == ids[0] {
		t.Error("another key made the same upload")
	}
	_, err := d.CreateUpload(d.ctx, citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: 101, Key: "k"})
	refused(t, err, fault.Conflict, "once.key_reused")
	u, err := d.CreateUpload(d.ctx, citizen("lan"), UploadRequest{ContentType: typeJPEG, Size: 101, Key: "k"})
	if err != nil || u.ID == ids[0] {
		t.Errorf("another citizen's equal key: %s, %v", u.ID, err)
	}
}

func TestLooseUploadsAreLimited(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *Config) { c.MaxLoose = 2 })
	body := phoneJPEG(t, quarters(8, 8), 1)
	it := d.upload(typeJPEG, body, "a")
	d.announce(typeJPEG, 1, "b")
	_, err := d.CreateUpload(d.ctx, citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: 1, Key: "c"})
	refused(t, err, fault.RateLimited, "media.too_many_loose")
	d.announce(typeJPEG, 1, "b") // a repeat is no further one
	if _, err := d.Attach(d.ctx, []string{"mai"}, []string{it.ID}, Ref{"feedback", "r1"}); err != nil {
		t.Fatal(err)
	}
	d.announce(typeJPEG, 1, "c")
}

func TestSendingTwice(t *testing.T) {
	t.Parallel()
	d := open(t)
	one := phoneJPEG(t, quarters(30, 20), 1)
	two := append(bytes.Clone(one[:len(one)-1]), '!') // of the same length
	u := d.announce(typeJPEG, len(one), "k")
	first, err := d.send(u, one)
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.send(u, one)
	if err != nil || again.ID != first.ID || !slices.Equal(again.Renditions, first.Renditions) {
		t.Errorf("the same body again: %+v, %v, want %+v", again, err, first)
	}
	_, err = d.send(u, two)
	refused(t, err, fault.Conflict, "media.other_body")
	_, err = d.send(u, one[:10])
	refused(t, err, fault.Conflict, "media.other_body")
	_, err = d.send(u, append(bytes.Clone(one), "more"...))
	refused(t, err, fault.Conflict, "media.other_body")
	if n := len(d.files()); n != 3 {
		t.Errorf("%d blobs, want 3", n)
	}
}

func TestTwoBodiesAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	one := phoneJPEG(t, quarters(30, 20), 1)
	bodies := [][]byte{one, append(bytes.Clone(one[:len(one)-1]), '!')}
	u := d.announce(typeJPEG, len(one), "k")
	won := make([]int, 2)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			_, err := d.send(u, bodies[i%2])
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won[i%2]++
			} else {
				refused(t, err, fault.Conflict, "media.other_body")
			}
		})
	}
	wg.Wait()
	if !(won[0] == 6 && won[1] == 0 || won[0] == 0 && won[1] == 6) {
		t.Errorf("%v of 6 senders each were told that they won, want all of one body and none of the other", won)
	}
	items, err := d.Items(d.ctx, []string{u.ID})
	if err != nil || len(items) != 1 {
		t.Fatalf("items: %v, %v", items, err)
	}
	for _, r := range items[0].Renditions {
		d.read(u.ID, r.Name)
	}
	if n := len(d.files()); n != 3 {
		t.Errorf("%d blobs, want the winner's 3", n)
	}
}

func TestBodyOfAnotherLength(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := mp4("isom")
	u := d.announce(typeMP4, len(body), "k")
	_, err := d.send(u, body[:len(body)-1])
	refused(t, err, fault.Invalid, "media.size_differs")
	_, err = d.send(u, nil)
	refused(t, err, fault.Invalid, "media.size_differs")
	endless := io.MultiReader(bytes.NewReader(body), neverEnding('x'))
	_, err = d.Receive(d.ctx, u.ID, queryOf(t, u.URL), typeMP4, endless)
	refused(t, err, fault.Invalid, "media.size_differs")
	if left := append(d.files(), filesIn(t, d.cfg.SpoolDir)...); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestBodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := mp4("isom")
	u := d.announce(typeMP4, len(body), "k")
	broken := io.MultiReader(bytes.NewReader(body[:100]), iotest.ErrReader(errors.New("10.0.0.7: connection reset")))
	_, err := d.Receive(d.ctx, u.ID, queryOf(t, u.URL), typeMP4, broken)
	refused(t, err, fault.Unavailable, "")
	ctx, cancel := context.WithCancel(d.ctx)
	cancel()
	_, err = d.Receive(ctx, u.ID, queryOf(t, u.URL), typeMP4, bytes.NewReader(body))
	refused(t, err, fault.Unavailable, "")
	if _, err := d.send(u, body); err != nil {
		t.Errorf("sending again: %v", err)
	}
}

func TestPlaceThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	body := mp4("isom")
	d := open(t)
	u := d.announce(typeMP4, len(body), "k")
	d.cfg.SpoolDir = filepath.Join(t.TempDir(), "gone")
	_, err := d.send(u, body)
	refused(t, err, fault.Unavailable, "")
}

func TestContentTypeOfTheRequest(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(8, 8), 1)
	for header, key := range map[string]string{
		"": "", typeJPEG: "", "image/jpg": "", "image/jpeg; charset=binary": "", typeUnknown: "", "application/x-www-form-urlencoded": "",
		typePNG: "media.type_differs", "text/html": "media.type_differs", "multipart/form-data; boundary=x": "media.type_differs", typeMP4: "media.type_differs",
	} {
		u := d.announce(typeJPEG, len(body), "key of "+header)
		_, err := d.Receive(d.ctx, u.ID, queryOf(t, u.URL), header, bytes.NewReader(body))
		want := fault.Code("")
		if key != "" {
			want = fault.Invalid
		}
		t.Run(header, func(t *testing.T) { refused(t, err, want, key) })
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(8, 8), 1)
	a, b, taken := d.upload(typeJPEG, body, "a").ID, d.upload(typeJPEG, body, "b").ID, d.upload(typeJPEG, body, "c").ID
	pending := d.announce(typeJPEG, 5, "d").ID
	mine, report := []string{"old", "mai"}, Ref{"feedback", "r1"}
	if _, err := d.Attach(d.ctx, mine, []string{taken}, Ref{"feedback", "r0"}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // twice is once
		items, err := d.Attach(d.ctx, mine, []string{b, a}, report)
		if err != nil || len(items) != 2 || items[0].ID != b || items[1].ID != a {
			t.Fatalf("attach: %v, %v", items, err)
		}
	}
	_, err := d.Attach(d.ctx, mine, []string{a, pending, "nothing", taken}, report)
	f := fault.Of(err)
	var got []string
	for _, x := range f.Fields {
		got = append(got, strings.Join(x.Path, ".")+" "+x.Key)
	}
	if want := []string{"1 media.not_ready", "2 media.unknown", "3 media.taken"}; f.Code != fault.Invalid || !slices.Equal(got, want) {
		t.Errorf("got %s %v, want %v", f.Code, got, want)
	}
	_, err = d.Attach(d.ctx, []string{"lan"}, []string{a}, report)
	refused(t, err, fault.Invalid, "media.unknown")
	_, err = d.Attach(d.ctx, nil, []string{a}, report)
	refused(t, err, fault.Invalid, "media.unknown")
	if items, err := d.Attach(d.ctx, mine, nil, report); err != nil || len(items) != 0 {
		t.Errorf("attach nothing: %v, %v", items, err)
	}
}

func TestOneItemForTwoCasesAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.upload(typeJPEG, phoneJPEG(t, quarters(8, 8), 1), "a").ID
	var won sync.Map
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if _, err := d.Attach(d.ctx, []string{"mai"}, []string{id}, Ref{"feedback", fmt.Sprint(i)}); err == nil {
				won.Store(i, true)
			} else {
				refused(t, err, fault.Invalid, "media.taken")
			}
		})
	}
	wg.Wait()
	n := 0
	won.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d cases have the item, want 1", n)
	}
}

func TestItemsAreInOrder(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(8, 8), 1)
	a, b := d.upload(typeJPEG, body, "a").ID, d.upload(typeJPEG, body, "b").ID
	items, err := d.Items(d.ctx, []string{b, "nothing", a, d.announce(typeJPEG, 1, "c").ID})
	if err != nil || len(items) != 2 || items[0].ID != b || items[1].ID != a {
		t.Errorf("got %v, %v", items, err)
	}
	if !items[0].CreatedAt.Equal(d.clock.Now().UTC().Truncate(time.Millisecond)) {
		t.Errorf("created at %v", items[0].CreatedAt)
	}
}
