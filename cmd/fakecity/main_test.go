package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
	go func() { done <- run(ctx, env, slog.New(slog.NewJSONHandler(logged, nil))) }()
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
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPortTaken(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	logged, done := make(lines, 8), make(chan error, 1)
	log := slog.New(slog.NewJSONHandler(logged, nil))
	go func() { done <- run(ctx, func(string) string { return "127.0.0.1:0" }, log) }()
	var line struct{ Fakecity string }
	if err := json.Unmarshal(<-logged, &line); err != nil {
		t.Fatal(err)
	}
	if err := run(ctx, func(string) string { return line.Fakecity }, log); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one clear line", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
