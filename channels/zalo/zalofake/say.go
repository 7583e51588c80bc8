package zalofake

import (
	"encoding/json"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
)

// act records what a person did, in the chat and as an interaction, and sends it on its way. It is called with mu held.
func (n *Network) act(p *person, e channelfake.Entry, name string, m *eventMessage) channelfake.Entry {
	m.ID = messageID()
	e.ID, e.From = m.ID, channelfake.Citizen
	n.touch(p)
	p.last = ""
	e = p.chat.Add(e, n.cfg.Now())
	n.emit(p, n.fromCitizen(p, name, m), m.ID)
	return e
}

// touch is an interaction: it opens the window anew.
func (n *Network) touch(p *person) {
	p.interacted, p.left = n.clock(), false
}

// Say sends a text.
func (n *Network) Say(user, text string) channelfake.Entry { return n.Answer(user, text, "") }

// Answer sends a text that quotes an earlier message.
func (n *Network) Answer(user, text, quote string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.act(n.person(user), channelfake.Entry{Kind: "text", Text: text, Quote: quote}, "user_send_text", &eventMessage{Text: &text, Quote: quote})
}

// Types of buttons: https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-tu-van-dang-van-ban
const (
	openURL   = "oa.open.url"
	queryShow = "oa.query.show"
	queryHide = "oa.query.hide"
	openPhone = "oa.open.phone"
	openSMS   = "oa.open.sms"
)

// Tap taps the newest button with this title; "" means any that has the payload. Buttons that open an address or the phone send nothing: then the entry
// is empty.
func (n *Network) Tap(user, title, payload string) (channelfake.Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	b, ok := p.chat.Button(title, payload)
	if !ok {
		return channelfake.Entry{}, channelfake.ErrNoButton
	}
	var text string
	if b.Type != queryShow && b.Type != queryHide || json.Unmarshal(b.Payload, &text) != nil {
		return channelfake.Entry{}, nil
	}
	return n.act(p, channelfake.Entry{Kind: "text", Text: text, Hidden: b.Type == queryHide}, "user_send_text", &eventMessage{Text: &text}), nil
}

// Menu taps an entry of the account's menu, which need not be below a message.
func (n *Network) Menu(user, payload string) channelfake.Entry { return n.Say(user, payload) }

// Share shares a position.
func (n *Network) Share(user string, at channelfake.Place) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &eventMessage{Text: &at.Name, Attachments: []attachment{{"location", spot{coordinates{degrees(at.Lat), degrees(at.Lon)}}}}}
	return n.act(n.person(user), channelfake.Entry{Kind: "place", Place: &at}, "user_send_location", m)
}

// Link shares an address.
func (n *Network) Link(user, address, description string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &eventMessage{Text: &address, Attachments: []attachment{{"link", linked{n.address("photo.jpg"), description, address}}}}
	return n.act(n.person(user), channelfake.Entry{Kind: "link", Text: address}, "user_send_link", m)
}

// Card shares somebody's contact card.
func (n *Network) Card(user, phone string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	about := string(channelfake.Compact(struct {
		Phone string `json:"phone"`
		QR    string `json:"qrCodeUrl"`
	}{phone, n.address("photo.jpg")}))
	m := &eventMessage{Text: ptr(""), Attachments: []attachment{{"link", linked{n.address("photo.jpg"), about, "https://zalo.me/" + phone}}}}
	return n.act(n.person(user), channelfake.Entry{Kind: "card", Text: phone}, "user_send_business_card", m)
}

// Follow makes the person a follower.
func (n *Network) Follow(user string) channelfake.Entry { return n.FollowFrom(user, "oa_profile") }

// FollowFrom is Follow with where the person did that: oa_profile, message_invite, social_plugin; "" when Zalo does not say.
func (n *Network) FollowFrom(user, source string) channelfake.Entry {
	return n.follow(user, "follow", source, true)
}

// Unfollow ends that: until the person comes back the account cannot write to them.
func (n *Network) Unfollow(user string) channelfake.Entry {
	return n.follow(user, "unfollow", "oa_profile", false)
}

func (n *Network) follow(user, name, source string, follows bool) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	if follows {
		n.touch(p)
	}
	p.follows, p.left = follows, !follows
	e := n.about(p, name)
	e.Source, e.Follower = source, &party{ID: p.id}
	n.emit(p, e, "")
	return p.chat.Add(channelfake.Entry{From: channelfake.Citizen, Kind: name}, n.cfg.Now())
}

// Open taps on the chat button. Zalo tells only of the first time.
func (n *Network) Open(user string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	n.touch(p)
	if p.opened {
		return channelfake.Entry{}
	}
	p.opened = true
	e := n.about(p, "user_click_chatnow")
	e.UserID = p.id
	n.emit(p, e, "")
	return p.chat.Add(channelfake.Entry{From: channelfake.Citizen, Kind: "open"}, n.cfg.Now())
}

// Withdraw asks that personal data be removed.
func (n *Network) Withdraw(user string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e := n.about(p, "user_withdraw")
	e.UserID = p.id
	n.emit(p, e, "")
	return p.chat.Add(channelfake.Entry{From: channelfake.Citizen, Kind: "withdraw"}, n.cfg.Now())
}

// React puts an emoji on a message; "" takes the city's newest one.
func (n *Network) React(user, id, icon string) (channelfake.Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e, ok := p.chat.Mark(id, icon)
	if !ok {
		return e, channelfake.ErrNoMessage
	}
	n.emit(p, n.fromCitizen(p, "user_reacted_message", &eventMessage{ID: e.ID, React: icon}), "")
	return e, nil
}

// Contact is what a person hands over when they are asked for it.
type Contact struct {
	Name    string `json:"name"`
	Phone   string `json:"phone"` // country code without plus
	Address string `json:"address"`
	Ward    string `json:"ward"`
	City    string `json:"city"`
	Old     bool   `json:"old"` // in the older shape, with a district
}

// Submit hands over contact data.
func (n *Network) Submit(user string, c Contact) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	n.touch(p)
	p.shared = c
	e := n.fromCitizen(p, "user_submit_info", nil)
	if c.Old {
		e.Info = oldContactInfo{c.Name, c.Phone, c.Address, c.Ward, "", c.City}
	} else {
		e.UserIDByApp = ""
		e.Info = contactInfo{c.Name, c.Phone, "01/01/1990", "1", fullAddress{c.City, c.Ward, c.Address}}
	}
	n.emit(p, e, "")
	return p.chat.Add(channelfake.Entry{From: channelfake.Citizen, Kind: "info", Text: strings.TrimSpace(c.Name + " " + c.Phone)}, n.cfg.Now())
}
