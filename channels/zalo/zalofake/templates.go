package zalofake

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/motcua/motcua/channels"
)

// Template is a text that was approved for the account, which may be sent to a person's id or to a phone number.
type Template struct {
	ID      string          // what the program names it by
	Name    string          // of the notice that it is for: "feedback.assigned"
	Title   string          // shown above the text
	Text    string          // with <places>
	Params  []TemplateParam // places, in their order
	OTP     bool            // a one-time code: only by phone, at any hour
	Status  string          // ENABLE, PENDING_REVIEW, REJECT, DISABLE; "" means ENABLE
	Quality string          // HIGH, MEDIUM, LOW; "" means UNDEFINED
}

// TemplateParam is a place of a template.
type TemplateParam struct {
	Name     string // as the text has it
	From     string // what the program's notices call the value; only for Approved
	Type     string // STRING, NUMBER, DATE; "" means STRING
	Max, Min int    // runes; Max 0 means 30
	Null     bool   // may be empty
}

// SampleTemplates are those of a city that has had its notices approved.
func SampleTemplates() []Template {
	code, unit := TemplateParam{Name: "ma_phan_anh", From: "code"}, TemplateParam{Name: "don_vi", From: "unit", Max: 60}
	reason := TemplateParam{Name: "ly_do", From: "reason", Max: 100, Null: true}
	answer := TemplateParam{Name: "noi_dung", From: "text", Max: 100}
	return []Template{
		{ID: "200002", Name: "account.code", Title: "Mã xác thực", OTP: true, Text: "Mã xác thực của bà con là <otp>. Không đưa mã này cho bất kỳ ai.",
			Params: []TemplateParam{{Name: "otp", From: "code", Type: "NUMBER", Max: 10}}},
		{ID: "200001", Name: "file.state", Title: "Hồ sơ của bà con", Text: "Hồ sơ <ma_ho_so>: <trang_thai>.",
			Params: []TemplateParam{{Name: "ma_ho_so", From: "code"}, {Name: "trang_thai", From: "state"}}},
		{ID: "200010", Name: "feedback.received", Title: "Đã nhận phản ánh", Text: "Phản ánh <ma_phan_anh> đã được chuyển đến <don_vi>. Hạn xử lý: <han>.",
			Params: []TemplateParam{code, unit, {Name: "han", From: "due"}}},
		{ID: "200011", Name: "feedback.assigned", Title: "Phản ánh đã được giao xử lý", Text: "<don_vi> phụ trách phản ánh <ma_phan_anh> của bà con.",
			Params: []TemplateParam{code, unit}},
		{ID: "200012", Name: "feedback.in_progress", Title: "Phản ánh đang được xử lý", Text: "<don_vi> đang xử lý phản ánh <ma_phan_anh>. <ly_do>",
			Params: []TemplateParam{code, unit, reason}},
		{ID: "200013", Name: "feedback.resolved", Title: "Phản ánh đã xử lý xong", Text: "<don_vi> đã xử lý xong phản ánh <ma_phan_anh>. <ly_do>",
			Params: []TemplateParam{code, unit, reason}},
		{ID: "200014", Name: "feedback.closed", Title: "Phản ánh đã khép lại", Text: "Phản ánh <ma_phan_anh> đã khép lại (<don_vi>). <ly_do>",
			Params: []TemplateParam{code, unit, reason}},
		{ID: "200015", Name: "feedback.rejected", Title: "Phản ánh chưa được thụ lý", Text: "<don_vi> chưa thể thụ lý phản ánh <ma_phan_anh>. Lý do: <ly_do>",
			Params: []TemplateParam{code, unit, reason}},
		{ID: "200016", Name: "feedback.commented", Title: "Trả lời về phản ánh", Text: "<don_vi> trả lời về phản ánh <ma_phan_anh>: <noi_dung>",
			Params: []TemplateParam{code, unit, answer}},
	}
}

// Approved gives templates as the program's settings declare them: channels.zalo.templates for those that can be sent to a person's id, channels.zns.templates
// for all of them.
func Approved(list []Template) (byUser, byPhone map[string]channels.Approved) {
	byUser, byPhone = map[string]channels.Approved{}, map[string]channels.Approved{}
	for _, t := range list {
		a := channels.Approved{ID: t.ID, OTP: t.OTP, Params: map[string]channels.Slot{}}
		for _, p := range t.Params {
			s := channels.Slot{From: p.From, Min: p.Min, Max: p.limit(), Optional: p.Null, Cut: p.limit() > 30}
			if p.Type == "NUMBER" || p.Type == "DATE" {
				s.Type = strings.ToLower(p.Type)
			}
			a.Params[p.Name] = s
		}
		byPhone[t.Name] = a
		if !t.OTP {
			byUser[t.Name] = a
		}
	}
	return byUser, byPhone
}

func (p TemplateParam) limit() int {
	if p.Max == 0 {
		return 30
	}
	return p.Max
}

// template gives an approved one by its id.
func (n *Network) template(id string) (Template, bool) {
	for _, t := range n.cfg.Templates {
		if t.ID == id {
			return t, true
		}
	}
	return Template{}, false
}

func (t Template) status() string {
	if t.Status == "" {
		return "ENABLE"
	}
	return t.Status
}

func (t Template) quality() string {
	if t.Quality == "" {
		return "UNDEFINED"
	}
	return t.Quality
}

func (t Template) tag() string {
	if t.OTP {
		return "OTP"
	}
	return "TRANSACTION"
}

// usable tells why a template cannot be sent; nil when it can.
func (t Template) usable() *refusal {
	switch t.status() {
	case "ENABLE":
		return nil
	case "DISABLE":
		return &refusal{-146, "Template is disabled because of its low quality"}
	}
	return &refusal{-131, "Template is not approved"}
}

var (
	digitsRE = regexp.MustCompile(`^[0-9]+$`)
	dayRE    = regexp.MustCompile(`^([0-9]{2}:[0-9]{2}(:[0-9]{2})? )?[0-9]{2}/[0-9]{2}/[0-9]{4}$`)
)

// judge tells what is wrong with the values of a template; nil when they are good.
func (t Template) judge(data map[string]string) *refusal {
	if len(data) == 0 {
		return &refusal{-111, "Template data is empty"}
	}
	known := map[string]bool{}
	for _, p := range t.Params {
		known[p.Name] = true
		value, there := data[p.Name]
		if bad := p.judge(value, there); bad != nil {
			return bad
		}
	}
	for name := range data {
		if !known[name] {
			return &refusal{-112, "Template data has an unknown parameter"}
		}
	}
	return nil
}

func (p TemplateParam) judge(value string, there bool) *refusal {
	size := utf8.RuneCountInString(value)
	switch {
	case !there || value == "" && !p.Null:
		return &refusal{-1122, "Template data lacks a parameter"}
	case size > p.limit():
		return &refusal{-1121, "Template data parameter exceeds its limit"}
	case value != "" && size < p.Min, strings.ContainsAny(value, "\r\n\t"),
		p.Type == "NUMBER" && !digitsRE.MatchString(value), p.Type == "DATE" && !dayRE.MatchString(value):
		return &refusal{-1124, "Template data parameter has an invalid format"}
	}
	return nil
}

// fill puts the values into the text.
func (t Template) fill(data map[string]string) string {
	text := t.Text
	for _, p := range t.Params {
		text = strings.ReplaceAll(text, "<"+p.Name+">", data[p.Name])
	}
	return strings.TrimSpace(t.Title + "\n" + strings.TrimSpace(text))
}
