//go:build !linux && !darwin

package media

import "math"

// Free gives the bytes that are free on the disk of a folder: here, where that is not asked, always enough.
func Free(string) (int64, error) { return math.MaxInt64, nil }
