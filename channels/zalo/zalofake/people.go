package zalofake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strconv"
	"time"
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

	chat    []Entry // oldest first
	seq     int64   // of the newest entry
	rev     int64   // of the newest change
	changed chan struct{}
	last    string // what the city said last, while the person has not answered: tells a double

	own     *Webhooks // nil: as for all
	queue   []*delivery
	waiting []string // ids of messages that are delivered and not yet seen
	busy    bool     // somebody is sending the queue
	more    chan struct{}
}

// Person is a citizen as the control API shows them.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Phone string `json:"phone"` // country code without plus
	Last  string `json:"last"`  // what was said last
	Seq   int64  `json:"seq"`   // of the newest message
}

const manyPeople = 200_000

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
	p := &person{id: id, appID: derivedID(n.cfg.AppID, id), name: name, phone: phone, more: make(chan struct{}, 1)}
	if phone == "" {
		p.phone = "849" + derivedID("phone", id)[11:]
	}
	if len(n.people) < manyPeople {
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
func derivedID(scope, name string) string {
	sum := sha256.Sum256([]byte(scope + "\x00" + name))
	return strconv.FormatUint(1e18+binary.BigEndian.Uint64(sum[:])%8e18, 10)
}

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
	list := n.order
	if many > 0 && len(list) > many {
		list = list[len(list)-many:]
	}
	out := make([]Person, 0, len(list))
	for _, p := range list {
		out = append(out, p.public())
	}
	return out
}

func (p *person) public() Person {
	out := Person{ID: p.id, Name: p.name, Phone: p.phone, Seq: p.seq}
	if len(p.chat) > 0 {
		out.Last = p.chat[len(p.chat)-1].Text
	}
	return out
}
