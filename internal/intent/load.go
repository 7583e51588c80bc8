package intent

import (
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"

	"github.com/motcua/motcua/internal/message"
)

// Load reads the phrases of every *.yaml of fsys: intent → language → phrases. The order is that of the files' names and of their lines; where people who
// type without diacritics mean either of two intents, the first one listed wins.
func Load(fsys fs.FS) ([]Phrase, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("intent: no phrases found")
	}
	var out []Phrase
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		phrases, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("intent: %s: %w", name, err)
		}
		out = append(out, phrases...)
	}
	return out, nil
}

func parse(data []byte) ([]Phrase, error) {
	var file yaml.MapSlice // keeps the order
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var out []Phrase
	for _, item := range file {
		name, ok := item.Key.(string)
		if !ok || name == "" {
			return nil, fmt.Errorf("%v is no name of an intent", item.Key)
		}
		langs, ok := item.Value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: languages are needed", name)
		}
		for _, lang := range []message.Lang{message.Vietnamese, message.English} {
			list, ok := langs[string(lang)].([]any)
			if !ok || len(list) == 0 || len(langs) != 2 {
				return nil, fmt.Errorf("%s: phrases in vi and en are needed, and no others", name)
			}
			for _, x := range list {
				text, ok := x.(string)
				if !ok || len(words(text)) == 0 {
					return nil, fmt.Errorf("%s: %v is no phrase", name, x)
				}
				out = append(out, Phrase{Text: text, Lang: lang, Intent: name})
			}
		}
	}
	return out, nil
}
