package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/internal/setting"
)

// SignPages are the pages behind the codes of street signs; *signpage.Pages are. The strings of an Ask are the caller's: none is kept.
type SignPages interface {
	// Ready gives a page that takes neither a look into the store nor long to make.
	Ready(a scanpage.Ask) (*scanpage.Page, bool)
	Open(ctx context.Context, a scanpage.Ask) (*scanpage.Page, error)
	// ByNumber tells whether a plate is asked for by its number, which can be guessed.
	ByNumber(sign string) bool
	// Seen counts a person's visit. It does not block.
	Seen(p *scanpage.Page, client string)
	// Tap notes what somebody says about the plate of a page, and gives what the page of thanks is opened with. INVALID when that cannot be said of it.
	Tap(ctx context.Context, p *scanpage.Page, kind, client string) (scanpage.Told, error)
	// Thanks is the page after a tap; false without the proof that it was made.
	Thanks(p *scanpage.Page, told scanpage.Told) (*scanpage.Page, bool)
	// Front asks for the number of a sign, and Named gives the last part of the address for what somebody typed there; false when it looks like no sign.
	Front(a scanpage.Ask) *scanpage.Page
	Named(text string) (sign string, ok bool)
	Notice(a scanpage.Ask, what scanpage.Notice, wait time.Duration) *scanpage.Page
	// FormAt prepares a service at the plate of a page; false when it is none that a form does.
	FormAt(p *scanpage.Page, app, action string) (scanpage.Form, bool)
}

// SignLimits say how often one network address (IPv6: one /64) may ask for what is nobody's, and tap.
type SignLimits struct {
	Codes limit.Rule `koanf:"codes"` // codes that the city did not make, and numbers that have to be looked up; zero means 60 a minute
	Taps  limit.Rule `koanf:"taps"`  // what is said about plates by one tap; zero means 10 an hour
}

// Filled gives the limits with what is zero filled in.
func (l SignLimits) Filled() SignLimits {
	l.Codes = limit.Rule{Max: cmp.Or(l.Codes.Max, 60), Per: cmp.Or(l.Codes.Per, time.Minute)}
	l.Taps = limit.Rule{Max: cmp.Or(l.Taps.Max, 10), Per: cmp.Or(l.Taps.Per, time.Hour)}
	return l
}

// Validate reports every limit that is out of range.
func (l SignLimits) Validate() error {
	var faults setting.Faults
	l = l.Filled()
	for key, r := range map[string]limit.Rule{"codes": l.Codes, "taps": l.Taps} {
		faults.Under(key, r.Validate())
	}
	return faults.Err()
}

// SignDeps are what the pages of street signs work with. All are needed but Forms.
type SignDeps struct {
	Pages    SignPages
	Forms    ServiceForms // nil: services are done in the chat
	Limiter  Limiter
	Limits   SignLimits
	ClientIP func(*fiber.Ctx) string // past trusted proxies
	Log      *slog.Logger
}

// Signs is the face of street signs.
type Signs struct{ SignDeps }

// NewSigns prepares the routes of street signs.
func NewSigns(d SignDeps) (Signs, error) {
	if d.Pages == nil || d.Limiter == nil || d.ClientIP == nil || d.Log == nil {
		return Signs{}, errors.New("http: signs: something that they work with is missing")
	}
	d.Limits = d.Limits.Filled()
	if err := d.Limits.Validate(); err != nil {
		return Signs{}, fmt.Errorf("http: signs: limits: %w", err)
	}
	return Signs{d}, nil
}

// Mount adds /s/{code or number}, which answers under /S/ too, as QR codes have it in capitals: a redirect would cost a phone a second round trip. Below it
// lie the one-tap reports about the plate and the forms of services at that spot. Without a code, it asks for a number. Whatever else is asked for below it is
// answered by a page too: people see it.
func (s Signs) Mount(r fiber.Router) {
	for _, root := range []string{"/s", "/S"} { // a router that does not tell them apart is content with the first
		mountPage(r, root, s.noPage, s.front, nil)
		mountPage(r, root+"/:sign", s.noPage, s.show, nil)
		mountPage(r, root+"/:sign/damage", s.noPage, s.untapped, s.tap)
		mountPage(r, root+"/:sign/thanks", s.noPage, s.thanks, nil)
		if s.Forms != nil {
			mountPage(r, root+"/:sign/do/:app/:action", s.noPage, s.form(s.Forms.Show), s.form(s.Forms.Send))
		}
		r.All(root+"/*", func(c *fiber.Ctx) error { return sendPage(c, s.noPage(c)) })
	}
}

// noPage says that there is no such page.
func (s Signs) noPage(c *fiber.Ctx) *scanpage.Page {
	return s.Pages.Notice(askOf(c, c.Query("lang")), scanpage.NoPage, 0)
}

// maxSign is how much of what is typed for a number or code is looked at, in bytes.
const maxSign = 400

// front asks for the number of a sign, and leads to its page.
func (s Signs) front(c *fiber.Ctx) error {
	text, lang := c.Query("sign"), c.Query("lang")
	if len(text) > maxSign {
		text = text[:maxSign]
	}
	a := askOf(c, lang)
	if strings.TrimSpace(text) == "" {
		return sendPage(c, s.Pages.Front(a))
	}
	sign, ok := s.Pages.Named(text)
	if !ok {
		return sendPage(c, s.noSign(c, a))
	}
	to := "/s/" + url.PathEscape(sign)
	if lang != "" {
		to += "?lang=" + url.QueryEscape(lang)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Redirect(to, fiber.StatusSeeOther)
}

// noSign says that what was typed is no number. Whoever typed it made a mistake and found no fake: like a mistyped number, it is counted for the limit alone.
func (s Signs) noSign(c *fiber.Ctx, a scanpage.Ask) *scanpage.Page {
	if wait, often := s.often(c, "numbers", s.Limits.Codes); often {
		return s.Pages.Notice(a, scanpage.TooMany, wait)
	}
	return s.Pages.Notice(a, scanpage.NoSign, 0)
}

// show sends the page of a plate, or what there is to say about a code that is none.
func (s Signs) show(c *fiber.Ctx) error {
	page, _ := s.open(c, askOf(c, c.Query("lang")), true)
	return sendPage(c, page)
}

// open finds a page; false when it is a notice in place of one. Only a visit is counted.
func (s Signs) open(c *fiber.Ctx, a scanpage.Ask, visit bool) (*scanpage.Page, bool) {
	page, ok := s.Pages.Ready(a)
	if !ok {
		if s.Pages.ByNumber(a.Sign) { // before it is looked up: numbers that nobody has can be found by counting
			if wait, often := s.often(c, "numbers", s.Limits.Codes); often {
				return s.Pages.Notice(a, scanpage.TooMany, wait), false
			}
		}
		var err error
		if page, err = s.Pages.Open(c.UserContext(), a); err != nil {
			return s.trouble(c, a, err), false
		}
	}
	if visit && isVisit(c) {
		s.Pages.Seen(page, limit.Network(s.ClientIP(c)))
	}
	// Only what fails is refused. Many phones share an address behind their network's translation, and who tries codes gains nothing that a limit on good ones
	// would keep from them: one of 34 billion passes the check, and what it opens is public.
	if page.State == scanpage.Invented || page.State == scanpage.Unknown {
		if wait, often := s.often(c, "codes", s.Limits.Codes); often {
			return s.Pages.Notice(a, scanpage.TooMany, wait), false
		}
	}
	return page, true
}

// often counts something of an address, and tells whether it was too much and how long to wait.
func (s Signs) often(c *fiber.Ctx, what string, r limit.Rule) (wait time.Duration, often bool) {
	wait, err := s.Limiter.Allow(c.UserContext(), "signs:"+what+":"+limit.Network(s.ClientIP(c)), r)
	return wait, fault.CodeOf(err) == fault.RateLimited
}

// trouble is the page for a fault. What it hides goes to the log.
func (s Signs) trouble(c *fiber.Ctx, a scanpage.Ask, err error) *scanpage.Page {
	if fault.CodeOf(err) == fault.Unavailable {
		return s.Pages.Notice(a, scanpage.Unavailable, 0)
	}
	s.Log.ErrorContext(c.UserContext(), "request failed", "route", c.Route().Path, "err", err)
	return s.Pages.Notice(a, scanpage.Broken, 0)
}

// form hands a service at a plate to whoever shows it and takes it. Without a form for it, the plate's page says what there is.
func (s Signs) form(do func(*fiber.Ctx, scanpage.Form) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		a := askOf(c, c.Query("lang"))
		if c.Method() == fiber.MethodPost && !fromOurPage(c) { // else another site could begin a form for somebody, with words of its own
			return sendPage(c, s.Pages.Notice(a, scanpage.Refused, 0))
		}
		page, ok := s.open(c, a, false)
		if !ok || page.State != scanpage.Current {
			return sendPage(c, page)
		}
		f, ok := s.Pages.FormAt(page, utils.CopyString(c.Params("app")), utils.CopyString(c.Params("action")))
		if !ok {
			return c.Redirect("/s/"+page.Sign+"?lang="+url.QueryEscape(page.Lang), fiber.StatusSeeOther)
		}
		return do(c, f)
	}
}

// askOf says what a request asks for. Its strings are the request's own and good as long as it is.
func askOf(c *fiber.Ctx, lang string) scanpage.Ask {
	return scanpage.Ask{Sign: c.Params("sign"), Lang: lang, Accept: c.Get(fiber.HeaderAcceptLanguage), Full: c.Query("full") == "1"}
}

// sendPage sends a page, packed where the browser takes that, or says that the one it has is still good.
func sendPage(c *fiber.Ctx, p *scanpage.Page) error {
	h := &c.Response().Header
	h.Set(fiber.HeaderCacheControl, p.Cache)
	h.Set(fiber.HeaderContentSecurityPolicy, p.Policy)
	c.Vary(fiber.HeaderAcceptLanguage, fiber.HeaderAcceptEncoding)
	if p.RetryAfter > 0 {
		h.Set(fiber.HeaderRetryAfter, strconv.Itoa(p.RetryAfter))
	}
	if p.ETag != "" {
		h.Set(fiber.HeaderETag, p.ETag)
		if old := c.Get(fiber.HeaderIfNoneMatch); old != "" && matches(old, strings.TrimPrefix(p.ETag, "W/")) {
			c.Status(fiber.StatusNotModified)
			return nil
		}
	}
	h.Set(fiber.HeaderContentLanguage, p.Lang)
	h.SetContentType(fiber.MIMETextHTMLCharsetUTF8)
	c.Status(p.Status)
	if p.Zipped != nil && takesGzip(c) {
		h.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(p.Zipped)
	}
	return c.Send(p.Body)
}

// takesGzip tells whether a browser takes gzip. Those in use say so in one word; all others are read word by word.
func takesGzip(c *fiber.Ctx) bool {
	accepted := c.Get(fiber.HeaderAcceptEncoding)
	if strings.Contains(accepted, "gzip") && !strings.Contains(accepted, "q=") {
		return true
	}
	return accepted != "" && c.AcceptsEncodings("gzip") == "gzip"
}
