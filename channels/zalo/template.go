package zalo

import (
	"context"
	"fmt"
	"regexp"

	"github.com/motcua/motcua/channels"
)

// sendTemplate makes one attempt with a text that the network approved, by the person's id. It leaves outside all windows, and is paid for. Reasons of
// never: no_template, bad_params, and those of the tables.
func (c *Channel) sendTemplate(ctx context.Context, to channels.Address, t channels.Template) channels.Outcome {
	text, ok := c.cfg.Templates[t.Name]
	if !ok {
		return refused("no_template")
	}
	data, err := text.Fill(t.Params)
	if err != nil {
		return channels.Outcome{Status: channels.Never, Reason: "bad_params", Cause: fmt.Errorf("zalo: template %s: %w", t.Name, err)}
	}
	body, err := encode(templateMessage{UserID: string(to), TemplateID: text.IDFor(t.Lang), TemplateData: data})
	if err != nil {
		return later(err)
	}
	return c.outcomeBy(templateVerdict, c.call(ctx, request{path: "/v3.0/oa/message/template", contentType: "application/json", body: body}))
}

// templateVerdicts are further numbers that a template can be answered with, of the template API, "Mã lỗi ZBS Template Message" at
// https://developers.zalo.me/docs/zalo-notification-service/. The path by user id answers those of the OA API; which of these it has in common with the path
// by phone is written nowhere.
var templateVerdicts = map[int]verdict{
	-100:  {end: retry}, // there is no picture that could have expired
	-133:  {end: night},
	-109:  {alarm, "template_unknown"},
	-131:  {alarm, "template_not_approved"},
	-117:  {alarm, "template_not_permitted"},
	-146:  {alarm, "template_disabled"},
	-111:  {never, "bad_params"},
	-112:  {never, "bad_params"},
	-1121: {never, "bad_params"},
	-1122: {never, "bad_params"},
	-1124: {never, "bad_params"},
	-139:  {never, "refused_by_person"},
	-140:  {never, "refused_by_person"},
	-141:  {never, "refused_by_person"},
	-115:  {alarm, "no_money"},
	-136:  {alarm, "no_cloud_account"},
	-137:  {alarm, "no_money"},
	-135:  {alarm, "account_not_permitted"},
	-1351: {alarm, "account_blocked"},
	-144:  {never, "daily_limit"},
	-147:  {never, "daily_limit"},
}

func templateVerdict(n int) verdict {
	if v, ok := templateVerdicts[n]; ok {
		return v
	}
	return verdicts[n]
}

// phoneRE is a phone number as the network writes it: country code without a plus. Ids of people have 19 digits.
var phoneRE = regexp.MustCompile(`^[1-9][0-9]{7,14}$`)

// templated gives the reading of an event of a template message. A receipt of one that went to a phone number names the tracking id that the sender chose; one
// that went to a person's id has none, and reads like every other receipt.
func templated(b *webhook, r reading) reading {
	switch {
	case r.read == nil:
		return r
	case b.EventName != "user_received_message":
		return reading{why: whyZNS}
	case b.Message.TrackingID != "":
		return reading{read: arrived}
	case phoneRE.MatchString(string(b.Recipient.ID)):
		return reading{why: whyZNS}
	}
	return r
}

// arrived reads the receipt of a template that went to a phone number, which may come as a hash.
func arrived(b *webhook) channels.Event {
	e := receipt(channels.Delivered)(b)
	e.Template, e.About = true, []string{string(b.Message.TrackingID)}
	if phoneRE.MatchString(string(e.From)) {
		e.From = "+" + e.From
	}
	return e
}
