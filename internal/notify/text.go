package notify

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/message"
)

var placeholderRE = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// maxParam is how much of one parameter a text takes, in runes: a long one would drown the rest.
const maxParam = 500

// fill puts parameters into a text, in each of its languages. A placeholder without a parameter stays empty, and takes the blank before it along at
// the end of the text: braces mean nothing to a citizen.
func fill(template message.Text, params map[string]message.Text) message.Text {
	out := make(message.Text, len(template))
	for lang, s := range template {
		out[lang] = strings.TrimSpace(placeholderRE.ReplaceAllStringFunc(s, func(p string) string {
			return params[p[1:len(p)-1]].In(lang)
		}))
	}
	return out
}

func textsOf(params map[string]any) map[string]message.Text {
	out := make(map[string]message.Text, len(params))
	for name, v := range params {
		out[name] = textOf(v)
	}
	return out
}

// zone is the city's time (invariant: stored in UTC, shown in Asia/Ho_Chi_Minh, which has had no summer time since 1975).
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// textOf gives a parameter as a text.
func textOf(v any) message.Text {
	switch v := v.(type) {
	case nil:
		return nil
	case message.Text:
		return v
	case string:
		return same(v)
	case time.Time:
		return timeText(v)
	case float64:
		return same(strconv.FormatFloat(v, 'f', -1, 64))
	default:
		return same(fmt.Sprint(v))
	}
}

func same(s string) message.Text { return message.Text{message.Vietnamese: clip(s)} }

func timeText(t time.Time) message.Text {
	local := t.In(zone)
	return message.Text{
		message.Vietnamese: message.Moment(local, message.Vietnamese),
		message.English:    message.Moment(local, message.English),
	}
}

func clip(s string) string {
	n := 0
	for i := range s {
		if n == maxParam {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
