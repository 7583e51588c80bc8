package messengerfake

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/motcua/motcua/channels/channelfake"
)

// Template is a text that the network approved.
type Template struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Body     string `json:"body"` // with {{1}}, {{2}}, …
}

const (
	utilityTemplate = "utility_messages"
	maxTemplate     = 1024 // runes
)

var (
	slotRE         = regexp.MustCompile(`\{\{([0-9]+)\}\}`)
	templateNameRE = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
)

// slots is how many values a text takes.
func (t Template) slots() int {
	most := 0
	for _, m := range slotRE.FindAllStringSubmatch(t.Body, -1) {
		if k, err := strconv.Atoi(m[1]); err == nil {
			most = max(most, k)
		}
	}
	return most
}

// filled gives the text that the person sees.
func (pg *page) filled(p cityPayload) (string, *refusal) {
	i := slices.IndexFunc(pg.templates, func(t Template) bool { return t.Name == p.Name && t.Language == p.Language.Code })
	if i < 0 {
		return "", badParam("No approved template of that name and language")
	}
	var values []string
	for _, c := range p.Components {
		for _, v := range c.Parameters {
			if c.Type != "body" || v.Type != "text" || v.Text == "" {
				return "", badParam("A value is not as it should be")
			}
			values = append(values, v.Text)
		}
	}
	t := pg.templates[i]
	if len(values) != t.slots() {
		return "", badParam("Number of parameters does not match the expected number of params")
	}
	return slotRE.ReplaceAllStringFunc(t.Body, func(slot string) string {
		k, _ := strconv.Atoi(slot[2 : len(slot)-2]) // slotRE has seen to it
		if k < 1 {
			return slot
		}
		return values[k-1]
	}), nil
}

func (n *Network) readTemplates(_ http.ResponseWriter, _ *http.Request, pg *page) (any, *refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := []map[string]string{}
	for _, t := range pg.templates {
		out = append(out, map[string]string{"name": t.Name, "language": t.Language, "status": "APPROVED", "category": "UTILITY"})
	}
	return map[string]any{"data": out}, nil
}

// templateRequest is the body of POST /{page}/message_templates.
type templateRequest struct {
	Name       string `json:"name"`
	Category   string `json:"category"`
	Language   string `json:"language"`
	Components []struct {
		Type    string `json:"type"`
		Text    string `json:"text"`
		Buttons []struct {
			Type string `json:"type"`
		} `json:"buttons"`
	} `json:"components"`
}

// writeTemplate registers a text and approves it at once.
func (n *Network) writeTemplate(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	var in templateRequest
	if json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&in) != nil || !templateNameRE.MatchString(in.Name) || in.Language == "" || in.Category != "UTILITY" {
		return nil, badParam("A template has a name, a language and the category UTILITY")
	}
	t := Template{Name: in.Name, Language: in.Language}
	for _, c := range in.Components {
		for i, b := range c.Buttons {
			if b.Type == "QUICK_REPLY" || i >= maxButtons {
				return nil, refuse(100, 2018416, "(#100) Invalid button of a template")
			}
		}
		if c.Type == "BODY" || c.Type == "body" {
			t.Body = c.Text
		}
	}
	if t.Body == "" || long(t.Body, maxTemplate) {
		return nil, badParam("The body of a template has 1 to 1024 characters")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.ContainsFunc(pg.templates, func(o Template) bool { return o.Name == t.Name && o.Language == t.Language }) {
		return nil, badParam("There is a template of that name and language already")
	}
	pg.templates = append(pg.templates, t)
	n.change(pg, "message_template_status_update", map[string]string{"event": "APPROVED", "message_template_name": t.Name, "message_template_language": t.Language})
	return map[string]string{"id": strconv.Itoa(len(pg.templates)), "status": "APPROVED", "category": "UTILITY"}, nil
}

// change tells of something that is about the page and no person. It is called with mu held.
func (n *Network) change(pg *page, field string, value any) {
	if pg.fields != nil && !slices.Contains(pg.fields, field) {
		return
	}
	e := entry{ID: pg.ID, Time: n.stamp(), Changes: []change{{field, value}}}
	n.post(channelfake.NewLane(), e, func(bool) {})
}
