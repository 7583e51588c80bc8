package webform

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// frame is what stands around a page.
func (f *Forms) frame(lang message.Lang, title, back string) frame {
	return frame{Lang: string(lang), Title: title, Back: back, City: f.deps.City.In(lang)}
}

// base is what all pages of a form have.
func (s *filling) base() view {
	a := s.fm.does
	return view{frame: s.frame(s.lang, a.Title.In(s.lang), s.preset.Back), Lead: a.Description.In(s.lang), Heading: s.preset.Heading}
}

// showForm shows the form to be filled in, with what is wrong with it.
func (s *filling) showForm(c *fiber.Ctx, status int) error {
	form, err := s.formView()
	if err != nil {
		return s.refuse(c, s.preset, err)
	}
	v := s.base()
	v.Form, v.Facts, v.Notice, v.Failed = form, s.knownFacts(), s.notice, len(s.wrong) > 0
	if c.Method() != fiber.MethodPost { // in another language it is begun anew
		v.Languages = languages(s.lang, s.preset.InLangs)
	}
	for _, w := range s.wrong {
		l := link{Text: w.text}
		if w.node != nil {
			l.Href = "#" + idOf(w.node.path)
		}
		v.Summary = append(v.Summary, l)
	}
	if i := s.instead; i != nil {
		v.Instead = &choose{Label: i.label, Name: i.name}
		if s.deps.Chat != "" {
			v.Instead.Href = s.chat(i.ref)
		}
	}
	return s.page.send(c, s.lang, status, v)
}

// showConfirm shows all answers and asks what the action asks before it is carried out. It has no address of its own, though it could be loaded again then: the
// address would have to hold the answers, often too many for one, and sealed or not it would open them to whoever is sent it, and let others put their words on a
// page of the city. The visitor's browser keeps the page to go back to, see send of renderer.
func (s *filling) showConfirm(c *fiber.Ctx, input map[string]any, raw json.RawMessage, more found) error {
	facts := append(s.knownFacts(), s.givenFacts(input, more)...)
	s.hide()
	sealed, err := s.seal(s.ticket)
	if err != nil {
		return s.refuse(c, s.preset, err)
	}
	v := s.base()
	v.Lead, v.Facts = "", facts
	v.Form = &formView{
		SendTo: s.preset.sendTo(), Ticket: sealed, Question: s.fm.does.Confirm.In(s.lang), Agreed: digest(raw),
		Submit: cmp.Or(s.fm.does.Agree.In(s.lang), s.text("send", nil)), Hidden: s.hidden(),
	}
	for _, text := range more.words {
		v.Blocks = append(v.Blocks, block{Words: text})
	}
	return s.page.send(c, s.lang, fiber.StatusOK, v)
}

// hidden carries the answers through a page that does not ask for them.
func (s *filling) hidden() []hidden {
	var out []hidden
	s.fm.root.each(s.known, func(n *node) {
		for _, text := range s.values[fieldName(n)] {
			if n.kind != kindObject && text != "" {
				out = append(out, hidden{fieldName(n), strings.ReplaceAll(text, "\r\n", "\n")})
			}
		}
		for _, id := range s.ticket.Files[n.path] {
			out = append(out, hidden{boxName(n), id})
		}
		for _, prefix := range []string{prefixFind, prefixFound, prefixPages} {
			if text := s.first(prefix + n.path); text != "" {
				out = append(out, hidden{prefix + n.path, cut(text, maxFind)})
			}
		}
	})
	for _, name := range s.values[nameGoOn] {
		out = append(out, hidden{nameGoOn, name})
	}
	return out
}

// showDone shows what came of it. What can be followed by a code leads to its receipt; of anything else this page is all that a visitor gets, and no address holds
// it: whoever has the address would have the result.
func (s *filling) showDone(c *fiber.Ctx, res miniapps.Result) error {
	if code := codeOf(res.Data); code != "" && !s.fm.does.ReadOnly {
		return s.confirm(c, code)
	}
	v := s.base()
	v.Lead, v.Other = "", s.preset.Self
	v.Blocks, v.Next = s.blocks(res.Blocks), s.next(res.Next)
	if !s.fm.does.ReadOnly {
		v.Title = s.text("done", nil)
	}
	return s.page.send(c, s.lang, fiber.StatusOK, v)
}

// showAlready says that the form was sent before, with other answers. It does not say what came of it: who holds the ticket of a form need not be who sent it.
func (s *filling) showAlready(c *fiber.Ctx) error {
	v := s.base()
	v.Title, v.Lead, v.Other = s.text("already", nil), "", s.preset.Self
	v.Notice = s.text("already_other", nil)
	return s.page.send(c, s.lang, fiber.StatusConflict, v)
}

// codeOf gives the tracking code in the data of a result: of a case, its "code". "" for none.
func codeOf(data any) string {
	raw, err := json.Marshal(data)
	if err != nil {
		return ""
	}
	var of struct {
		Code any `json:"code"`
	}
	if json.Unmarshal(raw, &of) != nil {
		return ""
	}
	text, _ := of.Code.(string)
	code, err := casework.ParseCode(text)
	if err != nil {
		return ""
	}
	return code.Grouped()
}

// follow says under which code and where it is followed.
func (s *filling) follow(v *view, code string) {
	if code == "" {
		return
	}
	v.Code = code
	if fm, _, ok := s.tracker(code); ok && s.deps.Chat != "" {
		v.Follow = s.chat(fm.id.app + "." + fm.id.action + ":" + strings.ReplaceAll(code, "-", ""))
	}
}

// chat leads into the web chat, in the language of the form.
func (s *filling) chat(ref string) string {
	return s.deps.Chat + "?" + url.Values{"lang": {string(s.lang)}, "ref": {ref}}.Encode()
}

// next gives the suggestions behind a result that have a page of their own.
func (s *filling) next(all []miniapps.Suggestion) []link {
	var out []link
	for _, x := range all {
		if s.preset.Link == nil {
			break
		}
		app := cmp.Or(x.App, s.fm.id.app)
		path, ok := s.preset.Link(app, x.Action, x.Input)
		if label := cmp.Or(x.Label.In(s.lang), s.titleOf(app, x.Action)); ok && label != "" {
			out = append(out, link{path, label})
		}
	}
	return out
}

// titleOf gives what an action is called; "" when there is none.
func (s *filling) titleOf(app, action string) string {
	m, _ := s.deps.Catalogue.App(app)
	for _, a := range m.Actions {
		if a.ID == action {
			return a.Title.In(s.lang)
		}
	}
	return ""
}

// block is one part of a result.
type block struct {
	Words    string
	Title    string
	Subtitle string
	Facts    []message.Fact
	Image    string
	Alt      string
	Href     string
	Label    string
}

// blocks gives a result's parts as a page shows them. Choices are for dialogues: of them the words are shown.
func (s *filling) blocks(all message.Blocks) []block {
	var out []block
	for _, b := range all {
		switch b := b.(type) {
		case message.Words:
			out = append(out, block{Words: b.Text})
		case message.Choices:
			if !b.Invites() && b.Text != "" {
				out = append(out, block{Words: b.Text})
			}
		case message.Card:
			out = append(out, block{Title: b.Title, Subtitle: b.Subtitle, Facts: b.Facts})
		case message.Image:
			out = append(out, s.image(b))
		case message.QR:
			out = append(out, block{Words: strings.TrimSpace(b.Caption + "\n" + b.Payload)})
		case message.Location:
			out = append(out, block{Words: showPlace(map[string]any{"address": b.Label, "lat": b.Lat, "lon": b.Lon})})
		case message.Link:
			out = append(out, block{Href: b.URL, Label: b.Label})
		case message.Progress:
			out = append(out, block{Words: s.text("progress", map[string]any{"label": b.Label, "done": b.Done, "total": b.Total})})
		}
	}
	return out
}

// image shows pictures of our own and leads to those of others, which the page may not load.
func (s *filling) image(b message.Image) block {
	if strings.HasPrefix(b.URL, "/") && !strings.HasPrefix(b.URL, "//") || s.deps.Images != "" && strings.HasPrefix(b.URL, s.deps.Images+"/") {
		return block{Image: b.URL, Alt: b.Alt}
	}
	return block{Href: b.URL, Label: cmp.Or(b.Alt, b.URL)}
}
