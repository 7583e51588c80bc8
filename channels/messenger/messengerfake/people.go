package messengerfake

import (
	"crypto/rand"
	"regexp"
	"strings"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// page is what the network keeps of one page.
type page struct {
	Page
	profile   map[string]any // of messenger_profile
	fields    []string       // subscribed; nil: all
	templates []Template
	rate      rate
}

func newPage(p Page, templates []Template) *page {
	return &page{Page: p, profile: map[string]any{}, templates: append([]Template(nil), templates...)}
}

// pageOf finds a page by its id; nil when there is none.
func (n *Network) pageOf(id string) *page {
	for _, p := range n.pages {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// person is a citizen on one page. On another page the same citizen has another id, another chat and another window.
type person struct {
	id   string // page-scoped
	name string
	page *page
	chat channelfake.Chat
	lane *channelfake.Lane

	interacted time.Time // by the network's clock; zero: never
	opened     bool      // has begun the conversation
	blocked    bool      // has blocked the page
	owner      string    // application that holds the conversation; "" while it is idle
	last       string    // what the city said last, while the person has not answered: tells a double
	waiting    []string  // ids of messages that are delivered and not yet seen
}

// Person is a citizen as the control API shows them.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Page  string `json:"page"`
	Owner string `json:"owner"` // application that holds the conversation; "" while it is idle
	Last  string `json:"last"`  // what was said last
	Seq   int64  `json:"seq"`   // of the newest message
}

var idRE = regexp.MustCompile(`^[1-9][0-9]{15}$`)

// person gives the person with a name or an id, new at first sight: on the first page, or on the one named behind the last @. The same name has the same id
// in every run. It is called with mu held.
func (n *Network) person(name string) *person {
	pg := n.pages[0]
	if i := strings.LastIndexByte(name, '@'); i > 0 {
		if other := n.pageOf(name[i+1:]); other != nil {
			pg, name = other, name[:i]
		}
	}
	id := name
	if !idRE.MatchString(name) {
		id = channelfake.UserID(pg.ID, name, 16)
	}
	if p, ok := n.people[pg.ID+"/"+id]; ok {
		return p
	}
	p := &person{id: id, name: name, page: pg, lane: channelfake.NewLane()}
	if len(n.people) < channelfake.ManyPeople {
		n.people[pg.ID+"/"+id] = p
		n.order = append(n.order, p)
	}
	return p
}

// UserID is the id of the person with that name towards a page.
func (n *Network) UserID(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.person(name).id
}

// messageID is new in every run: the program remembers ids across runs of the stand-in.
func messageID() string { return "m_" + rand.Text() + rand.Text() }

// People gives the people that there are, in the order of their first appearance, at most many of them; 0 means all.
func (n *Network) People(many int) []Person {
	n.mu.Lock()
	defer n.mu.Unlock()
	return channelfake.Newest(n.order, many, (*person).public)
}

func (p *person) public() Person {
	out := Person{ID: p.id, Name: p.name, Page: p.page.ID, Owner: p.owner}
	last := p.chat.Last()
	out.Last, out.Seq = last.Text, last.Seq
	return out
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

// rate counts the messages of a second.
type rate struct {
	second int64
	taken  int
}

// take counts one message and tells whether it may be.
func (r *rate) take(now time.Time, limit int) bool {
	if s := now.Unix(); s != r.second {
		r.second, r.taken = s, 0
	}
	r.taken++
	return limit < 0 || r.taken <= limit
}
