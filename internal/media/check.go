package media

import (
	"context"
	"fmt"
	"io"

	"github.com/motcua/motcua/internal/account"
)

// Check tells whether a stranger's file would be taken, and as what, and keeps nothing of it: so that nobody is made up to own a file that is refused.
// Its errors are those of TakeFromStranger. What is good here can still be refused there, when there is no room any more.
func (m *Media) Check(ctx context.Context, contentType string, body io.Reader) (Kind, error) {
	now := m.clock()
	if err := m.admit(ctx, account.Viewer{}, &now); err != nil {
		return "", fmt.Errorf("media: check: %w", err)
	}
	kind, s, err := m.fetch(ctx, contentType, body)
	if err != nil {
		return "", fmt.Errorf("media: check: %w", err)
	}
	defer s.drop()
	if err := m.usable(ctx, kind, s); err != nil {
		return "", fmt.Errorf("media: check: %w", err)
	}
	return kind, nil
}

// usable tells whether a file can be used, without making anything of it.
func (m *Media) usable(ctx context.Context, kind Kind, s *spool) error {
	if kind != Photo {
		_, err := m.forms(ctx, kind, s)
		return err
	}
	format, err := s.sniff()
	if err != nil {
		return err
	}
	return m.decoding(ctx, format, s, func(data []byte, t traits) (err error) {
		defer recovered(&err)
		_, err = decodeAs(format, data, t)
		return err
	})
}
