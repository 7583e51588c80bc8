package zalofake

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// person is a citizen with Zalo.
type person struct {
	id    string // towards the OA
	appID string // towards the app
	name  string

	interacted time.Time // by the network's clock; zero: never
	follows    bool
	left       bool // unfollowed, and has not come back
	opened     bool // has tapped on the chat button once
	shared     Contact
	phone      string // country code without plus
	refuses    int    // number answered to templates to the phone; 0: none
	admin      bool   // of the account: gets what is sent in development mode

	chat    channelfake.Chat
	lane    *channelfake.Lane
	last    string   // what the city said last, while the person has not answered: tells a double
	waiting []string // ids of messages that are delivered and not yet seen
}

// Person is a citizen as the control API shows them.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Phone string `json:"phone"` // country code without plus
	Last  string `json:"last"`  // what was said last
	Seq   int64  `json:"seq"`   // of the newest message
}

var idRE = regexp.MustCompile(`^[1-9][0-9]{18}$`)

// person gives the person with a name, an id or a phone number, new at first sight. The same name has the same id and phone in every run. It is called with mu
// held.
func (n *Network) person(name string) *person {
	phone := wirePhone(name)
	if p, ok := n.phones[phone]; ok {
		return p
	}
	id := name
	if !idRE.MatchString(name) {
		id = derivedID(n.cfg.OAID, name)
	}
	if p, ok := n.people[id]; ok {
		return p
	}
	p := &person{id: id, appID: derivedID(n.cfg.AppID, id), name: name, phone: phone, lane: channelfake.NewLane()}
	if phone == "" {
		p.phone = "849" + derivedID("phone", id)[11:]
	}
	if len(n.people) < channelfake.ManyPeople {
		n.people[id] = p
		n.order = append(n.order, p)
		if n.phones[p.phone] == nil {
			n.phones[p.phone] = p
		}
	}
	return p
}

// UserID is the id of the person with that name towards the OA.
func (n *Network) UserID(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.person(name).id
}

// derivedID is a number of 19 digits, beyond what a float can tell apart, as Zalo's ids are.
func derivedID(scope, name string) string { return channelfake.UserID(scope, name, 19) }

// messageID is new in every run: the program remembers ids across runs of the stand-in.
func messageID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// People gives the people that there are, in the order of their first appearance, at most many of them; 0 means all.
func (n *Network) People(many int) []Person {
	n.mu.Lock()
	defer n.mu.Unlock()
	return channelfake.Newest(n.order, many, (*person).public)
}

func (p *person) public() Person {
	last := p.chat.Last()
	return Person{ID: p.id, Name: p.name, Phone: p.phone, Last: last.Text, Seq: last.Seq}
}

// Chat gives the entries of a person's chat after one, oldest first.
func (n *Network) Chat(user string, after int64) []channelfake.Entry {
	return n.chatOf(user).After(after)
}

func (n *Network) chatOf(user string) *channelfake.Chat {
	n.mu.Lock()
	defer n.mu.Unlock()
	return &n.person(user).chat
}

func (n *Network) laneOf(user string) *channelfake.Lane {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.person(user).lane
}
