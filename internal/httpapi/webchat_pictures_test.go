package httpapi_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/webchat"
)

// album is the city's media on a clock that can be moved.
type album struct {
	*media.Media
	ahead atomic.Int64 // nanoseconds
}

func newAlbum(t *testing.T, c *chatCity) *album {
	t.Helper()
	bucket, err := media.OpenFolder(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	a := &album{}
	a.Media, err = media.New(t.Context(), c.engine, bucket, c.box, media.Config{
		UploadTTL: time.Hour, LinkTTL: time.Hour, MaxPhoto: 12 << 20, MaxVideo: 50 << 20, MaxPixels: 40_000_000, DecodeMemory: 384 << 20, MaxDecodes: 2,
		DecodeWait: 20 * time.Second, BlobTimeout: time.Minute, MaxLoose: 30, OrphanAfter: 24 * time.Hour, Retention: time.Hour, SpoolDir: t.TempDir(),
	}, func() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) })
	require.NoError(t, err)
	return a
}

func (a *album) photo(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil))
	it, err := a.Take(t.Context(), account.Viewer{Subject: "mai", Subjects: []string{"mai"}}, "photo", "image/jpeg", &b)
	require.NoError(t, err)
	return it.ID
}

// TestPicturesOfOldLinesShow reads lines when every address that was good as they were said has ended.
func TestPicturesOfOldLinesShow(t *testing.T) {
	t.Parallel()
	var a *album
	c := newChatCity(t, func(c *chatCity) { a = newAlbum(t, c); c.media = a })
	p, photo := c.visitor("vi"), a.photo(t)
	said := []webchat.Line{
		{ID: "mine", From: webchat.You, At: time.Now(), Uploads: []webchat.Upload{{ID: photo, Kind: "photo"}}},
		{ID: "picture", From: webchat.Bot, At: time.Now(), Blocks: message.Blocks{message.Image{URL: a.URL(photo, media.Medium), Alt: "x"}, message.Image{URL: "https://example.vn/a.jpg", Alt: "y"}}},
		{ID: "card", From: webchat.Bot, At: time.Now(), Blocks: message.Blocks{message.Card{Title: "z", ImageURL: a.URL(photo, media.Thumb)}}},
	}
	for _, l := range said {
		_, err := c.log.Append(t.Context(), p.id(), l)
		require.NoError(t, err)
	}
	a.ahead.Store(int64(10 * 24 * time.Hour))
	_, err := a.Open(t.Context(), photo, queryOf(t, said[1].Blocks[0].(message.Image).URL))
	require.Error(t, err, "the address has not ended: nothing is tested")

	res, body := p.call(http.MethodGet, "/chat/v1/log", "")
	require.Equal(t, 200, res.StatusCode)
	var logged []seen
	require.NoError(t, json.Unmarshal([]byte(body), &logged))
	s := p.listen(0)
	for i, lines := range [][]seen{logged, {s.line(), s.line(), s.line()}} {
		require.Len(t, lines, len(said), "reading %d", i)
		require.Equal(t, "https://example.vn/a.jpg", lines[1].Blocks[1].(message.Image).URL)
		for _, address := range []string{lines[0].Uploads[0].URL, lines[1].Blocks[0].(message.Image).URL, lines[2].Blocks[0].(message.Card).ImageURL} {
			u, err := url.Parse(address)
			require.NoError(t, err)
			f, err := a.Open(t.Context(), path.Base(u.Path), u.Query())
			require.NoError(t, err, "reading %d: %s", i, address)
			require.Equal(t, "image/jpeg", f.ContentType)
		}
	}
}

func queryOf(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Query()
}
