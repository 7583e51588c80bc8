package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// mp3 is a stream of n frames of silence, 128,000 bits and 44,100 samples a second, between whatever stands before and behind.
func mp3(before string, n int, behind string) []byte {
	frame := "\xff\xfb\x90\x00" + strings.Repeat("\x00", 417-4)
	return []byte(before + strings.Repeat(frame, n) + behind)
}

// id3 is a tag before a stream.
func id3(body string) string {
	return "ID3\x04\x00\x00" + string([]byte{0, 0, byte(len(body) >> 7), byte(len(body) & 0x7f)}) + body
}

// m4a is a recording in outline with words in every place where programs leave some.
func m4a() []byte {
	trak := mp4Box("trak", mp4Box("tkhd", "track")+mp4Box("udta", whisper))
	moov := mp4Box("moov", mp4Box("mvhd", "movie")+trak+mp4Box("udta", mp4Box("meta", whisper))+mp4Box("meta", whisper))
	long := string(binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01uuid"), 16+uint64(len(whisper)))) + whisper
	return []byte(mp4Box("ftyp", "M4A \x00\x00\x02\x00isomiso2") + moov + long + mp4Box("mdat", strings.Repeat("sound", 100)))
}

// story keeps a file for a holder.
func (d *desk) story(holder string, body []byte) Item {
	d.t.Helper()
	it, err := d.Keep(d.ctx, "signs", holder, bytes.NewReader(body))
	if err != nil {
		d.t.Fatalf("keep: %v", err)
	}
	return it
}

func TestKeep(t *testing.T) {
	t.Parallel()
	d := open(t)
	photo := phoneJPEG(t, quarters(40, 30), 1)
	tried, err := d.Try(d.ctx, "signs", "le-chan", bytes.NewReader(photo))
	if err != nil || tried.Kind != Photo || len(d.files()) != 0 {
		t.Fatalf("got %+v, %v, and %d files", tried, err, len(d.files()))
	}
	if _, err := d.docs.Get(d.ctx, tried.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("trying left a document: %v", err)
	}
	it := d.story("le-chan", photo)
	if it.ID != tried.ID || it.Width != 40 || len(it.Renditions) != 3 {
		t.Errorf("got %+v", it)
	}
	doc, err := d.docs.Get(d.ctx, it.ID)
	if err != nil || doc.Ref != (Ref{"signs", "le-chan/" + it.ID}) || doc.Loose != "" {
		t.Errorf("got %+v, %v", doc, err)
	}
	before := d.files()
	if again := d.story("le-chan", photo); again.ID != it.ID || strings.Join(d.files(), " ") != strings.Join(before, " ") {
		t.Errorf("a repeat stored something: %+v", again)
	}
	if now, err := d.docs.Get(d.ctx, it.ID); err != nil || !now.SweepAt.Equal(doc.SweepAt) {
		t.Errorf("a repeat wrote: %+v, %v", now, err)
	}
	if other := d.story("ben-binh", photo); other.ID == it.ID {
		t.Error("two holders share an item: one could not give it up alone")
	}
	if _, err := d.Attach(d.ctx, []string{"mai"}, []string{it.ID}, Ref{"feedback", "r1"}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a citizen took it: %v", err)
	}
	for range 40 { // more than one citizen may leave lying about
		d.story("story", phoneJPEG(t, quarters(8, 8), 1))
	}
}

func TestRecordingsLoseTheirTags(t *testing.T) {
	t.Parallel()
	d := open(t)
	plain := mp3("", 5, "")
	for name, body := range map[string][]byte{
		"plain": plain, "tags before": mp3(id3(whisper)+id3(strings.Repeat(whisper, 20))+"\x00\x00", 5, ""), "tags behind": mp3(id3(whisper), 5, "APETAGEX"+whisper+"TAG"+whisper), "a frame cut off": mp3("", 5, "\xff\xfb\x90\x00cut"),
	} {
		it := d.story(name, body)
		if got := d.read(it.ID, ""); it.Kind != Audio || it.ContentType != "audio/mpeg" || !bytes.Equal(got, plain) {
			t.Errorf("%s: got %+v, %d bytes", name, it, len(got))
		}
	}
	it := d.story("m4a", m4a())
	got := d.read(it.ID, Original)
	mustNotHold(t, "m4a", got)
	if it.ContentType != "audio/mp4" || len(got) != len(m4a()) || !bytes.Contains(got, []byte("soundsound")) || bytes.Index(got, []byte("mdat")) != bytes.Index(m4a(), []byte("mdat")) {
		t.Errorf("got %+v, %q", it, got)
	}
}

func TestKeepRefuses(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *Config) { c.MaxPhoto, c.MaxVideo = 2000, 10_000 })
	for name, tt := range map[string]struct {
		body []byte
		key  string
	}{
		"nothing":         {nil, "media.empty"},
		"text":            {[]byte("Lê Chân"), "media.not_kept"},
		"video":           {mp4("isom"), "media.not_kept"},
		"heic":            {ftyp("heic"), "media.heic"},
		"large photo":     {append(phoneJPEG(t, quarters(8, 8), 1), make([]byte, 2000)...), "media.too_large_photo"},
		"large sound":     {mp3("", 30, ""), "media.too_large_audio"},
		"larger than all": {mp3("", 100, ""), "media.too_large_audio"},
		"cut photo":       {phoneJPEG(t, quarters(8, 8), 1)[:300], "media.unreadable"},
		"two frames":      {mp3("", 2, ""), "media.unreadable"},
		"little sound":    {mp3("", 3, strings.Repeat("x", 2000)), "media.unreadable"},
		"a tag too long":  {[]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7fx"), "media.unreadable"},
		"empty m4a":       {[]byte(mp4Box("ftyp", "M4A \x00\x00\x02\x00isomiso2")), "media.unreadable"},
		"broken m4a":      {[]byte(mp4Box("ftyp", "M4A \x00\x00\x02\x00isomiso2") + mp4Box("moov", "index") + mp4Box("mdat", "x")), "media.unreadable"},
	} {
		_, err := d.Try(d.ctx, "signs", "s", bytes.NewReader(tt.body))
		refused(t, err, fault.Invalid, tt.key)
		if _, err = d.Keep(d.ctx, "signs", "s", bytes.NewReader(tt.body)); fault.CodeOf(err) != fault.Invalid || fault.Of(err).Key != tt.key {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if left := d.files(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	_, err := d.Take(d.ctx, citizen("mai"), "k", "audio/mpeg", bytes.NewReader(mp3("", 5, "")))
	refused(t, err, fault.Invalid, "media.type_unknown") // a citizen sends no sound
}

// TestSweepOfWhatIsKept: an item lives while its app names it, and not much longer.
func TestSweepOfWhatIsKept(t *testing.T) {
	t.Parallel()
	d := open(t)
	cases := &desks{}
	d.Connect("signs", cases)
	named, never := d.story("a", mp3("", 5, "")), d.story("b", mp3("", 5, ""))
	cases.there = []string{"a/" + named.ID}
	d.clock.Add(24 * time.Hour)
	sweepGives(t, d, 1)
	if items, err := d.Items(d.ctx, []string{named.ID, never.ID}); err != nil || len(items) != 1 || items[0].ID != named.ID {
		t.Fatalf("left: %v, %v", items, err)
	}
	d.clock.Add(d.cfg.Retention - time.Hour)
	cases.there = nil // the story shows another
	sweepGives(t, d, 0)
	d.story("a", mp3("", 5, "")) // and this one again: it has time to be named
	d.clock.Add(time.Hour)
	sweepGives(t, d, 0)
	d.clock.Add(24 * time.Hour)
	sweepGives(t, d, 1)
	if done, err := d.SweepBlobs(d.ctx); err != nil || done.Blobs != 0 || len(d.files()) != 0 {
		t.Errorf("got %+v, %v, %v", done, err, d.files())
	}
	if d.story("a", mp3("", 5, "")); len(d.files()) != 1 {
		t.Error("what was swept cannot come again")
	}
}

// TestKeepAfterASweepThatBrokeOff: an item that was marked to go, and stayed, is kept anew at once.
func TestKeepAfterASweepThatBrokeOff(t *testing.T) {
	t.Parallel()
	d := open(t)
	it := d.story("a", mp3("", 5, ""))
	if _, err := d.docs.Update(d.ctx, it.ID, func(doc *document) error { doc.State = leaving; return nil }); err != nil {
		t.Fatal(err)
	}
	if again := d.story("a", mp3("", 5, "")); again.ID != it.ID || len(d.files()) != 1 {
		t.Errorf("got %+v, %v", again, d.files())
	}
	d.read(it.ID, "")
}

// TestStoreDownWhileKeeping: what broke off is no item; a repeat makes one, and without a repeat all of it is swept.
func TestStoreDownWhileKeeping(t *testing.T) {
	t.Parallel()
	for _, repeat := range []bool{true, false} {
		d := open(t)
		d.Connect("signs", &desks{})
		d.fails.Store(1000)
		_, err := d.Keep(d.ctx, "signs", "a", bytes.NewReader(mp3("", 5, "")))
		refused(t, err, fault.Unavailable, "")
		if len(d.files()) != 1 {
			t.Fatalf("%v: blobs come before the document", d.files())
		}
		d.fails.Store(0)
		if repeat {
			d.read(d.story("a", mp3("", 5, "")).ID, "")
		}
		d.clock.Add(25 * time.Hour)
		sweepGives(t, d, 1)
		if _, err := d.SweepBlobs(d.ctx); err != nil || len(d.files()) != 0 {
			t.Errorf("repeat %v: %v, left %v", repeat, err, d.files())
		}
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	d := open(t)
	it := d.story("a", phoneJPEG(t, quarters(8, 8), 1))
	address := d.PublicURL(it.ID, Medium)
	d.clock.Add(10_000 * time.Hour)
	if d.PublicURL(it.ID, Medium) != address || d.Renew(address) != address {
		t.Error("the address changes")
	}
	f, err := d.Open(d.ctx, it.ID, queryOf(t, address))
	if err != nil || !f.Public || f.Left != publicLife || f.Untouched {
		t.Errorf("got %+v, %v", f, err)
	}
	if f, err := d.Open(d.ctx, it.ID, queryOf(t, d.URL(it.ID, Medium))); err != nil || f.Public || f.Left > 2*time.Hour {
		t.Errorf("an address that ends: %+v, %v", f, err)
	}
	for what, change := range map[string]func(map[string][]string){
		"another rendition": func(q map[string][]string) { q["r"] = []string{Large} },
		"an end made none":  func(q map[string][]string) { copyOf(q, queryOf(t, d.URL(it.ID, Medium))); q["e"] = []string{forever} },
		"to write": func(q map[string][]string) {
			q["s"] = []string{d.signer.Sign(purposeWrite, signed(it.ID, Medium, forever))}
		},
	} {
		q := queryOf(t, address)
		change(q)
		if _, err := d.Open(d.ctx, it.ID, q); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s: got %v", what, err)
		}
	}
	_, err = d.Receive(d.ctx, it.ID, map[string][]string{"e": {forever}, "s": {d.signer.Sign(purposeWrite, signed(it.ID, "", forever))}}, "", bytes.NewReader(nil))
	refused(t, err, fault.Forbidden, "media.link_invalid")
}

func copyOf(to, from map[string][]string) {
	for k, v := range from {
		to[k] = v
	}
}

// keepSample keeps the photo that lies in the folder.
func keepSample(ctx context.Context, m *Media, dir string) (Item, error) {
	f, err := os.Open(filepath.Join(dir, "photo.jpg"))
	if err != nil {
		return Item{}, err
	}
	it, err := m.Keep(ctx, "signs", "a", f)
	return it, errors.Join(err, f.Close())
}

func FuzzBareSound(f *testing.F) {
	f.Add(mp3(id3("x"), 4, "TAG"))
	f.Add(m4a())
	f.Add([]byte("ID3\x04\x00\x10\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := bareMP3(b); err == nil && (len(out) > len(b) || frameLength(out) == 0) {
			t.Errorf("got %d of %d bytes", len(out), len(b))
		}
		size := len(b)
		if checkBoxes(bytes.NewReader(b), int64(size)) == nil {
			_ = bareBoxes(b, 0)
		}
		if len(b) != size {
			t.Error("it grew")
		}
	})
}
