package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
)

// Patch changes preferences. A nil field stays as it is.
type Patch struct {
	Rules      []RulePatch   `json:"rules,omitempty"`      // sets these rules and leaves the others
	Quiet      *QuietHours   `json:"quietHours,omitempty"` // without times: those of the city
	DigestHour *int          `json:"digestHour,omitempty"` // 0 to 23; -1 goes back to the city's
	Areas      *[]string     `json:"areas,omitempty"`      // all of them; an empty list follows none
	Interests  *[]string     `json:"interests,omitempty"`
	Lang       *message.Lang `json:"language,omitempty"` // "" goes back to that of the account
}

// RulePatch sets a rule, or removes it when On is nil.
type RulePatch struct {
	Kind    string `json:"kind"`
	Channel string `json:"channel"`
	On      *bool  `json:"on,omitempty"`
}

// maxRules is how many rules one person may have.
const maxRules = 100

var (
	kindRE = regexp.MustCompile(`^(\*|[a-z][a-z0-9_-]{0,63}(\.[a-z][a-z0-9_-]{0,63})?)$`)
	codeRE = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)
)

// knowsKind tells whether a rule may be about a kind.
func (n *Notices) knowsKind(kind string) bool {
	if kind == "*" || n.knownKind == nil {
		return true
	}
	app, notice, _ := strings.Cut(kind, ".")
	return n.knownKind(app, notice)
}

// check reports every field that cannot be. known tells whether an area exists, nil believes all; kind likewise of kinds of notices. A rule about what is not
// declared any more may be removed.
func (p Patch) check(known, kind func(string) bool) error {
	var fields []fault.Field
	wrong := func(key string, params map[string]any, path ...string) {
		fields = append(fields, fault.Field{Path: path, Key: "notify." + key, Params: params})
	}
	for i, r := range p.Rules {
		if !kindRE.MatchString(r.Kind) || r.On != nil && !kind(r.Kind) {
			wrong("unknown_kind", nil, "rules", strconv.Itoa(i), "kind")
		}
		if r.Channel != "*" && !slices.Contains(groups, r.Channel) {
			wrong("unknown_channel", nil, "rules", strconv.Itoa(i), "channel")
		}
	}
	if q := p.Quiet; q != nil && !q.Off && q.Quiet != (Quiet{}) {
		for _, x := range []struct{ name, at string }{{"from", q.From}, {"to", q.To}} {
			if _, ok := minutes(x.at); !ok {
				wrong("bad_time", nil, "quietHours", x.name)
			}
		}
	}
	if h := p.DigestHour; h != nil && (*h < -1 || *h > 23) {
		wrong("bad_hour", nil, "digestHour")
	}
	if p.Lang != nil && *p.Lang != "" && *p.Lang != p.Lang.Or() {
		wrong("bad_language", nil, "language")
	}
	checkCodes(p.Areas, "areas", "unknown_area", known, wrong)
	checkCodes(p.Interests, "interests", "unknown_interest", nil, wrong)
	if len(fields) > 0 {
		return &fault.Error{Code: fault.Invalid, Fields: fields}
	}
	return nil
}

func checkCodes(codes *[]string, field, unknown string, known func(string) bool, wrong func(string, map[string]any, ...string)) {
	if codes == nil {
		return
	}
	if len(*codes) > MaxAreas {
		wrong("too_many_"+field, map[string]any{"max": MaxAreas}, field)
		return
	}
	for i, c := range *codes {
		if !codeRE.MatchString(c) || known != nil && !known(c) {
			wrong(unknown, nil, field, strconv.Itoa(i))
		}
	}
}

// mark is what recognises a repeat; empty without a key.
func (p Patch) mark(v account.Viewer, key string) (once.Mark, error) {
	if key == "" {
		return once.Mark{}, nil
	}
	input, err := json.Marshal(p)
	if err != nil {
		return once.Mark{}, fault.Wrap(fault.Internal, fmt.Errorf("notify: preferences: %w", err))
	}
	hash, err := once.HashInput(input)
	if err != nil {
		return once.Mark{}, fault.Wrap(fault.Internal, fmt.Errorf("notify: preferences: %w", err))
	}
	return once.Mark{Key: once.Scope(v.Subject, "notify", "setPreferences", key), Hash: hash}, nil
}

func (p Patch) apply(w *wishes) error {
	for _, r := range p.Rules {
		w.Rules = slices.DeleteFunc(w.Rules, func(o Rule) bool { return o.Kind == r.Kind && o.Channel == r.Channel })
		if r.On != nil {
			w.Rules = append(w.Rules, Rule{Kind: r.Kind, Channel: r.Channel, On: *r.On})
		}
	}
	if len(w.Rules) > maxRules {
		return fault.InvalidField("notify.too_many_rules", "rules").With("max", maxRules)
	}
	slices.SortFunc(w.Rules, func(a, b Rule) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Channel, b.Channel)) })
	if p.Quiet != nil {
		w.Quiet = p.Quiet.whole()
	}
	if p.DigestHour != nil {
		w.DigestHour = p.DigestHour
		if *p.DigestHour < 0 {
			w.DigestHour = nil
		}
	}
	if p.Areas != nil {
		w.Areas = sorted(*p.Areas)
		if len(w.Areas) > 0 {
			w.Areas = sorted(append(w.Areas, Everywhere))
		}
	}
	if p.Interests != nil {
		w.Interests = sorted(*p.Interests)
	}
	if p.Lang != nil {
		w.Lang = *p.Lang
	}
	return nil
}

// whole gives quiet hours that say everything; nil for those of the city.
func (q QuietHours) whole() *QuietHours {
	switch {
	case q.Off:
		return &QuietHours{Off: true}
	case q.Quiet == Quiet{}:
		return nil
	}
	return &q
}

func sorted(in []string) []string { return slices.Compact(slices.Sorted(slices.Values(in))) }
