package webform

import (
	"context"
	"fmt"
	"html/template"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// stub is a real app's manifest with nothing behind it.
type stub struct{ manifest miniapps.Manifest }

func (s stub) Manifest() miniapps.Manifest { return s.manifest }

func (s stub) Do(context.Context, miniapps.Call) (miniapps.Result, error) {
	return miniapps.Result{Data: miniapps.Options{Choices: []miniapps.Option{{Value: "one", Label: "Một"}, {Value: "two", Label: "Hai"}}}}, nil
}

// TestActionsOfTheCity knows which actions of the city everybody can do by a form, shows these, and knows which lead to where to sign in.
func TestActionsOfTheCity(t *testing.T) {
	t.Parallel()
	var apps []miniapps.App
	for _, name := range []string{"alerts", "feedback", "me", "signs"} {
		raw, err := os.ReadFile("../../miniapps/" + name + "/manifest.json")
		if err != nil {
			t.Fatal(err)
		}
		m, err := miniapps.ParseManifest(raw)
		if err != nil {
			t.Fatal(err)
		}
		apps = append(apps, stub{m})
	}
	w := newWorld(t, Config{}, apps...)
	open := []string{"alerts.current", "feedback.submit", "feedback.track", "signs.show", "signs.near", "signs.find", "signs.damaged"}
	elsewhere := []string{
		"alerts.follow", "alerts.unfollow", "feedback.mine", "feedback.comment", "me.signin", "me.link_code", "me.link", "me.show_code", "me.join", "me.accounts", "me.unlink", "me.recover", "me.cancel_recovery",
	}
	var shown, led []string
	for _, app := range apps {
		m := app.Manifest()
		for _, a := range m.Actions {
			name := m.AppID + "." + a.ID
			switch access := w.forms.Access(m.AppID, a.ID); {
			case access == Closed:
				continue
			case a.Audience != miniapps.ByCitizen:
				t.Errorf("%s is not for citizens, and has a page", name)
				continue
			case access == SignIn:
				led = append(led, name)
				if w.forms.Can(m.AppID, a.ID) {
					t.Errorf("%s leads to where to sign in, and has a form", name)
				}
				continue
			}
			shown = append(shown, name)
			t.Run(name, func(t *testing.T) {
				for _, lang := range []message.Lang{message.Vietnamese, message.English} {
					w.Preset = Preset{App: m.AppID, Action: a.ID, Lang: lang, Self: "/form"}
					p := w.show().wants(t, 200)
					p.has(t, "<h1>"+template.HTMLEscapeString(a.Title.In(lang))+"</h1>", fmt.Sprintf(`lang=%q`, string(lang)))
					if strings.Contains(p.body, "webform.") {
						t.Errorf("a text is missing:\n%s", p.body)
					}
				}
			})
		}
	}
	if !slices.Equal(shown, open) || !slices.Equal(led, elsewhere) {
		t.Errorf("there are forms of %q, want %q; and what leads elsewhere is %q, want %q", shown, open, led, elsewhere)
	}
}
