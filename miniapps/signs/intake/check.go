package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// checking is one check on its way.
type checking struct {
	in   *Intake
	by   string
	rows []checked

	stories map[string]int  // rows by id, the first of each
	plates  map[int]int     // rows by number, the first of each
	known   map[string]bool // stories of the registry

	media []Media
	shelf shelf
	used  []bool // of the media
}

// Check reads files, checks every row by itself, against the others, the city and the registry, and says what storing them by somebody would come to. It
// changes nothing. Media are the pictures and recordings given beside the files, as they were kept. Where rows clash the first counts as good. The error is the
// store's, or INVALID for files that are too large or too many.
func (in *Intake) Check(ctx context.Context, files []File, by string, media ...Media) (Report, []Row, error) {
	out := Report{Faults: []Fault{}, Unused: []string{}}
	files, err := unpack(files)
	if err != nil {
		return out, nil, err
	}
	c := &checking{in: in, by: by, stories: map[string]int{}, plates: map[int]int{}, known: map[string]bool{}, media: media, used: make([]bool, len(media))}
	names := make([]string, len(media))
	for i, m := range media {
		names[i] = m.Name
	}
	c.shelf = newShelf(names)
	for _, f := range files {
		c.read(f)
		if len(c.rows) > MaxRows {
			return out, nil, fault.New(fault.Invalid, faults+"rows").With("max", MaxRows)
		}
	}
	if err := errors.Join(c.checkStories(ctx), ctx.Err()); err != nil {
		return out, nil, fmt.Errorf("signs: check: %w", err)
	}
	if err := c.checkPlates(ctx); err != nil {
		return out, nil, fmt.Errorf("signs: check: %w", err)
	}
	rows := make([]Row, len(c.rows))
	for i, r := range c.rows {
		rows[i] = r.Row
		out.count(r.Row, r.Result)
		out.tell(r.faults...)
	}
	out.Unused = c.unused()
	return out, rows, nil
}

// read adds the rows of one file.
func (c *checking) read(f File) {
	switch ending(f.Name) {
	case ".csv", ".tsv":
		c.readCSV(f)
	case ".geojson", ".json":
		c.readGeoJSON(f)
	case ".yaml", ".yml":
		c.readYAML(f)
	case ".zip":
		c.unread(f.Name, 0, "", "zip", nil)
	default:
		c.unread(f.Name, 0, "", "file_kind", nil)
	}
}

// checkStories checks the stories by themselves, against each other and against the registry.
func (c *checking) checkStories(ctx context.Context) error {
	for i := range c.rows {
		r := &c.rows[i]
		if r.Story == nil {
			continue
		}
		c.checkStory(r)
		first, twice := c.stories[r.Story.ID]
		if twice {
			r.fault("id", "story_twice", map[string]any{"file": c.rows[first].File})
			continue
		}
		c.stories[r.Story.ID] = i
		r.unwritten = r.Story.Texts[registry.Vietnamese].Text == ""
		if !r.Faulty {
			r.Result = registry.New
		}
	}
	for s, err := range c.in.registry.AllStories(ctx) {
		if err != nil {
			return err
		}
		c.known[s.ID] = true
		if i, ok := c.stories[s.ID]; ok && !c.rows[i].Faulty {
			c.rows[i].Result = registry.CompareStory(&s, *c.rows[i].Story)
			c.rows[i].unwritten = c.rows[i].unwritten && !s.Written() // it keeps the text that it has
		}
	}
	return nil
}

// checkStory checks a story by itself, once it has its media.
func (c *checking) checkStory(r *checked) {
	c.showMedia(r)
	r.take(slices.DeleteFunc(c.in.words.explain(registry.CheckStory(*r.Story, c.by)), func(f fault.Field) bool { // told of already
		return slices.ContainsFunc(r.named, func(n named) bool { return *n.id == "" && n.column == strings.Join(f.Path, ".")+".file" })
	}))
}

// checkPlates checks the plates by themselves, against each other and against the registry, once the stories are known.
func (c *checking) checkPlates(ctx context.Context) error {
	places := map[place]int{} // numbers of plates
	for i := range c.rows {
		r := &c.rows[i]
		if r.Plate == nil {
			continue
		}
		if i%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c.checkPlate(r)
		c.checkClash(i, places)
		if !r.Faulty {
			r.Result = registry.New
		}
	}
	return c.comparePlates(ctx, places)
}

// checkPlate checks a plate by itself and its story.
func (c *checking) checkPlate(r *checked) {
	fields := c.in.words.explain(c.in.registry.CheckPlate(*r.Plate))
	if r.has("lat", "lon") { // there is no point to look at
		fields = slices.DeleteFunc(fields, func(f fault.Field) bool { return slices.Contains([]string{"lat", "lon", "ward"}, f.Path[0]) })
	}
	r.take(fields)
	i, comes := c.stories[r.Plate.Story]
	switch {
	case r.has("story") || c.known[r.Plate.Story]:
	case !comes:
		r.fault("story", "story", nil)
	case c.rows[i].Faulty:
		r.fault("story", "story_faulty", nil)
	}
}

// checkClash checks a plate against those before it.
func (c *checking) checkClash(i int, places map[place]int) {
	r := &c.rows[i]
	if !r.has("number") {
		if first, twice := c.plates[r.Plate.Number]; twice {
			r.fault("number", "number_twice", map[string]any{"row": c.rows[first].Line, "file": c.rows[first].File})
			return
		}
		c.plates[r.Plate.Number] = i
	}
	if r.has("lat", "lon", "story", "side", "number") || r.Plate.Condition == registry.Missing {
		return
	}
	at := placeOf(r.Plate.Story, registry.Place{Lat: r.Plate.Lat, Lon: r.Plate.Lon, Side: r.Plate.Side})
	if number, twice := places[at]; twice {
		r.fault("lat", "same_place", map[string]any{"number": number})
		return
	}
	places[at] = r.Plate.Number
}

// comparePlates compares the plates with those of the registry.
func (c *checking) comparePlates(ctx context.Context, places map[place]int) error {
	for p, err := range c.in.registry.AllPlates(ctx) {
		if err != nil {
			return err
		}
		if i, ok := c.plates[p.Number]; ok {
			if r := &c.rows[i]; !r.Faulty {
				r.Result = registry.ComparePlate(&p, *r.Plate)
			}
			continue
		}
		number, taken := places[placeOf(p.Story, p.Place)]
		if taken && p.Condition != registry.Missing {
			c.rows[c.plates[number]].fault("lat", "same_place", map[string]any{"number": p.Number})
		}
	}
	return nil
}

// place is a spot on which one plate of a story can hang.
type place struct {
	story    string
	side     registry.Side
	lat, lon int64 // hundred-thousandths of a degree, about a metre
}

func placeOf(story string, p registry.Place) place {
	return place{story, p.Side, hundredThousandths(p.Lat), hundredThousandths(p.Lon)}
}
