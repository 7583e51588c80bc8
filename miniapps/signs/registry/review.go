package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
)

// Translate writes a story in one language, over what was there. The words are a draft until somebody else has reviewed them. NOT_FOUND without the story.
func (r *Registry) Translate(ctx context.Context, id, lang string, w Words, act Act) (Story, error) {
	w = w.clean()
	var l list
	l.lang("lang", lang)
	l.words(lang, w, true)
	if len(l) > 0 {
		return Story{}, &fault.Error{Code: fault.Invalid, Fields: l}
	}
	s, err := r.edit(ctx, id, act, Change{Kind: Translated}, func(s *Story, now time.Time) error {
		if s.Translations[lang].Words == w {
			return nil
		}
		s.Translations[lang] = s.Translations[lang].with(TextRow{Words: w, State: Draft}, act.By, now)
		return s.room()
	})
	if err != nil {
		return Story{}, err
	}
	if err := r.rename(ctx, &s); err != nil {
		return Story{}, fmt.Errorf("signs: translate: %w", err)
	}
	return s, nil
}

// Review approves the words of a story in one language, of the revision that the reviewer has read. FORBIDDEN for who wrote them, CONFLICT when they have
// changed since or there is no text yet, NOT_FOUND without them.
func (r *Registry) Review(ctx context.Context, id, lang string, revision int, act Act) (Story, error) {
	return r.edit(ctx, id, act, Change{Kind: Reviewed}, func(s *Story, now time.Time) error {
		t, ok := s.Translations[lang]
		switch {
		case !ok:
			return fault.New(fault.NotFound, "signs.no_translation")
		case t.Revision != revision:
			return fault.New(fault.Conflict, "signs.words_changed")
		case t.Text == "":
			return fault.New(fault.Conflict, "signs.no_text")
		case t.State == Approved:
			return nil
		case t.Writer == act.By:
			return fault.New(fault.Forbidden, "signs.own_words")
		}
		t.State, t.ReviewedBy, t.ReviewedAt = Approved, act.By, now
		s.Translations[lang] = t
		return nil
	})
}

// edit makes one change of a story, once for its key, in a single write.
func (r *Registry) edit(ctx context.Context, id string, act Act, c Change, step func(*Story, time.Time) error) (Story, error) {
	s, err := update(ctx, r.records.stories, id, func(s *Story) (bool, error) {
		if seen, err := act.seen(s.Marks); seen || err != nil {
			return false, err
		}
		before := s.facts()
		c.At, c.By = r.now(), act.By
		if s.Translations == nil {
			s.Translations = map[string]Translation{}
		}
		if err := step(s, c.At); err != nil {
			return false, err
		}
		act.mark(&s.Marks)
		if c.Fields = altered(before, s.facts()); len(c.Fields) == 0 {
			return act.Key != "", nil
		}
		s.Tokens = s.tokens()
		s.record(c)
		return true, nil
	})
	r.changed(ctx)
	return s, wrapStory(string(c.Kind), err)
}

func wrapStory(what string, err error) error {
	if f := fault.Of(err); f != nil && f.Code == fault.NotFound && f.Key == "" {
		return fault.New(fault.NotFound, "signs.no_story")
	}
	if err != nil {
		return fmt.Errorf("signs: %s: %w", what, err)
	}
	return nil
}
