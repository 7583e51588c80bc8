package graph

import (
	"context"
	"sync"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/message"
)

// Account is the viewer's own account as the GraphQL type shows it. What the sign-in told already is not read again; the rest is read once, when asked for.
type Account struct {
	viewer account.Viewer
	view   *view
	known  *account.Recognised // what the sign-in read; nil when it was not for this operation

	once    sync.Once
	profile account.Profile
	err     error
}

// IsNode marks a type that can be asked for by its id.
func (*Account) IsNode() {}

// IsEntity marks a type that a router can ask for by its key.
func (*Account) IsEntity() {}

// ID gives the opaque id.
func (a *Account) ID() string { return idOf(kindAccount, a.viewer.Account) }

// DisplayName gives the name to greet the viewer with; nil when none was given.
func (a *Account) DisplayName(ctx context.Context) (*string, error) {
	p, err := a.read(ctx)
	return optionalText(p.DisplayName), err
}

// MaskedPhone gives the number with its middle digits hidden.
func (a *Account) MaskedPhone(ctx context.Context) (*string, error) {
	p, err := a.read(ctx)
	return optionalText(p.MaskedPhone), err
}

// Language gives the language that answers and notices come in.
func (a *Account) Language() Language {
	if a.viewer.Lang.Or() == message.English {
		return LanguageEn
	}
	return LanguageVi
}

// Assurance tells how surely the city knows who the viewer is.
func (a *Account) Assurance() Assurance { return assuranceOf(a.viewer.Assurance) }

// Roles gives the roles of a member of staff.
func (a *Account) Roles() []StaffRole {
	out := make([]StaffRole, 0, len(a.viewer.Roles))
	for _, r := range a.viewer.Roles {
		if name, ok := roleNames[r]; ok {
			out = append(out, name)
		}
	}
	return out
}

var roleNames = map[account.Role]StaffRole{
	account.Officer:       StaffRoleOfficer,
	account.Dispatcher:    StaffRoleDispatcher,
	account.Administrator: StaffRoleAdministrator,
}

// Unit gives the unit that a member of staff works for; nil for a citizen.
func (a *Account) Unit() *Unit { return a.view.gazette.units[a.viewer.Unit] }

// AccessLog gives who looked at the viewer's personal data.
func (a *Account) AccessLog(ctx context.Context, first *int, after *string) (*AccessConnection, error) {
	page, err := a.view.root.deps.Accesses.List(ctx, a.viewer, pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	out := &AccessConnection{Edges: make([]AccessEdge, len(page.Items)), PageInfo: pageInfo(page.Cursors, page.HasNext, after)}
	for i, x := range page.Items {
		claims := x.Claims
		if claims == nil {
			claims = []string{}
		}
		out.Edges[i] = AccessEdge{Cursor: string(page.Cursors[i]), Node: &Access{At: x.At, Purpose: x.Purpose, Claims: claims, Unit: a.view.gazette.units[x.Unit]}}
	}
	return out, nil
}

// read loads the profile, once for all fields.
func (a *Account) read(ctx context.Context) (account.Profile, error) {
	a.once.Do(func() {
		accounts := a.view.root.deps.Accounts
		switch {
		case a.profile.ID != "":
		case a.known != nil:
			a.profile, a.err = accounts.ProfileOf(*a.known)
		default:
			a.profile, a.err = accounts.Me(ctx, a.viewer)
		}
	})
	return a.profile, a.err
}
