package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// CompareStory tells what PutStory would make of a clean row where the story is as held; nil when there is none.
func CompareStory(held *Story, row StoryRow) Result {
	if held == nil {
		return New
	}
	s := *held
	if len(s.take(row, "", time.Time{})) == 0 {
		return Same
	}
	return Different
}

// PutStory brings a story to what the row says, and then its plates to its names. It may be repeated, and a repeat changes nothing. A text that is new or
// altered counts as written by whoever brings it. INVALID names every wrong field.
func (r *Registry) PutStory(ctx context.Context, row StoryRow, by string) (Result, error) {
	row = CleanStory(row)
	if wrong := CheckStory(row, by); len(wrong) > 0 {
		return "", &fault.Error{Code: fault.Invalid, Fields: wrong}
	}
	res, err := r.putStory(ctx, row, by)
	if res != Same { // also after an error: it may have come through
		r.changed(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("signs: put story %s: %w", row.ID, err)
	}
	return res, nil
}

func (r *Registry) putStory(ctx context.Context, row StoryRow, by string) (Result, error) {
	_, ok, err := find(ctx, r.records.stories, row.ID)
	if err != nil {
		return "", err
	}
	if !ok {
		now := r.now()
		s := Story{ID: row.ID, CreatedAt: now}
		s.take(row, by, now)
		s.Tokens = s.tokens()
		s.record(Change{At: now, By: by, Kind: Created})
		made, err := insert(ctx, r.records.stories, s)
		if made || err != nil {
			return New, err
		}
	}
	res := Same
	s, err := update(ctx, r.records.stories, row.ID, func(s *Story) (bool, error) {
		res = Same
		now := r.now()
		fields := s.take(row, by, now)
		if len(fields) == 0 {
			return false, nil
		}
		res = Different
		s.Tokens = s.tokens()
		s.record(Change{At: now, By: by, Kind: Updated, Fields: fields})
		return true, s.room()
	})
	if err != nil {
		return "", err
	}
	return res, r.rename(ctx, &s)
}

// rename lets the plates of a story be found by its names. It looks at all of them also when the story is as it was: what broke off last time ends here.
func (r *Registry) rename(ctx context.Context, s *Story) error {
	moved := false
	defer func() {
		if moved {
			r.changed(ctx)
		}
	}()
	follow := func(s *Story) error {
		for p, err := range all(ctx, r.records.plates, r.records.byStory.Where(s.ID)) {
			if err != nil {
				return err
			}
			if !p.follow(s) {
				continue
			}
			moved = true
			if err := r.follow(ctx, p.ID, s); err != nil {
				return err
			}
		}
		return nil
	}
	if err := follow(s); err != nil {
		return err
	}
	return r.catchUp(ctx, s, follow)
}

// follow lets one plate be found by the names of its story.
func (r *Registry) follow(ctx context.Context, plate string, s *Story) error {
	_, err := update(ctx, r.records.plates, plate, func(p *Plate) (bool, error) {
		return p.Story == s.ID && p.follow(s), nil
	})
	return err
}

// catchUp has plates follow a story once more while it has other names than those that they follow. Somebody may have changed it between the read of the story
// and the write of a plate, and have looked at its plates before that write: of all who are at work, the last to come here finds nothing new.
func (r *Registry) catchUp(ctx context.Context, followed *Story, follow func(*Story) error) error {
	for {
		now, err := r.records.stories.Get(ctx, followed.ID)
		if err != nil || slices.Equal(now.names(), followed.names()) {
			return err
		}
		if err := follow(&now); err != nil {
			return err
		}
		followed = &now
	}
}

// take takes over what a clean row says, and gives what that altered.
func (s *Story) take(row StoryRow, by string, now time.Time) []Altered {
	before := s.facts()
	s.Kind, s.Former, s.Pictures, s.Audio, s.Sources, s.Sample = row.Kind, row.Former, row.Pictures, row.Audio, row.Sources, row.Sample
	held := s.Translations
	s.Translations = make(map[string]Translation, len(row.Texts))
	for lang, t := range held {
		s.Translations[lang] = t
	}
	for lang, t := range row.Texts {
		s.Translations[lang] = held[lang].with(t, by, now)
	}
	return altered(before, s.facts())
}

// with gives the translation with what a row says. A row does not take back the review of words that are the same.
func (t Translation) with(row TextRow, by string, now time.Time) Translation {
	if row.Text == "" {
		row.Text = t.Text
	}
	if t.Words != row.Words {
		t = Translation{Words: row.Words, State: Draft, Revision: t.Revision + 1, Writer: by, WrittenAt: now}
	}
	if row.State == Approved && t.State != Approved {
		t.State, t.ReviewedBy, t.ReviewedAt = Approved, row.ReviewedBy, now
	}
	return t
}

func (s *Story) tokens() []string { return tokens(s.names()...) }

// room refuses a story that has grown too large: languages that came one by one add up.
func (s *Story) room() error {
	row := StoryRow{ID: s.ID, Kind: s.Kind, Former: s.Former, Pictures: s.Pictures, Audio: s.Audio, Sources: s.Sources, Sample: s.Sample}
	row.Texts = make(map[string]TextRow, len(s.Translations))
	for lang, t := range s.Translations {
		row.Texts[lang] = TextRow{Words: t.Words, State: t.State, ReviewedBy: t.ReviewedBy}
	}
	var l list
	l.few("name", len(row.Texts), maxLanguages)
	if n := row.size(); n > MaxStory {
		l.add("id", "story_large", params{"max": MaxStory >> 10, "got": (n + 1023) >> 10})
	}
	if len(l) > 0 {
		return &fault.Error{Code: fault.Invalid, Fields: l}
	}
	return nil
}
