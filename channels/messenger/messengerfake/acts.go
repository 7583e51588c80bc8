package messengerfake

import (
	"cmp"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
)

// deed is what a request asks a person to do. Which fields it needs depends on the act.
type deed struct {
	Text    string   `json:"text"`
	Quote   string   `json:"quote"` // id of a message
	Title   string   `json:"title"` // of a button
	Payload string   `json:"payload"`
	Data    []byte   `json:"data"`   // base64
	Photos  [][]byte `json:"photos"` // base64
	Name    string   `json:"name"`
	Lat     *float64 `json:"lat"`
	Lon     *float64 `json:"lon"`
	URL     string   `json:"url"`
	ID      string   `json:"id"` // of a message
	Icon    string   `json:"icon"`
	Ref     string   `json:"ref"`
	Code    string   `json:"code"`
	Old     bool     `json:"old"`
}

var (
	errIncomplete = errors.New("something is missing or out of range")
	errNoAct      = errors.New("messengerfake: no such act")
)

// controlAct has a person do something and answers with the entry that it makes in the chat, {} when it makes none.
func (n *Network) controlAct(w http.ResponseWriter, r *http.Request) {
	var d deed
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		if err := d.readForm(w, r); err != nil {
			channelfake.Wrong(w, http.StatusBadRequest, err)
			return
		}
	} else if !channelfake.Read(w, r, &d) {
		return
	}
	e, err := n.doAct(r.PathValue("user"), r.PathValue("act"), d)
	switch {
	case errors.Is(err, errIncomplete):
		channelfake.Wrong(w, http.StatusBadRequest, err)
	case err != nil:
		channelfake.Wrong(w, http.StatusNotFound, err)
	case e.Seq == 0:
		channelfake.Write(w, http.StatusOK, struct{}{})
	default:
		channelfake.Write(w, http.StatusOK, e)
	}
}

// readForm takes files from a form, and the text beside them.
func (d *deed) readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, channelfake.MaxControl)
	if err := r.ParseMultipartForm(channelfake.MaxControl); err != nil {
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

// doAct does one act by its name.
func (n *Network) doAct(user, act string, d deed) (channelfake.Entry, error) {
	switch act {
	case "say":
		if d.Text == "" {
			return channelfake.Entry{}, errIncomplete
		}
		return n.Answer(user, d.Text, d.Quote), nil
	case "edit":
		if d.Text == "" {
			return channelfake.Entry{}, errIncomplete
		}
		return n.Edit(user, d.ID, d.Text)
	case "tap":
		return n.Tap(user, d.Title, d.Payload)
	case "photo":
		if len(d.Photos) == 0 && len(d.Data) > 0 {
			d.Photos = [][]byte{d.Data}
		}
		return n.Photo(user, d.Text, d.Photos...), nil
	case "place":
		if d.Lat == nil || d.Lon == nil || !(math.Abs(*d.Lat) <= 90 && math.Abs(*d.Lon) <= 180) {
			return channelfake.Entry{}, errIncomplete
		}
		return n.Share(user, channelfake.Place{Lat: *d.Lat, Lon: *d.Lon, Name: d.Name}), nil
	case "referral":
		if d.Ref == "" || len(d.Ref) > 250 {
			return channelfake.Entry{}, errIncomplete
		}
		return n.Open(user, d.Ref), nil
	case "react":
		return n.React(user, d.ID, cmp.Or(d.Icon, "❤️"))
	case "unreact":
		return n.React(user, d.ID, "")
	}
	return n.doSimple(user, act, d)
}

// doSimple does the acts that need nothing.
func (n *Network) doSimple(user, act string, d deed) (channelfake.Entry, error) {
	switch act {
	case "menu":
		return n.Menu(user, d.Title, d.Payload), nil
	case "open":
		return n.Open(user, ""), nil
	case "optin":
		return n.Optin(user, d.Ref), nil
	case "linked":
		return n.Linked(user, d.Code), nil
	case "sticker":
		return n.Sticker(user, d.Old), nil
	case "audio":
		return n.Audio(user, d.Data), nil
	case "video":
		return n.Video(user, d.Data), nil
	case "gif":
		return n.GIF(user, d.Data), nil
	case "file":
		return n.Document(user, cmp.Or(d.Name, "don-de-nghi.pdf"), d.Data), nil
	case "link":
		return n.Link(user, cmp.Or(d.URL, "https://dichvucong.example.vn/ho-so"), d.Title), nil
	case "block":
		return n.Block(user), nil
	case "seen":
		n.See(user)
		return channelfake.Entry{}, nil
	}
	return channelfake.Entry{}, errNoAct
}
