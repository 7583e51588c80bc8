package messengerfake

import (
	"cmp"

	"github.com/motcua/motcua/channels/channelfake"
)

// doAct does one act by its name.
func (n *Network) doAct(user, act string, d channelfake.Deed) (channelfake.Entry, error) {
	switch act {
	case "edit":
		if d.Text == "" {
			return channelfake.Entry{}, channelfake.ErrIncomplete
		}
		return n.Edit(user, d.ID, d.Text)
	case "referral":
		if d.Ref == "" || len(d.Ref) > 250 {
			return channelfake.Entry{}, channelfake.ErrIncomplete
		}
		return n.Open(user, d.Ref), nil
	case "react":
		return n.React(user, d.ID, cmp.Or(d.Icon, "❤️"))
	case "unreact":
		return n.React(user, d.ID, "")
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
	case "link":
		return n.Link(user, d.Link(), d.Title), nil
	case "block":
		return n.Block(user), nil
	}
	return d.Do(n, user, act)
}
