package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// lines hands each line that is logged to the test.
type lines chan []byte

func (l lines) Write(b []byte) (int, error) {
	l <- bytes.Clone(b)
	return len(b), nil
}

func TestServesUntilToldToStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	logged, done := make(lines, 8), make(chan error, 1)
	env := func(k string) string { return map[string]string{"MOTCUA_FAKECITY_ADDR": "127.0.0.1:0"}[k] }
	var said bytes.Buffer
	go func() { done <- run(ctx, env, &said, slog.New(slog.NewJSONHandler(logged, nil))) }()
	var line struct{ Msg, Fakecity string }
	if err := json.Unmarshal(<-logged, &line); err != nil || line.Msg != "listening" {
		t.Fatalf("got %+v, %v", line, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+line.Fakecity+"/sms/messages", strings.NewReader(`{"id":"1","to":"+84912345678","text":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer fakecity")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("got %d", res.StatusCode)
	}
	// An open chat does not hold up the end.
	stream, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, "http://"+line.Fakecity+"/zalo/control/users/Lan/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	open, err := http.DefaultClient.Do(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Body.Close()
	start := time.Now()
	cancel()
	if err := <-done; err != nil || time.Since(start) > 4*time.Second {
		t.Errorf("ended after %v: %v", time.Since(start), err)
	}
	http.DefaultClient.CloseIdleConnections()
	if !strings.Contains(said.String(), "http://"+line.Fakecity+"/messenger/") {
		t.Errorf("welcome: %s", said.String())
	}
}

// TestFromTheEnvironment shows that the stand-ins are who they are told to be.
func TestFromTheEnvironment(t *testing.T) {
	t.Parallel()
	cfg := configOf(func(k string) string { return k }, nil, nil, "http://here")
	z, m := cfg.Zalo, cfg.Messenger
	if z.Base != "http://here/zalo" || m.Base != "http://here/messenger" || cfg.WebPush.Base != "http://here/push" {
		t.Errorf("mounted at %s, %s, %s", z.Base, m.Base, cfg.WebPush.Base)
	}
	for got, want := range map[string]string{
		z.AppID: "ZALO_APP_ID", z.AppSecret: "ZALO_APP_SECRET", z.OAID: "ZALO_OA_ID", z.OASecretKey: "ZALO_OA_SECRET_KEY", z.CodeVerifier: "ZALO_CODE_VERIFIER", z.WebhookURL: "ZALO_WEBHOOK",
		m.AppID: "MESSENGER_APP_ID", m.AppSecret: "MESSENGER_APP_SECRET", m.VerifyToken: "MESSENGER_VERIFY_TOKEN", m.Pages[0].ID: "MESSENGER_PAGE_ID",
		m.Pages[0].Token: "MESSENGER_PAGE_TOKEN", m.WebhookURL: "MESSENGER_WEBHOOK", cfg.FCM.ProjectID: "FCM_PROJECT_ID", cfg.FCM.Bearer: "FCM_BEARER",
		cfg.Chat: "CHAT", cfg.SMSToken: "SMS_TOKEN",
	} {
		if got != "MOTCUA_FAKECITY_"+want || !strings.Contains(usage, got+" ") {
			t.Errorf("got %s, want that of %s, in the help", got, want)
		}
	}
	if _, err := wardsOf("atlantis"); err == nil {
		t.Error("a city that is not there is taken")
	}
}

func TestPortTaken(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	logged, done := make(lines, 8), make(chan error, 1)
	log := slog.New(slog.NewJSONHandler(logged, nil))
	at := func(addr string) func(string) string {
		return func(k string) string { return map[string]string{"MOTCUA_FAKECITY_ADDR": addr}[k] }
	}
	go func() { done <- run(ctx, at("127.0.0.1:0"), io.Discard, log) }()
	var line struct{ Fakecity string }
	if err := json.Unmarshal(<-logged, &line); err != nil {
		t.Fatal(err)
	}
	if err := run(ctx, at(line.Fakecity), io.Discard, log); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one clear line", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
