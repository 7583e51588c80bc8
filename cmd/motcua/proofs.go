package main

import (
	"context"

	"github.com/motcua/motcua/internal/account"
)

// firebase gives what verifies Firebase's tokens; nil when there is no Firebase.
func (sys *system) firebase() func(context.Context, string) (account.Proved, error) {
	if sys.verifier == nil {
		return nil
	}
	return func(ctx context.Context, token string) (account.Proved, error) {
		p, err := sys.verifier.Verify(ctx, token)
		return account.Proved{Phone: p.Phone, Provider: "firebase", ProviderID: p.UID}, err
	}
}

// zaloMiniApp gives what asks Zalo about the tokens of the city's Mini App; nil when the city is not on Zalo.
func (sys *system) zaloMiniApp() func(context.Context, string, string, string) (account.MiniAppProof, error) {
	if sys.miniApp == nil {
		return nil
	}
	return func(ctx context.Context, access, phone, user string) (account.MiniAppProof, error) {
		p, err := sys.miniApp.Verify(ctx, access, phone, user)
		return account.MiniAppProof{Network: "zalo", Account: sys.settings.Channels.Zalo.OAID, User: p.IDByOA, Phone: p.Phone}, err
	}
}
