package media

import (
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/motcua/motcua/configs"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/secret"
)

var _ Signer = (*secret.Box)(nil)

func TestAddresses(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *Config) { c.BaseURL = "https://city.example" })
	it := d.upload(typeJPEG, phoneJPEG(t, quarters(8, 8), 1), "a")
	other := d.upload(typeJPEG, phoneJPEG(t, quarters(8, 8), 1), "b")
	address := d.URL(it.ID, Thumb)
	if !strings.HasPrefix(address, "https://city.example/media/"+it.ID+"?") {
		t.Errorf("address %s", address)
	}
	good := queryOf(t, address)
	later := strconv.FormatInt(d.clock.Now().Add(1000*time.Hour).Unix(), 10)
	tests := []struct {
		name, id string
		change   func(url.Values)
	}{
		{"another item", other.ID, func(url.Values) {}},
		{"another rendition", it.ID, func(q url.Values) { q.Set("r", Large) }},
		{"no rendition", it.ID, func(q url.Values) { q.Del("r") }},
		{"a longer life", it.ID, func(q url.Values) { q.Set("e", later) }},
		{"no end", it.ID, func(q url.Values) { q.Del("e") }},
		{"no signature", it.ID, func(q url.Values) { q.Del("s") }},
		{"a guessed signature", it.ID, func(q url.Values) { q.Set("s", strings.Repeat("0", 64)) }},
		{"a huge signature", it.ID, func(q url.Values) { q.Set("s", strings.Repeat("0", 1<<20)) }},
		{"the signature to write", it.ID, func(q url.Values) {
			for k, v := range d.sign(purposeWrite, it.ID, "", d.clock.Now().Add(time.Hour)) {
				q[k] = v
			}
			q.Del("r")
		}},
		{"parts shifted over their borders", it.ID + "\x00", func(q url.Values) { q.Set("r", "humb") }},
		{"a number that is none, signed", it.ID, func(q url.Values) {
			q.Set("e", "1e99")
			q.Set("s", d.signer.Sign(purposeRead, signed(it.ID, Thumb, "1e99")))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := url.Values{}
			for k, v := range good {
				q[k] = v
			}
			tt.change(q)
			_, err := d.Open(d.ctx, tt.id, q)
			refused(t, err, fault.Forbidden, "media.link_invalid")
			_, err = d.Receive(d.ctx, tt.id, q, "", neverEnding('x'))
			if tt.name != "the signature to write" {
				refused(t, err, fault.Forbidden, "media.link_invalid")
			}
		})
	}
	if _, err := d.Open(d.ctx, it.ID, good); err != nil {
		t.Errorf("the address itself: %v", err)
	}
	_, err := d.Open(d.ctx, "nothing", d.sign(purposeRead, "nothing", "", d.clock.Now().Add(time.Hour)))
	refused(t, err, fault.NotFound, "")
}

func TestAddressesEnd(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := phoneJPEG(t, quarters(8, 8), 1)
	u := d.announce(typeJPEG, len(body), "a")
	d.clock.Add(time.Hour)
	_, err := d.send(u, body)
	refused(t, err, fault.Forbidden, "media.link_invalid")
	it, err := d.send(d.announce(typeJPEG, len(body), "a"), body)
	if err != nil {
		t.Fatalf("with a fresh address: %v", err)
	}
	q := queryOf(t, d.URL(it.ID, ""))
	d.clock.Add(time.Hour) // the shortest life
	if _, err := d.Open(d.ctx, it.ID, q); err != nil {
		t.Errorf("within an hour: %v", err)
	}
	d.clock.Add(time.Hour)
	_, err = d.Open(d.ctx, it.ID, q)
	refused(t, err, fault.Forbidden, "media.link_invalid")
}

func TestAddressesStayForCaches(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.clock.Set(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))
	first := d.URL("x", Thumb)
	d.clock.Add(59 * time.Minute)
	if again := d.URL("x", Thumb); again != first {
		t.Errorf("%s became %s", first, again)
	}
	d.clock.Add(time.Minute)
	if d.URL("x", Thumb) == first {
		t.Error("the address never changes")
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if err := testConfig().Validate(); err != nil {
		t.Errorf("good settings: %v", err)
	}
	err := Config{BaseURL: "city/"}.Validate()
	for _, key := range []string{
		"upload_ttl", "link_ttl", "max_photo", "max_video", "max_pixels", "decode_memory", "max_decodes", "decode_wait",
		"blob_timeout", "max_loose", "orphan_after", "retention", "base_url",
	} {
		if err == nil || !strings.Contains(err.Error(), key+": ") {
			t.Errorf("%s is not told among %v", key, err)
		}
	}
	c := testConfig()
	c.OrphanAfter = c.UploadTTL
	if c.Validate() == nil {
		t.Error("a sweep that overtakes uploads is accepted")
	}
	if _, err := New(t.Context(), nil, nil, nil, Config{}, time.Now); err == nil {
		t.Error("New takes bad settings")
	}
}

func TestEveryTextIsInTheCatalogues(t *testing.T) {
	t.Parallel()
	texts, err := fs.Sub(configs.Files, "locales")
	if err != nil {
		t.Fatal(err)
	}
	c, err := locale.Load(texts)
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"media.too_large_photo", "media.too_large_video"} // made of parts in the code
	for _, name := range []string{"inspect.go", "item.go", "link.go", "photo.go", "spool.go", "upload.go", "video.go"} {
		code, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(media\.[a-z_]+[a-z])"`).FindAllStringSubmatch(string(code), -1) {
			keys = append(keys, m[1])
		}
	}
	if len(keys) < 15 {
		t.Fatalf("only %d keys found", len(keys))
	}
	for _, k := range keys {
		if !c.Has(k) {
			t.Errorf("no text for %s", k)
		}
	}
}

func FuzzAddress(f *testing.F) {
	m := &Media{cfg: testConfig(), signer: hmacSigner("key"), now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	address, err := url.Parse(m.URL("id", Thumb))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("id", address.RawQuery)
	f.Add("id", "e=9223372036854775807&s=0")
	f.Add("", "r=%00&e=-1&s=")
	f.Fuzz(func(t *testing.T, id, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if _, err := m.check(purposeRead, id, q.Get("r"), q); err == nil && (id != "id" || q.Get("r") != Thumb) {
			t.Errorf("%q with %q passes", id, query)
		}
		if _, err := m.check(purposeWrite, id, "", q); err == nil {
			t.Errorf("%q with %q may write", id, query)
		}
	})
}

func TestRenew(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *Config) { c.BaseURL = "https://city.example" })
	it := d.upload(typeJPEG, phoneJPEG(t, quarters(8, 8), 1), "a")
	old := d.URL(it.ID, Thumb)
	d.clock.Add(1000 * time.Hour)
	if _, err := d.Open(d.ctx, it.ID, queryOf(t, old)); fault.CodeOf(err) != fault.Forbidden {
		t.Fatalf("an old address is good: %v", err)
	}
	for _, address := range []string{old, strings.Replace(old, "https://city.example", "http://before.example", 1), d.URL(it.ID, Thumb)} {
		r, err := d.Open(d.ctx, it.ID, queryOf(t, d.Renew(address)))
		if err != nil || !strings.HasPrefix(d.Renew(address), "https://city.example/media/") {
			t.Fatalf("%s: renewed %s: %v", address, d.Renew(address), err)
		}
		if r.Size == 0 {
			t.Errorf("%s: nothing is there", address)
		}
	}
	for _, address := range []string{
		"", "https://example.vn/a.jpg", "https://city.example/media/" + it.ID, strings.Replace(old, "r=thumb", "r=large", 1), strings.Replace(old, it.ID, it.ID+"x", 1), "%zz",
		d.uploadURL(it.ID, d.clock.Now().Add(time.Hour)),
	} {
		if got := d.Renew(address); got != address {
			t.Errorf("%q became %q", address, got)
		}
	}
}
