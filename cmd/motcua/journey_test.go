package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// photoWithPlace is a JPEG as a phone makes it, with the place it was taken at in its metadata, and the marker by which that can be found again.
func photoWithPlace(t *testing.T) (photo []byte, marker string) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 31)
	}
	img.Set(0, 0, color.White)
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, img, nil); err != nil {
		t.Fatal(err)
	}
	marker = "TAKEN-AT-HOME"
	// Exif 2.32: a TIFF with IFD0, whose tag 0x8825 points at the GPS IFD with reference and text.
	var tiff bytes.Buffer
	put := func(vs ...any) {
		for _, v := range vs {
			if err := binary.Write(&tiff, binary.LittleEndian, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	put([]byte("II*\x00"), uint32(8))
	put(uint16(1), uint16(0x8825), uint16(4), uint32(1), uint32(26), uint32(0))
	put(uint16(2))
	put(uint16(1), uint16(2), uint32(2), []byte("N\x00\x00\x00"))
	put(uint16(29), uint16(2), uint32(len(marker)+1), uint32(26+2+24+4))
	put(uint32(0), append([]byte(marker), 0))
	body := append([]byte("Exif\x00\x00"), tiff.Bytes()...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	out := append([]byte{}, plain.Bytes()[:2]...)
	out = append(append(out, append(segment, body...)...), plain.Bytes()[2:]...)
	return out, marker
}

// events opens an event stream (graphql-sse, distinct connections) and gives the data of each "next".
func events(ctx context.Context, t *testing.T, c citytest.Client, query string, vars map[string]any) <-chan json.RawMessage {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+c.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("stream: status %d", res.StatusCode)
	}
	out := make(chan json.RawMessage)
	go func() {
		defer res.Body.Close()
		defer close(out)
		var buf bytes.Buffer
		chunk := make([]byte, 4096)
		for {
			n, err := res.Body.Read(chunk)
			buf.Write(chunk[:n])
			for {
				event, rest, found := bytes.Cut(buf.Bytes(), []byte("\n\n"))
				if !found {
					break
				}
				if data, ok := next(string(event)); ok {
					select {
					case out <- data:
					case <-ctx.Done():
						return
					}
				}
				buf = *bytes.NewBuffer(append([]byte{}, rest...))
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// next gives the data of an event of that name.
func next(event string) (json.RawMessage, bool) {
	if !strings.Contains(event, "event: next") {
		return nil, false
	}
	_, data, ok := strings.Cut(event, "data: ")
	return json.RawMessage(data), ok
}

type report struct {
	ID, Code, Status string
	Ward             struct{ Code, FullName string }
	Unit             struct{ Code string }
	Photos           []struct{ URL string }
}

const reportFields = `id code status ward { code fullName } unit { code } photos { url(size: LARGE) }`

// TestJourney is the main job on real input: a report with a photo and a point finds its ward and unit, an officer works on it, the citizen follows.
func TestJourney(t *testing.T) {
	t.Parallel()
	ctx := within(t, 5*time.Minute)
	city := newPlace(t).start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	photo, marker := photoWithPlace(t)
	if !bytes.Contains(photo, []byte(marker)) {
		t.Fatal("the photo carries no place: the test would prove nothing")
	}
	id, err := citizen.Upload(ctx, "image/jpeg", photo)
	if err != nil {
		t.Fatal(err)
	}
	var sent struct {
		SubmitFeedback struct {
			Feedback *report
			Errors   []struct{ Message string }
		}
	}
	err = citizen.Do(ctx, `mutation($i: SubmitFeedbackInput!) { submitFeedback(input: $i) { feedback { `+reportFields+` } errors { message } } }`, map[string]any{"i": map[string]any{
		"description": "Đèn đường hỏng trước nhà hát thành phố", "photos": []string{id}, "idempotencyKey": "journey",
		"place": map[string]any{"lat": 20.8578, "lon": 106.6810},
	}}, &sent)
	if err != nil || sent.SubmitFeedback.Feedback == nil {
		t.Fatalf("%v %+v", err, sent)
	}
	r := *sent.SubmitFeedback.Feedback
	if r.Ward.FullName != "Phường Hồng Bàng" || r.Unit.Code != "ward-11311" || r.Status != "RECEIVED" || len(r.Photos) != 1 {
		t.Errorf("got %+v", r)
	}
	checkPhoto(t, r.Photos[0].URL, marker)

	stream, stop := context.WithCancel(ctx)
	defer stop()
	follow := events(stream, t, citizen, `subscription($id: ID!) { feedbackUpdated(id: $id) { status } }`, map[string]any{"id": r.ID})
	inbox := events(stream, t, citizen, `subscription { notificationReceived { title } }`, nil)
	expect(ctx, t, follow, `"RECEIVED"`)

	officer, err := city.SignIn(ctx, "0901000001")
	if err != nil {
		t.Fatal(err)
	}
	move(ctx, t, officer, `assignFeedback`, `AssignFeedbackInput`, map[string]any{"id": r.ID, "unit": "ward-11311"})
	expect(ctx, t, follow, `"ASSIGNED"`)
	expect(ctx, t, inbox, `"title"`)
	for _, status := range []string{"IN_PROGRESS", "RESOLVED"} {
		move(ctx, t, officer, `transitionFeedback`, `TransitionFeedbackInput`, map[string]any{"id": r.ID, "status": status})
		expect(ctx, t, follow, `"`+status+`"`)
		expect(ctx, t, inbox, `"title"`)
	}
	checkPublic(ctx, t, city, r)
}

// move carries out a change of the staff that must not be refused.
func move(ctx context.Context, t *testing.T, c citytest.Client, mutation, input string, in map[string]any) {
	t.Helper()
	in["idempotencyKey"] = mutation + "/" + citytest.Text(in["status"])
	var out map[string]struct {
		Errors []struct{ Code, Message string }
	}
	if err := c.Do(ctx, `mutation($i: `+input+`!) { `+mutation+`(input: $i) { errors { code message } } }`, map[string]any{"i": in}, &out); err != nil {
		t.Fatal(err)
	}
	if errs := out[mutation].Errors; len(errs) > 0 {
		t.Fatalf("%s: %+v", mutation, errs)
	}
}

// expect waits for an event that holds the text; others may come before.
func expect(ctx context.Context, t *testing.T, from <-chan json.RawMessage, text string) {
	t.Helper()
	var seen []string
	for {
		select {
		case e, ok := <-from:
			if !ok {
				t.Fatalf("the stream ended before %s; seen: %v", text, seen)
			}
			if strings.Contains(string(e), text) {
				return
			}
			seen = append(seen, string(e))
		case <-time.After(20 * time.Second):
			t.Fatalf("no %s; seen: %v", text, seen)
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
}

// checkPhoto fetches a stored photo: it is a picture of the same size without any of the original's metadata.
func checkPhoto(t *testing.T, url, marker string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil || img.Width != 640 || img.Height != 480 {
		t.Errorf("photo: status %d, %dx%d, %v", res.StatusCode, img.Width, img.Height, err)
	}
	for _, trace := range []string{marker, "Exif"} {
		if bytes.Contains(data, []byte(trace)) {
			t.Errorf("the stored photo holds %q", trace)
		}
	}
}

// checkPublic asks as nobody: the public part by code, and nothing more.
func checkPublic(ctx context.Context, t *testing.T, city *citytest.Process, r report) {
	t.Helper()
	guest := citytest.Client{URL: city.HTTP + "/graphql"}
	var public struct {
		FeedbackByCode struct{ Code, Status string }
	}
	if err := guest.Do(ctx, `query($c: String!) { feedbackByCode(code: $c) { code status } }`, map[string]any{"c": strings.ToLower(r.Code)}, &public); err != nil {
		t.Fatal(err)
	}
	if public.FeedbackByCode.Code != r.Code || public.FeedbackByCode.Status != "RESOLVED" {
		t.Errorf("public part: %+v", public)
	}
	a, err := guest.Ask(ctx, `query($id: ID!) { feedback(id: $id) { description } }`, map[string]any{"id": r.ID})
	if err != nil || len(a.Errors) == 0 || strings.Contains(string(a.Data), "Đèn") {
		t.Errorf("a guest reads a report: %s %v", a.Data, err)
	}
}
