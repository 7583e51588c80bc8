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
// environment. All problems come back at once, joined, each with its key.
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
	if err := k.UnmarshalWithConf("", into, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		TagName:          "koanf",
		WeaklyTypedInput: true,
		ErrorUnused:      true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(),
			stringToList,
			mapstructure.TextUnmarshallerHookFunc(),
		),
	}}); err != nil {
		problems = append(problems, single(err)...)
	}
	return errors.Join(problems...)
}

// single gives the problems that a decoding error joins, without the words around them.
func single(err error) []error {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		return many.Unwrap()
	}
	return []error{err}
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
	problems := unknown(path, f, known)
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
	problems := unknown("environment", e, known)
	if err := k.Merge(e); err != nil {
		problems = append(problems, fmt.Errorf("environment: %w", err))
	}
	return problems
}

// unknown removes keys that are not among the known ones, and reports each with the nearest known one.
func unknown(where string, k *koanf.Koanf, known map[string]bool) []error {
	var out []error
	keys := k.Keys()
	sort.Strings(keys)
	for _, key := range keys {
		if known[key] || underList(key, known) {
			continue
		}
		k.Delete(key)
		out = append(out, fmt.Errorf("%s: unknown key %s%s", where, key, hint(key, known)))
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

func hint(key string, known map[string]bool) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	var near []string
	for k := range known {
		if k[strings.LastIndexByte(k, '.')+1:] == last {
			near = append(near, k)
		}
	}
	if len(near) == 0 {
		return ""
	}
	sort.Strings(near)
	return " (did you mean " + strings.Join(near, " or ") + "?)"
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
