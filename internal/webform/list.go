package webform

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/scanpage"
	"github.com/motcua/motcua/miniapps"
)

// maxList is what the page that lists all services stays below, in bytes. Where it would not, what describes the actions is left out.
const maxList = 60_000

// listView is the page that lists all services.
type listView struct {
	frame
	Lead     string
	Services []serviceView
	Chat     string
}

type serviceView struct {
	ID, Name, Text, Icon string
	Acts                 []actView
}

type actView struct{ Title, Text, Href string }

func (k *Counter) list(lang message.Lang) (*scanpage.Page, error) {
	v := listView{frame: k.forms.frame(lang, k.text(lang, "list"), ""), Lead: k.text(lang, "list_lead"), Services: k.services(lang), Chat: k.chat(lang, "")}
	v.Languages = languages(lang, inLangs(k.deps.Path))
	if k.deps.Base != "" {
		v.Address = k.deps.Base + k.deps.Path
	}
	if len(v.Services) == 0 {
		v.Lead = k.text(lang, "list_empty")
	}
	body, err := k.forms.page.write(lang, "list", v)
	if err == nil && len(body) >= maxList {
		for _, s := range v.Services {
			for i := range s.Acts {
				s.Acts[i].Text = ""
			}
		}
		body, err = k.forms.page.write(lang, "list", v)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &scanpage.Page{
		Status: http.StatusOK, Body: body, Zipped: zipped(body), ETag: `W/"` + hex.EncodeToString(sum[:12]) + `"`, Cache: "public, max-age=60",
		Policy: k.forms.page.policy, Lang: string(lang),
	}, nil
}

// services gives what the list holds: the apps of the catalogue with what everybody can do by a form.
func (k *Counter) services(lang message.Lang) []serviceView {
	var out []serviceView
	for _, m := range k.forms.deps.Catalogue.Apps() {
		s := serviceView{ID: "app-" + m.AppID, Name: m.Name.In(lang), Text: m.Description.In(lang), Icon: icon(m)}
		for _, a := range m.Actions {
			if k.forms.Access(m.AppID, a.ID) == Open {
				s.Acts = append(s.Acts, actView{a.Title.In(lang), a.Description.In(lang), inLang(k.path(m.AppID, a.ID), lang)})
			}
		}
		if len(s.Acts) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// icon gives the picture of an app where it is ours: the page may load no other.
func icon(m miniapps.Manifest) string {
	for _, i := range m.Icons {
		if strings.HasPrefix(i.Src, "/") && !strings.HasPrefix(i.Src, "//") {
			return i.Src
		}
	}
	return ""
}

// zipped packs a page; nil when that makes it no smaller.
func zipped(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil || out.Len() >= len(body) { // writing into memory does not fail
		return nil
	}
	return out.Bytes()
}
