package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/store"
)

// door tells commands how to reach the operators' port of the city that runs on a data folder.
type door struct {
	Addr  string `json:"addr"`
	Token string `json:"token"`
}

const doorFile = "admin.json"

func leaveDoor(dir string, d door) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, doorFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data_dir: %w", err)
	}
	if err := writeOnce(path, data); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	return nil
}

// operate calls f with a client of the city: over the operators' port when it runs, else on its files in this process.
func (r *runtime) operate(ctx context.Context, f func(ctx context.Context, c *admin.Client) error) error {
	s, err := r.load(tool)
	if err != nil {
		return err
	}
	client, err := s.dial(ctx)
	if err != nil {
		return err
	}
	if client != nil {
		return f(ctx, client)
	}
	if !s.founded() {
		return fmt.Errorf("data_dir: there is no city in %s: name its folder, or start one with `motcua dev`", s.DataDir)
	}
	sys, err := open(ctx, s, tool, r.quiet(), "")
	if err != nil {
		return err
	}
	const local = "local"
	ops := sys.ops()
	ops.Log = slog.New(slog.DiscardHandler) // the command itself tells what fails
	err = f(ctx, admin.Local(admin.Handler(ops, local), local))
	return errors.Join(err, sys.close())
}

// founded tells whether there is a city to work on, or secrets of its own to found one with. Without, a command in the wrong folder would make a city that nobody
// wanted, and print plates by keys that no other has.
func (s *settings) founded() bool {
	if s.MongoDB.URI != "" || s.Secrets.KeysetFile != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(s.DataDir, s.SQLite.File))
	return err == nil
}

// dial gives a client of the running city, or nil when none runs.
func (s *settings) dial(ctx context.Context) (*admin.Client, error) {
	d := door{Addr: s.AdminAddr, Token: s.Secrets.AdminToken}
	data, err := os.ReadFile(filepath.Join(s.DataDir, doorFile))
	switch {
	case err == nil:
		if err := json.Unmarshal(data, &d); err != nil {
			return nil, fmt.Errorf("%s: %w", doorFile, err)
		}
	case d.Token == "":
		return nil, nil
	}
	client, err := admin.Dial(ctx, d.Addr, d.Token)
	switch fault.CodeOf(err) {
	case "":
		return client, nil
	case fault.NotFound:
		return nil, nil // it was killed and could not tidy up
	case fault.Unauthorized:
		return nil, fmt.Errorf("another city answers at %s", d.Addr)
	}
	return nil, err
}

// quiet logs warnings only: a command speaks for itself.
func (r *runtime) quiet() *slog.Logger {
	return slog.New(slog.NewJSONHandler(r.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// ops puts the parts into the operators' terms.
func (sys *system) ops() admin.Ops {
	return admin.Ops{Staff: staffOps{sys}, Outbox: outboxOps{sys.outbox, sys.texts}, Stats: statsOps{sys}, Backup: backupOps{sys}, Channels: channelOps{sys}, Signs: sys.signOps(), Log: sys.log}
}

type staffOps struct{ sys *system }

func (o staffOps) Add(ctx context.Context, m admin.Member) (admin.Member, error) {
	if _, ok := o.sys.city.Unit(m.Unit); m.Unit != "" && !ok {
		return m, &fault.Error{Code: fault.Invalid, Cause: fmt.Errorf("there is no unit %q: `motcua check --units` lists them", m.Unit)}
	}
	if m.Unit == "" && slices.Contains(m.Roles, string(account.Officer)) {
		return m, &fault.Error{Code: fault.Invalid, Cause: errors.New("an officer needs a unit: give it by --unit (`motcua check --units` lists them)")}
	}
	roles := make([]account.Role, len(m.Roles))
	for i, r := range m.Roles {
		roles[i] = account.Role(r)
	}
	if m.Name != "" {
		if _, err := o.sys.accounts.AddCitizen(ctx, m.Phone, m.Name, "vi"); err != nil {
			return m, err
		}
	}
	made, err := o.sys.accounts.AddStaff(ctx, m.Phone, roles, m.Unit)
	return memberOf(made), err
}

func (o staffOps) Remove(ctx context.Context, phone string) error {
	return o.sys.accounts.RemoveStaff(ctx, phone)
}

func (o staffOps) List(ctx context.Context) ([]admin.Member, error) {
	list, err := o.sys.accounts.ListStaff(ctx)
	out := make([]admin.Member, len(list))
	for i, m := range list {
		out[i] = memberOf(m)
	}
	return out, err
}

func memberOf(m account.Member) admin.Member {
	out := admin.Member{Account: m.ID, Phone: m.MaskedPhone, Name: m.DisplayName, Unit: m.Unit, Roles: []string{}}
	for _, r := range m.Roles {
		out.Roles = append(out.Roles, string(r))
	}
	return out
}

type outboxOps struct {
	box   *outbox.Outbox
	texts *locale.Catalogue
}

func (o outboxOps) List(ctx context.Context, state, lane string, first int, after string) (admin.Intents, error) {
	if lane != "" && !slices.Contains(outbox.Lanes(), outbox.Lane(lane)) {
		return admin.Intents{}, fault.Wrap(fault.Invalid, fmt.Errorf("there is no lane %q: give one of %v", lane, outbox.Lanes()))
	}
	if states := outbox.States(); state != "" && !slices.Contains(states, outbox.State(state)) {
		return admin.Intents{}, fault.Wrap(fault.Invalid, fmt.Errorf("there is no state %q: give one of %v", state, states))
	}
	page, err := o.box.List(ctx, outbox.State(state), outbox.Lane(lane), first, store.Cursor(after))
	if err != nil {
		return admin.Intents{}, inEnglish(o.texts, err)
	}
	out := admin.Intents{Items: make([]admin.Intent, len(page.Items))}
	for i, e := range page.Items {
		out.Items[i] = admin.Intent{ID: e.ID, Lane: string(e.Lane), Kind: e.Kind, State: string(e.State), Since: e.Since, Due: e.Due, Attempts: e.Attempts, Reason: e.Reason}
	}
	if page.HasNext {
		out.Next = string(page.Cursors[len(page.Cursors)-1])
	}
	return out, nil
}

func (o outboxOps) Retry(ctx context.Context, id string) error { return o.box.Retry(ctx, id) }

type statsOps struct{ sys *system }

// mostDetails is how many wrong slots are told one by one.
const mostDetails = 20

func (o statsOps) Rebuild(ctx context.Context, p admin.Progress) (admin.Drift, error) {
	diff, err := o.sys.feedback.Rebuild(ctx, func(reports int) { p(reports, 0) })
	out := admin.Drift{Slots: diff.Slots, Wrong: len(diff.Wrong), Busy: diff.Busy, Details: []string{}}
	for _, w := range diff.Wrong[:min(len(diff.Wrong), mostDetails)] {
		out.Details = append(out.Details, fmt.Sprintf("%s: stored %d, counted %d", w.ID, w.Stored, w.Actual))
	}
	return out, err
}

type backupOps struct{ sys *system }

func (o backupOps) Backup(ctx context.Context, w io.Writer) error { return o.sys.backup(ctx, w) }
