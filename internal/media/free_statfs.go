//go:build linux || darwin

package media

import (
	"fmt"
	"syscall"
)

// Free gives the bytes that are free on the disk of a folder for this program.
func Free(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("media: free bytes: %w", err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
