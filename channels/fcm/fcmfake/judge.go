package fcmfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// sent is the part of a message that matters here: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
type sent struct {
	Token        string            `json:"token"`
	Topic        string            `json:"topic"`
	Condition    string            `json:"condition"`
	Data         map[string]string `json:"data"`
	Notification *struct {
		Title string `json:"title"`
		Body  string `json:"body"`
		Image string `json:"image"`
	} `json:"notification"`
	Android *struct {
		CollapseKey  string            `json:"collapse_key"`
		Priority     string            `json:"priority"`
		TTL          string            `json:"ttl"`
		Package      string            `json:"restricted_package_name"`
		Data         map[string]string `json:"data"`
		DirectBoot   bool              `json:"direct_boot_ok"`
		FCMOptions   json.RawMessage   `json:"fcm_options"`
		Notification *androidNote      `json:"notification"`
	} `json:"android"`
	APNS *struct {
		Headers    map[string]string `json:"headers"`
		Payload    json.RawMessage   `json:"payload"`
		FCMOptions json.RawMessage   `json:"fcm_options"`
		Live       string            `json:"live_activity_token"`
	} `json:"apns"`
	Webpush    json.RawMessage `json:"webpush"`
	FCMOptions json.RawMessage `json:"fcm_options"`
}

type androidNote struct {
	Tag  string `json:"tag"`
	rest map[string]json.RawMessage
}

// UnmarshalJSON takes whatever else a notification has.
func (a *androidNote) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &a.rest); err != nil {
		return err
	}
	if tag, ok := a.rest["tag"]; ok {
		return json.Unmarshal(tag, &a.Tag)
	}
	return nil
}

// tag names the place on the screen that a message takes; "" for one of its own.
func (m *sent) tag() string {
	switch {
	case m.Android != nil && m.Android.Notification != nil && m.Android.Notification.Tag != "":
		return m.Android.Notification.Tag
	case m.Android != nil && m.Android.CollapseKey != "":
		return m.Android.CollapseKey
	case m.APNS != nil:
		return m.APNS.Headers["apns-collapse-id"]
	}
	return ""
}

// anyRE is a condition that holds for who follows any of some topics.
var anyRE = regexp.MustCompile(`^'[^']+' in topics( \|\| '[^']+' in topics)*$`)

// topics gives those whose followers the message is for; none when it is for one phone.
func (m *sent) topics() []string {
	if m.Topic != "" {
		return []string{m.Topic}
	}
	if !anyRE.MatchString(m.Condition) {
		return nil
	}
	var out []string
	for part := range strings.SplitSeq(m.Condition, " || ") {
		out = append(out, strings.Trim(strings.TrimSuffix(part, " in topics"), "'"))
	}
	return out
}

func (m *sent) urgent() bool { return m.Android != nil && m.Android.Priority == "high" }

// How much one message may be, in bytes.
const (
	maxMessage      = 4096
	maxTopicMessage = 2048
	maxConditions   = 5
)

var (
	topicRE = regexp.MustCompile(`^(private/)?[a-zA-Z0-9-_.~%]+$`)
	ttlRE   = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?s$`)
)

// judge tells what is wrong with a message; nil when it is good.
func judge(raw json.RawMessage) (*sent, *refusal) {
	if bad := texts(raw); bad != nil {
		return nil, bad
	}
	var m sent
	if err := strict(raw, &m); err != nil {
		return nil, badField("message", err.Error())
	}
	limit, targets := maxMessage, 0
	for _, t := range []string{m.Token, m.Topic, m.Condition} {
		if t != "" {
			targets++
		}
	}
	if m.Token == "" {
		limit = maxTopicMessage
	}
	switch {
	case targets != 1:
		return nil, badField("message", "Recipient of the message is not set, or set more than once.")
	case m.Topic != "" && !topicRE.MatchString(m.Topic):
		return nil, badField("message.topic", "Topic name is malformed.")
	case strings.Count(m.Condition, "in topics") > maxConditions:
		return nil, badField("message.condition", "Too many topics.")
	case len(raw) > limit:
		return nil, tooBig
	}
	return &m, m.judgeParts()
}

func (m *sent) judgeParts() *refusal {
	for name := range m.Data {
		if name == "from" || name == "message_type" || strings.HasPrefix(name, "gcm.") || strings.HasPrefix(name, "google.") {
			return badField("message.data", "Invalid data payload key: "+name)
		}
	}
	if a := m.Android; a != nil {
		if a.Priority != "" && a.Priority != "normal" && a.Priority != "high" {
			return badField("message.android.priority", "Invalid value")
		}
		if a.TTL != "" && !ttlRE.MatchString(a.TTL) {
			return badField("message.android.ttl", "Illegal duration format")
		}
	}
	if m.APNS != nil && len(m.APNS.Headers["apns-collapse-id"]) > 64 {
		return badField("message.apns.headers", "apns-collapse-id is longer than 64 bytes")
	}
	return nil
}

// texts refuses data whose values are no text, in the network's words.
func texts(raw json.RawMessage) *refusal {
	var m struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return badField("message", "Invalid JSON payload received.")
	}
	for i, name := range slices.Sorted(maps.Keys(m.Data)) {
		var s string
		if v := m.Data[name]; json.Unmarshal(v, &s) != nil {
			field := fmt.Sprintf("message.data[%d].value", i)
			return badField(field, fmt.Sprintf("Invalid value at '%s' (TYPE_STRING), %s", field, v))
		}
	}
	return nil
}

func topicOf(to string) (name string, ok bool) {
	name, ok = strings.CutPrefix(to, "/topics/")
	return name, ok && topicRE.MatchString(name)
}

// strict reads one JSON value, without fields that the network does not know.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something behind the end")
	}
	return nil
}

// refusal is an error as the network writes it.
type refusal struct {
	Code    int      `json:"code"`
	Message string   `json:"message,omitempty"`
	Status  string   `json:"status,omitempty"`
	Details []detail `json:"details,omitempty"`
}

type detail struct {
	Type       string      `json:"@type"`
	ErrorCode  string      `json:"errorCode,omitempty"`
	Violations []violation `json:"fieldViolations,omitempty"`
}

type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

func named(code int, status, errorCode, message string) *refusal {
	return &refusal{code, message, status, []detail{{Type: "type.googleapis.com/google.firebase.fcm.v1.FcmError", ErrorCode: errorCode}}}
}

func badField(field, message string) *refusal {
	return &refusal{http.StatusBadRequest, message, "INVALID_ARGUMENT", []detail{
		{Type: "type.googleapis.com/google.rpc.BadRequest", Violations: []violation{{field, message}}},
	}}
}

// refusals are the errors of single tokens: https://firebase.google.com/docs/cloud-messaging/error-codes
var refusals = map[Behaviour]*refusal{
	Unregistered: named(http.StatusNotFound, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
	Mismatch:     named(http.StatusForbidden, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"),
	BadToken:     named(http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
	Quota:        named(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded for sending."),
	Unavailable:  named(http.StatusServiceUnavailable, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
	Internal:     named(http.StatusInternalServerError, "INTERNAL", "INTERNAL", "Internal error encountered."),
	ThirdParty:   named(http.StatusUnauthorized, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service"),
}

// tooBig carries both details.
var tooBig = &refusal{http.StatusBadRequest, "Message is too big", "INVALID_ARGUMENT", []detail{
	{Type: "type.googleapis.com/google.firebase.fcm.v1.FcmError", ErrorCode: "INVALID_ARGUMENT"},
	{Type: "type.googleapis.com/google.rpc.BadRequest", Violations: []violation{{"message", "Message is too big"}}},
}}

var (
	bareNotFound    = refusal{Code: http.StatusNotFound, Message: "Requested entity was not found.", Status: "NOT_FOUND"}
	unauthenticated = refusal{Code: http.StatusUnauthorized, Message: "Request had invalid authentication credentials.", Status: "UNAUTHENTICATED"}
)
