package signpage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// subject is what the pages under one address are about, and those that were made of it. All but the pages is read only.
type subject struct {
	key    string // the address's last part in its one spelling
	coded  registry.Coded
	story  registry.Story // zero when the plate tells none
	sizes  map[string][2]int
	made   time.Time
	until  time.Time
	langs  []string // languages of the page, Vietnamese first
	spoken string   // those and which are reviewed, as one text, to remember choices by
	sure   []string // those of langs whose words somebody reviewed
	pages  []slot   // two for each language: as usual, and with all of a text that was cut
}

// slot is one page, made when it is first asked for.
type slot struct {
	once   sync.Once
	answer *Answer
}

// How long what was read may be used.
const (
	shortTTL  = 15 * time.Second // of what is nobody's or was revoked: a new plate works soon after it was scanned too early
	staleTTL  = 10 * time.Minute // while the store is away, since it was read
	maxLookup = 4 * time.Second  // for reading one
)

// subject reads what an address stands for, once for all who ask at the same time.
func (p *Pages) subject(ctx context.Context, sign string) (*subject, error) {
	key, _ := p.read(sign)
	s, err := p.ready.flight(ctx, key, func() (*subject, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxLookup)
		defer cancel()
		if s := p.ready.fresh(key, p.deps.Now()); s != nil {
			return s, nil // read by another after this one had looked
		}
		return p.look(ctx, key)
	})
	if err == nil {
		return s, nil
	}
	if old := p.ready.stale(key, p.deps.Now()); old != nil && fault.CodeOf(err) != fault.NotFound {
		return old, nil // a visitor reads about the street while the store is away
	}
	return nil, err
}

// look reads what a key stands for.
func (p *Pages) look(ctx context.Context, key string) (_ *subject, err error) {
	defer func() {
		if r := recover(); r != nil { // it runs on a goroutine of its own, where nobody else would
			err = fault.Wrap(fault.Internal, fmt.Errorf("signs: page: panic: %v", r))
		}
	}()
	now := p.deps.Now()
	s := &subject{key: key, made: now, until: now.Add(p.deps.TTL)}
	if s.coded, err = p.coded(ctx, key); err != nil {
		return nil, fmt.Errorf("signs: page: %w", err)
	}
	if s.coded.State != registry.Current {
		s.until = now.Add(min(p.deps.TTL, shortTTL))
	}
	if s.story, err = p.tale(ctx, s.coded.Plate.Story); err != nil {
		return nil, fmt.Errorf("signs: page: %w", err)
	}
	p.measure(ctx, s)
	s.speak()
	return s, nil
}

// coded finds the plate. A number that no plate has gives a state of "".
func (p *Pages) coded(ctx context.Context, key string) (registry.Coded, error) {
	if isCode(key) {
		return p.deps.Registry.PlateByCode(ctx, key)
	}
	n, _ := p.deps.Codes.Numbers().Parse(key)
	plate, err := p.deps.Registry.PlateByNumber(ctx, n)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return registry.Coded{}, nil
	case err != nil:
		return registry.Coded{}, err
	}
	return registry.Coded{State: registry.Current, Plate: plate}, nil
}

// tale gives a plate's story; an empty one when it has none.
func (p *Pages) tale(ctx context.Context, id string) (registry.Story, error) {
	if id == "" {
		return registry.Story{}, nil
	}
	s, err := p.deps.Registry.Story(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return registry.Story{}, nil
	}
	return s, err
}

// measure asks how large the pictures are, so that the page does not jump when they come. Without an answer it is guessed.
func (p *Pages) measure(ctx context.Context, s *subject) {
	var ids []string
	for _, x := range s.story.Pictures {
		if x.Media != "" {
			ids = append(ids, x.Media)
		}
	}
	if len(ids) == 0 || p.deps.MediaSize == nil {
		return
	}
	if sizes, err := p.deps.MediaSize(ctx, ids); err == nil {
		s.sizes = sizes
	}
}

// speak finds out which languages there are: those of the story, and those in which the city has words for everything around it.
func (s *subject) speak() {
	s.langs = []string{registry.Vietnamese, english}
	for _, l := range s.story.Languages() {
		if !slices.Contains(s.langs, l) && s.written(l) {
			s.langs = append(s.langs, l)
		}
	}
	for _, l := range s.langs {
		s.spoken += l
		if s.written(l) && s.story.Translations[l].State == registry.Approved {
			s.sure = append(s.sure, l)
			s.spoken += "+"
		}
		s.spoken += " "
	}
	s.pages = make([]slot, 2*len(s.langs))
}

// written tells whether the story has a text in a language. Plates are hung before their stories are written: until then one has a name only.
func (s *subject) written(lang string) bool {
	return strings.TrimSpace(s.story.Translations[lang].Text) != ""
}
