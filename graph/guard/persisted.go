package guard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Reasons for which a persisted operation is refused.
const (
	ReasonPersistedUnknown = "persisted_unknown"
	ReasonPersistedWrong   = "persisted_wrong"
	ReasonUnregistered     = "unregistered"
)

// Cache remembers documents by their hash, for clients that send the hash alone. What it holds may vanish at any moment.
type Cache interface {
	Document(ctx context.Context, hash string) (query string, ok bool)
	Remember(ctx context.Context, hash, query string)
}

// Registered are the documents that the city's own apps were built with, by their SHA-256 in hexadecimal.
type Registered map[string]string

// ReadRegistered reads a JSON object of documents by hash and checks each hash.
func ReadRegistered(data []byte) (Registered, error) {
	var r Registered
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("registered operations: %w", err)
	}
	var wrong []string
	for hash, query := range r {
		if HashOf(query) != hash {
			wrong = append(wrong, hash)
		}
	}
	if len(wrong) > 0 {
		sort.Strings(wrong)
		return nil, fmt.Errorf("registered operations: not the hash of its document: %s", strings.Join(wrong, ", "))
	}
	return r, nil
}

// HashOf gives the name of a document: its SHA-256 in hexadecimal.
func HashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

// Persisted finds the document that a request means.
type Persisted struct {
	registered Registered
	cache      Cache
}

// NewPersisted makes a finder. cache may be nil: then only registered hashes are known.
func NewPersisted(registered Registered, cache Cache) *Persisted {
	return &Persisted{registered, cache}
}

// Resolve gives the document for a query text and the request's extensions, of which it reads persistedQuery{version: 1, sha256Hash}.
// With onlyRegistered nothing but a registered hash will do.
func (p *Persisted) Resolve(ctx context.Context, query string, extensions map[string]any, onlyRegistered bool) (string, *Rejection) {
	hash, rejected := persistedHash(extensions)
	if rejected != nil {
		return "", rejected
	}
	if onlyRegistered {
		return p.onlyRegistered(query, hash)
	}
	if hash == "" {
		return query, nil
	}
	if query == "" {
		return p.find(ctx, hash)
	}
	if HashOf(query) != hash {
		return "", refuse(ReasonPersistedWrong, "INVALID", "the hash is not that of the query")
	}
	return query, nil
}

// Learn keeps the text of an operation that came with its hash, for those who will send the hash alone. Only what may run is worth keeping: call it
// after the checks, with what Resolve was given.
func (p *Persisted) Learn(ctx context.Context, query string, extensions map[string]any) {
	if p.cache == nil || query == "" || len(query) > cachedDocumentLen {
		return
	}
	if hash, rejected := persistedHash(extensions); rejected == nil && hash != "" {
		p.cache.Remember(ctx, hash, query)
	}
}

func (p *Persisted) onlyRegistered(query, hash string) (string, *Rejection) {
	if hash == "" && query != "" {
		hash = HashOf(query)
	}
	if found, ok := p.registered[hash]; ok {
		return found, nil
	}
	return "", refuse(ReasonUnregistered, "FORBIDDEN", "only registered operations may be asked for like this")
}

func (p *Persisted) find(ctx context.Context, hash string) (string, *Rejection) {
	if found, ok := p.registered[hash]; ok {
		return found, nil
	}
	if p.cache != nil {
		// The cache is shared and not trusted: what it gives must have the hash.
		if found, ok := p.cache.Document(ctx, hash); ok && HashOf(found) == hash {
			return found, nil
		}
	}
	// Message and code are what clients of automatic persisted queries look for before they send the text along.
	return "", &Rejection{Reason: ReasonPersistedUnknown, Errors: gqlerror.List{invalid("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")}}
}

// persistedHash gives the hash that a request names, or "".
func persistedHash(extensions map[string]any) (string, *Rejection) {
	raw, there := extensions["persistedQuery"]
	if !there || raw == nil {
		return "", nil
	}
	ext, _ := raw.(map[string]any)
	hash, _ := ext["sha256Hash"].(string)
	hash = strings.ToLower(hash)
	if version, ok := integer(ext["version"]); !ok || version != 1 {
		return "", refuse(ReasonPersistedWrong, "INVALID", "only version 1 of persisted queries is known")
	}
	if sum, err := hex.DecodeString(hash); err != nil || len(sum) != sha256.Size {
		return "", refuse(ReasonPersistedWrong, "INVALID", "sha256Hash is not a SHA-256 in hexadecimal")
	}
	return hash, nil
}
