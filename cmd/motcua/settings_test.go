package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/motcua/motcua/configs"
)

// TestEverySettingIsListed compares the settings with configs/motcua.yaml both ways: a field that is not listed there could not be set.
func TestEverySettingIsListed(t *testing.T) {
	t.Parallel()
	data, err := configs.Files.ReadFile("motcua.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var listed map[string]any
	if err := yaml.Unmarshal(data, &listed); err != nil {
		t.Fatal(err)
	}
	seen := 0
	compareKeys(t, "", reflect.TypeFor[settings](), listed, &seen)
	if seen < 100 {
		t.Errorf("only %d settings were compared", seen)
	}
}

// notListed are fields that the program sets itself.
var notListed = map[string]bool{"sqlite.dir": true}

func compareKeys(t *testing.T, path string, section reflect.Type, listed map[string]any, seen *int) {
	t.Helper()
	known := map[string]bool{}
	for f := range section.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("koanf"), ",")
		if options == "squash" {
			for inner := range f.Type.Fields() {
				known[inner.Tag.Get("koanf")] = true
			}
			compareSquashed(t, path, f.Type, listed, seen)
			continue
		}
		known[name] = true
		compareField(t, path+name, f.Type, listed[name], hasKey(listed, name), seen)
	}
	for name := range listed {
		if !known[name] && path != "runner." {
			t.Errorf("%s%s is listed and nothing reads it", path, name)
		}
	}
}

func compareSquashed(t *testing.T, path string, section reflect.Type, listed map[string]any, seen *int) {
	t.Helper()
	for f := range section.Fields() {
		name := f.Tag.Get("koanf")
		compareField(t, path+name, f.Type, listed[name], hasKey(listed, name), seen)
	}
}

func compareField(t *testing.T, path string, field reflect.Type, value any, there bool, seen *int) {
	t.Helper()
	*seen++
	if !there {
		if !notListed[path] {
			t.Errorf("%s is not listed", path)
		}
		return
	}
	if inner, ok := value.(map[string]any); ok && field.Kind() == reflect.Struct && field != reflect.TypeFor[time.Duration]() {
		compareKeys(t, path+".", field, inner, seen)
	}
}

func hasKey(m map[string]any, key string) bool {
	_, ok := m[key]
	return ok
}
