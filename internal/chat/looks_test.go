package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/inbox"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/qrcode"
	"github.com/motcua/motcua/internal/qrscan"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/storetest"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

const signURL = "HTTPS://MOTCUA.EXAMPLE/S/938NM5X4140SV"

// town is a city with street signs and reports, behind a real dialogue and a real scanner.
type town struct {
	*world
	photos map[string][]byte // by media id
	scans  []string          // media ids that were looked at
	during func()            // called while a photo is looked at
	fail   error             // of the next look
}

type visitors struct{}

func (visitors) Guest(_ context.Context, who account.Identity, lang message.Lang) (account.Viewer, error) {
	return account.Viewer{Subject: who.User, Subjects: []string{who.User}, Assurance: account.Guest, Lang: lang}, nil
}

// declared is an app of which only the declaration counts.
type declared struct {
	manifest miniapps.Manifest
	do       func(c miniapps.Call) miniapps.Result
}

func (s declared) Manifest() miniapps.Manifest { return s.manifest }
func (s declared) Do(_ context.Context, c miniapps.Call) (miniapps.Result, error) {
	return s.do(c), nil
}

// talk is what the town says about itself, and what it understands.
type talk struct {
	signs, feedback miniapps.Manifest
	intents         *intent.Recogniser
}

// townTalk takes long to check and to learn, and never changes.
var townTalk = sync.OnceValues(func() (out talk, err error) {
	for file, into := range map[string]*miniapps.Manifest{"../conversation/testdata/signs.json": &out.signs, "../../miniapps/feedback/manifest.json": &out.feedback} {
		data, err := os.ReadFile(file)
		if err != nil {
			return talk{}, err
		}
		if *into, err = miniapps.ParseManifest(data); err != nil {
			return talk{}, err
		}
	}
	out.intents = intent.New(intent.Of([]miniapps.Manifest{out.signs, out.feedback}))
	return out, nil
})

func newTown(t testing.TB, engine store.Engine) *town {
	t.Helper()
	talk, err := townTalk()
	require.NoError(t, err)
	signs := declared{talk.signs, func(c miniapps.Call) miniapps.Result {
		var in struct{ Sign string }
		if err := json.Unmarshal(c.Input, &in); err != nil {
			t.Error(err)
		}
		return miniapps.Result{Blocks: words("sign " + in.Sign)}
	}}
	feedback := declared{talk.feedback, func(miniapps.Call) miniapps.Result { return miniapps.Result{} }}
	runner := miniapptest.NewRunner(t, nil, signs, feedback)
	machine, err := conversation.NewMachine(runner.Catalogue(), talk.intents, configstest.Texts(t), conversation.Rules{Report: "feedback.submit"})
	require.NoError(t, err)
	scanner, err := qrscan.New(qrscan.Config{}, prometheus.NewRegistry())
	require.NoError(t, err)
	w := &town{}
	w.world = newWorld(t, engine, Config{}, func(d *Deps) {
		d.Steps, d.Runner, d.People = machine, runner, visitors{}
		d.Scan = func(ctx context.Context, id string) ([]string, error) {
			w.scans = append(w.scans, id)
			if w.during != nil {
				w.during()
			}
			if err := w.fail; err != nil {
				w.fail = nil
				return nil, err
			}
			return scanner.Texts(ctx, "", func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(w.photos[id])), nil })
		}
	})
	if w.photos, err = photos(); err != nil {
		t.Fatal(err)
	}
	return w
}

// photos gives the pictures of the tests by media id; drawing them for each would take longer than the tests.
var photos = sync.OnceValues(func() (map[string][]byte, error) {
	out := map[string][]byte{}
	for id, text := range map[string]string{"sign": signURL, "evil": "https://evil.example/pay", "plain": ""} {
		data, err := photoOf(text)
		if err != nil {
			return nil, err
		}
		out[id] = data
	}
	return out, nil
})

// photoOf draws a picture of a turned, blurred white plate on a grey wall, with a code on it unless text is "".
func photoOf(text string) ([]byte, error) {
	code, err := qrcode.Squares(text)
	if err != nil {
		return nil, err
	}
	const side, square = 480, 6.5
	half := float64(len(code)) / 2
	sin, cos := math.Sincos(0.3)
	sharp := func(x, y int) int {
		u, v := float64(x-side/2)/square, float64(y-side/2)/square
		u, v = u*cos+v*sin+half, v*cos-u*sin+half
		switch {
		case min(u, v) < -4 || max(u, v) >= 2*half+4:
			return 130
		case text != "" && min(u, v) >= 0 && max(u, v) < 2*half && code[int(v)][int(u)]:
			return 20
		}
		return 240
	}
	pic := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			sum := 0
			for k := range 9 {
				sum += sharp(x+k%3-1, y+k/3-1)
			}
			pic.SetGray(x, y, color.Gray{Y: uint8(sum / 9)})
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, pic)
	return b.Bytes(), err
}

// shoots is the event of photos that have been fetched.
func shoots(id, caption string, photos ...string) inbox.Message {
	m := said(id, caption)
	for _, p := range photos {
		m.Event.Attachments = append(m.Event.Attachments, channels.Attachment{Kind: channels.Photo})
		m.Media = append(m.Media, inbox.Fetched{Kind: channels.Photo, Media: p})
	}
	return m
}

func (w *town) send(t testing.TB, m inbox.Message) string {
	t.Helper()
	before := len(w.net.texts())
	require.NoError(t, w.Turn(t.Context(), m))
	return strings.Join(w.net.texts()[before:], "\n")
}

func TestAPhotoOfASignOpensIt(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newTown(t, engine)
		require.Contains(t, w.send(t, shoots("e1", "", "sign")), "sign "+signURL)
		require.Contains(t, w.send(t, said("e2", "HP-00572-4")), "sign HP-00572-4")
		require.Contains(t, w.send(t, shoots("e3", "", "plain", "sign")), "sign "+signURL)
		require.Empty(t, w.send(t, shoots("e3", "", "plain", "sign")), "a repeat")
		require.Equal(t, []string{"sign", "plain", "sign"}, w.scans)
		require.Nil(t, w.chat(t).State.Draft)
	})
}

func TestAForeignCodeIsWarnedOf(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newTown(t, engine)
		said1 := w.send(t, shoots("e1", "", "evil"))
		require.Contains(t, said1, "không phải mã của thành phố")
		require.NotContains(t, said1, "evil")
		require.Nil(t, w.chat(t).State.Draft)
		require.Contains(t, w.send(t, said("e2", "1")), "Đã nhận 1 ảnh", "it may be what is to be reported")
	})
}

func TestAPlainPhotoIsAPhoto(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newTown(t, engine)
		require.Contains(t, w.send(t, shoots("e1", "", "plain")), "Đã nhận 1 ảnh")
		require.Len(t, w.scans, 1)
		require.Contains(t, w.send(t, shoots("e2", "", "sign")), "Đã nhận 1 ảnh", "while photos are taken, they are for that")
		require.Contains(t, w.send(t, shoots("e3", "", "evil")), "Đã nhận 1 ảnh")
		require.Len(t, w.scans, 1)
	})
}

// TestAPastedAddress: networks make a link of it, which is not taken for an attachment that cannot be opened.
func TestAPastedAddress(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newTown(t, engine)
		link := []channels.Attachment{{Kind: channels.WebLink, URL: signURL}}
		for id, text := range map[string]string{"e1": signURL, "e2": ""} {
			require.Equal(t, "sign "+signURL, strings.Split(w.send(t, event(id, channels.Event{Kind: channels.Said, Text: text, Attachments: link})), "\n")[0])
		}
		link[0].URL = "https://evil.example/"
		require.Contains(t, w.send(t, event("e3", channels.Event{Kind: channels.Said, Text: link[0].URL, Attachments: link})), "không mở đường dẫn")
	})
}

func TestNoMorePhotosThanThreeAreLookedAt(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newTown(t, engine)
		w.send(t, shoots("e1", "", "plain", "plain", "plain", "sign", "sign"))
		require.Len(t, w.scans, maxLooked)
	})
}

// TestAPhotoThatCannotBeLookedAt is one without a code. Only when we are stopping the event comes again.
func TestAPhotoThatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newTown(t, engine)
		ctx, stop := contextOf(t)
		w.during = stop
		require.Equal(t, fault.Unavailable, fault.CodeOf(w.Turn(ctx, shoots("e1", "", "sign"))))
		require.Empty(t, w.net.texts())
		w.during = nil
		require.Contains(t, w.send(t, shoots("e1", "", "sign")), "sign "+signURL)
		w.fail = errors.New("the disk is away")
		require.Contains(t, w.send(t, shoots("e2", "", "sign")), "Đã nhận 1 ảnh")
	})
}

// TestALookIsTakenOnce however often a turn begins anew because others move the conversation.
func TestALookIsTakenOnce(t *testing.T) {
	t.Parallel()
	storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
		w := newTown(t, engine)
		w.send(t, said("e0", "menu"))
		w.during = func() {
			w.during = nil
			require.NoError(t, w.Turn(t.Context(), said("e1", "trợ giúp")))
		}
		require.Contains(t, w.send(t, shoots("e2", "", "sign")), "sign "+signURL)
		require.Len(t, w.scans, 1)
	})
}

// TestAPhotoAfterAKill: whoever comes next says the same.
func TestAPhotoAfterAKill(t *testing.T) {
	t.Parallel()
	for _, photo := range []string{"sign", "evil", "plain"} {
		var want []string
		storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
			w := newTown(t, engine)
			w.send(t, shoots("e1", "", photo))
			want = w.net.texts()
		})
		for _, answered := range []bool{false, true} {
			for left := range 3 {
				storetest.Bubble(t, func(t *testing.T, engine store.Engine) {
					ctx, die := contextOf(t)
					grave := storetest.Mortal{Engine: engine, Life: &storetest.Life{OnEnd: die}}
					w := newTown(t, grave)
					grave.EndAt(left+1, answered)
					_ = w.Turn(ctx, shoots("e1", "", photo))
					second := w.replica(t, engine, Config{})
					require.NoError(t, second.Turn(t.Context(), shoots("e1", "", photo)))
					pass(t, second, 30*time.Second)
					said := slices.Compact(w.net.texts())
					require.Equal(t, want, said, "%s, write %d", photo, left)
				})
			}
		}
	}
}
