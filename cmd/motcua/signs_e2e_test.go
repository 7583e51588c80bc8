package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/citytest"
)

// The plate of these tests, one of the sample that every development city begins with.
const (
	signNumber = "HP-00002-1"
	signStreet = "Đường Điện Biên Phủ"
	signSpot   = "Ngã tư Điện Biên Phủ – Minh Khai"
	signWard   = "11311"
	signStory  = "Trong 56 ngày đêm" // of its story
)

var signAt = pin{20.862, 106.6806}

// behindProxy has the city believe what these tests say about the addresses of their phones.
const behindProxy = "MOTCUA_HTTP__TRUSTED_PROXIES=127.0.0.1"

// signCity is a running city, and how its operators and its visitors reach it.
type signCity struct {
	*citytest.Process
	place
	ops admin.Signs
}

func newSignCity(ctx context.Context, t *testing.T, env ...string) *signCity {
	t.Helper()
	return newPlace(t, append([]string{behindProxy, sampleSigns}, env...)...).openSigns(ctx, t)
}

// openSigns starts a city at a place.
func (p place) openSigns(ctx context.Context, t *testing.T) *signCity {
	t.Helper()
	return &signCity{p.start(t), p, p.dialSigns(ctx, t)}
}

// sign gives what the city knows of a plate.
func (c *signCity) sign(ctx context.Context, t *testing.T, name string) admin.PlateDetail {
	t.Helper()
	p, err := c.ops.Plate(ctx, name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

// code gives the code that is printed on a plate now, without what groups it.
func (c *signCity) code(ctx context.Context, t *testing.T, number string) string {
	t.Helper()
	codes := c.sign(ctx, t, number).Codes
	last := codes[len(codes)-1]
	if !last.Revoked.IsZero() {
		t.Fatalf("%s has no code", number)
	}
	return strings.ReplaceAll(last.Code, "-", "")
}

// phone is a visitor's, in terms of HTTP alone.
type phone struct {
	city    *signCity
	address string // that the proxy says it has
	agent   string // "" for that of a browser
	head    map[string]string
}

// page is what a phone got.
type page struct {
	status int
	header http.Header
	body   string
}

const browserAgent = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"

func (c *signCity) phone(address string) phone { return phone{city: c, address: address} }

// at gives the phone with another head line.
func (p phone) with(name, value string) phone {
	head := map[string]string{name: value}
	for k, v := range p.head {
		head[k] = v
	}
	p.head = head
	return p
}

// ask makes one request and follows no redirect.
func (p phone) ask(ctx context.Context, method, path string, form url.Values) (page, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, p.city.HTTP+path, body)
	if err != nil {
		return page{}, err
	}
	req.Header.Set("X-Forwarded-For", p.address)
	req.Header.Set("User-Agent", browserAgent)
	req.Header.Set("Accept-Language", "vi")
	if p.agent != "" {
		req.Header.Set("User-Agent", p.agent)
	}
	for k, v := range p.head {
		req.Header.Set(k, v)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return page{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return page{res.StatusCode, res.Header, string(got)}, err
}

// get opens a page that must be answered with a status.
func (p phone) get(ctx context.Context, t *testing.T, path string, status int) page {
	t.Helper()
	got, err := p.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != status {
		t.Errorf("%s from %s: status %d, want %d", path, p.address, got.status, status)
	}
	return got
}

// forwarded lets a client of GraphQL come from an address.
type forwarded string

func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", string(f))
	return http.DefaultTransport.RoundTrip(r)
}

// guest is an app without an account, at an address.
func (c *signCity) guest(address string) citytest.Client {
	return citytest.Client{URL: c.HTTP + "/graphql", HTTP: &http.Client{Transport: forwarded(address)}}
}

// asSeen is a way to hold a camera before a plate; see testdata/browser/signs.mjs.
type asSeen struct {
	Name  string  `json:"name"`
	Pixel float64 `json:"pixel"`
	Turn  float64 `json:"turn"`
	Slant float64 `json:"slant"`
	Blur  float64 `json:"blur"`
	Faded float64 `json:"faded"`
}

// preview is how many millimetres of a plate a pixel of a phone's preview takes in: 1,920 of them see 65 degrees.
func preview(metres float64) float64 { return 2000 * metres * math.Tan(32.5*math.Pi/180) / 1920 }

// printed has the city print a plate for reading from one metre, and Chromium take pictures of it. It gives them by name, as PNG.
func (c *signCity) printed(ctx context.Context, t *testing.T, number string, views ...asSeen) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "plate.svg")
	if said := c.must(ctx, t, "signs", "print", "--numbers", number, "--format", "svg", "--out", file); !strings.Contains(said, "1 plate on 1 page") {
		t.Errorf("got %s", said)
	}
	list, err := json.Marshal(views)
	if err != nil {
		t.Fatal(err)
	}
	browse(ctx, t, &struct{}{}, "signs.mjs", "shoot", file, dir, string(list))
	out := map[string][]byte{}
	for _, v := range views {
		if out[v.Name], err = os.ReadFile(filepath.Join(dir, v.Name+".png")); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// decoded reads the QR code in a picture with a decoder that shares nothing with what made it, a port of ZXing. Its reader for one code takes, in three of a hundred
// codes, a spot among the data for a corner; then its reader for several codes, which tries all corners there are, must read this one alone.
func decoded(picture []byte) (string, error) {
	pic, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", err
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(pic)
	if err != nil {
		return "", err
	}
	harder := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	if one, err := qrcode.NewQRCodeReader().Decode(bits, harder); err == nil {
		return one.GetText(), nil
	}
	all, err := multi.NewQRCodeMultiReader().DecodeMultiple(bits, harder)
	if err != nil || len(all) != 1 {
		return "", fmt.Errorf("%d codes in the picture: %w", len(all), err)
	}
	return all[0].GetText(), nil
}

// atSign is a report as the desk sees it.
type atSign struct {
	chatReport
	Address string
	Point   *pin
}

const atSignFields = reportFields + ` description category { code } address point { lat lon }`

// reportsAt gives what stands somewhere at a unit, by tracking code.
func reportsAt(ctx context.Context, t *testing.T, c citytest.Client, status string) map[string]atSign {
	t.Helper()
	var out struct {
		FeedbackQueue struct{ Edges []struct{ Node atSign } }
	}
	err := c.Do(ctx, `query($s: FeedbackStatus!) { feedbackQueue(status: $s, first: 30) { edges { node { `+atSignFields+` } } } }`, map[string]any{"s": status}, &out)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]atSign{}
	for _, e := range out.FeedbackQueue.Edges {
		all[e.Node.Code] = e.Node
	}
	return all
}

// isHere checks that a report is about the spot of the plate of these tests.
func (r atSign) isHere(t *testing.T, who string) {
	t.Helper()
	if r.Point == nil || r.Point.metres(signAt) > 1 {
		t.Errorf("%s: reported at %v", who, r.Point)
	}
	for _, part := range []string{signStreet, signSpot} {
		if !strings.Contains(r.Address, part) {
			t.Errorf("%s: %q is not in the address %q", who, part, r.Address)
		}
	}
	if r.Ward.Code != signWard || r.Unit.Code != mainWard {
		t.Errorf("%s: in ward %s, at unit %s", who, r.Ward.Code, r.Unit.Code)
	}
}
