package webform

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

const (
	ticketContext = "web form"
	maxTicket     = 64 << 10 // characters of a ticket that are looked at
	maxHidden     = 24 << 10 // bytes of sensitive answers that a ticket keeps
)

// ticket is what a form carries and its visitor can neither read nor change.
type ticket struct {
	ID     string              `json:"i"`           // names the effect: with the same one, a form takes effect once
	Guest  string              `json:"g"`           // names the visitor towards Deps.Guest
	At     int64               `json:"t"`           // when the ID was made, Unix seconds
	App    string              `json:"a"`           //
	Action string              `json:"c"`           //
	Self   string              `json:"s"`           // where the form is
	Known  json.RawMessage     `json:"k,omitempty"` // the values that were known beforehand
	Files  map[string][]string `json:"f,omitempty"` // ids of files that have come, by the path of their field
	Sizes  map[string]int      `json:"z,omitempty"` // bytes of those files, by id, as they were counted of the visitor's address
	Hidden map[string]string   `json:"h,omitempty"` // sensitive answers, by path: they are not written into the page
}

// newTicket begins a form.
func (f *Forms) newTicket(fm *form, p Preset, known map[string]any) (*ticket, error) {
	raw, err := json.Marshal(known)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	t := &ticket{Guest: randomID(), App: fm.id.app, Action: fm.id.action, Self: p.Self, Known: raw, Files: map[string][]string{}, Sizes: map[string]int{}, Hidden: map[string]string{}}
	f.renew(t)
	return t, nil
}

// renew gives a form a new key: what is sent from now on is something else.
func (f *Forms) renew(t *ticket) { t.ID, t.At = randomID(), f.deps.Now().Unix() }

// expired tells whether the form is too old to be sent.
func (f *Forms) expired(t *ticket) bool {
	age := f.deps.Now().Sub(time.Unix(t.At, 0))
	return age > f.cfg.Life || age < -time.Hour
}

// randomID gives 16 random bytes in base64url.
func randomID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails: crypto/rand ends the program before
	return base64.RawURLEncoding.EncodeToString(id)
}

// seal writes a ticket as a form carries it.
func (f *Forms) seal(t *ticket) (string, error) {
	maps.DeleteFunc(t.Sizes, func(id string, _ int) bool { return !t.holds(id) })
	raw, err := json.Marshal(t)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err)
	}
	sealed, err := f.deps.Box.Seal(raw, ticketContext)
	if err != nil {
		return "", fault.Wrap(fault.Internal, fmt.Errorf("webform: seal: %w", err))
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// holdsFiles tells whether any file has come: then there is a guest who owns it.
func (t *ticket) holdsFiles() bool {
	for _, ids := range t.Files {
		if len(ids) > 0 {
			return true
		}
	}
	return false
}

// holds tells whether a file has come and is wanted.
func (t *ticket) holds(id string) bool {
	for _, ids := range t.Files {
		if slices.Contains(ids, id) {
			return true
		}
	}
	return false
}

var errTicket = errors.New("webform: no ticket of this form")

// unseal reads a ticket, which must be for that form at that place.
func (f *Forms) unseal(s string, fm *form, p Preset) (*ticket, error) {
	if len(s) > maxTicket {
		return nil, errTicket
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, errTicket
	}
	raw, err := f.deps.Box.Unseal(sealed, ticketContext)
	if err != nil {
		return nil, errTicket
	}
	t := &ticket{Files: map[string][]string{}, Sizes: map[string]int{}, Hidden: map[string]string{}}
	if json.Unmarshal(raw, t) != nil || t.App != fm.id.app || t.Action != fm.id.action || t.Self != p.Self {
		return nil, errTicket
	}
	return t, nil
}

// object reads a JSON object with its numbers as they are written.
func object(raw []byte) (map[string]any, error) {
	out := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	if out == nil { // of null
		out = map[string]any{}
	}
	return out, nil
}
