package httpapi

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/scanpage"
)

// tap takes what somebody says about a plate by one tap. The answer leads to a page of its own, so that a reload says nothing again.
func (s Signs) tap(c *fiber.Ctx) error {
	form := tapped(c)
	a := askOf(c, form.Get("lang"))
	if !fromOurPage(c) {
		return sendPage(c, s.Pages.Notice(a, scanpage.Refused, 0))
	}
	page, ok := s.open(c, a, false)
	if !ok || page.Plate == "" {
		return sendPage(c, page)
	}
	if wait, often := s.often(c, "taps", s.Limits.Taps); often {
		return sendPage(c, s.Pages.Notice(a, scanpage.TappedOften, wait))
	}
	kind := form.Get("kind")
	told, err := s.Pages.Tap(c.UserContext(), page, kind, limit.Network(s.ClientIP(c)))
	switch {
	case fault.CodeOf(err) == fault.Invalid:
		return sendPage(c, s.Pages.Notice(a, scanpage.Refused, 0))
	case err != nil:
		return sendPage(c, s.trouble(c, a, err))
	}
	q := url.Values{"lang": {page.Lang}, "kind": {told.Kind}, "made": {told.Proof}}
	if told.Code != "" {
		q.Set("case", told.Code)
	}
	return c.Redirect("/s/"+page.Sign+"/thanks?"+q.Encode(), fiber.StatusSeeOther)
}

// untapped leads whoever opens the address of a tap, as browsers keep it when one was refused, to the plate's page.
func (s Signs) untapped(c *fiber.Ctx) error {
	to := "/s/" + c.Params("sign")
	if lang := c.Query("lang"); lang != "" {
		to += "?lang=" + url.QueryEscape(lang)
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

// maxTap is how large the form of a tap may be, in bytes.
const maxTap = 1000

// tapped reads the form of a tap; what is no such form says nothing.
func tapped(c *fiber.Ctx) url.Values {
	body := c.Request().Body()
	if len(body) > maxTap || !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationForm) {
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return form
}

// thanks shows what came of a tap. An address that nobody was led to shows the plate's page.
func (s Signs) thanks(c *fiber.Ctx) error {
	page, ok := s.open(c, askOf(c, c.Query("lang")), false)
	if !ok || page.Plate == "" {
		return sendPage(c, page)
	}
	told := scanpage.Told{Kind: utils.CopyString(c.Query("kind")), Code: utils.CopyString(c.Query("case")), Proof: utils.CopyString(c.Query("made"))}
	if thanks, ok := s.Pages.Thanks(page, told); ok {
		page = thanks
	}
	return sendPage(c, page)
}

// fromOurPage tells whether a form came from one of the city's own pages, as far as the browser says (Fetch Metadata, w3.org/TR/fetch-metadata). One that says
// nothing is believed: a tap carries no rights that another site could borrow.
func fromOurPage(c *fiber.Ctx) bool {
	site := c.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin" || site == "none"
}
