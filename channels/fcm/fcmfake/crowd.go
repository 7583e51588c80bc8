package fcmfake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// A crowd is phones that nobody has to install: every token that begins with CrowdPrefix belongs to one, in this run and the next. They are there to be told
// things by the hundred thousand. They have no lock screen and never misbehave; what they got is counted.

// CrowdPrefix begins the registration tokens of a crowd.
const CrowdPrefix = "crowd-"

// tokenEnd makes tokens of a crowd as long as those of the network.
var tokenEnd = ":APA91b" + strings.Repeat("x", 134)

// CrowdToken gives the registration token of a phone in a crowd.
func CrowdToken(crowd string, phone int) string {
	return fmt.Sprintf("%s%s-%07d%s", CrowdPrefix, crowd, phone, tokenEnd)
}

// CrowdStats say what the crowds got since the start, or since they were forgotten.
type CrowdStats struct {
	Phones  int            `json:"phones"`  // that got anything
	Taken   int            `json:"taken"`   // messages
	Repeats int            `json:"repeats"` // messages that a phone had already, by the id in their data
	Shown   map[string]int `json:"shown"`   // how many phones show a notification of this title now: a later one of the same place takes it
	First   time.Time      `json:"first,omitzero"`
	Last    time.Time      `json:"last,omitzero"`
}

// crowd counts what its phones get.
type crowd struct {
	mu     sync.Mutex
	stats  CrowdStats
	phones map[string]*crowdPhone         // by token
	names  map[string]string              // titles and tags, each kept once
	topics map[string]map[string]struct{} // tokens by topic; they outlive what was counted
}

// crowdPhone is what one of them got.
type crowdPhone struct {
	had   []string // ids in the data of messages
	shown []shown
}

type shown struct{ tag, title string }

// maxCrowd is how many phones are kept apart; when there are more, all are forgotten.
const maxCrowd = 2_000_000

func newCrowd() *crowd {
	c := &crowd{topics: map[string]map[string]struct{}{}}
	c.forget()
	return c
}

func (c *crowd) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset()
}

func (c *crowd) reset() {
	c.stats, c.phones, c.names = CrowdStats{Shown: map[string]int{}}, map[string]*crowdPhone{}, map[string]string{}
}

func inCrowd(token string) bool { return strings.HasPrefix(token, CrowdPrefix) }

// follow has a phone follow a topic, or leave it.
func (c *crowd) follow(topic, token string, join bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !join {
		delete(c.topics[topic], token)
		return
	}
	if c.topics[topic] == nil {
		c.topics[topic] = map[string]struct{}{}
	}
	c.topics[topic][token] = struct{}{}
}

// arrive counts a message to one phone.
func (c *crowd) arrive(m *sent, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count(m.Token, m, now)
}

// arriveAll counts a message to all phones that follow any of some topics, and gives how many they are.
func (c *crowd) arriveAll(topics []string, m *sent, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	reached := map[string]struct{}{}
	for _, name := range topics {
		maps.Copy(reached, c.topics[name])
	}
	for token := range reached {
		c.count(token, m, now)
	}
	return len(reached)
}

// count notes what a phone got. It is called with mu held.
func (c *crowd) count(token string, m *sent, now time.Time) {
	p := c.phone(token)
	if c.stats.Taken == 0 {
		c.stats.First = now
	}
	c.stats.Taken++
	c.stats.Last = now
	if id := m.Data["id"]; id != "" {
		if slices.Contains(p.had, id) {
			c.stats.Repeats++
		} else {
			p.had = append(p.had, id)
		}
	}
	if m.Notification != nil {
		c.show(p, shown{tag: c.once(m.tag()), title: c.once(m.Notification.Title)})
	}
}

func (c *crowd) phone(token string) *crowdPhone {
	p := c.phones[token]
	if p != nil {
		return p
	}
	if len(c.phones) >= maxCrowd {
		c.reset()
	}
	p = &crowdPhone{}
	c.phones[token] = p
	c.stats.Phones++
	return p
}

// show puts a notification on a phone, in the place of one with the same tag.
func (c *crowd) show(p *crowdPhone, x shown) {
	c.stats.Shown[x.title]++
	i := slices.IndexFunc(p.shown, func(old shown) bool { return x.tag != "" && old.tag == x.tag })
	if i < 0 {
		p.shown = append(p.shown, x)
		return
	}
	before := p.shown[i].title
	if c.stats.Shown[before]--; c.stats.Shown[before] == 0 {
		delete(c.stats.Shown, before)
	}
	p.shown[i] = x
}

// once gives a text that is kept one time only.
func (c *crowd) once(s string) string {
	if kept, ok := c.names[s]; ok {
		return kept
	}
	c.names[s] = s
	return s
}

// Crowd gives what the crowds got.
func (n *Network) Crowd() CrowdStats {
	n.crowd.mu.Lock()
	defer n.crowd.mu.Unlock()
	out := n.crowd.stats
	out.Shown = maps.Clone(out.Shown)
	return out
}

func (n *Network) controlCrowd(w http.ResponseWriter, _ *http.Request) {
	channelfake.Write(w, http.StatusOK, n.Crowd())
}

func (n *Network) controlForgetCrowd(w http.ResponseWriter, _ *http.Request) {
	n.crowd.forget()
	channelfake.Write(w, http.StatusOK, struct{}{})
}
