package messengerfake

import (
	"cmp"
	"crypto/sha256"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// keep puts a file on the shelf and gives it as the chat shows it, and the signed address that events tell. It is called with mu held.
func (n *Network) keep(name, ext string, data []byte) (f channelfake.File, cdn string) {
	shelved, kind := n.files.Put(ext, data)
	f = channelfake.File{URL: n.setup.Get().Base + "/files/" + shelved, Name: name, Type: kind, Size: len(data)}
	end := strconv.FormatInt(n.clock().Add(n.cfg.LinkLife).Unix(), 16)
	return f, n.setup.Get().Base + "/cdn/" + shelved + "/" + cmp.Or(name, shelved) + "?oh=" + n.linkMAC(shelved, end) + "&oe=" + end
}

func (n *Network) linkMAC(name, end string) string {
	return sign(sha256.New, n.cfg.AppSecret, []byte(name+"\x00"+end))[:32]
}

// cdn serves a citizen's file until its address expires.
func (n *Network) cdn(w http.ResponseWriter, r *http.Request) {
	name, end := r.PathValue("name"), r.URL.Query().Get("oe")
	until, err := strconv.ParseInt(end, 16, 64)
	if err != nil || r.URL.Query().Get("oh") != n.linkMAC(name, end) || n.clock().After(time.Unix(until, 0)) {
		http.Error(w, "URL signature expired", http.StatusForbidden)
		return
	}
	n.files.Serve(w, r, name)
}

// sent is a file that somebody sends: of which type, under which name; data nil means a sample.
type sent struct {
	kind, name string
	data       []byte
}

func (n *Network) attach(user, kind, text string, files ...sent) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := channelfake.Entry{Kind: kind, Text: text}
	m := &message{Text: text}
	for _, s := range files {
		f, address := n.keep(s.name, strings.ToLower(path.Ext(s.name)), s.data)
		e.Files = append(e.Files, f)
		m.Attachments = append(m.Attachments, attachment{Type: s.kind, Payload: linkPayload{URL: address}})
	}
	return n.act(n.person(user), e, item{Message: m})
}

// Photo sends pictures. Without any it sends a small one of its own. The network carries a text beside pictures as a message of its own, after them.
func (n *Network) Photo(user, text string, pictures ...[]byte) channelfake.Entry {
	if len(pictures) == 0 {
		pictures = [][]byte{channelfake.Photo()}
	}
	var files []sent
	for i, data := range pictures {
		files = append(files, sent{"image", "photo" + itoa(i+1) + channelfake.Extension(data), data})
	}
	e := n.attach(user, "photo", "", files...)
	if text != "" {
		n.Say(user, text)
	}
	return e
}

// GIF sends an animation, which the network calls an image; nil means a small one of its own.
func (n *Network) GIF(user string, data []byte) channelfake.Entry {
	return n.attach(user, "gif", "", sent{"image", "a.gif", channelfake.Or(data, channelfake.GIF)})
}

// Video sends a film; nil means the header of an empty one.
func (n *Network) Video(user string, data []byte) channelfake.Entry {
	return n.attach(user, "video", "", sent{"video", "a.mp4", channelfake.Or(data, channelfake.Video)})
}

// Audio sends a recording; nil means an empty one.
func (n *Network) Audio(user string, data []byte) channelfake.Entry {
	return n.attach(user, "audio", "", sent{"audio", "a.mp4", channelfake.Or(data, channelfake.Video)})
}

// Document sends a file under a name; nil means a short PDF.
func (n *Network) Document(user, name string, data []byte) channelfake.Entry {
	return n.attach(user, "file", "", sent{"file", name, channelfake.Or(data, channelfake.PDF)})
}

const thumb = 369239263222822 // number of the sticker with the raised thumb

// Sticker sends a sticker: as a type of its own, or as an image as it was until 2026.
func (n *Network) Sticker(user string, old bool) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	f, address := n.keep("", ".png", channelfake.Sticker())
	kind := "sticker"
	if old {
		kind = "image"
	}
	m := &message{Attachments: []attachment{{Type: kind, Payload: linkPayload{URL: address, StickerID: thumb}}}}
	return n.act(n.person(user), channelfake.Entry{Kind: "sticker", Files: []channelfake.File{f}}, item{Message: m})
}

// Share shares a position, as the network did before it gave that up.
func (n *Network) Share(user string, at channelfake.Place) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := attachment{Title: cmp.Or(at.Name, "Pinned Location"), Type: "location", Payload: spotPayload{coordinates{at.Lat, at.Lon}}}
	return n.act(n.person(user), channelfake.Entry{Kind: "place", Place: &at}, item{Message: &message{Attachments: []attachment{a}}})
}

// Link shares an address.
func (n *Network) Link(user, address, title string) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &message{Text: address, Attachments: []attachment{{Type: "fallback", Payload: linkPayload{URL: address, Title: title}}}}
	return n.act(n.person(user), channelfake.Entry{Kind: "link", Text: address}, item{Message: m})
}

func itoa(i int) string { return strconv.Itoa(i) }
