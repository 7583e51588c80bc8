package channelfake

import (
	"cmp"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
)

// Deed is what a request asks a person to do. Which fields it needs depends on the act.
type Deed struct {
	Text        string   `json:"text"`
	Quote       string   `json:"quote"` // id of a message
	Title       string   `json:"title"` // of a button
	Payload     string   `json:"payload"`
	Data        []byte   `json:"data"`   // base64
	Photos      [][]byte `json:"photos"` // base64
	Name        string   `json:"name"`
	Lat         *float64 `json:"lat"`
	Lon         *float64 `json:"lon"`
	URL         string   `json:"url"`
	Description string   `json:"description"`
	Phone       string   `json:"phone"`
	ID          string   `json:"id"` // of a message
	Icon        string   `json:"icon"`
	Address     string   `json:"address"`
	Ward        string   `json:"ward"`
	City        string   `json:"city"`
	Old         bool     `json:"old"`    // in the older shape
	Source      string   `json:"source"` // of a follow
	Ref         string   `json:"ref"`    // of a link
	Code        string   `json:"code"`   // of an account that was linked
}

// What a deed may lack.
var (
	ErrIncomplete = errors.New("something is missing or out of range")
	ErrNoAct      = errors.New("no such act")
	ErrNoButton   = errors.New("no such button")
	ErrNoMessage  = errors.New("no such message")
)

// Phone is what a citizen can do with every network. Each act gives the entry that it makes in the chat, the empty one when it makes none.
type Phone interface {
	Answer(user, text, quote string) Entry
	Tap(user, title, payload string) (Entry, error)
	Photo(user, text string, pictures ...[]byte) Entry
	Share(user string, at Place) Entry
	Audio(user string, data []byte) Entry
	Video(user string, data []byte) Entry
	GIF(user string, data []byte) Entry
	Document(user, name string, data []byte) Entry
	See(user string)
}

// Do does an act by its name; ErrNoAct when it is none of every network's.
func (d Deed) Do(p Phone, user, act string) (Entry, error) {
	switch act {
	case "say":
		if d.Text == "" {
			return Entry{}, ErrIncomplete
		}
		return p.Answer(user, d.Text, d.Quote), nil
	case "tap":
		return p.Tap(user, d.Title, d.Payload)
	case "photo":
		return p.Photo(user, d.Text, d.pictures()...), nil
	case "place":
		at, err := d.place()
		if err != nil {
			return Entry{}, err
		}
		return p.Share(user, at), nil
	case "audio":
		return p.Audio(user, d.Data), nil
	case "video":
		return p.Video(user, d.Data), nil
	case "gif":
		return p.GIF(user, d.Data), nil
	case "file":
		return p.Document(user, cmp.Or(d.Name, "don-de-nghi.pdf"), d.Data), nil
	case "seen":
		p.See(user)
		return Entry{}, nil
	}
	return Entry{}, ErrNoAct
}

// place gives the position of a deed; ErrIncomplete when it has none on Earth.
func (d Deed) place() (Place, error) {
	if d.Lat == nil || d.Lon == nil || !(math.Abs(*d.Lat) <= 90 && math.Abs(*d.Lon) <= 180) {
		return Place{}, ErrIncomplete
	}
	return Place{Lat: *d.Lat, Lon: *d.Lon, Name: d.Name}, nil
}

// pictures gives those of a deed; none asks for a sample.
func (d Deed) pictures() [][]byte {
	if len(d.Photos) == 0 && len(d.Data) > 0 {
		return [][]byte{d.Data}
	}
	return d.Photos
}

// Link gives the address of a deed.
func (d Deed) Link() string { return cmp.Or(d.URL, "https://dichvucong.example.vn/ho-so") }

// readDeed takes one from JSON or from a form with files. It is false when the request has been answered.
func readDeed(w http.ResponseWriter, r *http.Request) (d Deed, ok bool) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return d, Read(w, r, &d)
	}
	if err := d.readForm(w, r); err != nil {
		Wrong(w, http.StatusBadRequest, err)
		return d, false
	}
	return d, true
}

// readForm takes files from a form, and the text beside them.
func (d *Deed) readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, MaxControl)
	if err := r.ParseMultipartForm(MaxControl); err != nil {
		return err
	}
	d.Text, d.Name = r.FormValue("text"), r.FormValue("name")
	for _, head := range r.MultipartForm.File["file"] {
		f, err := head.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(f)
		_ = f.Close() // it has been read
		if err != nil {
			return err
		}
		d.Photos, d.Data, d.Name = append(d.Photos, data), data, cmp.Or(d.Name, head.Filename)
	}
	return nil
}

// Or gives data, or a sample when there is none.
func Or(data []byte, sample func() []byte) []byte {
	if len(data) > 0 {
		return data
	}
	return sample()
}

// IsWeb tells whether an address is of the web.
func IsWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
