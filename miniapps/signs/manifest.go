package signs

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode"

	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/signs/platecode"
)

//go:embed manifest.json
var manifestJSON []byte

//go:embed icon.svg
var icon string

// Icon is the picture that the manifest names, as SVG.
func (a *App) Icon() string { return icon }

// Manifest reads what the app declares, for those who check settings against it before there is an app.
func Manifest() (miniapps.Manifest, error) {
	m, err := miniapps.ParseManifest(manifestJSON)
	if err != nil {
		return m, fmt.Errorf("signs: %w", err)
	}
	return m, nil
}

// What the manifest says of plate numbers: it is written for one prefix.
const (
	shippedPrefix  = "[Hh][Pp]" // in patterns
	shippedExample = "HP-00572-4"
	exampleNumber  = 572
)

// manifestOf gives the manifest of a city whose plates have these numbers.
func manifestOf(n platecode.Numbers) (miniapps.Manifest, error) {
	var letters strings.Builder
	for _, r := range n.Prefix() {
		fmt.Fprintf(&letters, "[%c%c]", r, unicode.ToLower(r))
	}
	text := strings.NewReplacer(shippedPrefix, letters.String(), shippedExample, n.Format(exampleNumber)).Replace(string(manifestJSON))
	m, err := miniapps.ParseManifest([]byte(text))
	if err != nil {
		return m, fmt.Errorf("signs: %w", err)
	}
	return m, nil
}
