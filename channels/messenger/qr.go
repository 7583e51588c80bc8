package messenger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/textproto"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/qrcode"
)

// uploadQR draws a code and gives it to the network, "Attachment Upload API" in the documentation. Nobody sees it yet, so an upload whose answer is lost is
// not Unsure. Codes differ from person to person, so none is kept for another message.
func (c *Channel) uploadQR(ctx context.Context, p post, payload string) (string, channels.Outcome) {
	picture, err := qrcode.PNG(payload)
	if err != nil {
		return "", refused("qr_too_long")
	}
	r, err := uploadRequest(picture)
	if err != nil {
		return "", later(fmt.Errorf("messenger: upload: %w", err))
	}
	r.path, r.token = "/"+p.page+"/message_attachments", p.token
	a := c.ask(ctx, r)
	id := string(a.reply.AttachmentID)
	if a.err == nil && a.isAPI && a.reply.Error == nil && a.status < 300 {
		if id == "" {
			return "", later(errors.New("messenger: upload: the network answered success without an id"))
		}
		return id, channels.Outcome{}
	}
	o := outcome(a)
	o.Unsure = false
	return "", o
}

// uploadRequest is the form that the network wants: what the file is, and the file.
func uploadRequest(picture []byte) (request, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	err := w.WriteField("message", `{"attachment":{"type":"image","payload":{"is_reusable":false}}}`)
	if err != nil {
		return request{}, err
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="filedata"; filename="code.png"`},
		"Content-Type":        {"image/png"},
	})
	if err != nil {
		return request{}, err
	}
	if _, err := part.Write(picture); err != nil {
		return request{}, err
	}
	if err := w.Close(); err != nil {
		return request{}, err
	}
	return request{contentType: w.FormDataContentType(), body: b.Bytes()}, nil
}
