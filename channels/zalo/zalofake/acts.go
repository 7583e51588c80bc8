package zalofake

import (
	"cmp"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
)

// deed is what a request asks a person to do. Which fields it needs depends on the act.
type deed struct {
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
	Old         bool     `json:"old"`
	Source      string   `json:"source"` // of a follow
}

var errIncomplete = errors.New("something is missing or out of range")

// controlAct has a person do something and answers with the entry that it makes in the chat, {} when it makes none.
func (n *Network) controlAct(w http.ResponseWriter, r *http.Request) {
	var d deed
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		if err := d.readForm(w, r); err != nil {
			wrong(w, http.StatusBadRequest, err)
			return
		}
	} else if !read(w, r, &d) {
		return
	}
	e, err := n.doAct(r.PathValue("user"), r.PathValue("act"), d)
	switch {
	case errors.Is(err, errIncomplete):
		wrong(w, http.StatusBadRequest, err)
	case err != nil:
		wrong(w, http.StatusNotFound, err)
	case e.Seq == 0:
		write(w, http.StatusOK, struct{}{})
	default:
		write(w, http.StatusOK, e)
	}
}

// readForm takes files from a form, and the text beside them.
func (d *deed) readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxControl)
	if err := r.ParseMultipartForm(maxControl); err != nil {
		return err
	}
	d.Text, d.Name = r.FormValue("text"), r.FormValue("name")
	for _, head := range r.MultipartForm.File["file"] {
		f, err := head.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(f)
		_ = f.Close()
		if err != nil {
			return err
		}
		d.Photos, d.Data = append(d.Photos, data), data
		if d.Name == "" {
			d.Name = head.Filename
		}
	}
	return nil
}

// doAct does one act by its name.
func (n *Network) doAct(user, act string, d deed) (Entry, error) {
	switch act {
	case "say":
		if d.Text == "" {
			return Entry{}, errIncomplete
		}
		return n.Answer(user, d.Text, d.Quote), nil
	case "tap":
		return n.Tap(user, d.Title, d.Payload)
	case "menu":
		return n.Menu(user, d.Payload), nil
	case "photo":
		if len(d.Photos) == 0 && len(d.Data) > 0 {
			d.Photos = [][]byte{d.Data}
		}
		return n.Photo(user, d.Text, d.Photos...), nil
	case "place":
		if d.Lat == nil || d.Lon == nil || !(math.Abs(*d.Lat) <= 90 && math.Abs(*d.Lon) <= 180) {
			return Entry{}, errIncomplete
		}
		return n.Share(user, Place{*d.Lat, *d.Lon, d.Name}), nil
	case "react":
		return n.React(user, d.ID, cmp.Or(d.Icon, "/-strong"))
	case "info":
		own := n.contact(user)
		return n.Submit(user, Contact{cmp.Or(d.Name, own.Name), cmp.Or(d.Phone, own.Phone), d.Address, d.Ward, d.City, d.Old}), nil
	}
	return n.doSimple(user, act, d)
}

// doSimple does the acts that need nothing.
func (n *Network) doSimple(user, act string, d deed) (Entry, error) {
	switch act {
	case "sticker":
		return n.Sticker(user), nil
	case "audio":
		return n.Audio(user, d.Data), nil
	case "video":
		return n.Video(user, d.Data), nil
	case "gif":
		return n.GIF(user, d.Data), nil
	case "file":
		return n.Document(user, cmp.Or(d.Name, "don-de-nghi.pdf"), d.Data), nil
	case "link":
		return n.Link(user, cmp.Or(d.URL, "https://dichvucong.example.vn/ho-so"), d.Description), nil
	case "card":
		return n.Card(user, cmp.Or(d.Phone, "84900000001")), nil
	case "follow":
		return n.FollowFrom(user, cmp.Or(d.Source, "oa_profile")), nil
	case "unfollow":
		return n.Unfollow(user), nil
	case "open":
		return n.Open(user), nil
	case "withdraw":
		return n.Withdraw(user), nil
	case "seen":
		n.See(user)
		return Entry{}, nil
	}
	return Entry{}, errors.New("zalofake: no such act")
}
