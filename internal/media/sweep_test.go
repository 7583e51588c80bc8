package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"gocloud.dev/blob"

	"github.com/motcua/motcua/internal/fault"
)

func TestSweepTakesOrphansAndWhatIsOver(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(8, 8), 1)
	d.announce(typeJPEG, 5, "never sent")
	orphan := d.upload(typeJPEG, body, "orphan").ID
	kept := d.upload(typeJPEG, body, "kept").ID
	cases := &desks{there: []string{"r1"}}
	d.Connect("feedback", cases)
	if _, err := d.Attach(d.ctx, []string{"mai"}, []string{kept}, Ref{"feedback", "r1"}); err != nil {
		t.Fatal(err)
	}
	d.clock.Add(24*time.Hour - time.Minute)
	young := d.upload(typeJPEG, body, "young").ID
	sweepGives(t, d, 0)
	d.clock.Add(time.Minute)
	sweepGives(t, d, 2)
	if items, err := d.Items(d.ctx, []string{orphan, kept, young}); err != nil || len(items) != 2 {
		t.Errorf("left: %v, %v, want the attached and the young", items, err)
	}
	if n := len(d.files()); n != 6 {
		t.Errorf("%d blobs, want 6", n)
	}
	_, err := d.Attach(d.ctx, []string{"mai"}, []string{orphan}, Ref{"feedback", "r2"})
	refused(t, err, fault.Invalid, "media.unknown")

	d.clock.Add(d.cfg.Retention)
	sweepGives(t, d, 1) // the young, which was attached to nothing
	cases.there = nil
	d.clock.Add(d.cfg.Retention)
	sweepGives(t, d, 1)
	if left := d.files(); len(left) > 0 {
		t.Errorf("left after retention: %v", left)
	}
}

// desks answers for the cases of an app.
type desks struct {
	there []string
	asked [][]string
	err   error
}

func (c *desks) Existing(_ context.Context, ids []string) ([]string, error) {
	c.asked = append(c.asked, ids)
	var out []string
	for _, id := range ids {
		if slices.Contains(c.there, id) {
			out = append(out, id)
		}
	}
	return out, c.err
}

// attach ties items of mai's to a case.
func (d *desk) attach(ref Ref, ids ...string) {
	d.t.Helper()
	if _, err := d.Attach(d.ctx, []string{"mai"}, ids, ref); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) has(id string) bool {
	d.t.Helper()
	items, err := d.Items(d.ctx, []string{id})
	if err != nil {
		d.t.Fatal(err)
	}
	return len(items) == 1
}

func TestMediaLiveAsLongAsTheirCase(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(8, 8), 1)
	first, second := d.upload(typeJPEG, body, "1").ID, d.upload(typeJPEG, body, "2").ID
	lost, other := d.upload(typeJPEG, body, "3").ID, d.upload(typeJPEG, body, "4").ID
	cases := &desks{there: []string{"r1"}}
	d.Connect("feedback", cases)
	d.attach(Ref{"feedback", "r1"}, first, second)
	d.attach(Ref{"feedback", "never stored"}, lost)
	d.attach(Ref{"elsewhere", "x"}, other)
	d.clock.Add(d.cfg.Retention - time.Minute)
	sweepGives(t, d, 0)
	if len(cases.asked) > 0 {
		t.Errorf("asked for %v before their time", cases.asked)
	}
	d.clock.Add(time.Minute)
	sweepGives(t, d, 1)
	if d.has(lost) {
		t.Error("what belongs to a case that never came is kept")
	}
	if len(cases.asked) != 1 || len(cases.asked[0]) != 2 {
		t.Errorf("asked for %v, want both cases once", cases.asked)
	}
	for range 20 { // an open case has no end
		d.clock.Add(d.cfg.Retention)
		sweepGives(t, d, 0)
	}
	cases.err = errors.New("away")
	d.clock.Add(d.cfg.Retention)
	if done, err := d.Sweep(d.ctx); !errors.Is(err, cases.err) || done.Items != 0 {
		t.Errorf("nobody could be asked: removed %d, %v", done.Items, err)
	}
	cases.err, cases.there = nil, nil
	sweepGives(t, d, 2)
	if d.has(first) || d.has(second) || !d.has(other) {
		t.Error("want only what belongs to an app that nobody answers for")
	}
}

// TestAttachAgainGivesTimeAnew: a late repeat of what makes the case keeps its media, also when the sweep has just heard that the case is missing.
func TestAttachAgainGivesTimeAnew(t *testing.T) {
	t.Parallel()
	d := open(t)
	ref := Ref{"feedback", "late"}
	id := d.upload(typeJPEG, phoneJPEG(t, quarters(8, 8), 1), "1").ID
	d.attach(ref, id)
	d.clock.Add(d.cfg.Retention)
	d.Connect("feedback", caseMaker(func() { d.attach(ref, id) }))
	sweepGives(t, d, 0)
	if !d.has(id) {
		t.Fatal("removed under the case's feet")
	}
	d.Connect("feedback", &desks{})
	d.clock.Add(d.cfg.Retention - time.Minute)
	sweepGives(t, d, 0)
	d.clock.Add(time.Minute)
	sweepGives(t, d, 1)
}

// caseMaker acts between the question and the removal.
type caseMaker func()

func (f caseMaker) Existing(context.Context, []string) ([]string, error) {
	f()
	return nil, nil
}

func sweepGives(t *testing.T, d *desk, want int) {
	t.Helper()
	done, err := d.Sweep(d.ctx)
	if err != nil || done.Items != want {
		t.Errorf("sweep removed %d items (%v), want %d", done.Items, err, want)
	}
}

func TestSweepGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.upload(typeJPEG, phoneJPEG(t, quarters(8, 8), 1), "a").ID
	u := d.announce(typeJPEG, 5, "b")
	d.clock.Add(25 * time.Hour)

	ctx, cancel := context.WithCancel(d.ctx)
	cancel()
	if _, err := d.Sweep(ctx); err == nil {
		t.Error("a sweep that was stopped tells nothing")
	}
	// A sweep that was killed when it had marked both.
	for _, x := range []string{id, u.ID} {
		if _, err := d.docs.Update(d.ctx, x, func(doc *document) error { doc.State = leaving; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.Open(d.ctx, id, queryOf(t, d.URL(id, "")))
	refused(t, err, fault.NotFound, "")
	_, err = d.Receive(d.ctx, u.ID, d.sign(purposeWrite, u.ID, "", d.clock.Now().Add(time.Hour)), "", neverEnding('x'))
	refused(t, err, fault.NotFound, "")
	_, err = d.Attach(d.ctx, []string{"mai"}, []string{id}, Ref{"feedback", "r"})
	refused(t, err, fault.Invalid, "media.unknown")
	_, err = d.CreateUpload(d.ctx, citizen("mai"), UploadRequest{ContentType: typeJPEG, Size: 5, Key: "b"})
	refused(t, err, fault.Unavailable, "")
	sweepGives(t, d, 2)
	if left := d.files(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if again := d.announce(typeJPEG, 5, "b"); again.ID != u.ID {
		t.Error("the key is not free again")
	}
}

func TestSweepOfManyPages(t *testing.T) {
	t.Parallel()
	const n = 2*sweepBatch + 7
	d := open(t, func(c *Config) { c.MaxLoose = n })
	for i := range n {
		d.announce(typeJPEG, 5, fmt.Sprint(i))
	}
	d.clock.Add(25 * time.Hour)
	sweepGives(t, d, n)
}

// attempt gives the key of a blob that an attempt at an upload left.
func attempt(id, blobs string) string { return document{ID: id, Blobs: blobs}.blobKey(Large) }

func TestSweepOfBlobsWithoutDocuments(t *testing.T) {
	t.Parallel()
	d := open(t)
	it := d.upload(typeJPEG, phoneJPEG(t, quarters(8, 8), 1), "a")
	waitingID := d.announce(typeJPEG, 5, "b").ID
	stranger := "ab012345-0000-8000-8000-000000000000"
	lost := []string{
		attempt(stranger, "00112233445566778899aabbccddeeff"), // no document
		attempt(waitingID, "00112233445566778899aabbccddeeff"),
		attempt(it.ID, "00112233445566778899aabbccddeeff"), // that lost
		blobGroup(it.ID) + "fileblob12345",                 // never finished
	}
	for i := range 2*sweepBatch + 3 {
		lost = append(lost, attempt(stranger, fmt.Sprintf("%032d", i)))
	}
	for _, k := range lost {
		if err := d.bucket.WriteAll(d.ctx, k, []byte("x"), &blob.WriterOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := d.SweepBlobs(d.ctx); err != nil || done.Blobs != 0 {
		t.Errorf("young blobs: removed %d (%v), want none", done.Blobs, err)
	}
	d.clock.Add(25 * time.Hour)
	if done, err := d.SweepBlobs(d.ctx); err != nil || done.Blobs != len(lost) {
		t.Errorf("removed %d (%v), want %d", done.Blobs, err, len(lost))
	}
	if n := len(d.files()); n != 3 {
		t.Errorf("%d blobs are left, want the 3 that a document names", n)
	}
	d.read(it.ID, Large)
}
