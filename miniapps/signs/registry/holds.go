package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Existing gives those of the names "story/media" whose story shows that picture or recording: what no story shows any more is not kept. In this it answers
// for the city's media.
func (r *Registry) Existing(ctx context.Context, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		if id, _, _ := strings.Cut(name, "/"); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	stories, err := r.records.stories.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("signs: what stories show: %w", err)
	}
	var out []string
	for _, name := range names {
		id, media, ok := strings.Cut(name, "/")
		if s, there := stories[id]; ok && there && s.shows(media) {
			out = append(out, name)
		}
	}
	return out, nil
}

// shows tells whether a picture or recording of the city's is part of the story.
func (s *Story) shows(media string) bool {
	return media != "" && (slices.ContainsFunc(s.Pictures, func(p Picture) bool { return p.Media == media }) ||
		slices.ContainsFunc(s.Audio, func(a Recording) bool { return a.Media == media }))
}
