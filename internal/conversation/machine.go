package conversation

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/intent"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/setting"
	"github.com/motcua/motcua/miniapps"
)

// Rules are what a city can choose about its dialogues. The zero value means the defaults.
type Rules struct {
	// Report is the action, as app.action, that is offered for a long sentence that fits nothing. Default "": none.
	Report string `koanf:"report"`
	// SignIn is the action, as app.action, that is done in between when another one needs a proved phone number. What was begun goes on by itself afterwards.
	// Default "": the person is sent to the app.
	SignIn string `koanf:"sign_in"`
	// Continue is the action, as app.action, that makes a link for what must be finished in the app: it takes app, action, the input so far and case.
	// Default "": the person is only told to use the app.
	Continue string `koanf:"continue"`
	// Link is the action, as app.action, that takes the code of a sign-in, as "code". Default "": there are no such codes.
	Link string `koanf:"link"`
	// Own is what the addresses of the city begin with, "https://city.example": nobody is warned of a QR code that leads there. Default none.
	Own []string `koanf:"own"`
	// LongText is from how many characters a text counts as a sentence: an answer rather than the name of something. Default 25.
	LongText int `koanf:"long_text"`
	// Remind is after what silence a dialogue is taken up with a reminder of what it is about. Default 12h.
	Remind time.Duration `koanf:"remind"`
	// Page is how many options are shown at a time. Default 9.
	Page int `koanf:"page"`
}

const (
	defaultLongText = 25
	defaultRemind   = 12 * time.Hour
	defaultPage     = 9
	maxPage         = 50
)

// Validate reports every value that cannot be worked with, by its key. Whether the actions exist is seen by NewMachine.
func (r Rules) Validate() error {
	var faults setting.Faults
	for _, x := range r.actions() {
		if app, action, ok := strings.Cut(x.name, "."); x.name != "" && (!ok || app == "" || action == "") {
			faults.Add(x.key, "must be written app.action")
		}
	}
	for _, own := range r.Own {
		if u, err := url.Parse(own); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			faults.Add("own", "%q must begin like https://city.example", own)
		}
	}
	faults.Refuse(r.LongText < 0, "long_text", "must not be negative")
	faults.Refuse(r.Remind < 0, "remind", "must not be negative")
	if r.Page < 0 || r.Page > maxPage {
		faults.Add("page", "must be from 1 to %d, or 0 for the default", maxPage)
	}
	return faults.Err()
}

// ruled names an action that a setting gives.
type ruled struct{ key, name string }

func (r Rules) actions() []ruled {
	return []ruled{{"report", r.Report}, {"sign_in", r.SignIn}, {"continue", r.Continue}, {"link", r.Link}}
}

func (r Rules) withDefaults() Rules {
	if r.LongText == 0 {
		r.LongText = defaultLongText
	}
	if r.Remind == 0 {
		r.Remind = defaultRemind
	}
	if r.Page == 0 {
		r.Page = defaultPage
	}
	return r
}

// Machine holds dialogues: what there is to do, and how people say it. It never changes, so any number of conversations may step at once.
type Machine struct {
	services Services
	texts    Texts
	rules    Rules
	offers   []*form // what citizens can open by words, in the order of the menu
	forms    map[Ref]*form
	intents  Intents
	// mentioning are the actions that words around a value mean, within a sentence.
	mentioning []*form
	words      words
}

// Intents finds what a text asks for, best first: opening words of actions ("app.action") and the commands of a dialogue; *intent.Recogniser does.
type Intents interface {
	Recognise(text string) []intent.Match
}

// NewMachine reads what the services declare. Its error names every setting that does not fit them.
func NewMachine(services Services, intents Intents, texts Texts, rules Rules) (*Machine, error) {
	if services == nil || intents == nil || texts == nil {
		return nil, errors.New("conversation: services, intents and texts are needed")
	}
	if err := rules.Validate(); err != nil {
		return nil, fmt.Errorf("conversation: %w", err)
	}
	m := &Machine{services: services, texts: texts, rules: rules.withDefaults(), forms: map[Ref]*form{}, intents: intents, words: readWords(texts)}
	for _, app := range services.Apps() {
		for _, a := range app.Actions {
			if a.Audience != miniapps.ByCitizen {
				continue
			}
			schema, ok := services.Input(app.AppID, a.ID)
			if !ok {
				return nil, fmt.Errorf("conversation: %s.%s has no input schema", app.AppID, a.ID)
			}
			m.add(app, a, newNode("", schema, true, 0))
		}
	}
	if err := m.knowsActions(); err != nil {
		return nil, err
	}
	return m, nil
}

// knowsActions checks the actions that the rules name: those that lead to a sign-in must be open to everybody.
func (m *Machine) knowsActions() error {
	var errs []error
	for _, x := range m.rules.actions() {
		f := m.forms[refOf(x.name)]
		switch {
		case x.name == "":
		case f == nil:
			errs = append(errs, fmt.Errorf("conversation: %s: citizens have no action %s", x.key, x.name))
		case x.key != "report" && !account.Guest.Reaches(f.action.Assurance):
			errs = append(errs, fmt.Errorf("conversation: %s: %s needs a sign-in itself", x.key, x.name))
		}
	}
	return errors.Join(errs...)
}

func (m *Machine) add(app miniapps.Manifest, a miniapps.Action, root *node) {
	f := &form{ref: Ref{App: app.AppID, Action: a.ID}, action: a, version: app.VersionCode, root: root, group: shortName(app)}
	m.forms[f.ref] = f
	if len(a.OpeningWords) > 0 {
		m.offers = append(m.offers, f)
	}
	if len(a.MentionWords) > 0 {
		m.mentioning = append(m.mentioning, f)
	}
}

func shortName(app miniapps.Manifest) message.Text {
	if len(app.ShortName) > 0 {
		return app.ShortName
	}
	return app.Name
}

// Step gives the next state and what is to be done. It changes nothing that s shares: the same arguments give the same answer.
//
// A Heard yields at least one effect: something is always said, or a call is made that leads to it. An answer nobody waits for yields none.
func (m *Machine) Step(s State, in Input) (State, []Effect) {
	t := m.begin(s)
	switch in := in.(type) {
	case Heard:
		t.hear(in)
	case Returned:
		if t.s.Call == nil {
			return s, nil
		}
		t.returned(in)
	case HandedBack:
		t.handedBack(in)
	default:
		return s, nil
	}
	return t.end()
}
