package account

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Profile is what an account shows its owner.
type Profile struct {
	ID          string
	DisplayName string // "" when none was given
	MaskedPhone string // "091••••678"; the full number is given by Claims and ReadContact only
	Lang        message.Lang
	Assurance   Assurance
	Roles       []Role
	Unit        string
	CreatedAt   time.Time
}

// Patch changes a profile. A nil field stays as it is.
type Patch struct {
	DisplayName *string       `json:"displayName,omitempty"` // at most 80 characters; "" removes it
	Lang        *message.Lang `json:"language,omitempty"`
}

// maxName is the longest display name, in runes.
const maxName = 80

// Me gives the viewer's own profile. UNAUTHORIZED for a guest.
func (a *Accounts) Me(ctx context.Context, viewer Viewer) (Profile, error) {
	r, err := a.own(ctx, viewer)
	return a.profileOr(r, err)
}

// UpdateMe changes the viewer's own profile. A repeat with the same key changes nothing more and gives the profile as it now is; without a key
// there is nothing to recognise a repeat by. INVALID, naming the field, for a name that is too long or holds what cannot be shown; UNAUTHORIZED for a guest.
func (a *Accounts) UpdateMe(ctx context.Context, viewer Viewer, p Patch, key string) (Profile, error) {
	if !viewer.SignedIn() {
		return Profile{}, signedOut(nil)
	}
	m, err := newMark(viewer, "updateMe", key, p)
	if err != nil {
		return Profile{}, err
	}
	var sealed []byte
	if p.DisplayName != nil {
		if sealed, err = a.sealName(*p.DisplayName, viewer.Account); err != nil {
			return Profile{}, err
		}
	}
	if p.Lang != nil && *p.Lang != p.Lang.Or() {
		return Profile{}, fault.InvalidField("account.bad_language", "language")
	}
	r, err := a.accounts.Update(ctx, viewer.Account, func(r *record) error {
		if m != nil {
			if err := m.add(r); err != nil {
				return err
			}
		}
		if p.DisplayName != nil {
			r.Name = sealed
		}
		if p.Lang != nil {
			r.Lang = *p.Lang
		}
		r.UpdatedAt = a.now()
		return nil
	})
	return a.profileOr(r, err)
}

// Names gives the display names of those of the accounts that exist and have one, by id, in one read. It keeps no record of the look: use it for
// names that the viewer may see anyway (their own, a colleague's, one shown in public), and ReadContact for all others.
func (a *Accounts) Names(ctx context.Context, ids []string) (map[string]string, error) {
	found, err := a.accounts.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("account: names: %w", err)
	}
	out := make(map[string]string, len(found))
	for id, r := range found {
		name, err := a.open(r.Name, nameSeal(id))
		if err != nil {
			return nil, err
		}
		if name != "" {
			out[id] = name
		}
	}
	return out, nil
}

// Claims gives those of the viewer's own personal data ("phone", "name") that the account has. Whoever hands them on has asked for consent and
// recorded the look before. A guest who chats has proved nothing, so there are none; UNAUTHORIZED for nobody.
func (a *Accounts) Claims(ctx context.Context, viewer Viewer, names []string) (map[string]string, error) {
	if viewer.Subject != "" && !viewer.Assurance.Reaches(Phone) {
		return map[string]string{}, nil
	}
	r, err := a.own(ctx, viewer)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(names))
	for _, n := range names {
		var value string
		switch n {
		case "phone":
			value, err = a.open(r.Phone, phoneSeal(r.ID))
		case "name":
			value, err = a.open(r.Name, nameSeal(r.ID))
		}
		if err != nil {
			return nil, err
		}
		if value != "" {
			out[n] = value
		}
	}
	return out, nil
}

// own reads the viewer's account.
func (a *Accounts) own(ctx context.Context, viewer Viewer) (record, error) {
	if !viewer.SignedIn() {
		return record{}, signedOut(nil)
	}
	r, err := a.accounts.Get(ctx, viewer.Account)
	if err != nil {
		return record{}, fmt.Errorf("account: read: %w", err)
	}
	return r, nil
}

func (a *Accounts) profileOr(r record, err error) (Profile, error) {
	if err != nil {
		return Profile{}, err
	}
	name, err := a.open(r.Name, nameSeal(r.ID))
	if err != nil {
		return Profile{}, err
	}
	phone, err := a.open(r.Phone, phoneSeal(r.ID))
	if err != nil {
		return Profile{}, err
	}
	return Profile{
		ID: r.ID, DisplayName: name, MaskedPhone: mask(phone), Lang: r.Lang.Or(), Assurance: Phone,
		Roles: r.Roles, Unit: r.Unit, CreatedAt: r.CreatedAt,
	}, nil
}

// sealName checks and seals a display name; nil for an empty one.
func (a *Accounts) sealName(name, account string) ([]byte, error) {
	name, err := checkName(name)
	if err != nil || name == "" {
		return nil, err
	}
	return a.deps.Box.Seal([]byte(name), nameSeal(account))
}

// checkName trims a name and brings it to one writing (NFC). INVALID when it is too long, or holds characters that cannot be seen or that turn the
// direction of the text around them: names stand beside others' words.
func checkName(name string) (string, error) {
	if len(name) > 4*maxName*4 || !utf8.ValidString(name) {
		return "", nameTooLong()
	}
	name = strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	if utf8.RuneCountInString(name) > maxName {
		return "", nameTooLong()
	}
	if clean(name) != name {
		return "", fault.InvalidField("account.name_characters", "displayName")
	}
	return name, nil
}

func nameTooLong() error {
	return &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"displayName"}, Key: "account.name_too_long", Params: map[string]any{"max": maxName}}}}
}

// clean leaves out what cannot be seen: control and format characters, and what is no character at all.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, s))
}

func nameSeal(account string) string { return "account name/" + account }
