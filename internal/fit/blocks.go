package fit

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/motcua/motcua/internal/message"
)

func (k *packer) add(b message.Block) {
	switch b := b.(type) {
	case message.Words:
		k.write(paragraph, clean(b.Text))
	case message.Choices:
		if b.Invites() {
			k.flush()
			k.out = append(k.out, message.Blocks{b})
			return
		}
		k.offer(clean(b.Text), b.Options, b.Controls)
	case message.Card:
		k.card(b)
	case message.Image:
		k.image(b.URL, clean(b.Alt))
	case message.QR:
		k.qr(b)
	case message.Location:
		k.write(paragraph, lines(clean(b.Label), mapURL(b.Lat, b.Lon)))
	case message.Link:
		k.link(clean(b.Label), b.URL)
	case message.Progress:
		k.write(paragraph, titled(clean(b.Label), fmt.Sprintf("%d/%d", b.Done, b.Total)))
	}
}

// card shows a summary: its picture, its lines, and its next steps as answers.
func (k *packer) card(c message.Card) {
	title, rest := clean(c.Title), clean(c.Subtitle)
	for _, f := range c.Facts {
		rest = lines(rest, titled(clean(f.Label), clean(f.Value)))
	}
	text := lines(title, rest)
	pic := message.Image{URL: c.ImageURL, Alt: title}
	switch {
	case c.ImageURL == "" || !k.p.Images:
		k.offer(lines(text, c.ImageURL), c.Actions, nil)
	case len(c.Actions) == 0:
		k.picture(pic, text)
	case title != "" && rest != "" && within(title, k.caption()):
		k.picture(pic, title)
		k.offer(rest, c.Actions, nil)
	default:
		k.picture(message.Image{URL: c.ImageURL}, "") // its title stands below
		k.offer(text, c.Actions, nil)
	}
}

func (k *packer) image(url, alt string) {
	if !k.p.Images {
		k.write(paragraph, lines(alt, url))
		return
	}
	k.picture(message.Image{URL: url, Alt: alt}, "")
}

func (k *packer) qr(b message.QR) {
	caption := clean(b.Caption)
	switch {
	case !k.p.Images:
		k.write(paragraph, lines(caption, b.Payload))
	case within(caption, k.caption()):
		k.picture(message.QR{Payload: b.Payload, Caption: caption}, "")
	default:
		k.picture(message.QR{Payload: b.Payload}, caption)
	}
}

// link makes a button of the message before it where there is room, else a line.
func (k *packer) link(label, url string) {
	if !k.p.Links || label == "" || !within(label, k.p.MaxLabel) || k.p.MaxChoices == 0 {
		k.write(line, titled(label, url))
		return
	}
	if k.cur.text == "" || k.room() == 0 {
		k.flush()
		k.write(paragraph, label)
	}
	k.cur.links = append(k.cur.links, message.Link{Label: label, URL: url})
}

// lines puts texts below each other, without the empty ones.
func lines(texts ...string) string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, line)
}

// titled writes what a value is before it.
func titled(label, value string) string {
	if label == "" || value == "" || label == value {
		return lines(max(label, value))
	}
	return label + ": " + value
}

// mapURL is a page that shows the place; the fragment is OpenStreetMap's own form, map=zoom/lat/lon.
func mapURL(lat, lon float64) string {
	a, o := degrees(lat), degrees(lon)
	return "https://www.openstreetmap.org/?mlat=" + a + "&mlon=" + o + "#map=17/" + a + "/" + o
}

// degrees writes six decimals at most, which is 11 cm.
func degrees(d float64) string { return strconv.FormatFloat(math.Round(d*1e6)/1e6, 'f', -1, 64) }
