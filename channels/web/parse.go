package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/webchat"
)

// What a message may hold, beside the text whose limit is a setting.
const (
	maxBody    = 32 << 10 // bytes of JSON
	maxChoice  = 1000     // bytes: a value of the city's own
	maxLabel   = 200      // runes of a place's name
	maxUploads = 5
	maxRef     = 250 // bytes
)

// posted is a message as a page sends it.
type posted struct {
	ID      string   `json:"id"`      // a UUID of the page's making, which tells a repeat
	Text    string   `json:"text"`    // as typed; of a tapped choice, its label
	Choice  string   `json:"choice"`  // the value that was tapped
	Place   *place   `json:"place"`   // a shared position
	Uploads []string `json:"uploads"` // tickets
	Ref     string   `json:"ref"`     // what the link that opened the page carries
}

type place struct {
	Lat   *float64 `json:"lat"`
	Lon   *float64 `json:"lon"`
	Label string   `json:"label"`
}

// idRE is a UUID of any version (RFC 9562 §4).
var idRE = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// Parse reads the message that a page posts. One that says nothing tells that the page was opened. UNAUTHORIZED without a good token; INVALID, with the field
// where one is wrong, for what is no message.
func (c *Channel) Parse(r channels.Request) (channels.Batch, error) {
	v, err := c.Visitor(r.Header)
	if err != nil {
		return channels.Batch{}, err
	}
	if r.Method != http.MethodPost {
		return channels.Batch{}, fault.New(fault.Invalid, "")
	}
	p, err := decode(r.Body)
	if err != nil {
		return channels.Batch{}, &fault.Error{Code: fault.Invalid, Cause: err}
	}
	e, err := c.event(v, p)
	if err != nil {
		return channels.Batch{}, err
	}
	return channels.Batch{Events: []channels.Event{e}}, nil
}

// decode reads one JSON object without unknown fields. Its errors never quote the body.
func decode(body []byte) (p posted, err error) {
	if len(body) > maxBody {
		return p, errors.New("web: a message of more than 32 KB")
	}
	if !utf8.Valid(body) {
		return p, errors.New("web: a message that is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, errors.New("web: a message that is not JSON, or has other fields")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return p, errors.New("web: something follows the message")
	}
	return p, nil
}

// event checks a message and gives what happened.
func (c *Channel) event(v webchat.Visitor, p posted) (channels.Event, error) {
	e := channels.Event{Kind: channels.Said, From: channels.Address(v.ID), At: c.now().UTC(), Text: p.Text, Choice: p.Choice, Ref: p.Ref, Lang: v.Lang}
	id := strings.ToLower(p.ID)
	switch {
	case !idRE.MatchString(id):
		return e, fault.InvalidField("webchat.message_id", "id")
	case utf8.RuneCountInString(p.Text) > c.cfg.MaxText:
		return e, fault.InvalidField("webchat.text_too_long", "text").With("max", c.cfg.MaxText)
	case len(p.Choice) > maxChoice:
		return e, fault.InvalidField("webchat.choice", "choice")
	case len(p.Ref) > maxRef:
		return e, fault.InvalidField("webchat.ref", "ref")
	case len(p.Uploads) > maxUploads:
		return e, fault.InvalidField("webchat.too_many_uploads", "uploads").With("max", maxUploads)
	}
	e.ID = eventID(v, id)
	var err error
	if e.Place, err = p.Place.point(); err != nil {
		return e, err
	}
	for i, ticket := range p.Uploads {
		a, ok := c.attachment(v, ticket)
		if !ok {
			return e, fault.InvalidField("webchat.upload_unknown", "uploads", strconv.Itoa(i))
		}
		e.Attachments = append(e.Attachments, a)
	}
	if strings.TrimSpace(e.Text) == "" && e.Choice == "" && e.Place == nil && len(e.Attachments) == 0 {
		e.Kind, e.Text = channels.Opened, ""
	}
	return e, nil
}

// point gives the position; nil for none.
func (p *place) point() (*channels.Place, error) {
	if p == nil {
		return nil, nil
	}
	if p.Lat == nil || p.Lon == nil || *p.Lat < -90 || *p.Lat > 90 || *p.Lon < -180 || *p.Lon > 180 || utf8.RuneCountInString(p.Label) > maxLabel {
		return nil, fault.InvalidField("webchat.place", "place")
	}
	return &channels.Place{Lat: *p.Lat, Lon: *p.Lon, Label: p.Label}, nil
}
