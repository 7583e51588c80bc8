package httpapi

import (
	"context"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/media"
)

// chatUploads takes bodies that are streams.
const chatUploads = "/chat/v1/uploads"

// uuidRE is a UUID of any version (RFC 9562 §4).
var uuidRE = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// silentUploads is how many files somebody may send who has not said anything: a photo may be the first thing, so the files of one message and some more tries on a bad line.
var silentUploads = limit.Rule{Max: 10, Per: 24 * time.Hour}

// upload takes a photo or video as the visitor's, once by the id that the page gave it.
func (w *WebChat) upload(c *fiber.Ctx, who caller) error {
	err := w.takeFile(c, who)
	w.files.WithLabelValues(outcomeOf(err)).Inc()
	return err
}

// outcomeOf names how an upload ended. That there is no room is what an operator should see.
func outcomeOf(err error) string {
	f := fault.Of(err)
	switch {
	case f == nil:
		return "OK"
	case f.Key == "media.strangers_full":
		return "STRANGERS_FULL"
	case f.Key == "webchat.too_many_bytes":
		return "TOO_MANY_BYTES"
	}
	return string(f.Code)
}

func (w *WebChat) takeFile(c *fiber.Ctx, who caller) error {
	if !who.known {
		return who.cause
	}
	q, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	id := q.Get("id")
	if err != nil || !uuidRE.MatchString(id) {
		return fault.InvalidField("webchat.upload_id", "id")
	}
	ctx := c.UserContext()
	if err := w.countUpload(ctx, who); err != nil {
		return err
	}
	viewer, err := w.deps.Guest(ctx, who.Visitor)
	if err != nil {
		return err
	}
	body := &countedBody{from: uploadOf(c)}
	giveBack, err := w.spend(ctx, who, w.told(c))
	if err != nil {
		return err
	}
	defer func() { giveBack(body.got) }()
	item, err := w.file(ctx, viewer, "web chat "+strings.ToLower(id), utils.CopyString(c.Get(fiber.HeaderContentType)), body)
	if err != nil {
		return err
	}
	ticket := w.deps.Network.Ticket(who.Visitor, channels.Attachment{Kind: channels.AttachmentKind(item.Kind), Media: item.ID})
	return c.JSON(fiber.Map{"id": ticket, "kind": item.Kind})
}

// file takes a file as the viewer's: of whoever has no account the city knows nothing at all.
func (w *WebChat) file(ctx context.Context, v account.Viewer, key, contentType string, body io.Reader) (media.Item, error) {
	if v.SignedIn() {
		return w.deps.Media.Take(ctx, v, key, contentType, body)
	}
	return w.deps.Media.TakeFromStranger(ctx, v, key, contentType, body)
}

// countUpload counts an upload of the visitor, then of their address.
func (w *WebChat) countUpload(ctx context.Context, who caller) error {
	if err := w.allow(ctx, "upload", who.ID, w.cfg.Limits.Uploads); err != nil {
		return err
	}
	if err := w.allow(ctx, "upload-address", who.address, w.cfg.Limits.AddressUploads); err != nil {
		return err
	}
	begun, err := w.deps.Log.Begun(ctx, who.ID)
	if err != nil || begun {
		return err
	}
	return w.allow(ctx, "upload-silent", who.ID, silentUploads)
}

// told gives the bytes that an upload may come to: what it says itself, and no more than is read of it.
func (w *WebChat) told(c *fiber.Ctx) int {
	most := int(max(w.deps.MaxPhoto, w.deps.MaxVideo)) + 1
	if n := c.Request().Header.ContentLength(); n >= 0 {
		return min(n, most)
	}
	return most
}

// spend counts bytes of the visitor, then of their address. giveBack takes back what did not come in the end.
func (w *WebChat) spend(ctx context.Context, who caller, n int) (giveBack func(came int), err error) {
	visitor, address := limitKey("upload-bytes", who.ID), limitKey("upload-bytes-address", who.address)
	if _, err := w.deps.Limiter.Spend(ctx, visitor, w.cfg.Limits.UploadBytes, n); err != nil {
		return nil, tooManyBytes(err)
	}
	if _, err := w.deps.Limiter.Spend(ctx, address, w.cfg.Limits.AddressUploadBytes, n); err != nil {
		w.deps.Limiter.Return(ctx, visitor, n)
		return nil, tooManyBytes(err)
	}
	return func(came int) {
		if rest := n - came; rest > 0 {
			ctx := context.WithoutCancel(ctx)
			w.deps.Limiter.Return(ctx, visitor, rest)
			w.deps.Limiter.Return(ctx, address, rest)
		}
	}, nil
}

// tooManyBytes says in words of its own what a limit of bytes refuses.
func tooManyBytes(err error) error {
	if f := fault.Of(err); f.Code == fault.RateLimited {
		return fault.New(fault.RateLimited, "webchat.too_many_bytes").After(f.RetryAfter)
	}
	return err
}

// countedBody counts what is read.
type countedBody struct {
	from io.Reader
	got  int
}

// Read reads on.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.got += n
	return n, err
}
