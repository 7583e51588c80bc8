package setting_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/setting"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	var f setting.Faults
	f.Span("fits", time.Hour, time.Hour, 2*time.Hour)
	f.Span("default", 0, time.Hour, 2*time.Hour)
	f.Number("most", 9, 1, 9)
	f.Number("default", 0, 1, 9)
	f.Under("part", nil)
	f.Also(nil)
	f.Refuse(false, "mode", "must be a")
	require.NoError(t, f.Err())

	cause := errors.New("depth: must be 1")
	f.Span("short", time.Minute-1, time.Minute, 90*time.Minute)
	f.Span("long", 73*time.Hour, 1500*time.Millisecond, 72*time.Hour)
	f.Span("negative", -1, 10*time.Minute, 10*time.Second)
	f.Number("few", -1, 1, 9)
	f.Add("mode", "must be %q", "a")
	f.Under("part", cause)
	f.Under("joined", errors.Join(cause, errors.Join(nil, errors.New("width: must be 2"))))
	f.Refuse(true, "refused", "must be 100%")
	f.Also(errors.New("own: is wrong"))
	require.EqualError(t, f.Err(), `short: must be between 1m and 1h30m, or 0 for the default
long: must be between 1.5s and 72h, or 0 for the default
negative: must be between 10m and 10s, or 0 for the default
few: must be between 1 and 9, or 0 for the default
mode: must be "a"
part.depth: must be 1
joined.depth: must be 1
joined.width: must be 2
refused: must be 100%
own: is wrong`)
	require.ErrorIs(t, f.Err(), cause)
}
