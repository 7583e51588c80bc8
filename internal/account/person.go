package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
)

// Person is whom a notice is for, as far as carriers need to know them.
type Person struct {
	Account  string       // "" for somebody known only to a network
	Subject  string       // that was asked for
	Subjects []string     // all of the account, or Subject alone
	Lang     message.Lang // of the words
}

// Person gives the person behind a subject: the account that has it among its subjects, or the guest. NOT_FOUND when there is neither.
func (a *Accounts) Person(ctx context.Context, subject string) (Person, error) {
	r, err := a.holder(ctx, subject)
	if err == nil {
		return Person{Account: r.ID, Subject: subject, Subjects: r.Subjects, Lang: r.Lang.Or()}, nil
	}
	if fault.CodeOf(err) != fault.NotFound {
		return Person{}, err
	}
	for x, err := range a.identities.Find(ctx, a.chatOf.Where(subject).First(1)) {
		if err != nil {
			return Person{}, fmt.Errorf("account: person: %w", err)
		}
		return Person{Subject: subject, Subjects: []string{subject}, Lang: x.Lang.Or()}, nil
	}
	return Person{}, fault.New(fault.NotFound, "")
}

// PhoneOf gives the phone of an account in E.164, for carriers that write to phones. NOT_FOUND when there is none.
func (a *Accounts) PhoneOf(ctx context.Context, account string) (string, error) {
	r, err := a.surviving(ctx, account)
	if err != nil {
		return "", err
	}
	phone, err := a.open(r.Phone, phoneSeal(r.ID))
	if err == nil && phone == "" {
		return "", fault.New(fault.NotFound, "")
	}
	return phone, err
}

// holder gives the account that has a subject among its own. NOT_FOUND when none has.
func (a *Accounts) holder(ctx context.Context, subject string) (record, error) {
	found, err := a.accounts.Collect(ctx, a.ofSubject.Where(subject).First(maxSubjects))
	if err != nil {
		return record{}, fmt.Errorf("account: holder: %w", err)
	}
	for _, r := range found {
		end, err := a.survivor(ctx, r)
		if err != nil {
			return record{}, err
		}
		if slices.Contains(end.Subjects, subject) {
			return end, nil
		}
	}
	return record{}, fault.New(fault.NotFound, "")
}
