package zns

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/fault"
)

// Check compares the templates of the settings with those that the network approved, and gives what an operator should mend, a line each. None means that all is
// well. FORBIDDEN without a token, UNAVAILABLE when the network could not be asked.
func (c *Channel) Check(ctx context.Context) ([]string, error) {
	var found []string
	for _, name := range channels.Names(c.cfg.Templates) {
		t := c.cfg.Templates[name]
		for _, id := range ids(t) {
			more, err := c.checkOne(ctx, t, id)
			if err != nil {
				return nil, err
			}
			for _, line := range more {
				found = append(found, fmt.Sprintf("%s (template %s): %s", name, id, line))
			}
		}
	}
	return found, nil
}

func ids(t channels.Approved) []string {
	if t.IDEN == "" || t.IDEN == t.ID {
		return []string{t.ID}
	}
	return []string{t.ID, t.IDEN}
}

// checkOne asks for one template, "Lấy thông tin chi tiết template" at https://developers.zalo.me/docs/zalo-notification-service/.
func (c *Channel) checkOne(ctx context.Context, t channels.Approved, id string) ([]string, error) {
	a := c.api.Call(ctx, zaloapi.Request{Path: "/template/info/v2?template_id=" + url.QueryEscape(id)})
	switch {
	case a.NoToken:
		return nil, fault.Wrap(fault.Forbidden, a.Err)
	case a.Err != nil:
		return nil, fault.Wrap(fault.Unavailable, a.Err)
	case !a.IsAPI:
		return nil, fault.Wrap(fault.Unavailable, fmt.Errorf("zns: HTTP status %d without an answer of the API", a.Status))
	case a.Number != 0:
		return []string{fmt.Sprintf("the network answers error %d %s", a.Number, zaloapi.Templates[a.Number].Reason)}, nil
	}
	var d described
	a.Data(&d)
	var out []string
	if d.Status != "ENABLE" {
		out = append(out, fmt.Sprintf("its state is %.40q", string(d.Status)))
	}
	if d.Quality == "LOW" {
		out = append(out, "its quality is low: the network will disable it")
	}
	if t.OTP != (d.Tag == "OTP") {
		out = append(out, fmt.Sprintf("otp is %t, but its tag is %.40q", t.OTP, string(d.Tag)))
	}
	return append(out, differences(t.Slots(), d.Params)...), nil
}

// differences says where the places of the settings are not those of the network.
func differences(ours map[string]channels.Slot, theirs []place) []string {
	var out []string
	known := map[string]bool{}
	for _, p := range theirs {
		name := string(p.Name)
		known[name] = true
		s, ok := ours[name]
		if kind := typeOf(p); ok && kind != "" && kind != s.Type {
			out = append(out, fmt.Sprintf("params.%s.type is %s, the network takes %s only", name, s.Type, kind))
		}
		switch {
		case !ok && p.Require:
			out = append(out, fmt.Sprintf("params: the template's place %.64q is missing", name))
		case !ok:
		case s.Optional && p.Require && !p.AcceptNull:
			out = append(out, fmt.Sprintf("params.%s is optional here and required there", name))
		case p.MaxLength > 0 && s.Max > p.MaxLength:
			out = append(out, fmt.Sprintf("params.%s.max is %d, the network takes %d", name, s.Max, p.MaxLength))
		case s.Min < p.MinLength:
			out = append(out, fmt.Sprintf("params.%s.min is %d, the network wants %d", name, s.Min, p.MinLength))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if !known[name] {
			out = append(out, fmt.Sprintf("params.%s is no place of the template", name))
		}
	}
	return out
}

// typeOf is how the settings call a place whose values the network wants in one form; "" for one that takes any text, and one that it says nothing of. Who
// promises a form for those promises more than is asked.
func typeOf(p place) string {
	switch p.Type {
	case "NUMBER":
		return "number"
	case "DATE":
		return "date"
	}
	return ""
}
