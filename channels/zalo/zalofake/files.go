package zalofake

import (
	"crypto/md5"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"github.com/motcua/motcua/channels/channelfake"
)

// address is where a file of a chat can be fetched.
func (n *Network) address(name string) string { return n.setup.Get().Base + "/files/" + name }

// keep puts a file on the shelf and describes it.
func (n *Network) keep(name, ext string, data []byte) channelfake.File {
	shelved, kind := n.files.Put(ext, data)
	return channelfake.File{URL: n.address(shelved), Name: name, Type: kind, Size: len(data)}
}

// Photo sends pictures with a text. Without any it sends a small one of its own.
func (n *Network) Photo(user, text string, pictures ...[]byte) channelfake.Entry {
	if len(pictures) == 0 {
		pictures = [][]byte{channelfake.Photo()}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &eventMessage{}
	if text != "" {
		m.Text = &text
	}
	e := channelfake.Entry{Kind: "photo", Text: text}
	for _, data := range pictures {
		f := n.keep("", channelfake.Extension(data), data)
		e.Files = append(e.Files, f)
		m.Attachments = append(m.Attachments, attachment{"image", picture{f.URL, f.URL}})
	}
	return n.act(n.person(user), e, "user_send_image", m)
}

// GIF sends an animation; nil means a small one of its own.
func (n *Network) GIF(user string, data []byte) channelfake.Entry {
	return n.attach(user, "gif", ".gif", "", channelfake.Or(data, channelfake.GIF), func(f channelfake.File) any { return picture{f.URL, f.URL} })
}

// Audio sends a recording; nil means an empty one.
func (n *Network) Audio(user string, data []byte) channelfake.Entry {
	return n.attach(user, "audio", ".amr", "", channelfake.Or(data, func() []byte { return []byte("#!AMR\n") }), func(f channelfake.File) any { return heard{f.URL} })
}

// Video sends a film; nil means the header of an empty one.
func (n *Network) Video(user string, data []byte) channelfake.Entry {
	return n.attach(user, "video", ".mp4", "", channelfake.Or(data, channelfake.Video), func(f channelfake.File) any {
		return linked{Thumbnail: f.URL, URL: f.URL}
	})
}

// Sticker sends a sticker.
func (n *Network) Sticker(user string) channelfake.Entry {
	return n.attach(user, "sticker", ".png", "", channelfake.Sticker(), func(f channelfake.File) any { return sticker{"16955", f.URL} })
}

// Document sends a file under a name; nil means a short PDF.
func (n *Network) Document(user, name string, data []byte) channelfake.Entry {
	data = channelfake.Or(data, channelfake.PDF)
	ext := strings.ToLower(path.Ext(name))
	sum := md5.Sum(data)
	return n.attach(user, "file", ext, name, data, func(f channelfake.File) any {
		return document{f.URL, strconv.Itoa(f.Size), name, hex.EncodeToString(sum[:]), strings.TrimPrefix(ext, ".")}
	})
}

// attach sends one attachment without a text.
func (n *Network) attach(user, kind, ext, name string, data []byte, payload func(channelfake.File) any) channelfake.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.keep(name, ext, data)
	return n.act(n.person(user), channelfake.Entry{Kind: kind, Text: name, Files: []channelfake.File{f}}, "user_send_"+kind, &eventMessage{Attachments: []attachment{{kind, payload(f)}}})
}
