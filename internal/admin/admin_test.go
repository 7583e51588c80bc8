package admin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
)

// city answers every operation; fails makes the long ones end in an error.
type city struct {
	fails    bool
	added    admin.Member
	channels admin.Channels
	signs    admin.Signs
}

func (c *city) Add(_ context.Context, m admin.Member) (admin.Member, error) {
	if m.Phone == "" {
		return m, fault.InvalidField("account.bad_phone", "phone")
	}
	c.added = m
	m.Phone, m.Account = "******678", "a1"
	return m, nil
}

func (c *city) Remove(_ context.Context, phone string) error {
	if phone != "0912345678" {
		return fault.New(fault.NotFound, "")
	}
	c.added = admin.Member{}
	return nil
}

type outbox struct{ retried string }

func (o *outbox) List(_ context.Context, state, lane string, first int, after string) (admin.Intents, error) {
	return admin.Intents{Items: []admin.Intent{{ID: strings.Join([]string{state, lane, after}, "/"), Attempts: first}}, Next: "n"}, nil
}

func (o *outbox) Retry(_ context.Context, id string) error {
	if id != "i1" {
		return fault.New(fault.NotFound, "")
	}
	o.retried = id
	return nil
}

func (c *city) List(context.Context) ([]admin.Member, error) {
	return []admin.Member{{Account: "a1", Roles: []string{"officer"}}}, nil
}

func (c *city) Rebuild(_ context.Context, p admin.Progress) (admin.Drift, error) {
	p(1, 2)
	p(2, 2)
	if c.fails {
		return admin.Drift{}, fault.Wrap(fault.Unavailable, errors.New("store away"))
	}
	return admin.Drift{Slots: 7, Wrong: 1, Details: []string{"x"}}, nil
}

func (c *city) Backup(_ context.Context, w io.Writer) error {
	if _, err := w.Write(bytes.Repeat([]byte("archive "), 10000)); err != nil {
		return err
	}
	if c.fails {
		return errors.New("disk gone")
	}
	return nil
}

const token = "a token"

// clients gives the same operations over HTTP and in the process.
func clients(t *testing.T, c *city, o *outbox) map[string]*admin.Client {
	t.Helper()
	h := admin.Handler(admin.Ops{Staff: c, Outbox: o, Stats: c, Backup: c, Channels: c.channels, Signs: c.signs, Log: slog.New(slog.DiscardHandler)}, token)
	s := httptest.NewServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)
	remote, err := admin.Dial(t.Context(), strings.TrimPrefix(s.URL, "http://"), token)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*admin.Client{"over HTTP": remote, "in process": admin.Local(h, token)}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	c, o := &city{}, &outbox{}
	for name, client := range clients(t, c, o) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			m, err := client.AddStaff(ctx, admin.Member{Phone: "0912345678", Roles: []string{"officer"}, Unit: "u"})
			if err != nil || m.Account != "a1" || m.Phone != "******678" || c.added.Unit != "u" {
				t.Errorf("add: %+v, %v", m, err)
			}
			if _, err := client.AddStaff(ctx, admin.Member{}); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("add nobody: %v", err)
			}
			if err := client.RemoveStaff(ctx, "0912345678"); err != nil || c.added.Unit != "" {
				t.Errorf("remove: %v, %+v", err, c.added)
			}
			if err := client.RemoveStaff(ctx, "0900000000"); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("remove nobody: %v", err)
			}
			if l, err := client.ListStaff(ctx); err != nil || len(l) != 1 {
				t.Errorf("list: %v, %v", l, err)
			}
			if p, err := client.ListOutbox(ctx, "dead", "bulk", 5, "c"); err != nil || p.Items[0].ID != "dead/bulk/c" || p.Items[0].Attempts != 5 || p.Next != "n" {
				t.Errorf("outbox: %+v, %v", p, err)
			}
			if err := client.Retry(ctx, "i1"); err != nil || o.retried != "i1" {
				t.Errorf("retry: %v", err)
			}
			if err := client.Retry(ctx, "i2"); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("retry of nothing: %v", err)
			}
			steps := 0
			if d, err := client.Rebuild(ctx, func(int, int) { steps++ }); err != nil || d.Slots != 7 || steps != 2 {
				t.Errorf("rebuild: %+v after %d steps, %v", d, steps, err)
			}
			var b bytes.Buffer
			if err := client.Backup(ctx, &b); err != nil || b.Len() != 80000 {
				t.Errorf("backup: %d bytes, %v", b.Len(), err)
			}
		})
	}
}

func TestLongWorkThatFailsIsSeen(t *testing.T) {
	t.Parallel()
	for name, client := range clients(t, &city{fails: true}, &outbox{}) {
		t.Run(name, func(t *testing.T) {
			if _, err := client.Rebuild(t.Context(), func(int, int) {}); fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("rebuild: %v", err)
			}
			want := map[string]string{"over HTTP": "its log tells what failed", "in process": "disk gone"}[name]
			if err := client.Backup(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("half a backup: %v, want %q", err, want)
			}
		})
	}
}

func TestOnlyTheTokenOpens(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(admin.Handler(admin.Ops{Log: slog.New(slog.DiscardHandler)}, token))
	t.Cleanup(s.Close)
	for _, wrong := range []string{"", "a toke", "a tokens"} {
		if _, err := admin.Dial(t.Context(), strings.TrimPrefix(s.URL, "http://"), wrong); fault.CodeOf(err) != fault.Unauthorized {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	s.Close()
	if _, err := admin.Dial(t.Context(), strings.TrimPrefix(s.URL, "http://"), token); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nothing there: %v", err)
	}
}

// away is an outbox whose store does not answer.
type away struct{ outbox }

func (*away) List(context.Context, string, string, int, string) (admin.Intents, error) {
	return admin.Intents{}, fault.Wrap(fault.Unavailable, errors.New("the store is away"))
}

// TestACityInTroubleRuns: what is done to a stopped city only must not be done to one whose store is away.
func TestACityInTroubleRuns(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(admin.Handler(admin.Ops{Outbox: &away{}, Log: slog.New(slog.DiscardHandler)}, token))
	t.Cleanup(s.Close)
	if _, err := admin.Dial(t.Context(), strings.TrimPrefix(s.URL, "http://"), token); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v, want UNAVAILABLE", err)
	}
}

// TestWhatWasAskedWronglyIsNoWarning: a slip at the terminal is no trouble of the city's.
func TestWhatWasAskedWronglyIsNoWarning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		box  admin.Outbox
		want string
	}{
		{"wrong id", &outbox{}, "INFO"},
		{"the store is away", &away{}, "WARN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			c := admin.Local(admin.Handler(admin.Ops{Outbox: tt.box, Log: slog.New(slog.NewTextHandler(&log, nil))}, token), token)
			_, listErr := c.ListOutbox(t.Context(), "", "", 1, "")
			retryErr := c.Retry(t.Context(), "i2")
			if listErr == nil && retryErr == nil || !strings.Contains(log.String(), "level="+tt.want) {
				t.Errorf("%v, %v: logged %s", listErr, retryErr, log.String())
			}
		})
	}
}

// full is a city that cannot begin a backup.
type full struct{}

func (full) Backup(context.Context, io.Writer) error {
	return fault.Wrap(fault.Unavailable, errors.New("disk is full"))
}

// TestBackupsThatDoNotBeginSayWhy: nothing was sent yet that could be taken for a backup.
func TestBackupsThatDoNotBeginSayWhy(t *testing.T) {
	t.Parallel()
	h := admin.Handler(admin.Ops{Outbox: &outbox{}, Backup: full{}, Log: slog.New(slog.DiscardHandler)}, token)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	remote, err := admin.Dial(t.Context(), strings.TrimPrefix(s.URL, "http://"), token)
	if err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]*admin.Client{"over HTTP": remote, "in process": admin.Local(h, token)} {
		if err := client.Backup(t.Context(), io.Discard); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "disk is full") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
