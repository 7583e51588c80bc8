package webform

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/miniapps"
)

// What a visitor wants with a form.
const (
	doSend  = "send"
	doAgree = "agree" // to what the action asks before it is carried out
	doEdit  = "edit"  // back from there
	doKeep  = "keep"  // send the files, and choose more
	doFind  = "find"  // options by words
	doMore  = "more " // further options of the field whose path follows
)

// keyReused is the key of once.Clash: the form took effect before, with other answers.
const keyReused = "once.key_reused"

// Show shows a form, or that it was sent. Where there is nothing to ask and nothing is changed, it shows what the action gives.
func (f *Forms) Show(c *fiber.Ctx, p Preset) error {
	s, err := f.begin(c, p)
	if err != nil {
		return f.refuse(c, p, err)
	}
	if r, ok := s.confirmed(c.Query(querySent)); ok {
		return s.showReceipt(c, r)
	}
	if s.settled() {
		return s.showAtOnce(c)
	}
	s.fm.root.each(s.known, func(n *node) {
		if n.standard != nil && n.kind != kindObject && n.kind != kindList && n.kind != kindPlace {
			s.values[fieldName(n)] = []string{token(*n.standard)}
		}
	})
	return s.showForm(c, fiber.StatusOK)
}

// settled tells whether the action only shows something and all that it asks for is known.
func (s *filling) settled() bool {
	asks := false
	s.fm.root.each(s.known, func(*node) { asks = true })
	return s.fm.does.ReadOnly && s.fm.does.Confirm == nil && !asks
}

// showAtOnce shows what an action gives for what is known. It is a page like any other, and counted as such.
func (s *filling) showAtOnce(c *fiber.Ctx) error {
	raw, err := encode(s.input())
	if err != nil {
		return s.refuse(c, s.preset, err)
	}
	res, err := s.run(raw)
	if err != nil {
		return s.refuse(c, s.preset, err)
	}
	v := s.base()
	v.Facts, v.Blocks, v.Next = s.knownFacts(), s.blocks(res.Blocks), s.next(res.Next)
	v.Languages = languages(s.lang, s.preset.InLangs)
	return s.page.send(c, s.lang, fiber.StatusOK, v)
}

// Send takes a form: it carries out what was sent, or shows it once more with what is wrong or was asked for.
func (f *Forms) Send(c *fiber.Ctx, p Preset) error {
	s, err := f.begin(c, p)
	if err == nil {
		err = s.take(c)
	}
	if err != nil {
		f.ended.WithLabelValues(string(fault.CodeOf(err))).Inc()
		return f.refuse(c, p, err)
	}
	return s.answer(c)
}

// begin finds the form of a preset, for a visitor whose address has not asked too often.
func (f *Forms) begin(c *fiber.Ctx, p Preset) (*filling, error) {
	p.Lang = p.Lang.Or()
	fm, known, err := f.find(p)
	if err != nil {
		return nil, err
	}
	address := limit.Network(f.deps.ClientIP(c))
	if _, err := f.deps.Limiter.Allow(c.UserContext(), "webform:show:"+address, f.cfg.Shows); err != nil {
		return nil, worded(err, "webform.too_fast")
	}
	t, err := f.newTicket(fm, p, known)
	if err != nil {
		return nil, err
	}
	return &filling{Forms: f, ctx: c.UserContext(), fm: fm, preset: p, lang: p.Lang, address: address, known: known, ticket: t, values: map[string][]string{}}, nil
}

// take reads what was sent. The ticket comes first: without one files are not taken.
func (s *filling) take(c *fiber.Ctx) error {
	b, ok := boundary(c.Get(fiber.HeaderContentType))
	if !ok {
		return unreadable()
	}
	most := s.mostBytes(s.fm)
	if int64(c.Request().Header.ContentLength()) > most {
		return tooMuch()
	}
	in := &intake{filling: s, fields: s.fileFields(), sifted: map[*node]bool{}}
	r := partReader{values: s.cfg.MaxValues + maxTicket, value: in.value, file: in.file}
	if err := r.read(&bounded{from: s.body(c), left: most}, b); err != nil {
		return err
	}
	for _, n := range in.fields {
		in.sift(n)
	}
	s.prune()
	switch {
	case !in.found:
		s.stale = "unknown"
	case s.expired(s.ticket):
		s.stale = "expired"
	}
	return nil
}

// prune forgets values beyond those that their fields can take: a form is cheap to fill with hundreds of them, and each may be looked for among all options.
// Of a list one more stays than may be, so that it is said.
func (s *filling) prune() {
	s.fm.root.each(s.known, func(n *node) {
		most := 1
		if n.kind == kindList && n.ticked() {
			most = n.max + 1
		}
		if v := s.values[fieldName(n)]; len(v) > most {
			s.values[fieldName(n)] = v[:most]
		}
	})
	if v := s.values[nameGoOn]; len(v) > maxItems {
		s.values[nameGoOn] = v[:maxItems]
	}
}

// body gives the body of a request as it comes.
func (f *Forms) body(c *fiber.Ctx) io.Reader {
	if f.deps.Body != nil {
		return f.deps.Body(c)
	}
	if stream := c.Context().RequestBodyStream(); stream != nil {
		return stream
	}
	return bytes.NewReader(c.Request().Body())
}

// intake is a form that is being read.
type intake struct {
	*filling
	fields          map[string]*node // those for files, by their names on the page
	sifted          map[*node]bool   // those whose files that were kept are known
	ticketed, found bool             // a ticket has come; it is a good one
}

func (in *intake) value(name, text string) {
	if name != nameTicket {
		in.values[name] = append(in.values[name], text)
		return
	}
	if in.ticketed {
		return
	}
	in.ticketed = true
	t, err := in.unseal(text, in.fm, in.preset)
	if err != nil {
		return
	}
	known, err := object(t.Known)
	if err != nil {
		return
	}
	in.filling.ticket, in.filling.known, in.found = t, known, true // what the form was shown with counts
	in.fields = in.fileFields()
}

// fileFields gives the fields for files, by their names on the page.
func (s *filling) fileFields() map[string]*node {
	out := map[string]*node{}
	s.fm.root.each(s.known, func(n *node) {
		if n.files() {
			out[fieldName(n)] = n
		}
	})
	return out
}

// file takes a file, behind those of its field that are kept: their boxes stand before it.
func (in *intake) file(name, contentType string, body io.Reader) error {
	n := in.fields[name]
	if n == nil || !in.found {
		return nil
	}
	in.sift(n)
	return in.takeFile(n, contentType, body)
}

func (in *intake) sift(n *node) {
	if !in.sifted[n] {
		in.sifted[n] = true
		in.keepFiles(n)
	}
}

// answer does what the visitor wants with the form.
func (s *filling) answer(c *fiber.Ctx) error {
	if s.stale != "" {
		s.notice = s.text("form_"+s.stale, nil)
		s.renew(s.ticket)
		return s.again(c, fiber.StatusGone)
	}
	do := s.first(nameDo)
	path, more := strings.CutPrefix(do, doMore)
	if more {
		s.values[prefixPages+path] = []string{strconv.Itoa(min(s.pagesAt(path)+1, maxPages))}
	}
	if more || do == doEdit || do == doKeep || do == doFind || s.looking() {
		if len(s.wrong) > 0 {
			return s.again(c, fiber.StatusBadRequest)
		}
		return s.showForm(c, fiber.StatusOK)
	}
	return s.send(c, do)
}

// looking tells whether words to look for options by were typed and no option was chosen: who ends them with the enter key wants to see what they find.
func (s *filling) looking() bool {
	found := false
	s.fm.root.each(s.known, func(n *node) {
		words := s.find(n)
		found = found || words != "" && words != s.first(prefixFound+n.path) && s.first(fieldName(n)) == ""
	})
	return found
}

// send carries the form out, when nothing is wrong with it and nothing is left to ask.
func (s *filling) send(c *fiber.Ctx, do string) error {
	input := s.input()
	raw, err := encode(input)
	if err != nil {
		return s.fail(c, err)
	}
	more, err := s.check(input, raw)
	switch {
	case err != nil:
		return s.fail(c, err)
	case len(s.wrong) > 0:
		return s.again(c, fiber.StatusBadRequest)
	case s.instead != nil:
		return s.again(c, fiber.StatusOK)
	case s.fm.does.Confirm != nil && (do != doAgree || s.first(nameAgreed) != digest(raw)):
		return s.showConfirm(c, input, raw, more)
	}
	if _, err := s.deps.Limiter.Allow(s.ctx, "webform:send:"+s.address, s.cfg.Sends); err != nil {
		return s.fail(c, worded(err, "webform.too_fast"))
	}
	res, err := s.run(raw)
	if err != nil {
		return s.fail(c, err)
	}
	s.giveBack()
	s.ended.WithLabelValues("OK").Inc()
	return s.showDone(c, res)
}

// run calls the Runner: with the form's key, as the guest that the form stands for, unless nothing is changed.
func (s *filling) run(raw json.RawMessage) (miniapps.Result, error) {
	req := miniapps.Request{App: s.fm.id.app, Action: s.fm.id.action, Input: raw, Viewer: account.Viewer{Lang: s.lang}}
	if !s.fm.does.ReadOnly {
		viewer, err := s.guest()
		if err != nil {
			return miniapps.Result{}, err
		}
		req.Viewer, req.Key = viewer, "web form "+s.ticket.ID
	}
	return s.deps.Runner.Run(s.ctx, req)
}

// fail shows the form once more with what went wrong: the same answers sent once more take effect once, whether they did or not.
func (s *filling) fail(c *fiber.Ctx, err error) error {
	f := fault.Of(err)
	if f.Code == fault.Conflict && f.Key == keyReused {
		s.ended.WithLabelValues(string(f.Code)).Inc()
		return s.showAlready(c)
	}
	if f.Code == fault.Internal {
		s.deps.Log.ErrorContext(s.ctx, "form failed", "app", s.fm.id.app, "action", s.fm.id.action, "err", err)
	}
	if f.Code == fault.Invalid && len(f.Fields) > 0 {
		s.addFault(f, nil)
		s.loseFiles(f)
	} else {
		s.notice = s.deps.Texts.Fault(s.lang, f)
	}
	wait(c, f)
	s.ended.WithLabelValues(string(f.Code)).Inc()
	return s.showForm(c, statusOf(f))
}

// again shows the form once more.
func (s *filling) again(c *fiber.Ctx, status int) error {
	s.ended.WithLabelValues("AGAIN").Inc()
	return s.showForm(c, status)
}
