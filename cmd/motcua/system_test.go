package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// wire opens a whole city in a folder of its own.
func wire(t *testing.T, env ...string) *system {
	t.Helper()
	r := &runtime{environ: append(env, "MOTCUA_DATA_DIR="+filepath.Join(t.TempDir(), "data")), stdout: io.Discard, stderr: io.Discard}
	s, err := r.load(dev)
	if err != nil {
		t.Fatal(err)
	}
	s.Channels.SMS.APIBase, s.Channels.SMS.Token = "http://127.0.0.1:1", "none"
	sys, err := open(t.Context(), s, dev, slog.New(slog.DiscardHandler), "http://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sys.close(); err != nil {
			t.Error(err)
		}
	})
	if err := sys.connect(); err != nil {
		t.Fatal(err)
	}
	return sys
}

// until waits for a condition.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("in vain: " + what)
		case <-tick.C:
		}
	}
}

func mai() account.Viewer {
	return account.Viewer{Account: "mai", Subject: "mai", Subjects: []string{"mai"}, Session: "s", Assurance: account.Phone, Lang: message.Vietnamese}
}

// TestWhatRelaysGiveUpIsSeenAndReplayed parks a notice as a relay does, and lets an operator find and retry it.
func TestWhatRelaysGiveUpIsSeenAndReplayed(t *testing.T) {
	t.Parallel()
	sys := wire(t)
	var lot []casework.Parked
	notices := []casework.Notice{
		{ID: "mai/1#1", To: "mai", Notice: "closed", Case: "mai/1", At: time.Now(), Params: map[string]string{"code": "X", "reason": "xong"}},
		{ID: "mai/1#2", To: "mai", Notice: "gone_from_the_manifest", Case: "mai/1", At: time.Now()},
	}
	for _, n := range notices {
		what, err := bson.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		lot = append(lot, casework.Parked{Doc: n.Case, Step: "notice", Item: "notice " + n.ID, Since: time.Now(), What: what, Cause: fault.New(fault.Internal, "")})
	}
	for _, p := range lot {
		for range 2 { // a relay that was killed before it noted so comes again
			if err := sys.park(t.Context(), feedback.ReportRelay, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	dead := func() []admin.Intent {
		t.Helper()
		list, err := outboxOps{sys.outbox, sys.texts}.List(t.Context(), string(outbox.Dead), "", 10, "")
		if err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	found := dead()
	if len(found) != 2 || found[0].Kind != relayKind || found[0].Reason != "INTERNAL" {
		t.Fatalf("an operator sees %+v", found)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- sys.outbox.Run(ctx) }()
	for _, in := range found {
		if err := (outboxOps{sys.outbox, sys.texts}).Retry(t.Context(), in.ID); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the notice arrives", func() bool {
		page, err := sys.notices.List(t.Context(), mai(), 10, "")
		return err == nil && len(page.Items) == 1 && page.Items[0].CaseID == "mai/1"
	})
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if got := dead(); len(got) != 0 {
		t.Errorf("given up without trying: %+v", got)
	}
}

// TestPhotosLiveAsLongAsTheirReport sweeps with a retention of a second: the photo of an open report stays, that of a report that never came goes.
func TestPhotosLiveAsLongAsTheirReport(t *testing.T) {
	t.Parallel()
	sys := wire(t, "MOTCUA_MEDIA__RETENTION=1s")
	kept, lost := photo(t, sys, "kept"), photo(t, sys, "lost")
	in := `{"description": "Đèn đường hỏng trước số 12", "category": "street-light-out", "place": {"lat": 20.8578, "lon": 106.6810}, "photos": ["` + kept + `"]}`
	if _, err := sys.runner.Run(t.Context(), miniapps.Request{App: feedback.ID, Action: "submit", Viewer: mai(), Key: "1", Input: json.RawMessage(in)}); err != nil {
		t.Fatal(err)
	}
	if _, err := sys.media.Attach(t.Context(), []string{"mai"}, []string{lost}, media.Ref{App: feedback.ID, ID: "mai/never"}); err != nil {
		t.Fatal(err)
	}
	until(t, "the sweep takes what has no report", func() bool {
		if _, err := sys.media.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		items, err := sys.media.Items(t.Context(), []string{kept, lost})
		if err != nil || len(items) == 0 || items[0].ID != kept {
			t.Fatalf("the report lost its photo: %v, %v", items, err)
		}
		return len(items) == 1
	})
}

func photo(t *testing.T, sys *system, key string) string {
	t.Helper()
	var body bytes.Buffer
	if err := jpeg.Encode(&body, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	u, err := sys.media.CreateUpload(t.Context(), mai(), media.UploadRequest{ContentType: "image/jpeg", Size: int64(body.Len()), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(u.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sys.media.Receive(t.Context(), u.ID, address.Query(), "image/jpeg", &body); err != nil {
		t.Fatal(err)
	}
	return u.ID
}
