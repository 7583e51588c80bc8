package messenger

import (
	"slices"
	"strings"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
)

// templateNames gives the notices that have an approved text, in a fixed order.
func (c *Channel) templateNames() []string {
	var out []string
	for name := range c.templates {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// approved puts a notice into the terms of an approved text. reason is "" or why it cannot be done: no_template, template_params.
func (c *Channel) approved(t *channels.Template) (m outgoingMessage, reason string) {
	known, ok := c.templates[t.Name]
	if !ok {
		return outgoingMessage{}, "no_template"
	}
	code := known.Language[string(t.Lang)]
	if code == "" {
		code = known.Language[string(message.Vietnamese)]
	}
	p := outgoingPayload{TemplateType: "utility_messages", Name: known.Name, Language: &languageCode{code}}
	body := component{Type: "body"}
	for _, name := range known.Params {
		value := strings.Join(strings.Fields(clean(t.Params[name])), " ") // a value is part of a line
		if value == "" {
			return outgoingMessage{}, "template_params"
		}
		body.Parameters = append(body.Parameters, parameter{Type: "text", Text: value})
	}
	if len(body.Parameters) > 0 {
		p.Components = []component{body}
	}
	return outgoingMessage{Attachment: &outgoingAttachment{Type: "template", Payload: p}}, ""
}
