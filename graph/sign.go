package graph

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/motcua/motcua/miniapps/signs/registry"
)

// Sign is a plate as the GraphQL type shows it. It never shows a code.
type Sign struct {
	plate   *registry.Plate
	view    *view
	asked   registry.Coded // what it was asked for by; zero within a list
	stories *storyBatch    // shared by the signs of one page
}

// IsNode marks a type that can be asked for by its id.
func (*Sign) IsNode() {}

// IsEntity marks a type that a router can ask for by its key.
func (*Sign) IsEntity() {}

// ID gives the opaque id.
func (s *Sign) ID() string { return idOf(kindSign, s.plate.ID) }

// Number gives the printed number.
func (s *Sign) Number() string { return s.view.root.deps.Signs.Number(s.plate) }

// CodeState tells what the code is worth that was asked for; nil when none was.
func (s *Sign) CodeState() *SignCodeState {
	var out SignCodeState
	switch s.asked.State {
	case registry.Current:
		out = SignCodeStateCurrent
	case registry.Ended:
		out = SignCodeStateRevoked
	default:
		return nil
	}
	return &out
}

// CodeRevokedAt tells when that code was revoked; nil when it was not.
func (s *Sign) CodeRevokedAt() *time.Time { return optionalTime(s.asked.RevokedAt) }

// URL gives the address of the page, to whoever has its current code.
func (s *Sign) URL() *string {
	if s.asked.State != registry.Current {
		return nil
	}
	return optionalText(s.view.root.deps.Signs.Link(s.asked.Code))
}

// Place tells where it hangs.
func (s *Sign) Place() *SignPlace {
	p := s.plate.Place
	return &SignPlace{Lat: p.Lat, Lon: p.Lon, Address: p.Address, Side: sideNames[p.Side]}
}

// Ward gives the ward it lies in.
func (s *Sign) Ward() *Ward { return s.view.gazette.wards[s.plate.Ward] }

// Unit gives who looks after it.
func (s *Sign) Unit() *Unit { return s.view.gazette.units[s.plate.Unit] }

// Street gives the name of the street that it hangs in.
func (s *Sign) Street() string { return s.plate.Street }

// InstalledOn gives the day when it was put up; nil when nobody knows.
func (s *Sign) InstalledOn() *time.Time { return optionalTime(s.plate.InstalledAt) }

// Condition gives the state that it was last found in.
func (s *Sign) Condition() SignCondition { return conditionNames[s.plate.Condition] }

// Story gives what it tells: for all signs of a page in one read.
func (s *Sign) Story(ctx context.Context) (*StreetStory, error) {
	return s.stories.get(ctx, s.plate.Story)
}

// Actions gives what can be done where it hangs.
func (s *Sign) Actions(ctx context.Context) ([]MiniAppSuggestion, error) {
	return suggestionsOf(s.view.root.deps.Signs.Here(s.plate, langOf(ctx)), "", langOf(ctx))
}

var (
	sideNames = map[registry.Side]SignSide{
		registry.Left: SignSideLeft, registry.Right: SignSideRight, registry.Corner: SignSideCorner, registry.Wall: SignSideWall,
	}
	conditionNames = map[registry.Condition]SignCondition{
		registry.Good: SignConditionGood, registry.Worn: SignConditionWorn, registry.Damaged: SignConditionDamaged, registry.Missing: SignConditionMissing,
	}
)

// signsOf shows plates that were read together.
func (v *view) signsOf(plates []registry.Plate) []Sign {
	batch := &storyBatch{view: v, alone: len(plates) == 1}
	out := make([]Sign, len(plates))
	for i := range plates {
		out[i] = Sign{plate: &plates[i], view: v, stories: batch}
		if id := plates[i].Story; id != "" && !slices.Contains(batch.ids, id) {
			batch.ids = append(batch.ids, id)
		}
	}
	return out
}

// signPage shows a page of plates. metres are how far away they are; nil for a list that is not about a place.
func (v *view) signPage(p registry.Page[registry.Plate], metres []float64, after *string) *SignConnection {
	nodes := v.signsOf(p.Items)
	out := &SignConnection{Edges: make([]SignEdge, len(nodes)), PageInfo: pageInfo(p.Cursors, p.HasNext, after)}
	for i := range nodes {
		out.Edges[i] = SignEdge{Cursor: string(p.Cursors[i]), Node: &nodes[i]}
		if metres != nil {
			m := int(math.Round(metres[i]))
			out.Edges[i].DistanceMetres = &m
		}
	}
	return out
}

// storyBatch loads the stories of the signs of one page in one read, when the first of them is asked for.
type storyBatch struct {
	view  *view
	ids   []string
	alone bool // there is one sign, so its story may be asked for more

	once    sync.Once
	stories map[string]*StreetStory
	err     error
}

// get gives one of the stories; nil when there is none of that id.
func (b *storyBatch) get(ctx context.Context, id string) (*StreetStory, error) {
	b.once.Do(func() {
		if b.stories != nil {
			return
		}
		found, err := b.view.root.storiesByID(ctx, b.ids)
		b.stories, b.err = b.view.stories(ctx, found, b.alone), err
	})
	return b.stories[id], b.err
}

// signsTelling reads a page of the signs that tell a story, which they know without a read.
func (v *view) signsTelling(ctx context.Context, s *StreetStory, first *int, after *string) (*SignConnection, error) {
	signs, err := v.root.signs()
	if err != nil {
		return nil, err
	}
	page, err := signs.Registry().ByStory(ctx, s.story.ID, pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	out := v.signPage(page, nil, after)
	told := &storyBatch{view: v, stories: map[string]*StreetStory{s.story.ID: s.within()}}
	for i := range out.Edges {
		out.Edges[i].Node.stories = told
	}
	return out, nil
}
