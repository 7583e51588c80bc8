package locale

import (
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// gaps is what becomes of texts that are not there and of parameters that a text lacks. The zero value lets them show, so that tests find them.
type gaps struct {
	log  *slog.Logger // nil lets gaps show
	told sync.Map     // keys that were logged
}

// LogGaps makes the catalogue one for citizens: from now on an unknown key, and a parameter that a text lacks, is an error in the log, once for each key, and what a
// person reads makes the best of it: the sentence with an empty place, and for an error whose text is unknown the general one of its code. It must be called
// before the catalogue is shared. Neither keys nor names of parameters hold personal data; values are not logged.
func (c *Catalogue) LogGaps(log *slog.Logger) { c.gaps.log = log }

// tell logs a gap unless one of that key was told before.
func (g *gaps) tell(key, what string, args ...any) {
	if _, told := g.told.LoadOrStore(key, true); !told {
		g.log.Error(what, append([]any{"key", key}, args...)...)
	}
}

// filled gives params with nothing in the place of those that the text wants and does not get. Where the text wants none of them, and where gaps show, they are
// returned as they are.
func (c *Catalogue) filled(lang message.Lang, key string, params map[string]any) map[string]any {
	if c.gaps.log == nil {
		return params
	}
	slots, known := c.slots[lang][key]
	if !known {
		c.gaps.tell(key, "a text is not there")
		return params
	}
	lacks := func(slot string) bool { return params[slot] == nil }
	if !slices.ContainsFunc(slots, lacks) {
		return params
	}
	c.gaps.tell(key, "a text lacks parameters", "lang", string(lang), "wants", slots, "gets", slices.Sorted(maps.Keys(params)))
	out := map[string]any{}
	maps.Copy(out, params)
	for _, slot := range slots {
		if lacks(slot) {
			out[slot] = ""
		}
	}
	return out
}

// said gives the text of an error's key, or the general one of its code where there is none and gaps may not show.
func (c *Catalogue) said(lang message.Lang, key string, code fault.Code, params map[string]any) string {
	if c.gaps.log == nil || c.Has(key) {
		return c.Text(lang, key, params)
	}
	c.gaps.tell(key, "a text is not there")
	return c.Text(lang, general(code), params)
}

var slotRE = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// slotsOf names the placeholders of a text, each once.
func slotsOf(text string) []string {
	var out []string
	for _, m := range slotRE.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
