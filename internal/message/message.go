// Package message holds the words that all parts share: languages, texts, and the blocks an answer is made of, in no network's terms.
//
// It knows no network, no mini-app and no store. A channel fits blocks to its network's limits; a page or the gateway shows them as they are.
package message

import (
	"encoding/json"
	"fmt"
)

// Lang is a language that the city answers in.
type Lang string

// The languages. Vietnamese comes first wherever one has to be chosen.
const (
	Vietnamese Lang = "vi"
	English    Lang = "en"
)

// Or gives l when it is a language we answer in, else Vietnamese.
func (l Lang) Or() Lang {
	if l == English {
		return English
	}
	return Vietnamese
}

// Text is one text in each language. Vietnamese must be there; English falls back to it.
type Text map[Lang]string

// In gives the text in l, or in Vietnamese when it is missing there.
func (t Text) In(l Lang) string {
	if s, ok := t[l]; ok && s != "" {
		return s
	}
	return t[Vietnamese]
}

// Block is one part of an answer. The types of this package are all there are: Words, Choices, Card, Image, QR, Location, Link, Progress.
type Block interface{ kind() string }

// Words is plain text, of any length: the core splits it to fit a network.
type Words struct {
	Text   string `json:"text"`
	Secret bool   `json:"secret,omitempty"` // holds what only the person spoken to may read, such as a code: whoever else reads the talk is not shown it
}

// Choices offers one of several answers, and beside them ways out that no network has to show: words do the same.
type Choices struct {
	Text     string   `json:"text"`
	Options  []Choice `json:"options"`
	Controls []Choice `json:"controls,omitempty"` // back, more, cancel
}

// AskContact is the value of the only choice of a Choices that invites people to hand over their contact data. Networks with a form of their own show that form,
// with the choice's label as its title and the text below it; on all others nothing is shown.
const AskContact = "mc:contact"

// Invites tells whether the choices are such an invitation.
func (c Choices) Invites() bool { return len(c.Options) == 1 && c.Options[0].Value == AskContact }

// Choice is one answer: what is shown, and what comes back when it is taken.
type Choice struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Hint  string `json:"hint,omitempty"` // tells options apart that look alike
}

// Card is a titled summary with facts and next steps: a report, a ticket.
type Card struct {
	Title    string   `json:"title"`
	Subtitle string   `json:"subtitle,omitempty"`
	ImageURL string   `json:"imageUrl,omitempty"`
	Facts    []Fact   `json:"facts,omitempty"`
	Actions  []Choice `json:"actions,omitempty"`
}

// Fact is one line of a card.
type Fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Image is a picture by address.
type Image struct {
	URL string `json:"url"`
	Alt string `json:"alt"` // what the picture shows, for those who cannot see it
}

// QR is a code that a camera reads; Payload is what it encodes.
type QR struct {
	Payload string `json:"payload"`
	Caption string `json:"caption,omitempty"`
}

// Location is a place on the map, WGS 84 degrees.
type Location struct {
	Lat   float64 `json:"lat"`
	Lon   float64 `json:"lon"`
	Label string  `json:"label,omitempty"`
}

// Link leads to a page.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// Progress says how far something is: step Done of Total.
type Progress struct {
	Label string `json:"label"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

func (Words) kind() string    { return "text" }
func (Choices) kind() string  { return "choices" }
func (Card) kind() string     { return "card" }
func (Image) kind() string    { return "image" }
func (QR) kind() string       { return "qr" }
func (Location) kind() string { return "location" }
func (Link) kind() string     { return "link" }
func (Progress) kind() string { return "progress" }

// Blocks is a list of blocks that can be stored and sent as JSON: each element an object with one field, named after its kind.
type Blocks []Block

// MarshalJSON writes [{"text":{…}},{"card":{…}}].
func (bs Blocks) MarshalJSON() ([]byte, error) {
	out := make([]map[string]Block, len(bs))
	for i, b := range bs {
		out[i] = map[string]Block{b.kind(): b}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. An unknown kind is an error.
func (bs *Blocks) UnmarshalJSON(data []byte) error {
	var in []map[string]json.RawMessage
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	out := make(Blocks, 0, len(in))
	for _, m := range in {
		if len(m) != 1 {
			return fmt.Errorf("message: a block has %d kinds, want 1", len(m))
		}
		for kind, raw := range m {
			b, err := decode(kind, raw)
			if err != nil {
				return err
			}
			out = append(out, b)
		}
	}
	*bs = out
	return nil
}

func decode(kind string, raw json.RawMessage) (Block, error) {
	switch kind {
	case "text":
		return as[Words](raw)
	case "choices":
		return as[Choices](raw)
	case "card":
		return as[Card](raw)
	case "image":
		return as[Image](raw)
	case "qr":
		return as[QR](raw)
	case "location":
		return as[Location](raw)
	case "link":
		return as[Link](raw)
	case "progress":
		return as[Progress](raw)
	}
	return nil, fmt.Errorf("message: unknown kind of block %q", kind)
}

func as[B Block](raw json.RawMessage) (Block, error) {
	var b B
	err := json.Unmarshal(raw, &b)
	return b, err
}
