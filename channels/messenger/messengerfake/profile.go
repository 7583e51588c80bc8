package messengerfake

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
)

// profileFields are what a page shows before anybody has written to it: https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api.
var profileFields = []string{"get_started", "greeting", "persistent_menu", "ice_breakers", "whitelisted_domains", "account_linking_url"}

var success = map[string]string{"result": "success"}

func (n *Network) readProfile(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[string]any{}
	for _, f := range strings.Split(r.URL.Query().Get("fields"), ",") {
		if v, ok := pg.profile[f]; ok {
			out[f] = v
		}
	}
	if len(out) == 0 {
		return map[string]any{"data": []any{}}, nil
	}
	return map[string]any{"data": []any{out}}, nil
}

// profileSettings are the parts of a profile that have limits.
type profileSettings struct {
	GetStarted *struct {
		Payload string `json:"payload"`
	} `json:"get_started"`
	Greeting []struct {
		Locale string `json:"locale"`
		Text   string `json:"text"`
	} `json:"greeting"`
	Menu []menu `json:"persistent_menu"`
}

type menu struct {
	Locale  string       `json:"locale"`
	Actions []menuAction `json:"call_to_actions"`
}

type menuAction struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Payload string `json:"payload"`
	URL     string `json:"url"`
}

func (n *Network) writeProfile(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	var all map[string]any
	var s profileSettings
	if err != nil || json.Unmarshal(body, &all) != nil || json.Unmarshal(body, &s) != nil || len(all) == 0 {
		return nil, badParam("Invalid settings")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if bad := s.judge(pg.profile["get_started"] != nil); bad != nil {
		return nil, bad
	}
	for name, v := range all {
		if !slices.Contains(profileFields, name) {
			return nil, badParam("Invalid keys found in param: " + name)
		}
		pg.profile[name] = v
	}
	return success, nil
}

// judge tells what is wrong with settings; nil when they are good.
func (s profileSettings) judge(started bool) *refusal {
	for _, g := range s.Greeting {
		if g.Locale == "" || g.Text == "" || long(g.Text, 160) {
			return badParam("A greeting has a locale and 1 to 160 characters")
		}
	}
	if len(s.Menu) > 0 && !started && (s.GetStarted == nil || s.GetStarted.Payload == "") {
		return badParam("You must set a Get Started button if you also wish to use persistent menu")
	}
	for _, m := range s.Menu {
		if m.Locale == "" || len(m.Actions) == 0 || len(m.Actions) > 20 {
			return badParam("A menu has a locale and 1 to 20 entries")
		}
		for _, a := range m.Actions {
			good := a.Type == postbackType && a.Payload != "" && !long(a.Payload, maxPayload) || a.Type == webURL && channelfake.IsWeb(a.URL)
			if a.Title == "" || long(a.Title, 30) || !good {
				return badParam("An entry of a menu is not as it should be")
			}
		}
	}
	return nil
}

// menu gives the entries that are shown to everybody.
func (pg *page) menu() []menuAction {
	var s profileSettings
	if json.Unmarshal(channelfake.Compact(pg.profile), &s) != nil {
		return nil
	}
	for _, m := range s.Menu {
		if m.Locale == "default" {
			return m.Actions
		}
	}
	return nil
}

func (n *Network) clearProfile(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	var in struct {
		Fields []string `json:"fields"`
	}
	if json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&in) != nil {
		return nil, badParam("Invalid fields")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range in.Fields {
		delete(pg.profile, f)
	}
	return success, nil
}

func (n *Network) readEvents(_ http.ResponseWriter, _ *http.Request, pg *page) (any, *refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if pg.fields == nil {
		return map[string]any{"data": []any{}}, nil
	}
	return map[string]any{"data": []any{map[string]any{"id": n.cfg.AppID, "name": "motcua", "subscribed_fields": pg.fields}}}, nil
}

func (n *Network) writeEvents(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	fields := strings.Split(r.URL.Query().Get("subscribed_fields"), ",")
	if fields[0] == "" {
		return nil, badParam("The parameter subscribed_fields is required")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	pg.fields = fields
	return map[string]bool{"success": true}, nil
}

// readUser answers with what a page may know of a person.
func (n *Network) readUser(_ http.ResponseWriter, r *http.Request, pg *page) (any, *refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.people[pg.ID+"/"+r.PathValue("user")]
	if !ok {
		return nil, refuse(100, 33, "Unsupported get request. Object with this ID does not exist")
	}
	last, given := "", p.name
	if i := strings.LastIndexByte(p.name, ' '); i > 0 {
		last, given = p.name[:i], p.name[i+1:]
	}
	return map[string]string{"first_name": given, "last_name": last, "profile_pic": n.setup.Get().Base + "/files/none", "id": p.id}, nil
}

// debugToken tells what a token is good for; who asks is the application, by its id and secret.
func (n *Network) debugToken(w http.ResponseWriter, r *http.Request) {
	if !n.gate(w, r) {
		return
	}
	if token(r) != n.cfg.AppID+"|"+n.cfg.AppSecret {
		n.answerRefusal(w, refuse(190, 0, "Invalid OAuth access token"))
		return
	}
	data := map[string]any{"is_valid": false, "scopes": []string{}}
	for _, p := range n.pages {
		if p.Token == r.URL.Query().Get("input_token") && !n.Faults().AccessRevoked {
			data = map[string]any{
				"app_id": n.cfg.AppID, "type": "PAGE", "is_valid": true, "expires_at": 0, "profile_id": p.ID,
				"scopes": []string{"pages_messaging", "pages_manage_metadata", "pages_utility_messaging"},
			}
		}
	}
	channelfake.Write(w, http.StatusOK, map[string]any{"data": data})
}
