package graph

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
)

// maxID bounds the ids that are looked at, in bytes.
const maxID = 512

// idOf makes the opaque id of something: clients keep it and send it back, and read nothing out of it.
func idOf(kind, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + id))
}

// parseID takes an opaque id apart. NOT_FOUND when it was not made by idOf: there is nothing of that id.
func parseID(global string) (kind, id string, err error) {
	missing := fault.New(fault.NotFound, "")
	if len(global) > maxID || strings.ContainsAny(global, "\r\n") { // which the decoder skips: an id has one spelling
		return "", "", missing
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(global)
	if err != nil || !utf8.Valid(raw) {
		return "", "", missing.Because(err)
	}
	kind, id, ok := strings.Cut(string(raw), ":")
	if !ok || kind == "" || id == "" {
		return "", "", missing
	}
	return kind, id, nil
}

// idIn gives the inner id of something of one kind. NOT_FOUND when it is of another.
func idIn(kind, global string) (string, error) {
	k, id, err := parseID(global)
	if err != nil {
		return "", err
	}
	if k != kind {
		return "", fault.New(fault.NotFound, "")
	}
	return id, nil
}

// Kinds of things that have an opaque id: the names of their types.
const (
	kindAccount      = "Account"
	kindCategory     = "FeedbackCategory"
	kindConversation = "Conversation"
	kindFeedback     = "Feedback"
	kindMiniApp      = "MiniApp"
	kindNotice       = "Notification"
	kindSign         = "Sign"
	kindStory        = "StreetStory"
	kindUnit         = "Unit"
	kindWard         = "Ward"
)
