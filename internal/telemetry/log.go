// Package telemetry lets the program be watched: logs, metrics and traces, and the page of the admin port that shows them.
//
// It owns the form of a log line and what never stands in one: codes, tokens, phone numbers, names, message texts. It does not know what is measured;
// each package registers its own metrics and writes its own lines.
package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"unicode"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger writes one JSON object a line: time in UTC, level, msg, trace_id and span_id when the context has a trace, and the attributes. A value whose
// name is on the list of sensitive ones is replaced; phone numbers and tokens are cut out of every text. That is the second guard: the first is not to log them.
func NewLogger(w io.Writer, cfg Config) (*slog.Logger, error) {
	level, err := cfg.level()
	if err != nil {
		return nil, fmt.Errorf("telemetry: log_level: %w", err)
	}
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: redact})
	return slog.New(traced{h}), nil
}

// traced adds the ids of the context's trace.
type traced struct{ slog.Handler }

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if s := trace.SpanContextFromContext(ctx); s.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", s.TraceID().String()), slog.String("span_id", s.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traced) WithAttrs(as []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(as)} }

func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }

const redacted = "[redacted]"

// sensitive are words that make a name sensitive, wherever they stand in it: access_token, phoneNumber, sms-body.
var sensitive = map[string]bool{
	"phone": true, "msisdn": true, "otp": true, "pin": true, "token": true, "tokens": true, "bearer": true, "authorization": true, "password": true,
	"passwd": true, "secret": true, "secrets": true, "credential": true, "credentials": true, "cookie": true, "cookies": true, "body": true,
	"payload": true, "email": true, "birthday": true, "signature": true,
}

// sensitiveNames are whole names that are sensitive, of words that alone are not.
var sensitiveNames = map[string]bool{
	"display_name": true, "full_name": true, "first_name": true, "last_name": true, "person_name": true, "citizen_name": true,
	"text": true, "message_text": true, "description": true, "comment": true, "home_address": true, "remote_addr": true, "remote_ip": true, "client_ip": true,
	"verify_code": true, "one_time_code": true, "private_key": true, "device_id": true,
}

// redact is slog's ReplaceAttr.
func redact(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 {
		switch a.Key {
		case slog.TimeKey:
			return slog.Time(a.Key, a.Value.Time().UTC())
		case slog.LevelKey, "trace_id", "span_id":
			return a
		}
	}
	if isSensitive(a.Key) {
		return slog.String(a.Key, redacted)
	}
	switch v := a.Value; v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, scrub(v.String()))
	case slog.KindTime:
		return slog.Time(a.Key, v.Time().UTC())
	case slog.KindDuration:
		return slog.String(a.Key, v.Duration().String())
	case slog.KindAny:
		return slog.Any(a.Key, redactAny(v.Any()))
	}
	return a
}

func isSensitive(key string) bool {
	words := wordsOf(key)
	for _, w := range words {
		if sensitive[w] {
			return true
		}
	}
	return sensitiveNames[strings.Join(words, "_")]
}

// wordsOf splits a name at punctuation and at capitals: "SMSBody" is "sms", "body".
func wordsOf(key string) []string {
	var b strings.Builder
	rs := []rune(key)
	for i, r := range rs {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			b.WriteByte(' ')
			continue
		}
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Fields(b.String())
}

// What is cut out of texts: Vietnamese phone numbers at home and in E.164, JWTs, and what follows a bearer scheme.
var (
	phoneRE  = regexp.MustCompile(`(^|[^0-9A-Za-z.+-])(?:\+84|84|0)(?:[ .-]?[0-9]){9}([^0-9A-Za-z]|$)`)
	tokenRE  = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*`)
	bearerRE = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}`)
	userRE   = regexp.MustCompile(`://[^/@\s]+@`) // user and password in an address
)

// scrub cuts out of a text what must not be logged.
func scrub(s string) string {
	if strings.Contains(s, "eyJ") {
		s = tokenRE.ReplaceAllString(s, redacted)
	}
	if strings.Contains(s, "://") {
		s = userRE.ReplaceAllString(s, "://"+redacted+"@")
	}
	s = bearerRE.ReplaceAllString(s, "${1} "+redacted)
	if strings.ContainsAny(s, "0123456789") {
		// Twice, because a match takes the sign behind the number with it, which the next number needs before it.
		s = phoneRE.ReplaceAllString(s, "${1}"+redacted+"${2}")
		s = phoneRE.ReplaceAllString(s, "${1}"+redacted+"${2}")
	}
	return s
}

// redactAny gives any other value as what JSON makes of it, redacted all the way down.
func redactAny(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case error:
		return scrub(v.Error())
	case fmt.Stringer:
		return scrub(v.String())
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return scrub(fmt.Sprintf("%T", v))
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return scrub(fmt.Sprintf("%T", v))
	}
	return redactTree(plain)
}

func redactTree(v any) any {
	switch v := v.(type) {
	case string:
		return scrub(v)
	case []any:
		for i := range v {
			v[i] = redactTree(v[i])
		}
	case map[string]any:
		for k := range v {
			if isSensitive(k) {
				v[k] = redacted
				continue
			}
			v[k] = redactTree(v[k])
		}
	}
	return v
}
