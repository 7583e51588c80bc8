package graph

import (
	"context"
	"maps"
	"slices"

	"github.com/motcua/motcua/internal/media"
)

// CreateMediaUpload resolves Mutation.createMediaUpload.
func (m mutations) CreateMediaUpload(ctx context.Context, in CreateMediaUploadInput) (*CreateMediaUploadPayload, error) {
	u, err := m.deps.Media.CreateUpload(ctx, viewerOf(ctx), media.UploadRequest{
		ContentType: in.ContentType, Size: int64(in.Size), Name: textOr(in.Name), Key: keyOr(in.IdempotencyKey),
	})
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &CreateMediaUploadPayload{Errors: errs}, err
	}
	shown := &MediaUpload{ID: u.ID, URL: u.URL, Method: u.Method, Headers: []HTTPHeader{}, ExpiresAt: u.ExpiresAt}
	for _, name := range slices.Sorted(maps.Keys(u.Headers)) {
		shown.Headers = append(shown.Headers, HTTPHeader{Name: name, Value: u.Headers[name]})
	}
	return &CreateMediaUploadPayload{Upload: shown, Errors: errs}, nil
}
