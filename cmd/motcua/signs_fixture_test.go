package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/store/memory"
	"github.com/motcua/motcua/miniapps/signs"
	"github.com/motcua/motcua/miniapps/signs/intake"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// signSample are the lists that are shipped.
const signSample = "../../configs/cities/haiphong/signs"

// signBureau carries out commands on the signs of a city that lives in memory.
type signBureau struct {
	signOps
	t     *testing.T
	clock time.Time
	errs  bytes.Buffer // standard error of the last command
	blobs string       // folder of pictures and recordings
}

// signKeys hash with a fixed key.
type signKeys struct{}

func (signKeys) Index(purpose, value string) string {
	h := hmac.New(sha256.New, []byte("a key"))
	fmt.Fprint(h, purpose, "\x00", value)
	return hex.EncodeToString(h.Sum(nil))
}

func (k signKeys) Indexes(purpose, value string) []string { return []string{k.Index(purpose, value)} }

// signMACs sign with a fixed key.
type signMACs struct{}

func (signMACs) Sign(purpose, data string) string        { return signKeys{}.Index(purpose, data) }
func (s signMACs) Verify(purpose, data, mac string) bool { return s.Sign(purpose, data) == mac }

// bureauNow is Monday noon in the city.
var bureauNow = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

func newBureau(t *testing.T) *signBureau {
	t.Helper()
	place, texts := configstest.City(t), configstest.Texts(t)
	codes, codeErr := platecode.New(signKeys{}, "HP")
	base, baseErr := platecode.NewBase("https://motcua.haiphong.gov.vn")
	if err := errors.Join(codeErr, baseErr); err != nil {
		t.Fatal(err)
	}
	b := &signBureau{t: t, clock: bureauNow}
	now := func() time.Time { return b.clock }
	engine := memory.New()
	plates, plateErr := registry.Open(t.Context(), engine, registry.Deps{City: place, Codes: codes, Numbers: codes.Numbers().Parse, Now: now})
	counts, countErr := scans.Open(t.Context(), engine, scans.Deps{Now: now, Log: slog.New(slog.DiscardHandler), Reg: prometheus.NewRegistry()}, scans.Config{})
	b.blobs = filepath.Join(t.TempDir(), "media")
	bucket, bucketErr := media.OpenFolder(b.blobs)
	if err := errors.Join(plateErr, countErr, bucketErr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	shown, err := media.New(t.Context(), engine, bucket, signMACs{}, media.Config{
		UploadTTL: time.Hour, LinkTTL: time.Hour, MaxPhoto: 1 << 20, MaxVideo: 2 << 20, MaxPixels: 1 << 20, DecodeMemory: 64 << 20, MaxDecodes: 2, DecodeWait: 20 * time.Second,
		BlobTimeout: time.Minute, MaxLoose: 3, OrphanAfter: 24 * time.Hour, Retention: 168 * time.Hour, SpoolDir: t.TempDir(),
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	shown.Connect(signs.ID, plates)
	b.signOps = signOps{signParts{
		registry: plates, intake: intake.New(intake.Deps{Registry: plates, Numbers: codes.Numbers(), Texts: texts}), media: shown, codes: codes, base: base, scans: counts, texts: texts, city: place, now: now, lasting: true,
	}}
	return b
}

// run carries out one command, over the handler of the operators' port, and gives what it printed.
func (b *signBureau) run(args ...string) (string, error) {
	b.t.Helper()
	var out bytes.Buffer
	b.errs.Reset()
	const token = "t"
	client := admin.Local(admin.Handler(admin.Ops{Signs: newSignOps(b.signParts), Log: slog.New(slog.DiscardHandler)}, token), token)
	cmd := signCommands{&runtime{stdout: &out, stderr: &b.errs}, func(ctx context.Context, f func(context.Context, admin.Signs) error) error {
		return f(ctx, client.Signs())
	}}.all()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(b.t.Context())
	return out.String(), err
}

// must carries out a command that must not fail.
func (b *signBureau) must(args ...string) string {
	b.t.Helper()
	out, err := b.run(args...)
	if err != nil {
		b.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// mustJSON is must for a command that prints JSON.
func (b *signBureau) mustJSON(into any, args ...string) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(b.must(append(args, "--json")...)), into); err != nil {
		b.t.Fatalf("%v: %v", args, err)
	}
}

// refused carries out a command that must fail, and say so with these words.
func (b *signBureau) refused(words string, args ...string) {
	b.t.Helper()
	if out, err := b.run(args...); err == nil || !strings.Contains(err.Error(), words) {
		b.t.Errorf("%v: got %v, want %q\n%s", args, err, words, out)
	}
}

// file writes a file for a test.
func (b *signBureau) file(name, content string) string {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}
