package webform

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

const (
	// receiptLife is how long the page can be loaded again that says that a form was sent. Who sends its address on shows what the code alone shows to anybody;
	// later than that it shows nothing.
	receiptLife = time.Hour
	maxReceipt  = 1000 // characters
)

// receipt is what the address carries of the page that says that a form was sent. Only we can make or read one: the city confirms nothing that it has not heard,
// and neither a log nor a history holds the code.
type receipt struct {
	Code string `json:"c"` // under which what was sent is followed, grouped
	At   int64  `json:"t"` // when it was sent, Unix seconds
}

// receiptContext ties a receipt to the form at its place.
func (s *filling) receiptContext() string {
	return strings.Join([]string{"web form receipt", s.fm.id.app, s.fm.id.action, s.preset.Self}, "\x00")
}

// confirm leads to the page that says that the form was sent. It has an address of its own: loaded again it sends nothing, and the way back from it is free.
func (s *filling) confirm(c *fiber.Ctx, code string) error {
	raw, err := json.Marshal(receipt{code, s.deps.Now().Unix()})
	if err != nil {
		return s.fail(c, err)
	}
	sealed, err := s.deps.Box.Seal(raw, s.receiptContext())
	if err != nil {
		return s.fail(c, fault.Wrap(fault.Internal, fmt.Errorf("webform: receipt: %w", err)))
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Redirect(s.preset.with(querySent, base64.RawURLEncoding.EncodeToString(sealed)), fiber.StatusSeeOther)
}

// confirmed reads a receipt of this form, which may be too old by now; false for what is none.
func (s *filling) confirmed(text string) (r receipt, ok bool) {
	if text == "" || len(text) > maxReceipt {
		return r, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return r, false
	}
	raw, err := s.deps.Box.Unseal(sealed, s.receiptContext())
	return r, err == nil && json.Unmarshal(raw, &r) == nil
}

// showReceipt says that the form was sent, and how it stands with that now. It shows no answers: the address may be sent on.
func (s *filling) showReceipt(c *fiber.Ctx, r receipt) error {
	v := s.base()
	v.Lead, v.Other = "", s.preset.Self
	age := s.deps.Now().Sub(time.Unix(r.At, 0))
	if age >= receiptLife || age < -time.Minute { // clocks of two replicas differ
		v.Title, v.Notice = s.text("already", nil), s.text("receipt_over", nil)
		return s.page.send(c, s.lang, fiber.StatusGone, v)
	}
	v.Title = s.text("done", nil)
	s.follow(&v, r.Code)
	v.Blocks = s.blocks(s.standing(r.Code))
	return s.page.send(c, s.lang, fiber.StatusOK, v)
}

// standing looks up how it stands with what a code stands for, as somebody who has nothing but the code: the cards that sum it up, without the words that somebody
// wrote. None when that cannot be said now.
func (s *filling) standing(code string) message.Blocks {
	fm, field, ok := s.tracker(code)
	if !ok {
		return nil
	}
	raw, err := encode(map[string]any{field: code})
	if err != nil {
		return nil
	}
	res, err := s.deps.Runner.Run(s.ctx, miniapps.Request{App: fm.id.app, Action: fm.id.action, Input: raw, Viewer: account.Viewer{Lang: s.lang}})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(res.Blocks), func(b message.Block) bool {
		_, is := b.(message.Card)
		return !is
	})
}

// tracker gives the one action of the app that shows what such a code stands for, and its field for the code; false when there is none, or several.
func (s *filling) tracker(code string) (fm *form, field string, ok bool) {
	app, _ := s.deps.Catalogue.App(s.fm.id.app)
	for _, a := range app.Actions {
		x := s.forms[ref{app.AppID, a.ID}]
		if x == nil || !a.ReadOnly || !account.Guest.Reaches(a.Assurance) {
			continue
		}
		for _, n := range x.root.children {
			if !n.coded || !n.valid(code) {
				continue
			}
			if fm != nil {
				return nil, "", false
			}
			fm, field = x, n.name
		}
	}
	return fm, field, fm != nil
}

// What forms add to their own address.
const (
	queryStep = "step" // "send" where a form is sent to
	querySent = "sent" // the receipt of one that was sent
)

// with gives the address of the form with one more parameter.
func (p Preset) with(name, value string) string {
	mark := "?"
	if strings.Contains(p.Self, "?") {
		mark = "&"
	}
	return p.Self + mark + name + "=" + url.QueryEscape(value)
}

// sendTo is where the form is sent. Browsers forget the page at an address that something was sent to (RFC 9111 §4.4): at another one, the way back leads to the
// form as it was, with its ticket and all that was filled in, so that it takes effect once even then.
func (p Preset) sendTo() string { return p.with(queryStep, "send") }
