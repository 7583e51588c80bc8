package messengerfake

import (
	"github.com/motcua/motcua/channels/channelfake"
)

// act records what a person did as an interaction, in the chat, and sends it on its way. It is called with mu held.
func (n *Network) act(p *person, e channelfake.Entry, i item) channelfake.Entry {
	n.touch(p)
	if i.Message != nil {
		i.Message.MID = messageID()
		e.ID = i.Message.MID
	}
	if i.Postback != nil {
		i.Postback.MID = messageID()
		e.ID = i.Postback.MID
	}
	e.From = channelfake.Citizen
	e = p.chat.Add(e, n.cfg.Now())
	n.emit(p, i, e.ID)
	return e
}

// touch is an interaction: it opens the window anew.
func (n *Network) touch(p *person) {
	p.interacted, p.last, p.blocked = n.clock(), "", false
	p.opened = true
}

// Say sends a text.
func (n *Network) Say(user, text string) channelfake.Entry { return n.Answer(user, text, "") }

// Answer sends a text that answers an earlier message.
func (n *Network) Answer(user, text, quote string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &message{Text: text}
	if quote != "" {
		m.ReplyTo = &replyTo{quote}
	}
	return n.act(n.person(user), channelfake.Entry{Kind: "text", Text: text, Quote: quote}, item{Message: m})
}

// Types of buttons; quickReplyType stands for what has no type there.
const (
	quickReplyType = "quick_reply"
	webURL         = "web_url"
	postbackType   = "postback"
	phoneNumber    = "phone_number"
	accountLink    = "account_link"
	accountUnlink  = "account_unlink"
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
	e := channelfake.Entry{Kind: "text", Text: b.Title}
	switch b.Type {
	case quickReplyType:
		return n.act(p, e, item{Message: &message{Text: b.Title, QuickReply: &quickReply{b.Value()}}}), nil
	case postbackType:
		return n.act(p, e, item{Postback: &postback{Title: b.Title, Payload: b.Value()}}), nil
	}
	return channelfake.Entry{}, nil
}

// Menu taps an entry of the page's menu, by its title or payload; an entry that is not there says its payload all the same.
func (n *Network) Menu(user, title, payload string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	for _, a := range p.page.menu() {
		if a.Type == postbackType && (a.Title == title || title == "" && a.Payload == payload) {
			title, payload = a.Title, a.Payload
			break
		}
	}
	if title == "" {
		title = payload
	}
	return n.act(p, channelfake.Entry{Kind: "text", Text: title}, item{Postback: &postback{Title: title, Payload: payload}})
}

// Open begins the conversation by its button, and comes back to it by a link afterwards: ref is what the link carries, "" for none. The network tells
// nothing of a return without a link: then the entry is empty.
func (n *Network) Open(user, ref string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	var r *referral
	if ref != "" {
		r = &referral{ref, "SHORTLINK", "OPEN_THREAD"}
	}
	e := channelfake.Entry{Kind: "open", Text: ref}
	switch {
	case !p.opened:
		return n.act(p, e, item{Postback: &postback{Title: "Bắt đầu", Payload: "GET_STARTED", Referral: r}})
	case r != nil:
		return n.act(p, e, item{Referral: r})
	}
	return channelfake.Entry{}
}

// Optin taps "send to Messenger" on a website.
func (n *Network) Optin(user, ref string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.act(n.person(user), channelfake.Entry{Kind: "optin", Text: ref}, item{Optin: &optin{Ref: ref}})
}

// Linked comes back from the program's sign-in with its code; "" ends the link.
func (n *Network) Linked(user, code string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &linking{Status: "linked", Code: code}
	if code == "" {
		l.Status = "unlinked"
	}
	return n.act(n.person(user), channelfake.Entry{Kind: l.Status}, item{Linking: l})
}

// Edit puts new words into the person's message; "" takes the newest one.
func (n *Network) Edit(user, id, text string) (channelfake.Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e, ok := p.chat.Newest(func(e channelfake.Entry) bool {
		return e.From == channelfake.Citizen && e.Kind == "text" && e.ID != "" && (id == "" || e.ID == id)
	})
	if !ok {
		return e, channelfake.ErrNoMessage
	}
	n.touch(p)
	e.Text = text
	p.chat.Amend(e.Same, func(x *channelfake.Entry) { x.Text = text })
	n.emit(p, item{Edit: &edit{MID: e.ID, Text: text, NumEdit: 1}}, "")
	return e, nil
}

// React puts an emoji on a message, or takes it away with ""; id "" takes the city's newest one.
func (n *Network) React(user, id, emoji string) (channelfake.Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	e, ok := p.chat.Mark(id, emoji)
	if !ok {
		return e, channelfake.ErrNoMessage
	}
	r := &reaction{Reaction: "other", Emoji: emoji, Action: "react", MID: e.ID}
	if emoji == "" {
		r.Reaction, r.Action = "", "unreact"
	}
	n.emit(p, item{Reaction: r}, "")
	return e, nil
}

// Block keeps the page from writing to the person, until the person writes again.
func (n *Network) Block(user string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	p.blocked = true
	return p.chat.Add(channelfake.Entry{From: channelfake.Citizen, Kind: "block"}, n.cfg.Now())
}

// See reads all that is delivered.
func (n *Network) See(user string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.see(n.person(user))
}

// Burst has many people say something each as often as asked: channelfake.Burst.
func (n *Network) Burst(prefix string, people, each int, text string) int {
	return channelfake.Burst(n.Say, prefix, people, each, text)
}
