package zalofake

import (
	"cmp"

	"github.com/motcua/motcua/channels/channelfake"
)

// doAct does one act by its name.
func (n *Network) doAct(user, act string, d channelfake.Deed) (channelfake.Entry, error) {
	switch act {
	case "menu":
		return n.Menu(user, d.Payload), nil
	case "react":
		return n.React(user, d.ID, cmp.Or(d.Icon, "/-strong"))
	case "info":
		own := n.contact(user)
		return n.Submit(user, Contact{cmp.Or(d.Name, own.Name), cmp.Or(d.Phone, own.Phone), d.Address, d.Ward, d.City, d.Old}), nil
	case "sticker":
		return n.Sticker(user), nil
	case "link":
		return n.Link(user, d.Link(), d.Description), nil
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
	}
	return d.Do(n, user, act)
}
