package sqlite

import (
	"time"
)

// bind gives an indexed value as SQLite keeps it: text, or an integer for numbers, booleans and times (milliseconds since 1970), or NULL.
func bind(v any) any {
	switch x := v.(type) {
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		return x.UnixMilli()
	}
	return v
}

// present stands for an absent field where a column cannot be NULL: an empty blob, which equals no value that can be indexed.
func present(v any) any {
	if v == nil {
		return []byte{}
	}
	return v
}
