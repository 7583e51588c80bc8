package webform

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/miniapps"
)

// noticeView is a page that says why there is no form, and where to go from there.
type noticeView struct {
	frame
	Lead, Heading, Text string
	Ways                []way
}

// way leads on; Send is what to write there.
type way struct{ Name, Href, Send string }

// Notice says why something is not done: there is no such page, or what was sent did not come from the city's pages.
func (k *Counter) Notice(a scanpage.Ask, what scanpage.Notice) *scanpage.Page {
	lang := langOf(a)
	key, status := "no_page", http.StatusNotFound
	if what == scanpage.Refused {
		key, status = "refused", http.StatusForbidden
	}
	v := noticeView{frame: k.forms.frame(lang, k.text(lang, key+".title"), ""), Text: k.text(lang, key+".text")}
	v.Ways = append(v.Ways, way{Name: k.text(lang, "all"), Href: inLang(k.deps.Path, lang)})
	if chat := k.chat(lang, ""); chat != "" {
		v.Ways = append(v.Ways, way{Name: k.text(lang, "to_chat"), Href: chat})
	}
	return k.say(lang, status, v)
}

// signIn says that an action needs to be known who somebody is, and leads to where that can be.
func (k *Counter) signIn(lang message.Lang, fm *form) *scanpage.Page {
	key := "sign_in"
	if account.Guest.Reaches(fm.does.Assurance) && !fm.asksConsent() { // a chat knows who is there even before they sign in
		key = "personal"
	}
	v := noticeView{frame: k.forms.frame(lang, fm.does.Title.In(lang), inLang(k.deps.Path, lang)), Lead: fm.does.Description.In(lang), Heading: k.service(lang, fm), Text: k.text(lang, key)}
	v.Languages, v.Ways = languages(lang, inLangs(k.path(fm.id.app, fm.id.action))), k.ways(lang, fm)
	return k.say(lang, http.StatusForbidden, v)
}

// ways leads to the action where somebody can sign in for it. A chat begins with it, and in the language of the page.
func (k *Counter) ways(lang message.Lang, fm *form) []way {
	var out []way
	add := func(key, href, send string) {
		if href != "" {
			out = append(out, way{k.text(lang, key), href, send})
		}
	}
	begin := fm.id.app + "." + fm.id.action
	w := k.deps.Ways
	if w.App != nil {
		add("in_app", w.App(fm.id.app, fm.id.action), "")
	}
	if w.ZaloOA != "" { // such a link carries nothing with it: the words are sent by hand
		add("in_zalo", "https://zalo.me/"+url.PathEscape(w.ZaloOA), openingWords(fm.does, lang))
	}
	if w.MessengerPage != "" {
		add("in_messenger", "https://m.me/"+url.PathEscape(w.MessengerPage)+"?ref="+url.QueryEscape(begin+"."+string(lang)), "")
	}
	add("in_chat", k.chat(lang, begin), "")
	return out
}

// openingWords gives words that a chat understands as the action; "" when it has none.
func openingWords(a miniapps.Action, lang message.Lang) string {
	for _, phrase := range a.OpeningWords[lang] {
		words, _ := miniapps.Opens(phrase)
		return words
	}
	return ""
}

// chat leads into the web chat, in a language; "" when there is none.
func (k *Counter) chat(lang message.Lang, begin string) string {
	path := k.forms.deps.Chat
	if path == "" {
		return ""
	}
	q := url.Values{"lang": {string(lang)}}
	if begin != "" {
		q.Set("ref", begin)
	}
	return path + "?" + q.Encode()
}

// say makes a page that nobody keeps.
func (k *Counter) say(lang message.Lang, status int, v noticeView) *scanpage.Page {
	body, err := k.forms.page.write(lang, "notice", v)
	if err != nil { // it cannot fail with what it is given; half a page would be worse than one that says so
		panic(fmt.Errorf("webform: notice: %w", err))
	}
	return &scanpage.Page{Status: status, Body: body, Cache: "no-store", Policy: k.forms.page.policy, Lang: string(lang)}
}
