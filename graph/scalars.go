package graph

import (
	"encoding/json"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/motcua/motcua/internal/fault"
)

// timeLayout is RFC 3339 in UTC with milliseconds, which is what the store keeps.
const timeLayout = "2006-01-02T15:04:05.000Z"

// MarshalDateTime writes a moment.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var b [len(timeLayout) + 2]byte
		_, _ = w.Write(appendTime(b[:0], t))
	})
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '"')
}

// UnmarshalDateTime reads a moment in any RFC 3339 form.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, fault.New(fault.Invalid, "graph.bad_time")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "graph.bad_time").Because(err)
	}
	return t.UTC(), nil
}

// MarshalDate writes a day, as it is in UTC: days are stored as their first moment there.
func MarshalDate(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, t.UTC().Format(`"`+time.DateOnly+`"`)) })
}

// UnmarshalDate reads a day.
func UnmarshalDate(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, fault.New(fault.Invalid, "")
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "").Because(err)
	}
	return t, nil
}

// MarshalRawJSON writes JSON as it is.
func MarshalRawJSON(raw json.RawMessage) graphql.Marshaler {
	if len(raw) == 0 {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(raw) })
}

// UnmarshalRawJSON takes any value.
func UnmarshalRawJSON(v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fault.New(fault.Invalid, "").Because(err)
	}
	return raw, nil
}
