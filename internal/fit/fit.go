// Package fit makes messages that a network can show out of blocks that know no network.
//
// It owns splitting, merging, and what stands in for a block that a network cannot show: a numbered list for buttons, an address for a picture. It is
// pure, knows no network by name and adds no words of its own, so it needs no language. Runes are counted on NFC text, as the networks count them.
package fit

import (
	"slices"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/message"
)

// Fit gives the messages, in order, that show the blocks within the limits of p. Each is one message of the network:
//   - one text at most (Words or Choices.Text, or the caption of a QR), of at most MaxText runes, or MaxCaption beside a picture;
//   - one picture at most (Image, or QR), only when p.Images, and never together with buttons, because networks carry the one or the other;
//   - an invitation to hand over contact data stands alone, where p.Contact, and is left out elsewhere;
//   - Options, Controls and Links together at most MaxChoices, each label of at most MaxLabel runes. A message with buttons has a text.
//
// No text gets lost, but for ways out (Controls) that have no place beside the buttons of the answers. Options that do not fit become a numbered list, counted from 1 for each Choices: who answers with a number means its place there.
// Nothing but Words, Choices, Image, QR and Link comes out; blocks that say nothing yield nothing.
//
// For a network that shows every kind of block (p.Native) none of this holds: the blocks come out as they are, in as few messages as whole gives.
func Fit(p channels.Profile, blocks message.Blocks) []message.Blocks {
	if !p.Contact {
		blocks = withoutInvitations(blocks)
	}
	if p.Native {
		return whole(blocks)
	}
	k := &packer{p: p}
	for _, b := range blocks {
		k.add(b)
	}
	k.flush()
	return k.out
}

// withoutInvitations leaves out what only networks with a form for contact data can show.
func withoutInvitations(blocks message.Blocks) message.Blocks {
	return slices.DeleteFunc(slices.Clone(blocks), func(b message.Block) bool {
		c, ok := b.(message.Choices)
		return ok && c.Invites()
	})
}

// draft is the message being filled. The zero value is an empty one.
type draft struct {
	text     string
	options  []message.Choice
	controls []message.Choice
	links    []message.Link
}

func (d *draft) buttons() int { return len(d.options) + len(d.controls) + len(d.links) }

// open tells whether more text may join: behind offered answers it would be read as a remark on them.
func (d *draft) open() bool { return len(d.options)+len(d.controls) == 0 }

func (d *draft) blocks() message.Blocks {
	var out message.Blocks
	switch {
	case !d.open():
		out = append(out, message.Choices{Text: d.text, Options: d.options, Controls: d.controls})
	case d.text != "":
		out = append(out, message.Words{Text: d.text})
	}
	for _, l := range d.links {
		out = append(out, l)
	}
	return out
}

// packer fills one draft after the other.
type packer struct {
	p   channels.Profile
	cur draft
	out []message.Blocks
}

func (k *packer) flush() {
	if b := k.cur.blocks(); len(b) > 0 {
		k.out = append(k.out, b)
	}
	k.cur = draft{}
}

// write adds text below what is there, with glue between, and leaves its end in the draft, so that what follows can join. Text that must be split begins
// a message of its own.
func (k *packer) write(glue, text string) {
	if text == "" {
		return
	}
	if k.cur.open() && k.cur.text != "" {
		if whole := k.cur.text + glue + text; within(whole, k.p.MaxText) {
			k.cur.text = whole
			return
		}
	}
	if k.cur.text != "" || !k.cur.open() {
		k.flush()
	}
	parts := split(text, k.p.MaxText)
	for _, part := range parts[:len(parts)-1] {
		k.cur.text = part
		k.flush()
	}
	k.cur.text = parts[len(parts)-1]
}

// room gives how many more buttons the draft takes.
func (k *packer) room() int { return max(0, k.p.MaxChoices-k.cur.buttons()) }

// caption gives how many runes may stand beside a picture; 0 means any number.
func (k *packer) caption() int {
	if k.p.MaxText > 0 && k.p.MaxCaption > 0 {
		return min(k.p.MaxText, k.p.MaxCaption)
	}
	return max(k.p.MaxText, k.p.MaxCaption)
}

// picture gives a message of its own to a picture. What is too long to be its caption follows as text, and says what the picture shows.
func (k *packer) picture(pic message.Block, caption string) {
	k.flush()
	switch {
	case caption == "":
		k.out = append(k.out, message.Blocks{pic})
	case within(caption, k.caption()):
		k.out = append(k.out, message.Blocks{pic, message.Words{Text: caption}})
	default:
		if i, ok := pic.(message.Image); ok {
			pic = message.Image{URL: i.URL}
		}
		k.out = append(k.out, message.Blocks{pic})
		k.write(paragraph, caption)
	}
}
