package webform

import (
	"errors"
	"net/url"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/scanpage"
)

// CounterDeps are what a Counter works with. Only Path is needed.
type CounterDeps struct {
	Path string // that the list is at; forms are below it, by app and action
	Base string // address of the city without a path, for search engines; "" keeps the list from them
	Ways Ways
}

// Ways lead to where somebody can sign in. What is zero is not offered; the web chat is known from Deps.
type Ways struct {
	MessengerPage string                          // name or id
	ZaloOA        string                          // id
	App           func(app, action string) string // address that the city's app opens, shown to browsers as it is; "" for none
}

// Counter is where everybody finds the city's forms: a list, and each form at an address of its own. It is safe for concurrent use.
type Counter struct {
	forms *Forms
	deps  CounterDeps
	lists map[message.Lang]*scanpage.Page
}

// NewCounter makes the pages around forms.
func NewCounter(f *Forms, d CounterDeps) (*Counter, error) {
	if f == nil || len(d.Path) < 2 || d.Path[0] != '/' {
		return nil, errors.New("webform: a counter needs forms, and a path")
	}
	k := &Counter{forms: f, deps: d, lists: map[message.Lang]*scanpage.Page{}}
	for _, l := range spoken {
		page, err := k.list(l.lang)
		if err != nil {
			return nil, err
		}
		k.lists[l.lang] = page
	}
	return k, nil
}

// List names all services with forms. Everybody gets the same page, which may be kept for a minute.
func (k *Counter) List(a scanpage.Ask) *scanpage.Page { return k.lists[langOf(a)] }

// Form prepares the form of an action. Where none is shown, it gives a page instead: that it needs to be known who somebody is, or that there is no such thing.
func (k *Counter) Form(a scanpage.Ask, app, action string) (f scanpage.Form, instead *scanpage.Page) {
	lang := langOf(a)
	switch k.forms.Access(app, action) {
	case SignIn:
		return f, k.signIn(lang, k.forms.forms[ref{app, action}])
	case Closed:
		return f, k.Notice(a, scanpage.NoPage)
	}
	path := k.path(app, action)
	return scanpage.Form{App: app, Action: action, Heading: k.service(lang, k.forms.forms[ref{app, action}]), Back: inLang(k.deps.Path, lang), Lang: lang, Self: inLang(path, lang), InLangs: inLangs(path)}, nil
}

// service names the app of an action, where that says more than what the action is called.
func (k *Counter) service(lang message.Lang, fm *form) string {
	m, _ := k.forms.deps.Catalogue.App(fm.id.app)
	if name := m.Name.In(lang); name != fm.does.Title.In(lang) {
		return name
	}
	return ""
}

func (k *Counter) path(app, action string) string {
	return k.deps.Path + "/" + url.PathEscape(app) + "/" + url.PathEscape(action)
}

func inLang(path string, lang message.Lang) string { return path + "?lang=" + string(lang) }

// inLangs gives a path in each language.
func inLangs(path string) map[message.Lang]string {
	out := make(map[message.Lang]string, len(spoken))
	for _, l := range spoken {
		out[l.lang] = inLang(path, l.lang)
	}
	return out
}

func (k *Counter) text(lang message.Lang, key string) string {
	return k.forms.deps.Texts.Text(lang, "webform."+key, nil)
}
