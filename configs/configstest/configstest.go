// Package configstest gives tests what the program ships.
package configstest

import (
	"io/fs"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/locale"
)

// Each is read once for all tests of a package: that takes longer than most of them.
var (
	loadCity  = sync.OnceValues(func() (*city.City, error) { return load("cities/haiphong", city.Load) })
	loadTexts = sync.OnceValues(func() (*locale.Catalogue, error) { return load("locales", locale.Load) })
)

// City is Hải Phòng. Nobody may change it.
func City(t testing.TB) *city.City {
	t.Helper()
	c, err := loadCity()
	require.NoError(t, err)
	return c
}

// Texts are the program's texts. Nobody may change them.
func Texts(t testing.TB) *locale.Catalogue {
	t.Helper()
	texts, err := loadTexts()
	require.NoError(t, err)
	return texts
}

func load[T any](folder string, read func(fs.FS) (T, error)) (T, error) {
	files, err := fs.Sub(configs.Files, folder)
	if err != nil {
		var none T
		return none, err
	}
	return read(files)
}
