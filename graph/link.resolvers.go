package graph

import (
	"context"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
)

// Identities resolves Query.identities.
func (q queries) Identities(ctx context.Context) ([]LinkedIdentity, error) {
	list, err := q.deps.Accounts.Identities(ctx, viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]LinkedIdentity, len(list))
	for i, x := range list {
		out[i] = LinkedIdentity{
			ID: x.ID, Network: x.Network, MaskedPhone: optionalText(x.Phone), LinkedAt: x.LinkedAt, LastSeenAt: optionalTime(x.SeenAt), UndoUntil: x.UndoUntil,
		}
	}
	return out, nil
}

// LinkEvents resolves Query.linkEvents.
func (q queries) LinkEvents(ctx context.Context, first *int, after *string) (*LinkEventConnection, error) {
	page, err := q.deps.Accounts.LinkEvents(ctx, viewerOf(ctx), pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	out := &LinkEventConnection{Edges: make([]LinkEventEdge, len(page.Items)), PageInfo: pageInfo(page.Cursors, page.HasNext, after)}
	for i, x := range page.Items {
		out.Edges[i] = LinkEventEdge{Cursor: string(page.Cursors[i]), Node: &LinkEvent{
			At: x.At, Kind: linkEventKinds[x.Kind], Reason: optionalText(x.Reason), Network: optionalText(x.Network),
		}}
	}
	return out, nil
}

var linkEventKinds = map[account.LinkKind]LinkEventKind{
	account.LinkJoined:        LinkEventKindJoined,
	account.LinkParted:        LinkEventKindParted,
	account.LinkRefused:       LinkEventKindRefused,
	account.RecoveryAsked:     LinkEventKindRecoveryStarted,
	account.RecoveryStopped:   LinkEventKindRecoveryCancelled,
	account.RecoveryCarried:   LinkEventKindRecoveryDone,
	account.PhoneGivenUp:      LinkEventKindPhoneGivenUp,
	account.IdentityForgotten: LinkEventKindForgotten,
}

// OfferLinkCode resolves Mutation.offerLinkCode.
func (m mutations) OfferLinkCode(ctx context.Context, in *OfferLinkCodeInput) (*OfferLinkCodePayload, error) {
	var key *string
	if in != nil {
		key = in.IdempotencyKey
	}
	c, err := m.deps.Accounts.OfferCode(ctx, viewerOf(ctx), keyOr(key))
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &OfferLinkCodePayload{Errors: errs}, err
	}
	return &OfferLinkCodePayload{Code: &LinkCode{Code: account.GroupCode(c.Code), ExpiresAt: c.ExpiresAt}, Errors: errs}, nil
}

// OpenLink resolves Mutation.openLink.
func (m mutations) OpenLink(ctx context.Context, in OpenLinkInput) (*OpenLinkPayload, error) {
	l, err := m.deps.Accounts.OpenLink(ctx, viewerOf(ctx), in.Token, keyOr(in.IdempotencyKey))
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &OpenLinkPayload{Errors: errs}, err
	}
	return &OpenLinkPayload{
		Link: &OpenedLink{Network: l.Network, Name: l.Name, Code: account.GroupCode(l.Code), ExpiresAt: l.ExpiresAt, Conflict: l.Conflict}, Errors: errs,
	}, nil
}

// UnlinkIdentity resolves Mutation.unlinkIdentity.
func (m mutations) UnlinkIdentity(ctx context.Context, in UnlinkIdentityInput) (*UnlinkIdentityPayload, error) {
	errs, err := m.errors.userErrors(ctx, m.deps.Accounts.Unlink(ctx, viewerOf(ctx), in.ID, keyOr(in.IdempotencyKey)))
	if err != nil || len(errs) > 0 {
		return &UnlinkIdentityPayload{Errors: errs}, err
	}
	return &UnlinkIdentityPayload{ID: &in.ID, Errors: errs}, nil
}

// Recoveries resolves Query.recoveries.
func (q queries) Recoveries(ctx context.Context) ([]Recovery, error) {
	list, err := q.deps.Accounts.Recoveries(ctx, viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]Recovery, len(list))
	for i, r := range list {
		out[i] = Recovery{
			ID: r.ID, Kind: RecoveryKindReplacePhone, MaskedPhone: r.Phone, Network: optionalText(r.Network), StartedAt: r.Started, ReadyAt: r.Ready, EndsAt: r.Ends,
		}
		if r.Kind == account.ReleasePhone {
			out[i].Kind = RecoveryKindReleasePhone
		}
	}
	return out, nil
}

// CancelRecovery resolves Mutation.cancelRecovery.
func (m mutations) CancelRecovery(ctx context.Context, in CancelRecoveryInput) (*CancelRecoveryPayload, error) {
	errs, err := m.errors.userErrors(ctx, m.deps.Accounts.CancelRecovery(ctx, viewerOf(ctx), in.ID, keyOr(in.IdempotencyKey)))
	if err != nil || len(errs) > 0 {
		return &CancelRecoveryPayload{Errors: errs}, err
	}
	return &CancelRecoveryPayload{ID: &in.ID, Errors: errs}, nil
}

// VerifyFirebaseToken resolves Mutation.verifyFirebaseToken.
func (m mutations) VerifyFirebaseToken(ctx context.Context, in VerifyFirebaseTokenInput) (*VerifyFirebaseTokenPayload, error) {
	g, err := m.firebaseGrant(ctx, in)
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &VerifyFirebaseTokenPayload{Errors: errs}, err
	}
	return &VerifyFirebaseTokenPayload{Grant: grantOf(g), Account: &Account{viewer: g.Viewer, view: m.view(ctx)}, Errors: errs}, nil
}

func (m mutations) firebaseGrant(ctx context.Context, in VerifyFirebaseTokenInput) (account.Grant, error) {
	if m.deps.Firebase == nil {
		return account.Grant{}, fault.New(fault.NotFound, "graph.no_firebase")
	}
	if err := m.deps.Accounts.AdmitProof(ctx, callerOf(ctx).address, in.DeviceID); err != nil {
		return account.Grant{}, err
	}
	p, err := m.deps.Firebase(ctx, in.IDToken)
	if fault.CodeOf(err) == fault.Unauthorized { // who signs in is nobody yet: not to be told to sign in
		err = fault.New(fault.Unauthorized, "account.token_refused").Because(err)
	}
	if err != nil {
		return account.Grant{}, err
	}
	p.Device, p.DeviceName, p.Key, p.Lang = in.DeviceID, textOr(in.DeviceName), textOr(in.IdempotencyKey), langOf(ctx)
	return m.deps.Accounts.SignInProved(ctx, p)
}

// SignInZaloMiniApp resolves Mutation.signInZaloMiniApp.
func (m mutations) SignInZaloMiniApp(ctx context.Context, in SignInZaloMiniAppInput) (*SignInZaloMiniAppPayload, error) {
	g, err := m.zaloGrant(ctx, in)
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &SignInZaloMiniAppPayload{Errors: errs}, err
	}
	return &SignInZaloMiniAppPayload{Grant: grantOf(g), Account: &Account{viewer: g.Viewer, view: m.view(ctx)}, Errors: errs}, nil
}

func (m mutations) zaloGrant(ctx context.Context, in SignInZaloMiniAppInput) (account.Grant, error) {
	if m.deps.ZaloMiniApp == nil {
		return account.Grant{}, fault.New(fault.NotFound, "graph.no_zalo")
	}
	if err := m.deps.Accounts.AdmitProof(ctx, callerOf(ctx).address, in.DeviceID); err != nil {
		return account.Grant{}, err
	}
	p, err := m.deps.ZaloMiniApp(ctx, in.AccessToken, in.PhoneToken, textOr(in.OaUserID))
	if err != nil {
		return account.Grant{}, err
	}
	p.Device, p.DeviceName, p.Key, p.Lang = in.DeviceID, textOr(in.DeviceName), textOr(in.IdempotencyKey), langOf(ctx)
	return m.deps.Accounts.SignInMiniApp(ctx, p)
}
