package zalo

import (
	"context"
	"crypto/sha256"
	"net/http"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/qrcode"
)

// maxPicture is what the network takes, in bytes.
const maxPicture = 1 << 20

// picture is a file that the network takes.
type picture struct {
	bytes       []byte
	contentType string // image/jpeg or image/png
	hash        [sha256.Size]byte
}

func newPicture(b []byte) (picture, bool) {
	t := http.DetectContentType(b)
	return picture{bytes: b, contentType: t, hash: sha256.Sum256(b)}, t == "image/jpeg" || t == "image/png"
}

// picture gives the file of a block. An outcome with a status says why not. Reasons of never: picture_too_large, picture_kind, picture_address, picture_<HTTP
// status>, qr_too_long.
func (c *Channel) picture(ctx context.Context, b message.Block) (picture, channels.Outcome) {
	if q, ok := b.(message.QR); ok {
		raw, err := qrcode.PNG(q.Payload)
		if err != nil {
			return picture{}, refused("qr_too_long")
		}
		p, _ := newPicture(raw)
		return p, channels.Outcome{}
	}
	raw, o := c.fetch(ctx, b.(message.Image).URL) // draw lets nothing else through
	if o.Status != "" {
		return picture{}, o
	}
	p, ok := newPicture(raw)
	if !ok {
		return picture{}, refused("picture_kind")
	}
	return p, channels.Outcome{}
}
