package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motcua/motcua/miniapps"
)

// TestCheckReadsManifests: a mini-app that could not start does not pass, beside whatever else is wrong.
func TestCheckReadsManifests(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &runtime{environ: []string{"MOTCUA_DATA_DIR=" + t.TempDir()}, stdout: &out, stderr: &out}
	if err := r.check(dev, manifests); err != nil || !strings.Contains(out.String(), "mini-apps") || !strings.Contains(out.String(), "feedback ") {
		t.Errorf("got %v:\n%s", err, out.String())
	}
	broken := func() ([]miniapps.Manifest, error) {
		_, err := miniapps.ParseManifest([]byte(`{"app_id": "waste"}`))
		return nil, errors.Join(err, nil)
	}
	r.environ = append(r.environ, "MOTCUA_HTTP__HEADER_TIMEOUT=soon")
	for _, p := range []profile{dev, prod} {
		err := r.check(p, broken)
		if err == nil || !strings.Contains(err.Error(), "manifest of waste: missing properties 'name'") || !strings.Contains(err.Error(), `"soon" is no duration`) {
			t.Errorf("%s: got %v", p, err)
		}
	}
}

// TestOneFaultOfASettingIsToldOnce: a value that cannot be read, or has not the form of an address, is not judged again.
func TestOneFaultOfASettingIsToldOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		environ, key, want string
		profile            profile
	}{
		{"MOTCUA_HTTP__HEADER_TIMEOUT=soon", "http.header_timeout", `"soon" is no duration: give one such as 30s, 5m or 24h`, dev},
		{"MOTCUA_HTTP__PUBLIC_URL=city.example", "http.public_url", "must be scheme://host without a slash at the end", prod},
		{"MOTCUA_HTTP__PUBLIC_URL=http://city.example", "http.public_url", "must be an https:// address", prod},
		{"MOTCUA_HTTP__MAX_BODY=", "http.max_body", "must be at least 1024", prod},
		{"MOTCUA_MEDIA__BUCKET=file:///srv", "media.bucket", "must be an s3:// address or empty", prod},
		{"MOTCUA_MEDIA__BUCKET=s3://", "media.bucket", "must be an s3:// address or empty", dev},
		{"MOTCUA_HTTP_ADR=x", "environment", "MOTCUA_HTTP_ADR: unknown key http_adr (did you mean http_addr?)", dev},
	}
	for _, tt := range tests {
		t.Run(tt.environ, func(t *testing.T) {
			t.Parallel()
			r := &runtime{environ: []string{"MOTCUA_DATA_DIR=" + t.TempDir(), tt.environ}}
			var got []string
			_, err := r.load(tt.profile)
			for _, p := range problems(err) {
				if strings.HasPrefix(p, tt.key) {
					got = append(got, p)
				}
			}
			if want := tt.key + ": " + tt.want; len(got) != 1 || got[0] != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestExposedSecrets names the files that everybody can read; the owner's group may.
func TestExposedSecrets(t *testing.T) {
	t.Parallel()
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o440: 0, 0o644: 2, 0o604: 2} {
		dir := t.TempDir()
		var s settings
		s.Secrets.KeysetFile, s.Channels.FCM.CredentialsFile = filepath.Join(dir, "keyset.json"), filepath.Join(dir, "firebase.json")
		for _, file := range []string{s.Secrets.KeysetFile, s.Channels.FCM.CredentialsFile} {
			if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chmod(file, mode)); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.exposed(); len(got) != want {
			t.Errorf("%v: got %v, want %d files", mode, got, want)
		}
	}
}
