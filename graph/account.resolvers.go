package graph

import (
	"context"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

// Me resolves Query.me.
func (q queries) Me(ctx context.Context) (*Account, error) {
	c := callerOf(ctx)
	if !c.viewer.SignedIn() {
		return nil, nil
	}
	return &Account{viewer: c.viewer, view: q.view(ctx), known: c.read}, nil
}

// Sessions resolves Query.sessions.
func (q queries) Sessions(ctx context.Context) ([]Session, error) {
	list, err := q.deps.Accounts.Sessions(ctx, viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]Session, len(list))
	for i, s := range list {
		out[i] = Session{ID: s.ID, DeviceName: optionalText(s.DeviceName), CreatedAt: s.CreatedAt, LastSeenAt: s.SeenAt, Current: s.Current}
	}
	return out, nil
}

// RequestOtp resolves Mutation.requestOtp.
func (m mutations) RequestOtp(ctx context.Context, in RequestOtpInput) (*RequestOtpPayload, error) {
	c, err := m.deps.Accounts.RequestOTP(ctx, account.OTPRequest{
		Phone: in.Phone, Device: in.DeviceID, Address: callerOf(ctx).address, Lang: langOf(ctx), Key: textOr(in.IdempotencyKey),
	})
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &RequestOtpPayload{Errors: errs}, err
	}
	return &RequestOtpPayload{Challenge: &OtpChallenge{ID: c.ID, ExpiresAt: c.ExpiresAt, ResendAfter: c.ResendAfter}, Errors: errs}, nil
}

// VerifyOtp resolves Mutation.verifyOtp.
func (m mutations) VerifyOtp(ctx context.Context, in VerifyOtpInput) (*VerifyOtpPayload, error) {
	g, err := m.deps.Accounts.VerifyOTP(ctx, account.VerifyRequest{
		ChallengeID: in.ChallengeID, Code: in.Code, Device: in.DeviceID, DeviceName: textOr(in.DeviceName),
		Address: callerOf(ctx).address, Key: textOr(in.IdempotencyKey),
	})
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &VerifyOtpPayload{Errors: errs}, err
	}
	return &VerifyOtpPayload{Grant: grantOf(g), Account: &Account{viewer: g.Viewer, view: m.view(ctx)}, Errors: errs}, nil
}

// RefreshSession resolves Mutation.refreshSession.
func (m mutations) RefreshSession(ctx context.Context, in RefreshSessionInput) (*RefreshSessionPayload, error) {
	g, err := m.deps.Accounts.Refresh(ctx, account.RefreshRequest{
		Token: in.RefreshToken, Device: in.DeviceID, Address: callerOf(ctx).address, Key: textOr(in.IdempotencyKey),
	})
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &RefreshSessionPayload{Errors: errs}, err
	}
	return &RefreshSessionPayload{Grant: grantOf(g), Errors: errs}, nil
}

func grantOf(g account.Grant) *TokenGrant {
	return &TokenGrant{AccessToken: g.AccessToken, ExpiresAt: g.ExpiresAt, RefreshToken: g.RefreshToken}
}

// SignOut resolves Mutation.signOut. Ending twice is ending once, so the key is not needed.
func (m mutations) SignOut(ctx context.Context, _ *SignOutInput) (*SignOutPayload, error) {
	v, err := signedIn(ctx)
	if err == nil {
		err = m.deps.Accounts.SignOut(ctx, v)
	}
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &SignOutPayload{Errors: errs}, err
	}
	done := true
	return &SignOutPayload{SignedOut: &done, Errors: errs}, nil
}

// RevokeSession resolves Mutation.revokeSession. Ending twice is ending once, so the key is not needed.
func (m mutations) RevokeSession(ctx context.Context, in RevokeSessionInput) (*RevokeSessionPayload, error) {
	errs, err := m.errors.userErrors(ctx, m.deps.Accounts.RevokeSession(ctx, viewerOf(ctx), in.ID))
	if err != nil || len(errs) > 0 {
		return &RevokeSessionPayload{Errors: errs}, err
	}
	return &RevokeSessionPayload{ID: &in.ID, Errors: errs}, nil
}

// ChangePhone resolves Mutation.changePhone.
func (m mutations) ChangePhone(ctx context.Context, in ChangePhoneInput) (*ChangePhonePayload, error) {
	p, err := m.deps.Accounts.ChangePhone(ctx, viewerOf(ctx), in.ChallengeID, in.Code, textOr(in.IdempotencyKey))
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &ChangePhonePayload{Errors: errs}, err
	}
	return &ChangePhonePayload{Account: m.account(ctx, p), Errors: errs}, nil
}

// UpdateMe resolves Mutation.updateMe.
func (m mutations) UpdateMe(ctx context.Context, in UpdateMeInput) (*UpdateMePayload, error) {
	patch := account.Patch{DisplayName: in.DisplayName}
	if in.Language != nil {
		l := languageOf(*in.Language)
		patch.Lang = &l
	}
	p, err := m.deps.Accounts.UpdateMe(ctx, viewerOf(ctx), patch, textOr(in.IdempotencyKey))
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &UpdateMePayload{Errors: errs}, err
	}
	return &UpdateMePayload{Account: m.account(ctx, p), Errors: errs}, nil
}

// account shows the viewer's account as a change left it.
func (m mutations) account(ctx context.Context, p account.Profile) *Account {
	v := viewerOf(ctx)
	v.Lang, v.Roles, v.Unit = p.Lang, p.Roles, p.Unit
	return &Account{viewer: v, view: m.view(ctx), profile: p}
}

func languageOf(l Language) message.Lang {
	if l == LanguageEn {
		return message.English
	}
	return message.Vietnamese
}
