package zns

import (
	"bytes"
	"encoding/json"
	"errors"
)

// outgoing is the body of POST /message/template, "Gửi ZBS Template Message qua SĐT" at https://developers.zalo.me/docs/zalo-notification-service/.
type outgoing struct {
	Phone        string            `json:"phone"` // country code without plus
	TemplateID   string            `json:"template_id"`
	TemplateData map[string]string `json:"template_data"`
	TrackingID   string            `json:"tracking_id"`
	Mode         string            `json:"mode,omitempty"` // "development"
}

// reply is the body of every answer of the API. error is 0 for success; a failure has another number and HTTP status 200.
type reply struct {
	Error *loose `json:"error"`
	Data  struct {
		MsgID   loose   `json:"msg_id"`
		Status  loose   `json:"status"` // this and the following of template/info/v2
		Quality loose   `json:"templateQuality"`
		Tag     loose   `json:"templateTag"`
		Params  []place `json:"listParams"`
	} `json:"data"`
}

// place is how the network describes a place of a template, "Lấy thông tin chi tiết template" at https://developers.zalo.me/docs/zalo-notification-service/.
type place struct {
	Name       loose `json:"name"`
	Require    bool  `json:"require"`
	MaxLength  int   `json:"maxLength"`
	MinLength  int   `json:"minLength"`
	AcceptNull bool  `json:"acceptNull"`
}

// loose is a string that may come as a number, and is empty when it comes as anything else. A number keeps its digits.
type loose string

// UnmarshalJSON never fails.
func (l *loose) UnmarshalJSON(data []byte) error {
	*l = ""
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return nil
	}
	if c := data[0]; c == '-' || c >= '0' && c <= '9' {
		*l = loose(data)
		return nil
	}
	var s string
	if json.Unmarshal(data, &s) == nil {
		*l = loose(s)
	}
	return nil
}

// parseReply reads an answer of the API. Without a number in it, it is none: the zero reply.
func parseReply(body []byte) reply {
	var r reply
	err := json.Unmarshal(body, &r)
	var other *json.UnmarshalTypeError // data is sometimes an empty list
	if err != nil && !errors.As(err, &other) || r.Error == nil || *r.Error == "" {
		return reply{}
	}
	return r
}
