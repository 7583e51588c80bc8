package media

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// strange takes a body for a visitor of the web chat.
func (d *desk) strange(who, key string, body []byte) (Item, error) {
	return d.TakeFromStranger(d.ctx, guest(who), key, "", bytes.NewReader(body))
}

func TestStrangersHaveSoMuchRoom(t *testing.T) {
	t.Parallel()
	film := mp4("isom")
	size := int64(len(film))
	d := open(t, func(c *Config) { c.StrangerBytes = 3 * size })
	items := map[string]Item{}
	for _, who := range []string{"a", "b", "c"} {
		it, err := d.strange(who, "k", film)
		require.NoError(t, err)
		items[who] = it
	}
	_, err := d.strange("d", "k", film)
	require.Equal(t, fault.RateLimited, fault.CodeOf(err), "whoever they say they are")
	require.Equal(t, "media.strangers_full", fault.Of(err).Key)
	require.Positive(t, fault.Of(err).RetryAfter)
	_, err = d.strange("a", "k", film)
	require.NoError(t, err, "a repeat needs no room")
	for _, v := range []account.Viewer{guest("zalo-1"), citizen("mai")} {
		_, err = d.Take(d.ctx, v, "k", "", bytes.NewReader(film))
		require.NoError(t, err, "the others have theirs")
	}

	_, err = d.Attach(d.ctx, []string{"a"}, []string{items["a"].ID}, Ref{App: "feedback", ID: "1"})
	require.NoError(t, err)
	require.NoError(t, d.Give(d.ctx, []string{items["b"].ID}, "b", "subject of an account"))
	d.clock.Add(recount)
	for _, who := range []string{"d", "e"} {
		_, err = d.strange(who, "k", film)
		require.NoError(t, err, "what found its place is theirs no more")
	}
	_, err = d.strange("f", "k", film)
	require.Equal(t, fault.RateLimited, fault.CodeOf(err))
}

func TestFilesOfStrangersGoSooner(t *testing.T) {
	t.Parallel()
	film := mp4("isom")
	d := open(t, func(c *Config) { c.StrangerOrphanAfter, c.OrphanAfter = time.Hour, 24*time.Hour })
	_, err := d.strange("a", "k", film)
	require.NoError(t, err)
	given, err := d.strange("b", "k", film)
	require.NoError(t, err)
	require.NoError(t, d.Give(d.ctx, []string{given.ID}, "b", "mai"))
	_, err = d.take("k", film)
	require.NoError(t, err)
	d.clock.Add(time.Hour)
	swept, err := d.Sweep(d.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, swept.Items)
	d.clock.Add(23 * time.Hour)
	swept, err = d.Sweep(d.ctx)
	require.NoError(t, err)
	require.Equal(t, 2, swept.Items)
}

func TestGuestsLeaveTheDiskSomeRoom(t *testing.T) {
	t.Parallel()
	film := mp4("isom")
	d := open(t, func(c *Config) { c.MinFree = 2 << 30 })
	left, failure := int64(2<<30), error(nil)
	d.KeepFree(func() (int64, error) { return left, failure })
	_, err := d.strange("a", "1", film)
	require.NoError(t, err)
	left--
	_, err = d.strange("a", "2", film)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	_, err = d.take("2", film)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "a guest of a network")
	_, err = d.Take(d.ctx, citizen("mai"), "2", "", bytes.NewReader(film))
	require.NoError(t, err, "who signed in may use the rest")
	failure, left = errors.New("stat /secret/path"), 1<<40
	_, err = d.strange("a", "2", film)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))

	free, err := Free(d.folder)
	require.NoError(t, err)
	require.Positive(t, free)
}
