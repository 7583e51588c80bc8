package zalofake

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
)

// wireRE is a phone number as Zalo writes it: country code without plus.
var wireRE = regexp.MustCompile(`^[1-9][0-9]{7,14}$`)

// wirePhone gives a phone number as Zalo writes it, from +84900000001, 84900000001 or 0900000001; "" when it is none. Ids of people have 19 digits.
func wirePhone(s string) string {
	s = strings.TrimPrefix(s, "+")
	if rest, ok := strings.CutPrefix(s, "0"); ok {
		s = "84" + rest
	}
	if len(s) < 9 || !wireRE.MatchString(s) {
		return ""
	}
	return s
}

// owner gives the person with a phone number, new at first sight. It is called with mu held.
func (n *Network) owner(phone string) *person { return n.person("+" + phone) }

// Phone gives a person's number, country code without plus.
func (n *Network) Phone(user string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.person(user).phone
}

// contact is what a person hands over who changes nothing in the form.
func (n *Network) contact(user string) Contact {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	return Contact{Name: p.name, Phone: p.phone}
}

// Line says what becomes of templates to a person's phone.
type Line struct {
	Phone   string `json:"phone"`   // country code without plus
	NoZalo  bool   `json:"no_zalo"` // nobody with Zalo has the number: -118
	Refuses int    `json:"refuses"` // number answered to templates: -139, -141, -119, -114, -110; 0 for none
	Admin   bool   `json:"admin"`   // of the account: gets what is sent in development mode
}

const noZalo = -118

// ErrNoPhone is answered when a number is none, or somebody else has it.
var ErrNoPhone = errors.New("zalofake: no phone number, or somebody else's")

// SetLine changes a person's line.
func (n *Network) SetLine(user string, f func(*Line)) (Line, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.person(user)
	l := p.line()
	f(&l)
	phone := wirePhone(l.Phone)
	if owner := n.phones[phone]; phone == "" || owner != nil && owner != p {
		return Line{}, ErrNoPhone
	}
	if n.phones[p.phone] == p {
		delete(n.phones, p.phone)
	}
	n.phones[phone] = p
	p.phone, p.refuses, p.admin = phone, l.Refuses, l.Admin
	if l.NoZalo {
		p.refuses = noZalo
	}
	return p.line(), nil
}

func (p *person) line() Line {
	l := Line{Phone: p.phone, Refuses: p.refuses, Admin: p.admin}
	if l.Refuses == noZalo {
		l.NoZalo, l.Refuses = true, 0
	}
	return l
}

// controlLine changes what it is given, and answers with the whole.
func (n *Network) controlLine(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	l := n.person(r.PathValue("user")).line()
	n.mu.Unlock()
	if !channelfake.Read(w, r, &l) {
		return
	}
	l, err := n.SetLine(r.PathValue("user"), func(now *Line) { *now = l })
	if err != nil {
		channelfake.Wrong(w, http.StatusConflict, err)
		return
	}
	channelfake.Write(w, http.StatusOK, l)
}
