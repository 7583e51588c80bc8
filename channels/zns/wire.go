package zns

import (
	"github.com/motcua/motcua/internal/loose"
)

// outgoing is the body of POST /message/template, "Gửi ZBS Template Message qua SĐT" at https://developers.zalo.me/docs/zalo-notification-service/.
type outgoing struct {
	Phone        string            `json:"phone"` // country code without plus
	TemplateID   string            `json:"template_id"`
	TemplateData map[string]string `json:"template_data"`
	TrackingID   string            `json:"tracking_id"`
	Mode         string            `json:"mode,omitempty"` // "development"
}

// described is what template/info/v2 says of a template.
type described struct {
	Status  loose.String `json:"status"`
	Quality loose.String `json:"templateQuality"`
	Tag     loose.String `json:"templateTag"`
	Params  []place      `json:"listParams"`
}

// place is how the network describes a place of a template, "Lấy thông tin chi tiết template" at https://developers.zalo.me/docs/zalo-notification-service/.
type place struct {
	Name       loose.String `json:"name"`
	Type       loose.String `json:"type"` // STRING, NUMBER, DATE
	Require    bool         `json:"require"`
	MaxLength  int          `json:"maxLength"`
	MinLength  int          `json:"minLength"`
	AcceptNull bool         `json:"acceptNull"`
}
