package zalofake

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"time"
	"unicode/utf8"
)

// profile is what the account may know of a person: https://developers.zalo.me/docs/official-account/quan-ly/quan-ly-thong-tin-nguoi-dung
type profile struct {
	UserID      string            `json:"user_id"`
	UserIDByApp string            `json:"user_id_by_app"`
	ExternalID  string            `json:"user_external_id"`
	DisplayName string            `json:"display_name"`
	Alias       string            `json:"user_alias"`
	Sensitive   bool              `json:"is_sensitive"`
	Last        string            `json:"user_last_interaction_date"` // DD/MM/YYYY
	Follower    bool              `json:"user_is_follower"`
	Avatar      string            `json:"avatar"`
	Avatars     map[string]string `json:"avatars"`
	Dynamic     string            `json:"dynamic_param"`
	Tags        profileTags       `json:"tags_and_notes_info"`
	Shared      profileShared     `json:"shared_info"`
}

type profileTags struct {
	Notes []string `json:"notes"`
	Names []string `json:"tag_names"`
}

type profileShared struct {
	Address  string `json:"address"`
	City     string `json:"city"`
	District string `json:"district"`
	Phone    string `json:"phone"`
	Name     string `json:"name"`
	Born     string `json:"user_dob"`
}

// detail answers with a person's profile.
func (n *Network) detail(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	var ask struct {
		UserID string `json:"user_id"`
	}
	if json.Unmarshal([]byte(r.URL.Query().Get("data")), &ask) != nil || ask.UserID == "" {
		return nil, badParams
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.people[ask.UserID]
	if !ok {
		return nil, &refusal{-213, "User has not followed OA"}
	}
	avatar := n.setup.Get().Base + "/avatar/" + p.id
	out := profile{
		UserID: p.id, UserIDByApp: p.appID, DisplayName: p.name, Alias: p.name, Follower: p.follows, Avatar: avatar,
		Avatars: map[string]string{"120": avatar, "240": avatar}, Tags: profileTags{[]string{}, []string{}},
		Shared: profileShared{Address: p.shared.Address, City: p.shared.City, Phone: p.shared.Phone, Name: p.shared.Name},
	}
	if !p.interacted.IsZero() {
		out.Last = n.truly(p.interacted).Format("02/01/2006")
	}
	return out, nil
}

// account answers with what the account says of itself.
func (n *Network) account(http.ResponseWriter, *http.Request) (any, *refusal) {
	return map[string]any{"oa_id": n.cfg.OAID, "name": n.cfg.OAName, "is_verified": true}, nil
}

// quota answers how the account stands towards a person.
func (n *Network) quota(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	var ask struct {
		UserID string `json:"user_id"`
	}
	if json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&ask) != nil || ask.UserID == "" {
		return nil, badParams
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.people[ask.UserID]
	if !ok {
		return nil, &refusal{-213, "User has not followed OA"}
	}
	type left struct {
		Remain int `json:"remain"`
		Total  int `json:"total"`
	}
	reply := left{8, 8}
	last := ""
	if !p.interacted.IsZero() {
		last = stamp(n.truly(p.interacted))
	}
	if p.interacted.IsZero() || n.clock().Sub(p.interacted) > freeWindow {
		reply.Remain = 0
	}
	return map[string]any{"last_interaction": last, "cs_reply": reply, "promotion": left{}}, nil
}

// truly is a time of the network's clock as others see it: an offset set since then makes it look longer ago. It is called with mu held.
func (n *Network) truly(t time.Time) time.Time {
	return t.Add(-time.Duration(n.faults.Get().ClockOffsetS) * time.Second)
}

// avatar draws a person's first letter.
func (n *Network) avatar(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	p, ok := n.people[r.PathValue("user")]
	n.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, size := utf8.DecodeRuneInString(p.name)
	w.Header().Set("Content-Type", "image/svg+xml")
	// A client that has left needs no picture.
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="20" fill="#0068ff"/>`+
		`<text x="20" y="27" font-size="20" text-anchor="middle" fill="#fff">%s</text></svg>`, html.EscapeString(p.name[:size]))
}
