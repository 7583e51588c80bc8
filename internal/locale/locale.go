// Package locale puts keys into words: the message catalogues of configs/locales, and the public text of a fault in a citizen's language.
//
// Every text that a person reads comes from here or from a manifest; code holds keys only.
package locale

import (
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Catalogue holds all texts in all languages. It is safe for concurrent use.
type Catalogue struct {
	localizers map[message.Lang]*i18n.Localizer
	slots      map[message.Lang]map[string][]string // placeholders of each key's text, in all its forms; a key is there also when its text has none
	gaps       gaps
}

// Load reads every <topic>.<lang>.yaml of fsys: nested maps of texts, whose levels joined by dots are the keys ("account.wrong_code").
// Placeholders are written {{.name}}.
func Load(fsys fs.FS) (*Catalogue, error) {
	bundle := i18n.NewBundle(language.Vietnamese)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("locale: no catalogue found")
	}
	c := &Catalogue{localizers: map[message.Lang]*i18n.Localizer{}, slots: map[message.Lang]map[string][]string{}}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, err := bundle.ParseMessageFileBytes(data, path.Base(name))
		if err != nil {
			return nil, fmt.Errorf("locale: %s: %w", name, err)
		}
		lang := message.Lang(f.Tag.String())
		if c.slots[lang] == nil {
			c.slots[lang] = map[string][]string{}
		}
		for _, m := range f.Messages {
			if _, twice := c.slots[lang][m.ID]; twice {
				return nil, fmt.Errorf("locale: %s: %s is there twice", name, m.ID)
			}
			c.slots[lang][m.ID] = slotsOf(m.One + m.Other)
		}
	}
	for lang := range c.slots {
		c.localizers[lang] = i18n.NewLocalizer(bundle, string(lang), string(message.Vietnamese))
	}
	return c, c.complete()
}

// complete reports keys that one language has and another lacks.
func (c *Catalogue) complete() error {
	var missing []string
	for lang, keys := range c.slots {
		for other, has := range c.slots {
			for k := range keys {
				if _, ok := has[k]; !ok {
					missing = append(missing, fmt.Sprintf("%s has %s, %s has not", lang, k, other))
				}
			}
		}
	}
	if len(missing) > 0 {
		sort.Strings(missing)
		return fmt.Errorf("locale: %s", strings.Join(missing, "; "))
	}
	return nil
}

// Has tells whether a text of that key exists.
func (c *Catalogue) Has(key string) bool {
	_, ok := c.slots[message.Vietnamese][key]
	return ok
}

// Text gives the text of a key: of its forms "one" and "other", where it has them, the one for params["count"]. A key that does not exist comes back as
// itself, so that the gap is seen and nothing breaks. A placeholder that params lack shows as "<no value>", or as nothing in a catalogue that logs its gaps.
func (c *Catalogue) Text(lang message.Lang, key string, params map[string]any) string {
	lang = lang.Or()
	params = c.filled(lang, key, params)
	l := c.localizers[lang]
	s, err := "", error(nil)
	if n, ok := params["count"].(int); ok {
		s, err = l.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: params, PluralCount: n})
	}
	if s == "" || err != nil { // nothing is counted, or one form serves all
		s, err = l.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: params})
	}
	if err != nil || s == "" {
		return key
	}
	return s
}

// Fault gives the text of an error that a person may read.
func (c *Catalogue) Fault(lang message.Lang, f *fault.Error) string {
	if f.Public != "" {
		return f.Public
	}
	if f.Key != "" {
		return c.said(lang, f.Key, f.Code, f.Params)
	}
	if len(f.Fields) > 0 {
		return c.Field(lang, f.Fields[0])
	}
	return c.Text(lang, general(f.Code), f.Params)
}

// Field gives the text about one wrong field.
func (c *Catalogue) Field(lang message.Lang, f fault.Field) string {
	if f.Public != "" {
		return f.Public
	}
	return c.said(lang, f.Key, fault.Invalid, f.Params)
}

// general is the key of what is said of all errors with a code.
func general(code fault.Code) string { return "fault." + strings.ToLower(string(code)) }
