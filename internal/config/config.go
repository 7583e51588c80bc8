// Package config reads settings: the shipped defaults, then a file, then the environment, into one typed struct.
//
// It owns the order, the names in the environment and the strictness. It does not know what any setting means.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// Prefix begins the name of every setting in the environment. Levels are joined by two underscores: MOTCUA_CHANNELS__SMS__TOKEN is channels.sms.token.
const Prefix = "MOTCUA_"

// testPrefix begins variables that steer tests, which are no settings.
const testPrefix = "MOTCUA_TEST_"

// Source says where settings come from, later ones winning.
type Source struct {
	Defaults []byte   // YAML with every key; a key that is not in it is unknown
	File     string   // path of a YAML file; "" for none
	Environ  []string // NAME=value, as os.Environ gives them
}

// Load reads the settings into into, a pointer to a struct with koanf tags. Unknown keys are refused, whether from the file or from the
// environment. All problems come back at once, joined, each with its key; a setting whose value cannot be read has its default then, so that whoever checks
// the values does not speak of it again.
func Load(src Source, into any) error {
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(src.Defaults), yaml.Parser()); err != nil {
		return fmt.Errorf("shipped defaults: %w", err)
	}
	known := map[string]bool{}
	for _, key := range k.Keys() {
		known[key] = true
	}
	var problems []error
	if src.File != "" {
		problems = append(problems, loadFile(k, src.File, known)...)
	}
	problems = append(problems, loadEnv(k, src.Environ, known)...)
	if wrong := single(decode(k, into)); len(wrong) > 0 {
		for _, err := range wrong {
			problems = append(problems, unread(err))
		}
		_ = decode(without(k, wrong, src.Defaults), into) // what fails again was told
	}
	return errors.Join(problems...)
}

func decode(k *koanf.Koanf, into any) error {
	return k.UnmarshalWithConf("", into, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		TagName:          "koanf",
		WeaklyTypedInput: true,
		ErrorUnused:      true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			stringToDuration,
			stringToList,
			mapstructure.TextUnmarshallerHookFunc(),
		),
	}})
}

// single gives the problems that a decoding error joins, without the words around them; none for nil.
func single(err error) []error {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		return many.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// unread says of a value that cannot be read under which key it stands, as all other problems do.
func unread(err error) error {
	var wrong *mapstructure.DecodeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s: %w", wrong.Name(), wrong.Unwrap())
	}
	return err
}

// without gives the settings with the shipped values in place of those that cannot be read.
func without(k *koanf.Koanf, wrong []error, defaults []byte) *koanf.Koanf {
	shipped := koanf.New(".")
	if err := shipped.Load(rawbytes.Provider(defaults), yaml.Parser()); err != nil {
		return k // it was read before
	}
	out := k.Copy()
	for _, err := range wrong {
		var w *mapstructure.DecodeError
		if !errors.As(err, &w) {
			continue
		}
		key, _, _ := strings.Cut(w.Name(), "[") // of a list, the whole
		if err := out.Set(key, shipped.Get(key)); err != nil {
			return k
		}
	}
	return out
}

func loadFile(k *koanf.Koanf, path string, known map[string]bool) []error {
	data, err := os.ReadFile(path)
	if err != nil {
		return []error{fmt.Errorf("configuration file: %w", err)}
	}
	f := koanf.New(".")
	if err := f.Load(rawbytes.Provider(data), yaml.Parser()); err != nil {
		return []error{fmt.Errorf("%s: %w", path, err)}
	}
	problems := unknown(func(string) string { return path }, f, known)
	if err := k.Merge(f); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", path, err))
	}
	return problems
}

func loadEnv(k *koanf.Koanf, environ []string, known map[string]bool) []error {
	e := koanf.New(".")
	provider := env.Provider(".", env.Opt{
		Prefix: Prefix,
		TransformFunc: func(name, value string) (string, any) {
			if strings.HasPrefix(name, testPrefix) {
				return "", nil
			}
			key := strings.ToLower(strings.TrimPrefix(name, Prefix))
			return strings.ReplaceAll(key, "__", "."), value
		},
		EnvironFunc: func() []string { return environ },
	})
	if err := e.Load(provider, nil); err != nil {
		return []error{fmt.Errorf("environment: %w", err)}
	}
	problems := unknown(func(key string) string { return "environment: " + variable(key) }, e, known)
	if err := k.Merge(e); err != nil {
		problems = append(problems, fmt.Errorf("environment: %w", err))
	}
	return problems
}

// variable gives the name that a key has in the environment.
func variable(key string) string { return Prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__")) }

// unknown removes keys that are not among the known ones, and reports each with the nearest known one.
func unknown(where func(key string) string, k *koanf.Koanf, known map[string]bool) []error {
	var out []error
	keys := k.Keys()
	sort.Strings(keys)
	for _, key := range keys {
		if known[key] || underList(key, known) {
			continue
		}
		k.Delete(key)
		out = append(out, fmt.Errorf("%s: unknown key %s%s", where(key), key, hint(key, known)))
	}
	return out
}

// underList tells whether the key lies below a known key whose default is empty: an empty map takes any names.
func underList(key string, known map[string]bool) bool {
	for i := strings.LastIndexByte(key, '.'); i > 0; i = strings.LastIndexByte(key[:i], '.') {
		if known[key[:i]] {
			return true
		}
	}
	return false
}

// hint names the known keys that end in the same word, else those that are written nearly the same.
func hint(key string, known map[string]bool) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	var near []string
	for k := range known {
		if k[strings.LastIndexByte(k, '.')+1:] == last {
			near = append(near, k)
		}
	}
	if len(near) == 0 {
		near = misspelt(key, known)
	}
	if len(near) == 0 {
		return ""
	}
	sort.Strings(near)
	return " (did you mean " + strings.Join(near, " or ") + "?)"
}

// misspelt gives the known keys from which the fewest letters differ, two at most.
func misspelt(key string, known map[string]bool) []string {
	var near []string
	least := 2
	for k := range known {
		switch d := levenshtein.ComputeDistance(key, k); {
		case d < least:
			near, least = []string{k}, d
		case d == least:
			near = append(near, k)
		}
	}
	return near
}

// stringToDuration reads a time as Go writes it. The error shows what was given: no time is a secret.
func stringToDuration(from, to reflect.Type, data any) (any, error) {
	if from.Kind() != reflect.String || to != reflect.TypeFor[time.Duration]() {
		return data, nil
	}
	d, err := time.ParseDuration(data.(string))
	if err != nil {
		return nil, fmt.Errorf("%q is no duration: give one such as 30s, 5m or 24h", data)
	}
	return d, nil
}

// stringToList lets a list be given in one variable, its members parted by commas. An empty text is an empty list.
func stringToList(from, to reflect.Type, data any) (any, error) {
	if from.Kind() != reflect.String || to.Kind() != reflect.Slice {
		return data, nil
	}
	out := []string{}
	for _, s := range strings.Split(data.(string), ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}
