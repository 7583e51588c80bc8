package sms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/channeltest"
	"github.com/motcua/motcua/channels/sms"
	"github.com/motcua/motcua/channels/sms/smsfake"
	"github.com/motcua/motcua/internal/message"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

const token = "s3cret-token"

func config(base string) sms.Config {
	return sms.Config{APIBase: base, Token: token, Timeout: 5 * time.Second, MaxText: 335}
}

func open(t *testing.T, h http.Handler) (*sms.Channel, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := sms.New(config(srv.URL), srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c, srv.URL
}

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Fixture {
		provider := smsfake.New(token, time.Now)
		c, _ := open(t, provider)
		const to = "+84912345678"
		return channeltest.Fixture{
			Channel: c, To: to, BadTo: "0912", Secrets: []string{token},
			Received: func() []string {
				var out []string
				for _, m := range provider.Messages(to) {
					out = append(out, m.Text)
				}
				return out
			},
			Fail: func(status, times int) { provider.Break(smsfake.Fault{Status: status, Times: times}) },
			Lose: func(times int) { provider.Break(smsfake.Fault{Lost: true, Times: times}) },
		}
	})
}

// TestGolden compares each request with the one that the provider expects, byte for byte.
func TestGolden(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.blocks.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("found %d cases, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var blocks message.Blocks
			if err := json.Unmarshal(raw, &blocks); err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			c, _ := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got.WriteString(r.Method + " " + r.URL.Path + "\n")
				for _, h := range []string{"Authorization", "Content-Type", "Accept"} {
					got.WriteString(h + ": " + r.Header.Get(h) + "\n")
				}
				got.WriteString("\n")
				_, _ = io.Copy(&got, r.Body)
				got.WriteString("\n")
				_, _ = io.WriteString(w, `{"id":"p-1"}`)
			}))
			if o := c.Send(t.Context(), "+84912345678", channels.Outbound{ID: "code-1", Kind: channels.Code, Blocks: blocks}); o.Status != channels.Sent || o.MessageID != "p-1" {
				t.Fatalf("got %+v", o)
			}
			golden := strings.TrimSuffix(name, ".blocks.json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
			}
		})
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, retryAfter string
		status                 int
		want                   channels.Outcome
	}{
		{"sent", `{"id":"9"}`, "", 202, channels.Outcome{Status: channels.Sent, MessageID: "9"}},
		{"success without id", `{}`, "", 200, channels.Outcome{Status: channels.Later}},
		{"success that is no JSON", `<html>`, "", 200, channels.Outcome{Status: channels.Later}},
		{"too many, with a time", ``, "30", 429, channels.Outcome{Status: channels.Later, Retry: 30 * time.Second}},
		{"too many, with nonsense", ``, "soon", 429, channels.Outcome{Status: channels.Later}},
		{"too many, for ever", ``, "99999999999", 429, channels.Outcome{Status: channels.Later}},
		{"slow", ``, "", 408, channels.Outcome{Status: channels.Later}},
		{"down", ``, "5", 503, channels.Outcome{Status: channels.Later, Retry: 5 * time.Second}},
		{"known reason", `{"error":"blocked_recipient"}`, "", 422, channels.Outcome{Status: channels.Never, Reason: "blocked_recipient"}},
		{"reason that we do not know", `{"error":"call +84912345678"}`, "", 422, channels.Outcome{Status: channels.Never, Reason: "refused_422"}},
		{"wrong token", ``, "", 401, channels.Outcome{Status: channels.Never, Reason: "refused_401"}},
		{"redirect is not followed", ``, "", 307, channels.Outcome{Status: channels.Never, Reason: "refused_307"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _ := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/messages" {
					t.Errorf("the token went to %s", r.URL.Path)
				}
				w.Header().Set("Location", "/elsewhere")
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			got := c.Send(t.Context(), "+84912345678", channels.Outbound{ID: "1", Blocks: message.Blocks{message.Words{Text: "x"}}})
			if got.Status != tt.want.Status || got.MessageID != tt.want.MessageID || got.Retry != tt.want.Retry || got.Reason != tt.want.Reason {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestUnsupportedBlocks(t *testing.T) {
	t.Parallel()
	c, _ := open(t, http.NotFoundHandler())
	for _, blocks := range []message.Blocks{nil, {message.Words{Text: "  "}}, {message.QR{Payload: "x"}}, {message.Words{Text: "x"}, message.Image{URL: "x"}}} {
		if o := c.Send(t.Context(), "+84912345678", channels.Outbound{ID: "1", Blocks: blocks}); o.Reason != "unsupported_block" {
			t.Errorf("%v: got %+v", blocks, o)
		}
	}
}

// TestErrorsNameNoAddress: some providers want their key in it, and errors are logged.
func TestErrorsNameNoAddress(t *testing.T) {
	t.Parallel()
	c, base := open(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	o := c.Send(t.Context(), "+84912345678", channels.Outbound{ID: "1", Blocks: message.Blocks{message.Words{Text: "x"}}})
	if o.Status != channels.Later || o.Cause == nil || strings.Contains(o.Cause.Error(), base) {
		t.Errorf("got %+v: %v", o, o.Cause)
	}
}

func TestSlowProviderIsLater(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(release) })
	cfg := config(srv.URL)
	cfg.Timeout = 50 * time.Millisecond
	c, err := sms.New(cfg, srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	if o := c.Send(context.WithoutCancel(t.Context()), "+84912345678", channels.Outbound{ID: "1", Blocks: message.Blocks{message.Words{Text: "x"}}}); o.Status != channels.Later {
		t.Errorf("got %+v, want later", o)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*sms.Config)
		want   string // "" means valid
	}{
		"as it is":             {func(*sms.Config) {}, ""},
		"https":                {func(c *sms.Config) { c.APIBase = "https://sms.example/v1" }, ""},
		"in the clear":         {func(c *sms.Config) { c.APIBase = "http://sms.example/v1" }, "api_base"},
		"slash":                {func(c *sms.Config) { c.APIBase = "https://sms.example/" }, "api_base"},
		"no base":              {func(c *sms.Config) { c.APIBase = "" }, "api_base"},
		"password in address":  {func(c *sms.Config) { c.APIBase = "https://u:p@sms.example" }, "api_base"},
		"no token":             {func(c *sms.Config) { c.Token = "" }, "token"},
		"token with new line":  {func(c *sms.Config) { c.Token = "a\nb" }, "token"},
		"no time":              {func(c *sms.Config) { c.Timeout = 0 }, "timeout"},
		"no room for the code": {func(c *sms.Config) { c.MaxText = 10 }, "max_text"},
	} {
		cfg := config("http://127.0.0.1:1/sms")
		tt.change(&cfg)
		err := cfg.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the error tells the token", name)
		}
	}
}
