package httpapi

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/internal/scanpage"
)

// ServiceForms shows a service as a form, and takes what was filled in.
type ServiceForms interface {
	Show(c *fiber.Ctx, f scanpage.Form) error
	Send(c *fiber.Ctx, f scanpage.Form) error
}

// FormPages are the pages around the forms of the city's services; *webform.Counter is. The strings of an Ask are the caller's: none is kept.
type FormPages interface {
	// List names all services with forms.
	List(a scanpage.Ask) *scanpage.Page
	// Form prepares the form of an action; instead is the page to show where there is none to show, else nil.
	Form(a scanpage.Ask, app, action string) (f scanpage.Form, instead *scanpage.Page)
	Notice(a scanpage.Ask, what scanpage.Notice) *scanpage.Page
}

// Forms is the face of services as pages: a list of them, and each at an address of its own.
type Forms struct {
	pages FormPages
	forms ServiceForms
}

// NewForms prepares the routes of forms.
func NewForms(pages FormPages, forms ServiceForms) (Forms, error) {
	if pages == nil || forms == nil {
		return Forms{}, errors.New("http: forms: something that they work with is missing")
	}
	return Forms{pages, forms}, nil
}

// FormsPath is where the list of services is; their forms are below it.
const FormsPath = "/f"

// Mount adds /f, the list, and /f/{app}/{action}, a form. Whatever else is asked for below it is answered by a page too: people see it.
func (f Forms) Mount(r fiber.Router) {
	mountPage(r, FormsPath, f.noPage, f.list, nil)
	mountPage(r, FormsPath+"/:app/:action", f.noPage, f.form(f.forms.Show), f.form(f.forms.Send))
	r.All(FormsPath+"/*", func(c *fiber.Ctx) error { return sendPage(c, f.noPage(c)) })
}

func (f Forms) list(c *fiber.Ctx) error { return sendPage(c, f.pages.List(asked(c))) }

func (f Forms) noPage(c *fiber.Ctx) *scanpage.Page { return f.pages.Notice(asked(c), scanpage.NoPage) }

// form hands a service to whoever shows it and takes it.
func (f Forms) form(do func(*fiber.Ctx, scanpage.Form) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		a := asked(c)
		if c.Method() == fiber.MethodPost && !fromOurPage(c) { // else another site could begin a form for somebody, with words of its own
			return sendPage(c, f.pages.Notice(a, scanpage.Refused))
		}
		form, instead := f.pages.Form(a, utils.CopyString(c.Params("app")), utils.CopyString(c.Params("action")))
		if instead != nil {
			return sendPage(c, instead)
		}
		c.Vary(fiber.HeaderAcceptLanguage)
		return do(c, form)
	}
}

// asked says in which language a page is asked for.
func asked(c *fiber.Ctx) scanpage.Ask {
	return scanpage.Ask{Lang: c.Query("lang"), Accept: c.Get(fiber.HeaderAcceptLanguage)}
}

// mountPage adds what a path answers: to GET and HEAD, to POST unless that is nil, and to nothing else, which the page for what there is not says.
func mountPage(r fiber.Router, path string, none func(*fiber.Ctx) *scanpage.Page, get, post fiber.Handler) {
	allowed := "GET, HEAD"
	r.Get(path, get)
	if post != nil {
		allowed += ", POST"
		r.Post(path, post)
	}
	r.All(path, func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderAllow, allowed)
		page := *none(c)
		page.Status = fiber.StatusMethodNotAllowed
		return sendPage(c, &page)
	})
}

// answersItself tells whether an address is one of those that say themselves which methods they take: the pages of street signs, and of forms.
func answersItself(path string) bool {
	for _, root := range []string{"/s", FormsPath} {
		if within(path, root) || strings.EqualFold(path, root) {
			return true
		}
	}
	return false
}

// takesForm tells whether an address may be one that forms are sent to.
func takesForm(path string) bool {
	return within(path, "/s") && strings.Contains(path, "/do/") || within(path, FormsPath)
}

// within tells whether a path lies below a folder, in capitals too.
func within(path, folder string) bool {
	return len(path) > len(folder) && path[len(folder)] == '/' && strings.EqualFold(path[:len(folder)], folder)
}
