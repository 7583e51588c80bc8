package zalofake

import (
	"encoding/json"
	"errors"
	"strings"
)

// act records what a person did, in the chat and as an interaction, and sends it on its way. It is called with mu held.
func (n *Network) act(p *person, e Entry, name string, m *eventMessage) Entry {
	m.ID = messageID()
	e.ID, e.From = m.ID, Citizen
	n.touch(p)
	p.last = ""
	e = n.add(p, e)
	if !n.emit(p, n.fromCitizen(p, name, m), m.ID) {
		p.amend(func(x Entry) bool { return x.Seq == e.Seq }, func(x *Entry) { x.State = StateFailed })
	}
	return e
}

// touch is an interaction: it opens the window anew.
func (n *Network) touch(p *person) {
	p.interacted, p.left = n.clock(), false
}

// Say sends a text.
func (n *Network) Say(user, text string) Entry { return n.Answer(user, text, "") }

// Answer sends a text that quotes an earlier message.
func (n *Network) Answer(user, text, quote string) Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.act(n.person(user), Entry{Kind: "text", Text: text, Quote: quote}, "user_send_text", &eventMessage{Text: &text, Quote: quote})
}

// Types of buttons: https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-tu-van-dang-van-ban
const (
	openURL   = "oa.open.url"
	queryShow = "oa.query.show"
	queryHide = "oa.query.hide"
	openPhone = "oa.open.phone"
	openSMS   = "oa.open.sms"
)

// ErrNoButton is answered to a tap on a button that the chat does not show.
var ErrNoButton = errors.New("zalofake: no such button")

// Tap taps the newest button with this title; "" means any that has the payload. Buttons that open an address or the phone send nothing: then the entry
// is empty.
func (n *Network) Tap(user, title, payload string) (Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	b, ok := p.button(title, payload)
	if !ok {
		return Entry{}, ErrNoButton
	}
	var text string
	if b.Type != queryShow && b.Type != queryHide || json.Unmarshal(b.Payload, &text) != nil {
		return Entry{}, nil
	}
	return n.act(p, Entry{Kind: "text", Text: text, Hidden: b.Type == queryHide}, "user_send_text", &eventMessage{Text: &text}), nil
}

// Menu taps an entry of the account's menu, which need not be below a message.
func (n *Network) Menu(user, payload string) Entry { return n.Say(user, payload) }

// button finds the newest one.
func (p *person) button(title, payload string) (Button, bool) {
	for i := len(p.chat) - 1; i >= 0; i-- {
		for _, b := range p.chat[i].Buttons {
			var own string
			_ = json.Unmarshal(b.Payload, &own) // an object is no text to compare
			if (title == "" || b.Title == title) && (payload == "" || own == payload) && (title != "" || payload != "") {
				return b, true
			}
		}
	}
	return Button{}, false
}

// Share shares a position.
func (n *Network) Share(user string, at Place) Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &eventMessage{Text: &at.Name, Attachments: []attachment{{"location", spot{coordinates{degrees(at.Lat), degrees(at.Lon)}}}}}
	return n.act(n.person(user), Entry{Kind: "place", Place: &at}, "user_send_location", m)
}

// Link shares an address.
func (n *Network) Link(user, address, description string) Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &eventMessage{Text: &address, Attachments: []attachment{{"link", linked{n.address("photo.jpg"), description, address}}}}
	return n.act(n.person(user), Entry{Kind: "link", Text: address}, "user_send_link", m)
}

// Card shares somebody's contact card.
func (n *Network) Card(user, phone string) Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	about := string(compact(struct {
		Phone string `json:"phone"`
		QR    string `json:"qrCodeUrl"`
	}{phone, n.address("photo.jpg")}))
	m := &eventMessage{Text: ptr(""), Attachments: []attachment{{"link", linked{n.address("photo.jpg"), about, "https://zalo.me/" + phone}}}}
	return n.act(n.person(user), Entry{Kind: "card", Text: phone}, "user_send_business_card", m)
}

// Follow makes the person a follower.
func (n *Network) Follow(user string) Entry { return n.FollowFrom(user, "oa_profile") }

// FollowFrom is Follow with where the person did that: oa_profile, message_invite, social_plugin; "" when Zalo does not say.
func (n *Network) FollowFrom(user, source string) Entry {
	return n.follow(user, "follow", source, true)
}

// Unfollow ends that: until the person comes back the account cannot write to them.
func (n *Network) Unfollow(user string) Entry { return n.follow(user, "unfollow", "oa_profile", false) }

func (n *Network) follow(user, name, source string, follows bool) Entry {
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
	return n.add(p, Entry{From: Citizen, Kind: name})
}

// Open taps on the chat button. Zalo tells only of the first time.
func (n *Network) Open(user string) Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	n.touch(p)
	if p.opened {
		return Entry{}
	}
	p.opened = true
	e := n.about(p, "user_click_chatnow")
	e.UserID = p.id
	n.emit(p, e, "")
	return n.add(p, Entry{From: Citizen, Kind: "open"})
}

// Withdraw asks that personal data be removed.
func (n *Network) Withdraw(user string) Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e := n.about(p, "user_withdraw")
	e.UserID = p.id
	n.emit(p, e, "")
	return n.add(p, Entry{From: Citizen, Kind: "withdraw"})
}

// React puts an emoji on a message; "" takes the city's newest one.
func (n *Network) React(user, id, icon string) (Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	for i := len(p.chat) - 1; i >= 0; i-- {
		e := p.chat[i]
		if e.ID == "" || id != "" && e.ID != id || id == "" && e.From != City {
			continue
		}
		p.amend(func(x Entry) bool { return x.Seq == e.Seq }, func(x *Entry) { x.React = icon })
		n.emit(p, n.fromCitizen(p, "user_reacted_message", &eventMessage{ID: e.ID, React: icon}), "")
		return p.chat[i], nil
	}
	return Entry{}, ErrNoMessage
}

// ErrNoMessage is answered to a reaction to what the chat does not show.
var ErrNoMessage = errors.New("zalofake: no such message")

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
func (n *Network) Submit(user string, c Contact) Entry {
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
	return n.add(p, Entry{From: Citizen, Kind: "info", Text: strings.TrimSpace(c.Name + " " + c.Phone)})
}
