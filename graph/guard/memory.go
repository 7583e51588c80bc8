package guard

import (
	"context"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Memory is a Cache inside this process, which forgets what was not asked for longest.
type Memory struct {
	docs *lru.Cache[string, string]
}

var _ Cache = (*Memory)(nil)

// NewMemory makes an empty one.
func NewMemory() (*Memory, error) {
	docs, err := lru.New[string, string](4 * cachedDocuments)
	return &Memory{docs: docs}, err
}

// Document gives the document of a hash.
func (m *Memory) Document(_ context.Context, hash string) (string, bool) { return m.docs.Get(hash) }

// Remember keeps a document.
func (m *Memory) Remember(_ context.Context, hash, query string) {
	m.docs.Add(strings.Clone(hash), strings.Clone(query))
}
