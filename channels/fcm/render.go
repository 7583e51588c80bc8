package fcm

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"firebase.google.com/go/v4/messaging"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/clip"
)

// How much one message may be, in bytes: https://firebase.google.com/docs/cloud-messaging/concept-options. The network counts less of it than we do here,
// the whole message as it travels.
const (
	maxMessage = 4096
	maxTopic   = 2048
)

// target is whom a message is for: one of the three.
type target struct{ token, topic, condition string }

// topicRE is what a topic's name is made of, as Google's library has it.
var topicRE = regexp.MustCompile(`^[a-zA-Z0-9-_.~%]{1,900}$`)

// aim reads an address. ok is false when it is none.
func aim(to channels.Address) (t target, ok bool) {
	if list, isTopic := strings.CutPrefix(string(to), topicPrefix); isTopic {
		return aimAt(strings.Split(list, topicSeparator))
	}
	return target{token: string(to)}, isToken(string(to))
}

// aimAt aims at those who follow any of some topics. Several are a condition, which reaches each device once.
func aimAt(topics []string) (t target, ok bool) {
	if len(topics) > MaxTopics || slices.ContainsFunc(topics, func(name string) bool { return !topicRE.MatchString(name) }) {
		return target{}, false
	}
	if len(topics) == 1 {
		return target{topic: topics[0]}, true
	}
	return target{condition: "'" + strings.Join(topics, "' in topics || '") + "' in topics"}, true
}

// render writes a push as the network takes it, its text shortened until it fits. reason is not "" when it cannot be sent.
func (c *Channel) render(t target, id string, p channels.Push) (m *messaging.Message, reason string) {
	data, ok := c.data(id, p)
	if !ok {
		return nil, "bad_data"
	}
	limit := maxMessage
	if t.token == "" {
		limit = maxTopic
	}
	m = &messaging.Message{
		Token: t.token, Topic: t.topic, Condition: t.condition, Data: data, Notification: &messaging.Notification{Title: p.Title},
		Android: c.android(id, p), APNS: c.apns(id, p), Webpush: c.web(id, p),
	}
	text, ok := clip.Text(p.Text, func(s string) bool {
		m.Notification.Body = s
		return size(m) <= limit
	})
	if !ok {
		return nil, "too_big"
	}
	m.Notification.Body = text
	return m, ""
}

// size gives how long a message is as it travels.
func size(m *messaging.Message) int {
	b, err := json.Marshal(m)
	if err != nil {
		return maxMessage + 1
	}
	return len(b)
}

// data is what the app is given beside the notification. ok is false when it has a name that the network keeps for itself.
func (c *Channel) data(id string, p channels.Push) (data map[string]string, ok bool) {
	data = maps.Clone(p.Data)
	if data == nil {
		data = map[string]string{}
	}
	if _, has := data["id"]; !has && id != "" {
		data["id"] = id
	}
	if p.Link != "" {
		data["link"] = c.link(p.Link)
	}
	for name := range data {
		if name == "from" || name == "message_type" || strings.HasPrefix(name, "gcm.") || strings.HasPrefix(name, "google.") {
			return nil, false
		}
	}
	return data, true
}

// link makes a path an address of the city.
func (c *Channel) link(link string) string {
	if strings.HasPrefix(link, "/") {
		return c.cfg.LinkBase + link
	}
	return link
}

func (c *Channel) ttl(p channels.Push) time.Duration {
	if p.TTL <= 0 {
		return c.cfg.TTL
	}
	return min(c.cfg.TTL, p.TTL)
}

// android sets a collapse key only when the sender did: of messages with one the network keeps four for a phone that is off, without it a hundred. The tag
// makes a repeat take the place of the first.
func (c *Channel) android(id string, p channels.Push) *messaging.AndroidConfig {
	ttl, priority := c.ttl(p), "normal"
	if p.Urgent {
		priority = "high"
	}
	out := &messaging.AndroidConfig{CollapseKey: short(p.Collapse), Priority: priority, TTL: &ttl}
	if tag := tag(id, p); tag != "" {
		out.Notification = &messaging.AndroidNotification{Tag: tag}
	}
	return out
}

// apns is for Apple's devices: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
func (c *Channel) apns(id string, p channels.Push) *messaging.APNSConfig {
	h := map[string]string{"apns-priority": "5", "apns-expiration": strconv.FormatInt(c.now().Add(c.ttl(p)).Unix(), 10)}
	if p.Urgent {
		h["apns-priority"] = "10"
	}
	if tag := tag(id, p); tag != "" {
		h["apns-collapse-id"] = tag
	}
	return &messaging.APNSConfig{Headers: h, Payload: &messaging.APNSPayload{Aps: &messaging.Aps{Sound: "default"}}}
}

// web is for browsers that registered with this network rather than with their own push service.
func (c *Channel) web(id string, p channels.Push) *messaging.WebpushConfig {
	h := map[string]string{"TTL": strconv.Itoa(int(c.ttl(p) / time.Second)), "Urgency": "normal"}
	if p.Urgent {
		h["Urgency"] = "high"
	}
	out := &messaging.WebpushConfig{Headers: h}
	if tag := tag(id, p); tag != "" {
		out.Notification = &messaging.WebpushNotification{Tag: tag}
	}
	if u, err := url.Parse(c.link(p.Link)); err == nil && u.Scheme == "https" && u.Host != "" { // it takes nothing else
		out.FCMOptions = &messaging.WebpushFCMOptions{Link: u.String()}
	}
	return out
}

// tag names the place on the screen that a message takes.
func tag(id string, p channels.Push) string {
	if p.Collapse != "" {
		return short(p.Collapse)
	}
	return short(id)
}

// maxCollapse is how long apns-collapse-id may be, in bytes.
const maxCollapse = 64

// short gives a name as it is when it is short, and a hash of it otherwise.
func short(name string) string {
	if len(name) <= maxCollapse {
		return name
	}
	h := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(h[:])
}
