package account

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// LinkOffer is a link to be sent into the chat that asked for it.
type LinkOffer struct {
	Token     string // 43 characters that may stand in a URL
	ExpiresAt time.Time
}

// OpenedLink is what the account that opened a link is shown.
type OpenedLink struct {
	Network   string // of the chat: "zalo"
	Name      string // of the network, in the viewer's language
	Code      string // to be typed in that chat, by which it is linked; GroupCode writes it for people
	ExpiresAt time.Time
	Conflict  bool // the account has another chat on that network: the person should know before going on
}

// chatLink is a link as it is stored: by its keyed index. It belongs to the chat that asked for it, and to the first account that opens it.
type chatLink struct {
	ID        string    `bson:"_id"`
	Identity  string    `bson:"identity"`
	Subject   string    `bson:"subject"`
	Network   string    `bson:"network"`
	By        string    `bson:"by"`
	Account   string    `bson:"account,omitempty"`
	Strong    bool      `bson:"strong,omitempty"`
	Deadline  time.Time `bson:"deadline"`
	ExpiresAt time.Time `bson:"expires_at"`
}

var chatLinkKind = store.Kind{Name: "link_tokens", ExpiresAt: "expires_at"}

const chatLinkContext = "account chat link"

// OfferLink makes a link for the viewer's chat. Whoever opens it must sign in, and is shown a code that has to be typed back in this same chat: a link that
// somebody passes on, or lures another person into opening, joins nothing by itself. A repeat with the same key gives the same link. FORBIDDEN outside of a
// chat, RATE_LIMITED beyond the day's links.
func (a *Accounts) OfferLink(ctx context.Context, v Viewer, key string) (LinkOffer, error) {
	if v.Identity == "" {
		return LinkOffer{}, chatOnly()
	}
	by, hash, err := a.scopedAnyway(v, "offerLink", key)
	if err != nil {
		return LinkOffer{}, err
	}
	if err := a.chargeLink(ctx, "links", v.Identity, a.link.OffersPerDay, by, hash); err != nil {
		return LinkOffer{}, err
	}
	x, err := a.identities.Get(ctx, v.Identity)
	if err != nil {
		return LinkOffer{}, fmt.Errorf("account: offer link: %w", err)
	}
	token, err := a.token("account chat link value", x.ID, by)
	if err != nil {
		return LinkOffer{}, err
	}
	end := a.now().Add(a.link.LinkTTL)
	l := chatLink{
		ID: a.deps.Box.Index(chatLinkContext, token), Identity: x.ID, Subject: x.Subject, Network: x.Network, By: by,
		Deadline: end, ExpiresAt: end.Add(repeatTime),
	}
	err = a.links.Insert(ctx, l)
	if fault.CodeOf(err) == fault.Conflict {
		l, err = a.links.Get(ctx, l.ID)
	}
	if err != nil {
		return LinkOffer{}, fmt.Errorf("account: offer link: %w", err)
	}
	return LinkOffer{Token: token, ExpiresAt: l.Deadline}, nil
}

// token makes 256 bits of a keyed hash that may stand in a URL: a repeat makes the same, and nobody without the box's key can.
func (a *Accounts) token(context, who, by string) (string, error) {
	b, err := hex.DecodeString(a.deps.Box.Index(context, who+"/"+by))
	if err != nil || len(b) < 16 {
		return "", fmt.Errorf("account: keyed index of %d bytes", len(b))
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// maxToken43 is the longest token of a link that is looked at, in bytes. Ours have 43.
const maxToken43 = 64

// OpenLink binds a link to the viewer's account, if it is the first to open it, and shows the code that has to be typed in the chat. Opening it again shows
// the same code. NOT_FOUND, with one text for every cause, for a link that has ended, was used, or is another account's; UNAUTHORIZED without a session;
// RATE_LIMITED beyond the day's tries.
func (a *Accounts) OpenLink(ctx context.Context, v Viewer, token, key string) (OpenedLink, error) {
	if !v.SignedIn() || v.Identity != "" {
		return OpenedLink{}, signedOut(nil)
	}
	if err := checkKey(key); err != nil {
		return OpenedLink{}, err
	}
	l, err := a.findLink(ctx, v, token)
	if err != nil {
		return OpenedLink{}, err
	}
	strong, err := a.strong(ctx, v)
	if err != nil {
		return OpenedLink{}, err
	}
	l, err = a.links.Update(ctx, l.ID, func(l *chatLink) error {
		if l.Account != "" || !a.now().Before(l.Deadline) {
			return store.ErrUnchanged
		}
		l.Account, l.Strong = v.Account, strong
		return nil
	})
	if err != nil {
		return OpenedLink{}, a.linkGone(ctx, v, chatLink{}, "ended", err)
	}
	switch {
	case l.Account != v.Account && l.Account != "":
		return OpenedLink{}, a.linkGone(ctx, v, l, "other_account", nil)
	case !a.now().Before(l.Deadline):
		return OpenedLink{}, a.linkGone(ctx, v, l, "ended", nil)
	}
	return a.showLink(ctx, v, l)
}

// findLink counts a try and finds the link of a token.
func (a *Accounts) findLink(ctx context.Context, v Viewer, token string) (chatLink, error) {
	if len(token) == 0 || len(token) > maxToken43 {
		return chatLink{}, fault.New(fault.NotFound, "account.link_gone")
	}
	ids := a.deps.Box.Indexes(chatLinkContext, token)
	// The same link again is no new try; any other is.
	if err := a.chargeLink(ctx, "opens", v.Account, a.link.TriesPerDay, ids[0], ids[0]); err != nil {
		return chatLink{}, err
	}
	found, err := a.links.GetMany(ctx, ids)
	if err != nil {
		return chatLink{}, fmt.Errorf("account: open link: %w", err)
	}
	for _, id := range ids {
		if l, ok := found[id]; ok {
			return l, nil
		}
	}
	return chatLink{}, a.linkGone(ctx, v, chatLink{}, "wrong", nil)
}

// linkGone records a link that was not opened, with the account that tried and the chat that it came from.
func (a *Accounts) linkGone(ctx context.Context, v Viewer, l chatLink, reason string, cause error) error {
	if cause != nil && fault.CodeOf(cause) != fault.NotFound {
		return fmt.Errorf("account: open link: %w", cause)
	}
	e := LinkEvent{Flow: ByLink, Reason: reason, Network: l.Network}
	if l.ID != "" { // opening it once more is no news
		e.ID = "refused-" + once.ID(once.Scope(v.Account, "account", "open "+reason, l.ID))
	}
	return a.deny(ctx, e, fault.New(fault.NotFound, "account.link_gone"), v, l.Subject)
}

// showLink gives the code of a link that is the viewer's, made when it is not there yet.
func (a *Accounts) showLink(ctx context.Context, v Viewer, l chatLink) (OpenedLink, error) {
	c, err := a.offer(ctx, offer{Account: v.Account, By: l.ID, Identity: l.Identity, Flow: ByLink, Strong: l.Strong, Deadline: l.Deadline})
	if err != nil {
		return OpenedLink{}, err
	}
	held, err := a.offers.Get(ctx, a.deps.Box.Index(linkCodeContext, c.Code))
	if err != nil {
		return OpenedLink{}, fmt.Errorf("account: open link: %w", err)
	}
	if held.Used != nil {
		return OpenedLink{}, a.linkGone(ctx, v, l, "ended", nil)
	}
	r, err := a.accounts.Get(ctx, v.Account)
	if err != nil {
		return OpenedLink{}, fmt.Errorf("account: open link: %w", err)
	}
	return OpenedLink{
		Network: l.Network, Name: a.networkName(v, l.Network), Code: c.Code, ExpiresAt: c.ExpiresAt, Conflict: a.twin(r, l.Network, l.Identity),
	}, nil
}

// networkName gives what people call a network.
func (a *Accounts) networkName(v Viewer, network string) string {
	return NetworkName(a.deps.Texts, v.Lang, network)
}

// NetworkName gives what people call a network; its own name for one that the texts do not know.
func NetworkName(texts Texts, lang message.Lang, network string) string {
	key := map[string]string{
		"zalo": "account.network_zalo", "messenger": "account.network_messenger", "web": "account.network_web", phoneNetwork: "account.network_phone",
	}[network]
	if key == "" {
		return network
	}
	return texts.Text(lang.Or(), key, nil)
}
