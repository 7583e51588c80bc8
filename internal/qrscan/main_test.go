package qrscan

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/motcua/motcua/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// huge gives a PNG whose header claims 60,000 by 60,000 pixels.
func huge(file []byte) []byte {
	out := slices.Clone(file)
	binary.BigEndian.PutUint32(out[16:], 60_000)
	binary.BigEndian.PutUint32(out[20:], 60_000)
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out
}
