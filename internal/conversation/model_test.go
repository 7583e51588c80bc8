package conversation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

const (
	modelNoise  = 14 // things that the person does before they only cooperate
	modelBound  = 90 // answers within which a person who cooperates is done
	modelMemory = 96 << 10
)

// TestDialoguesHoldTheirPromises holds dialogues about random actions with random people.
func TestDialoguesHoldTheirPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{rt: rt, script: drawScript(rt), sent: map[string]string{}}
		m.world = newPerson(t, guest())
		m.install()
		m.play()
	})
}

type model struct {
	*world
	rt     *rapid.T
	script *script
	sent   map[string]string // by key: what was asked for under it
	old    []string          // tokens of earlier questions
	titles []string          // and their titles
	tried  int               // spellings of commands
	photos int
	loose  *Call // a change whose outcome is unknown
}

func (m *model) install() {
	app, err := m.script.app()
	if err != nil {
		m.rt.Fatalf("the generator made no manifest: %v", err)
	}
	rules := rapid.SampledFrom([]Rules{signing, {SignIn: "me.signin", Link: "me.link_code"}, {Link: "me.link_code"}}).Draw(m.rt, "rules")
	rules.Page = rapid.IntRange(2, 9).Draw(m.rt, "rules page")
	m.world.install(rules, app, meApp(m.t, m.world))
	m.machine.intents = eitherIntents{m.machine.intents, realCommands(m.t)}
}

func (m *model) play() {
	m.say(Heard{Text: rapid.SampledFrom([]string{"làm việc này", "do this", "làm việc này: cây đổ AB12 ngày 25/12 gọi 0912345678", "xem việc này"}).Draw(m.rt, "opening")})
	for range rapid.IntRange(0, modelNoise).Draw(m.rt, "noise") {
		m.noise()
	}
	for n := 0; m.state.Draft != nil; n++ {
		if n > modelBound {
			a, _ := m.services.Action("model", "act")
			m.rt.Fatalf("not done after %d answers\n%s\n%s\n%+v", n, tail(m.log.String()), a.Input, *m.state.Draft)
		}
		m.cooperate()
	}
}

// say lets the person do something and looks at what the dialogue makes of it.
func (m *model) say(h Heard) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(0, 2).Draw(m.rt, "seconds")) * time.Second)
	fmt.Fprintf(&m.log, "> %+v\n", h)
	m.events++
	h.ID, h.At = fmt.Sprintf("e%d", m.events), m.now
	h.Assurance = m.viewer.Assurance
	var in Input = h
	said, handed := 0, false
	for calls := 0; ; calls++ {
		next, effects := m.machine.Step(m.state, in)
		again, same := m.machine.Step(m.state, in)
		if !reflect.DeepEqual(next, again) || !reflect.DeepEqual(effects, same) {
			m.rt.Fatalf("the same step gave something else\n%s", tail(m.log.String()))
		}
		m.state = m.stored(next)
		for _, e := range effects {
			if s, ok := e.(Say); ok {
				said++
				m.looksAt(s)
			}
			if _, is := e.(HandOver); is {
				handed = true
			}
		}
		if m.state.Aside != nil && m.state.Draft == nil && !at(m.state, askNext) {
			m.rt.Fatalf("something waits for nothing\n%s", tail(m.log.String()))
		}
		if m.state.Call == nil {
			break
		}
		if calls >= maxCalls {
			m.rt.Fatalf("more than %d calls\n%s", maxCalls, tail(m.log.String()))
		}
		in = m.made(*m.state.Call)
	}
	if said != 1 && (said > 1 || !handed) {
		m.rt.Fatalf("%d messages for one\n%s", said, tail(m.log.String()))
	}
	m.remember()
	m.asksNothingKnown()
	m.alwaysUnderstands()
}

// stored takes a state through the store.
func (m *model) stored(s State) State {
	raw, err := json.Marshal(s)
	if err != nil {
		m.rt.Fatal(err)
	}
	if len(raw) > modelMemory {
		m.rt.Fatalf("the state has %d bytes", len(raw))
	}
	var out State
	if err := json.Unmarshal(raw, &out); err != nil {
		m.rt.Fatal(err)
	}
	return out
}

// made carries a call out, and holds it against those before.
func (m *model) made(c Call) Returned {
	a, _ := m.services.Action(c.App, c.Action)
	if a.ReadOnly != (c.Key == "") || len(c.Key) > 128 {
		m.rt.Fatalf("call with key %q", c.Key)
	}
	if _, err := m.services.Check(c.App, c.Action, c.Input, "vi"); err != nil {
		m.rt.Fatalf("a call that is refused: %s: %v\n%s", c.Input, err, tail(m.log.String()))
	}
	if c.Key != "" {
		what := c.App + c.Action + string(c.Input)
		if m.sent[c.Key] != "" && m.sent[c.Key] != what {
			m.rt.Fatalf("key %s with another input", c.Key)
		}
		m.sent[c.Key] = what
		if m.loose != nil && m.state.Draft != nil && m.state.Draft.Unsure && m.loose.Key != c.Key {
			m.rt.Fatalf("another change while %s is open\n%s", m.loose.Key, tail(m.log.String()))
		}
	}
	r := m.run(c)
	m.loose = nil
	if code := fault.CodeOf(r.Err); c.Key != "" && (code == fault.Unavailable || code == fault.Internal) {
		m.loose = &c
	}
	return r
}

func (m *model) looksAt(s Say) {
	text := render(s.Blocks)
	m.log.WriteString(text)
	if strings.Contains(text, "conversation.") || strings.Contains(text, "<no value>") {
		m.rt.Fatalf("a text is missing:\n%s", text)
	}
	if len(s.Blocks) > 8 {
		m.rt.Fatalf("%d blocks", len(s.Blocks))
	}
}

func (m *model) remember() {
	if q := m.state.Question; q != nil {
		for _, c := range slices.Concat(q.Options, q.Controls) {
			m.old, m.titles = append(m.old, c.Value), append(m.titles, c.Label)
		}
	}
}

// asksNothingKnown fails when a value is asked for that is known, unless the person wants to change it.
func (m *model) asksNothingKnown() {
	q, d := m.state.Question, m.state.Draft
	if q == nil || d == nil || q.Kind != askField || d.Want == q.Path {
		return
	}
	t := m.machine.begin(m.state)
	if v, known := t.known(q.Path); known {
		m.rt.Fatalf("asked for %s, which is %v\n%s", q.Path, v, tail(m.log.String()))
	}
}

// always are spellings of what must be understood in every state, with a slip of the finger each.
var always = []struct {
	command command
	texts   []string
}{
	{cmdCancel, []string{"huỷ", "huy", "hủy bỏ", "HUỶ", "cancel", "huyr", "cancle"}},
	{cmdMenu, []string{"menu", "Menu.", "menuu"}},
	{cmdHelp, []string{"trợ giúp", "tro giup", "help"}},
	{cmdBack, []string{"quay lại", "quay lai", "back", "qauy lai"}},
	{cmdEnglish, []string{"English", "english", "engilsh"}},
	{cmdVietnamese, []string{"tiếng Việt", "tieng viet"}},
	{cmdPerson, []string{"gặp cán bộ", "gap can bo", "talk to a person", "tôi muốn gặp cán bộ", "nói chuyện với người thật"}},
}

// alwaysUnderstands tries in the present state what must be understood in every one: another spelling each time.
func (m *model) alwaysUnderstands() {
	m.tried++
	for _, a := range always {
		text := a.texts[m.tried%len(a.texts)]
		s, effects := m.machine.Step(m.state, Heard{ID: "x", At: m.now, Text: text})
		if len(effects) == 0 {
			m.rt.Fatalf("%q: silence\n%s", text, tail(m.log.String()))
		}
		if !m.obeyed(a.command, text, s, effects) {
			m.rt.Fatalf("%q is not understood: %+v\n%s", text, s.Question, tail(m.log.String()))
		}
	}
}

func (m *model) obeyed(c command, text string, s State, effects []Effect) bool {
	at := func(k asking) bool { return s.Question != nil && s.Question.Kind == k }
	switch c {
	case cmdCancel:
		return s.Draft == nil && s.Aside == nil && at(askMenu)
	case cmdPerson:
		_, is := effects[len(effects)-1].(HandOver)
		return is && s.Draft == nil && s.Aside == nil
	case cmdMenu:
		return at(askMenu)
	case cmdEnglish:
		return s.Lang == message.English
	case cmdVietnamese:
		return s.Lang == message.Vietnamese
	case cmdHelp:
		said := string(encode(s.Unsaid)) + string(encode(effects))
		return strings.Contains(said, "“menu”")
	}
	return s.Draft == nil || !strings.Contains(string(s.Draft.Answers), `"`+text)
}

// noise is anything that people do.
func (m *model) noise() {
	switch rapid.IntRange(0, 21).Draw(m.rt, "what") {
	case 0, 1, 2, 3:
		m.cooperate()
	case 4:
		m.say(Heard{Text: rapid.SampledFrom([]string{"quay lại", "bỏ qua", "xong", "sửa", "xem thêm", "có", "không", "menu", "trợ giúp", "english", "tiếng Việt", "back", "thêm"}).Draw(m.rt, "command")})
	case 5:
		m.say(Heard{Text: rapid.SampledFrom([]string{"1", "2", "9", "0", "xin chào", "???", "  ", "một câu dài không trả lời câu hỏi nào cả", "xanh", "loại a", "-1", "25/12", "mai", "0912345678", "AB12"}).Draw(m.rt, "text")})
	case 6:
		m.photos++
		codes := rapid.SampledFrom([][]string{nil, {"AB12"}, {"https://evil.example"}, {"", "AB12", "x"}}).Draw(m.rt, "codes")
		m.say(Heard{Photos: []string{fmt.Sprintf("p%d", m.photos), fmt.Sprintf("q%d", m.photos)}, Scanned: codes, Text: rapid.SampledFrom([]string{"", "ảnh đây", "xong"}).Draw(m.rt, "caption")})
	case 7:
		m.photos++
		m.say(Heard{Videos: []string{fmt.Sprintf("v%d", m.photos)}})
	case 8:
		m.say(Heard{Place: &Place{Lat: 20.8, Lon: 106.7, Label: rapid.SampledFrom([]string{"", "Chợ Sắt"}).Draw(m.rt, "label")}})
	case 9:
		m.say(Heard{Choice: rapid.SampledFrom(append(slices.Clone(m.old), "mc:is:f0=v1", "mc:edit:f0", "mc:add:f1", "mc:do:yes", "odd")).Draw(m.rt, "tapped")})
	case 10:
		code := rapid.SampledFrom([]fault.Code{fault.Unavailable, fault.Internal, fault.RateLimited, fault.Conflict, fault.NotFound, fault.Forbidden, fault.Unauthorized}).Draw(m.rt, "code")
		m.fail[rapid.SampledFrom([]string{"act", "kinds", "look", "read", "signin", "code", "link_code", "continue"}).Draw(m.rt, "failing")] = fault.New(code, "")
	case 11:
		m.now = m.now.Add(30 * time.Hour)
	case 12:
		m.script.next(m.rt)
		m.install()
	case 13:
		m.say(Heard{Refused: []Refused{{Kind: "audio", Reason: "kind"}}, Hello: rapid.Bool().Draw(m.rt, "hello")})
	case 14:
		m.say(Heard{Text: rapid.SampledFrom([]string{"xem việc này", "làm việc này", "thử lại"}).Draw(m.rt, "other")})
	case 15:
		m.fail["act"] = fault.InvalidField("schema.wrong", "f0")
	case 16:
		if q := m.state.Question; q != nil && q.Kind == askInstead {
			m.say(Heard{Choice: q.Options[0].Value})
		}
	case 18:
		m.say(Heard{Ref: rapid.SampledFrom([]string{"model.act", "model.read", "model.kinds", "model.read:AB12", "model.act:AB12", "link.G00D1234", "link.", "x"}).Draw(m.rt, "ref"), Text: rapid.SampledFrom([]string{"", "làm việc này"}).Draw(m.rt, "text")})
	case 19:
		m.say(Heard{Contact: &Contact{Phone: rapid.SampledFrom([]string{"84912345678", "0912345678", "", "x"}).Draw(m.rt, "phone")}})
	case 20:
		m.say(Heard{Text: rapid.SampledFrom([]string{"gặp cán bộ", "G00D-1234", "8K3M-9QXB", "link.8K3M"}).Draw(m.rt, "asks")})
		if rapid.Bool().Draw(m.rt, "handed back") {
			m.handBack()
		}
	case 21:
		m.viewer = guest()
	case 17:
		m.say(Heard{Text: rapid.SampledFrom(append(slices.Clone(m.titles), "Gửi", "1. Có")).Draw(m.rt, "old title")})
	}
}

// handBack ends what a person of the city was asked for.
func (m *model) handBack() {
	next, effects := m.machine.Step(m.state, HandedBack{At: m.now})
	m.state = m.stored(next)
	if len(effects) != 1 || !at(m.state, askMenu) || m.state.Draft != nil || m.state.Call != nil {
		m.rt.Fatalf("handed back: %v\n%s", effects, tail(m.log.String()))
	}
}

// cooperate answers the question that stands as a sensible person would.
func (m *model) cooperate() {
	q := m.state.Question
	if q == nil || m.state.Draft == nil {
		m.say(Heard{Text: "làm việc này"})
		return
	}
	switch q.Kind {
	case askField:
		m.answerField(q)
	case askConfirm:
		m.say(Heard{Text: "đồng ý"})
	case askChange:
		m.say(Heard{Choice: q.Options[0].Value})
	case askRetry:
		if m.script.phone && !m.viewer.Assurance.Reaches(account.Phone) { // there is no way to sign in
			m.say(Heard{Text: "để sau"})
			return
		}
		m.say(Heard{Text: "1"})
	case askMenu:
		m.say(Heard{Choice: tokenGoOn})
	default: // askLeave, askInstead: go on with what was begun
		m.say(Heard{Choice: q.Options[1].Value})
	}
}

// answerField gives a right answer. A list gets as many items as it needs.
func (m *model) answerField(q *Question) {
	t := m.machine.begin(m.state)
	n := t.form.root.at(q.Path)
	if n == nil || t.form.version != m.state.Draft.Version { // asked by an earlier version
		m.say(Heard{Text: "vâng"})
		return
	}
	around, last := parent(q.Path)
	if list := t.form.root.at(around); index(last) >= 0 && t.count(around) >= max(list.min, 1) {
		m.say(Heard{Text: "xong"})
		return
	}
	m.photos++
	switch n.kind {
	case kindPhoto:
		m.say(Heard{Photos: []string{fmt.Sprintf("p%d", m.photos)}})
	case kindVideo:
		m.say(Heard{Videos: []string{fmt.Sprintf("p%d", m.photos)}})
	case kindPlace:
		m.say(Heard{Place: &Place{Lat: 20, Lon: float64(m.photos) / 100}})
	case kindChoice, kindRemote, kindBool, kindObject, kindList:
		m.pick(q)
	default:
		m.say(Heard{Text: m.rightText(n)})
	}
}

// pick takes one of the options: by number, by name, or by a tap.
func (m *model) pick(q *Question) {
	if len(q.Options) == 0 {
		m.rt.Fatalf("nothing to choose from\n%s\n%+v", tail(m.log.String()), q)
	}
	i := rapid.IntRange(0, len(q.Options)-1).Draw(m.rt, "option")
	switch rapid.IntRange(0, 2).Draw(m.rt, "how") {
	case 0:
		m.say(Heard{Text: fmt.Sprint(i + 1)})
	case 1:
		m.say(Heard{Text: q.Options[i].Label})
	default:
		m.say(Heard{Choice: q.Options[i].Value})
	}
}

func (m *model) rightText(n *node) string {
	if n.name == "code" { // of a sign-in by phone, or by a code of the app
		if n.pattern != nil {
			return "123456"
		}
		return "G00D1234"
	}
	switch n.kind {
	case kindNumber:
		return fmt.Sprintf("%d,5", m.photos)
	case kindInteger:
		return fmt.Sprint(1 + m.photos%9)
	case kindPhone:
		return fmt.Sprintf("0912 345 %03d", m.photos)
	case kindDate:
		return fmt.Sprintf("%d/12/2026", 1+m.photos%28)
	}
	if n.pattern != nil {
		return fmt.Sprintf("ab %02d", m.photos%100)
	}
	return fmt.Sprintf("câu trả lời %d", m.photos)
}

func tail(s string) string {
	if r := []rune(s); len(r) > 900 {
		return string(r[len(r)-900:])
	}
	return s
}
