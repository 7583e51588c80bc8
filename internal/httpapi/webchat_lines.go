package httpapi

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/webchat"
)

// shownLine is a line as pages read it.
type shownLine struct {
	Seq     int64           `json:"seq"`
	ID      string          `json:"id"`
	From    webchat.Speaker `json:"from"`
	Name    string          `json:"name,omitempty"`
	At      time.Time       `json:"at"`
	Text    string          `json:"text,omitempty"`
	Choice  string          `json:"choice,omitempty"`
	Place   *webchat.Place  `json:"place,omitempty"`
	Uploads []shownFile     `json:"uploads,omitempty"`
	Blocks  message.Blocks  `json:"blocks,omitempty"`
}

type shownFile struct {
	ID   string `json:"id"`
	URL  string `json:"url"`
	Kind string `json:"kind"`
}

// show makes a line ready for a page. Addresses of files are made anew each time, because they expire.
func (w *WebChat) show(l webchat.Line) shownLine {
	out := shownLine{Seq: l.Seq, ID: l.ID, From: l.From, Name: l.Name, At: l.At.UTC(), Text: l.Text, Choice: l.Choice, Place: l.Place, Blocks: w.fresh(l.Blocks)}
	for _, u := range l.Uploads {
		rendition := ""
		if u.Kind == string(media.Photo) {
			rendition = media.Medium
		}
		out.Uploads = append(out.Uploads, shownFile{ID: u.ID, URL: w.deps.Media.URL(u.ID, rendition), Kind: u.Kind})
	}
	return out
}

// fresh gives the blocks with addresses of pictures that are good now.
func (w *WebChat) fresh(blocks message.Blocks) message.Blocks {
	out := slices.Clone(blocks)
	for i, b := range out {
		switch b := b.(type) {
		case message.Image:
			b.URL = w.deps.Media.Renew(b.URL)
			out[i] = b
		case message.Card:
			b.ImageURL = w.deps.Media.Renew(b.ImageURL)
			out[i] = b
		}
	}
	return out
}

// countRead counts a look into the log of the visitor, then of their address.
func (w *WebChat) countRead(ctx context.Context, who caller) error {
	if err := w.allow(ctx, "read", who.ID, w.cfg.Limits.Reads); err != nil {
		return err
	}
	return w.allow(ctx, "read-address", who.address, w.cfg.Limits.AddressReads)
}

// older gives lines in front of a place, or the latest ones.
func (w *WebChat) older(c *fiber.Ctx, who caller) error {
	if !who.known {
		return who.cause
	}
	q, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return fault.New(fault.Invalid, "")
	}
	before, err1 := number(q.Get("before"))
	limit, err2 := number(q.Get("limit"))
	if err1 != nil || err2 != nil {
		return fault.New(fault.Invalid, "")
	}
	if err := w.countRead(c.UserContext(), who); err != nil {
		return err
	}
	lines, err := w.deps.Log.Before(c.UserContext(), who.ID, before, int(min(limit, webchat.MaxRead)))
	if err != nil {
		return err
	}
	out := make([]shownLine, 0, len(lines))
	for _, l := range lines {
		out = append(out, w.show(l))
	}
	return c.JSON(out)
}

// number reads a place or a count; 0 when it is not given.
func number(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "")
	}
	return n, nil
}
