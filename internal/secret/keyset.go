package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// format is the version of the keyset file.
const format = 1

// file is the keyset file: three tink keysets in the clear, so the file itself is the secret.
type file struct {
	Format      int             `json:"motcua_keyset"`
	Development bool            `json:"development"`
	Seal        json.RawMessage `json:"seal"`
	Index       json.RawMessage `json:"index"`
	Sign        json.RawMessage `json:"sign"`

	seal, index, sign *keyset.Handle
}

// Generate makes a new keyset file, JSON. With development it is marked as unfit for citizens' data.
func Generate(development bool) ([]byte, error) {
	f := file{Format: format, Development: development}
	var errs [3]error
	f.seal, errs[0] = withNext(aead.AES256GCMKeyTemplate())
	f.sign, errs[1] = withNext(mac.HMACSHA256Tag256KeyTemplate())
	f.index, errs[2] = keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("secret: generate: %w", err)
	}
	return f.write()
}

// Rotate makes new keys for sealing and signing and keeps the old ones for what they made. A file always carries the key that comes next, so
// replicas with the file before and after this rotation read each other's data: the new file can be rolled out one replica at a time.
// Indexes stay as they are.
func Rotate(old []byte) ([]byte, error) {
	f, err := parse(old)
	if err != nil {
		return nil, err
	}
	var errs [2]error
	f.seal, errs[0] = advance(f.seal, aead.AES256GCMKeyTemplate())
	f.sign, errs[1] = advance(f.sign, mac.HMACSHA256Tag256KeyTemplate())
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("secret: rotate: %w", err)
	}
	return f.write()
}

// Replace is Rotate for a file that others may have read: every key that it goes on with is new, also the one that comes next, and nothing that was signed
// before is good any more. Old keys for sealing and indexes stay for what they made.
// Stop every replica before the new file comes into use: two that store under different index keys at the same time would not see each other's claims.
func Replace(old []byte) ([]byte, error) {
	f, err := parse(old)
	if err != nil {
		return nil, err
	}
	var errs [4]error
	f.seal, errs[0] = lead(f.seal, aead.AES256GCMKeyTemplate())
	if errs[0] == nil {
		f.seal, errs[1] = follow(f.seal, aead.AES256GCMKeyTemplate())
	}
	f.sign, errs[2] = withNext(mac.HMACSHA256Tag256KeyTemplate())
	f.index, errs[3] = lead(f.index, prf.HMACSHA256PRFKeyTemplate())
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("secret: replace: %w", err)
	}
	return f.write()
}

// withNext makes a keyset of a primary key and the one that Rotate will put into its place.
func withNext(t *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	h, err := keyset.NewHandle(t)
	if err != nil {
		return nil, err
	}
	return follow(h, t)
}

// advance puts the next key into use and adds the one after it.
func advance(h *keyset.Handle, t *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	all := ids(h)
	m := keyset.NewManagerFromHandle(h)
	if err := m.SetPrimary(all[len(all)-1]); err != nil {
		return nil, err
	}
	h, err := m.Handle()
	if err != nil {
		return nil, err
	}
	return follow(h, t)
}

// lead adds a key and puts it into use.
func lead(h *keyset.Handle, t *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(h)
	id, err := m.Add(t)
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	return m.Handle()
}

// follow adds the key that comes next.
func follow(h *keyset.Handle, t *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(h)
	if _, err := m.Add(t); err != nil {
		return nil, err
	}
	return m.Handle()
}

// ids gives the ids of a keyset's keys, oldest first.
func ids(h *keyset.Handle) []uint32 {
	var out []uint32
	for _, k := range h.KeysetInfo().GetKeyInfo() {
		out = append(out, k.GetKeyId())
	}
	return out
}

func parse(data []byte) (file, error) {
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, errors.New("secret: the keyset file is not the JSON that `motcua` writes") // the decoder's own words may quote the file
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return f, errors.New("secret: the keyset file goes on after its end")
	}
	if f.Format != format {
		return f, fmt.Errorf("secret: the keyset file has format %d, want %d", f.Format, format)
	}
	for _, part := range []struct {
		name string
		from json.RawMessage
		to   **keyset.Handle
	}{{"seal", f.Seal, &f.seal}, {"index", f.Index, &f.index}, {"sign", f.Sign, &f.sign}} {
		h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(part.from)))
		if err != nil {
			return f, fmt.Errorf("secret: the keyset file's part %q cannot be read", part.name)
		}
		*part.to = h
	}
	return f, nil
}

func (f file) write() ([]byte, error) {
	for _, part := range []struct {
		from *keyset.Handle
		to   *json.RawMessage
	}{{f.seal, &f.Seal}, {f.index, &f.Index}, {f.sign, &f.Sign}} {
		var buf bytes.Buffer
		if err := insecurecleartextkeyset.Write(part.from, keyset.NewJSONWriter(&buf)); err != nil {
			return nil, fmt.Errorf("secret: write: %w", err)
		}
		*part.to = bytes.TrimSpace(buf.Bytes())
	}
	out, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("secret: write: %w", err)
	}
	return append(out, '\n'), nil
}
