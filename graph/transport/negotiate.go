package transport

import (
	"mime"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	typeResponse = "application/graphql-response+json"
	typeJSON     = "application/json"
	typeEvents   = "text/event-stream"
	typeHTML     = "text/html"
)

// maxAccept bounds the Accept header that is looked at, in bytes.
const maxAccept = 1024

// negotiate gives the media type to answer with, of those offered, in the client's order of preference and then in ours; "" when none will do.
// A client that does not say, or takes anything, gets application/json, which older clients expect.
func negotiate(accept string, offered ...string) string {
	if strings.TrimSpace(accept) == "" {
		return typeJSON
	}
	best, bestQ := "", 0.0
	for _, part := range strings.Split(accept[:min(len(accept), maxAccept)], ",") {
		t, params, err := mime.ParseMediaType(part)
		if err != nil || !charsetOK(params) {
			continue
		}
		q := quality(params)
		if q <= bestQ {
			continue
		}
		if m := match(t, offered); m != "" {
			best, bestQ = m, q
		}
	}
	return best
}

func match(wanted string, offered []string) string {
	switch wanted {
	case "*/*", "application/*":
		return typeJSON
	}
	for _, o := range offered {
		if o == wanted {
			return o
		}
	}
	return ""
}

func quality(params map[string]string) float64 {
	s, ok := params["q"]
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(s, 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}

func charsetOK(params map[string]string) bool {
	c, ok := params["charset"]
	return !ok || strings.EqualFold(c, "utf-8")
}

// isJSON tells whether a Content-Type names JSON in UTF-8.
func isJSON(contentType string) bool {
	t, params, err := mime.ParseMediaType(contentType)
	return err == nil && t == typeJSON && charsetOK(params)
}

// namesHTML tells whether an Accept header names HTML outright, as browsers do for a page.
func namesHTML(accept string) bool {
	for _, part := range strings.Split(accept[:min(len(accept), maxAccept)], ",") {
		if t, _, err := mime.ParseMediaType(part); err == nil && t == typeHTML {
			return true
		}
	}
	return false
}
