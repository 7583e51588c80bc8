package admin_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
)

// networks knows one network and one code.
type networks struct{ status admin.ChannelStatus }

func (n *networks) Begin(_ context.Context, name string) (admin.Consent, error) {
	if name != "net" {
		return admin.Consent{}, fault.Wrap(fault.NotFound, errors.New("no such network"))
	}
	return admin.Consent{URL: "https://net.example/consent?state=s1", Redirect: "https://city.example/back", State: "s1"}, nil
}

func (n *networks) Status(_ context.Context, name string) (admin.ChannelStatus, error) {
	if name != "net" {
		return admin.ChannelStatus{}, fault.Wrap(fault.NotFound, errors.New("no such network"))
	}
	return n.status, nil
}

func (n *networks) Setup(ctx context.Context, name string) (admin.ChannelStatus, error) {
	n.status.Account = "set up"
	return n.Status(ctx, name)
}

func (n *networks) Finish(_ context.Context, name, code, state string) (admin.ChannelStatus, error) {
	if name != "net" || code != "c1" || state != "" && state != "s1" {
		return admin.ChannelStatus{}, fault.Wrap(fault.Invalid, errors.New("the network refuses the code"))
	}
	n.status = admin.ChannelStatus{Connected: true, Account: "oa", RefreshAge: 3, AgreedAt: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), AccessExpiresAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	return n.status, nil
}

func TestChannels(t *testing.T) {
	t.Parallel()
	n := &networks{}
	for name, client := range clients(t, &city{channels: n}, &outbox{}) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			*n = networks{}
			if s, err := client.ChannelStatus(ctx, "net"); err != nil || s != (admin.ChannelStatus{}) {
				t.Errorf("status at first: %+v, %v", s, err)
			}
			if s, err := client.SetupChannel(ctx, "net"); err != nil || s.Account != "set up" {
				t.Errorf("set up: %+v, %v", s, err)
			}
			if _, err := client.SetupChannel(ctx, "other"); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("an unknown network: %v", err)
			}
			c, err := client.BeginChannel(ctx, "net")
			if err != nil || c.State != "s1" || c.Redirect != "https://city.example/back" || !strings.HasPrefix(c.URL, "https://net.example/") {
				t.Errorf("begin: %+v, %v", c, err)
			}
			for what, err := range map[string]error{
				"wrong code": second(client.FinishChannel(ctx, "net", "c2", "s1")), "no code": second(client.FinishChannel(ctx, "net", "", "")),
				"wrong state": second(client.FinishChannel(ctx, "net", "c1", "s2")),
			} {
				if fault.CodeOf(err) != fault.Invalid {
					t.Errorf("%s: %v", what, err)
				}
			}
			s, err := client.FinishChannel(ctx, "net", "c1", "")
			if err != nil || s != n.status || !s.Connected || s.AccessExpiresAt.IsZero() {
				t.Errorf("finish: %+v, %v", s, err)
			}
			for what, err := range map[string]error{
				"begin": second(client.BeginChannel(ctx, "sms")), "status": second(client.ChannelStatus(ctx, "../staff")),
			} {
				if fault.CodeOf(err) != fault.NotFound {
					t.Errorf("%s of an unknown network: %v", what, err)
				}
			}
		})
	}
	for name, client := range clients(t, &city{}, &outbox{}) {
		if _, err := client.ChannelStatus(t.Context(), "net"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s, without networks: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestCodeIsNotLogged proves that what opens the network stays out of the log, also when it is refused.
func TestCodeIsNotLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := admin.Handler(admin.Ops{Channels: &networks{}, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}, token)
	for _, body := range []string{`{"code":"opensesame"}`, `{"code":"opensesame","more":1}`, `{"code":"opensesame`} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/channels/net/code", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d", body, w.Code)
		}
	}
	if s := log.String(); !strings.Contains(s, "refuses") || strings.Contains(s, "opensesame") {
		t.Errorf("log: %s", s)
	}
}
