package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Contact is how to reach a citizen.
type Contact struct {
	Name  string // "" when none was given
	Phone string // E.164
}

// Member is a member of staff.
type Member struct {
	ID          string
	DisplayName string
	MaskedPhone string
	Roles       []Role
	Unit        string
	CreatedAt   time.Time
}

// manyStaff bounds the list of staff.
const manyStaff = 5000

// A purpose is shown to the citizen: it must say something, and not more than a line can hold. In characters.
const (
	minPurpose = 3
	maxPurpose = 200
)

func purposeLength() error {
	params := map[string]any{"min": minPurpose, "max": maxPurpose}
	return &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"purpose"}, Key: "account.purpose_missing", Params: params}}}
}

// ReadContact gives a citizen's name and phone to a member of staff, and records the look first, so that the citizen can see it. Whether the member
// works on the case is for the caller to have checked. purpose says why, in 3 to 200 characters. FORBIDDEN for anybody who is not staff, INVALID
// without such a purpose, NOT_FOUND when there is no such citizen.
func (a *Accounts) ReadContact(ctx context.Context, staff Viewer, subject, purpose, caseID string) (Contact, error) {
	if !staff.IsStaff() {
		return Contact{}, fault.New(fault.Forbidden, "")
	}
	purpose = clean(purpose)
	if n := utf8.RuneCountInString(purpose); n < minPurpose || n > maxPurpose {
		return Contact{}, purposeLength()
	}
	r, err := a.holder(ctx, subject)
	if err != nil {
		return Contact{}, fmt.Errorf("account: read contact: %w", err)
	}
	look := Access{Subject: subject, Actor: staff.Account, Unit: staff.Unit, Purpose: purpose, Claims: []string{"name", "phone"}, Case: caseID, At: a.now()}
	if err := a.deps.Accesses.Record(ctx, look); err != nil {
		return Contact{}, fmt.Errorf("account: record access: %w", err)
	}
	name, err := a.open(r.Name, nameSeal(r.ID))
	if err != nil {
		return Contact{}, err
	}
	phone, err := a.open(r.Phone, phoneSeal(r.ID))
	return Contact{Name: name, Phone: phone}, err
}

// AddStaff gives the account of a phone these roles and this unit in place of those it has, and makes the account if there is none. An officer needs
// a unit; that the unit exists is for the caller to have checked. It takes effect with the member's next request. FORBIDDEN for an account that was joined
// with another: two phones must not lead to one member of staff.
func (a *Accounts) AddStaff(ctx context.Context, phone string, roles []Role, unit string) (Member, error) {
	if err := checkRoles(roles, unit); err != nil {
		return Member{}, err
	}
	return a.setRoles(ctx, phone, roles, unit)
}

// RemoveStaff takes all roles from the account of a phone, which stays a citizen's. It takes effect with the next request. NOT_FOUND for a phone
// that nobody has.
func (a *Accounts) RemoveStaff(ctx context.Context, phone string) error {
	normal, err := normalise(phone)
	if err != nil {
		return err
	}
	_, there, err := a.findClaim(ctx, a.deps.Box.Indexes(phoneContext, normal))
	if err != nil {
		return err
	}
	if !there {
		return fault.New(fault.NotFound, "").Because(errors.New("account: nobody has this phone"))
	}
	_, err = a.setRoles(ctx, phone, nil, "")
	return err
}

// AddCitizen gives the id of a phone's account, made with that name if there is none. For sample data and imports: nobody has proved the phone, and
// only a code signs in to it.
func (a *Accounts) AddCitizen(ctx context.Context, phone, displayName string, lang message.Lang) (string, error) {
	normal, err := normalise(phone)
	if err != nil {
		return "", err
	}
	r, err := a.enrol(ctx, normal, lang)
	if err != nil {
		return "", fmt.Errorf("account: add citizen: %w", err)
	}
	sealed, err := a.sealName(displayName, r.ID)
	if err != nil || sealed == nil || r.Name != nil {
		return r.ID, err
	}
	_, err = a.accounts.Update(ctx, r.ID, func(r *record) error {
		r.Name, r.UpdatedAt = sealed, a.now()
		return nil
	})
	return r.ID, err
}

// ListStaff lists who has a role, those of longest standing first.
func (a *Accounts) ListStaff(ctx context.Context) ([]Member, error) {
	out := []Member{}
	for r, err := range a.accounts.Find(ctx, a.staff.Where(true).First(manyStaff)) {
		if err != nil {
			return nil, fmt.Errorf("account: list staff: %w", err)
		}
		m, err := a.member(r)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (a *Accounts) setRoles(ctx context.Context, phone string, roles []Role, unit string) (Member, error) {
	normal, err := normalise(phone)
	if err != nil {
		return Member{}, err
	}
	r, err := a.enrol(ctx, normal, message.Vietnamese)
	if err != nil {
		return Member{}, fmt.Errorf("account: staff: %w", err)
	}
	r, err = a.accounts.Update(ctx, r.ID, func(r *record) error {
		if len(roles) > 0 && (r.Into != "" || slices.ContainsFunc(r.Ties, func(t tie) bool { return t.Other != "" })) {
			return errStaff()
		}
		r.Roles, r.Unit, r.Staff, r.UpdatedAt = roles, unit, len(roles) > 0, a.now()
		return nil
	})
	if err != nil {
		return Member{}, fmt.Errorf("account: staff: %w", err)
	}
	return a.member(r)
}

func (a *Accounts) member(r record) (Member, error) {
	p, err := a.profileOr(r, nil)
	if err != nil {
		return Member{}, err
	}
	return Member{ID: p.ID, DisplayName: p.DisplayName, MaskedPhone: p.MaskedPhone, Roles: p.Roles, Unit: p.Unit, CreatedAt: p.CreatedAt}, nil
}

func checkRoles(roles []Role, unit string) error {
	if len(roles) == 0 {
		return fault.InvalidField("account.role_missing", "roles").Because(errors.New("account: no role was given"))
	}
	for _, r := range roles {
		if !slices.Contains([]Role{Officer, Dispatcher, Administrator}, r) {
			return fault.InvalidField("account.role_unknown", "roles").Because(fmt.Errorf("account: unknown role %q: give officer, dispatcher or administrator", r))
		}
	}
	if slices.Contains(roles, Officer) && unit == "" {
		return fault.InvalidField("account.unit_missing", "unit").Because(errors.New("account: an officer needs a unit"))
	}
	return nil
}
