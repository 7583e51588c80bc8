package feedback

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

// submit stores a report. All that it writes is derived from the call's key, so that a repeat after a kill between any two writes goes on where
// the first attempt ended: the same code is claimed again, the same media attached to the same case, and the insert happens once.
func (a *App) submit(ctx context.Context, c miniapps.Call) (miniapps.Result, error) {
	if c.Citizen.Subject == "" {
		return miniapps.Result{}, fault.New(fault.Unauthorized, "")
	}
	id := c.Citizen.Scope + "/" + once.ID(c.Key) // not of the owner: a chat may be linked between a kill and the repeat
	if r, err := a.repeated(ctx, id, c.InputHash); err != nil || r != nil {
		return a.submitted(r, c.Lang, err)
	}
	in := submission{HideName: true} // shown only to those who chose so
	if err := decode(c, &in); err != nil {
		return miniapps.Result{}, err
	}
	r, err := a.draft(in, id, c.Citizen.Subject, c.Now)
	if err != nil {
		return miniapps.Result{}, err
	}
	r.InputHash = c.InputHash
	if err := a.checkMedia(ctx, &in); err != nil {
		return miniapps.Result{}, err
	}
	if r.Code, err = a.deps.Codes.Claim(ctx, c.Key, casework.Ref{App: ID, ID: id}); err != nil {
		return miniapps.Result{}, err
	}
	if err := a.attach(ctx, &in, reachOf(c).Subjects, id); err != nil {
		return miniapps.Result{}, err
	}
	r, err = a.file(ctx, r, casework.Citizen, c.Actor.ID)
	return a.submitted(r, c.Lang, err)
}

// file stores a report with its first entry, or gives the one that a parallel repeat of the same call has stored.
func (a *App) file(ctx context.Context, r *Report, by casework.ActorKind, actor string) (*Report, error) {
	a.open(r, by, actor)
	err := a.records.insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		r, err = a.repeated(ctx, r.ID, r.InputHash)
	}
	a.nudge(ReportRelay)
	return r, err
}

// repeated gives the report that an earlier call with the same key has made; nil when there is none. CONFLICT when that call had another input.
func (a *App) repeated(ctx context.Context, id, hash string) (*Report, error) {
	r, err := a.records.get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if r.InputHash != hash {
		return nil, once.Clash()
	}
	return r, nil
}

func (a *App) submitted(r *Report, lang message.Lang, err error) (miniapps.Result, error) {
	if err != nil {
		return miniapps.Result{}, fmt.Errorf("feedback: submit: %w", err)
	}
	if r == nil {
		return miniapps.Result{}, errors.New("feedback: submit: the report vanished")
	}
	blocks := message.Blocks{message.Words{Text: a.text(lang, "thanks", map[string]any{"code": r.Code.Grouped()})}, a.card(lang, r)}
	return miniapps.Result{Data: r, Blocks: blocks, Case: caseRef(r.ID), Next: a.next(r)}, nil
}

// draft makes the report of a submission, without its code. It does no I/O.
func (a *App) draft(in submission, id, owner string, now time.Time) (*Report, error) {
	if err := in.clean(); err != nil {
		return nil, err
	}
	ward, unit, err := route(a.deps.City, in.Place, in.Category)
	if err != nil {
		return nil, err
	}
	return a.report(in, id, owner, ward.Code, unit.ID, now), nil
}

// report makes a report that a unit has received, out of a clean submission.
func (a *App) report(in submission, id, owner, ward, unit string, now time.Time) *Report {
	now = casework.Instant(now)
	return &Report{
		Case: casework.Case{
			ID: id, Owner: owner, Unit: unit, Status: Received, CreatedAt: now, UpdatedAt: now, DueAt: a.due(in.Category, now), Timeline: []casework.Entry{},
		},
		Description: in.Description, Category: in.Category, Place: in.Place, Ward: ward, Photos: in.Photos, Video: in.Video, HideName: in.HideName,
	}
}

// open writes the first entry, with the notice and the count that belong to it.
func (a *App) open(r *Report, by casework.ActorKind, actor string) {
	n := r.Record(r.CreatedAt, casework.Entry{Kind: casework.Opened, To: Received, Unit: r.Unit, By: by, Actor: actor})
	a.tell(r, n, "received", r.CreatedAt, "")
	r.Count(r.CreatedAt, casework.Count{ID: eventID(r.ID, n), To: r.slot(a.zone())})
}

// due gives when a report of a category is to be resolved; "" stands for not sure.
func (a *App) due(category string, from time.Time) time.Time {
	hours := a.cfg.UnsureHours
	if cat, ok := a.deps.City.Category(category); ok {
		hours = cat.ServiceHours
	}
	return casework.Instant(a.deps.City.Calendar().Add(from, time.Duration(hours)*time.Hour))
}

func (a *App) zone() *time.Location { return a.deps.City.Calendar().Zone() }

// route finds the ward that a place lies in and the unit that answers for the category there. The point wins over the address.
// INVALID tells a citizen what to mend: outside the city, an address that names no ward or one that was divided, an unknown category.
func route(c *city.City, p Place, category string) (city.Ward, city.Unit, error) {
	if _, known := c.Category(category); category != "" && !known {
		return city.Ward{}, city.Unit{}, fault.InvalidField("feedback.unknown_category", "category")
	}
	ward, err := wardOf(c, p)
	if err != nil {
		return city.Ward{}, city.Unit{}, err
	}
	unit, ok := c.Responsible(category, ward.Code)
	if !ok {
		return city.Ward{}, city.Unit{}, fmt.Errorf("feedback: nobody answers for category %q in ward %s", category, ward.Code)
	}
	return ward, unit, nil
}

func wardOf(c *city.City, p Place) (city.Ward, error) {
	if lat, lon, ok := p.Point(); ok {
		ward, ok := c.WardAt(lat, lon)
		if !ok {
			return city.Ward{}, fault.InvalidField("feedback.outside_city", "place")
		}
		return ward, nil
	}
	found, ok := c.ResolveAddress(p.Address)
	if found.Outside {
		return city.Ward{}, fault.InvalidField("feedback.outside_city", "place")
	}
	if !ok {
		return city.Ward{}, fault.InvalidField("feedback.address_unknown", "place")
	}
	if found.Divided {
		names := make([]string, len(found.Candidates))
		for i, w := range found.Candidates {
			names[i] = w.FullName
		}
		f := fault.InvalidField("feedback.address_divided", "place")
		f.Fields[0].Params = map[string]any{"wards": strings.Join(names, ", ")}
		return city.Ward{}, f
	}
	return found.Ward, nil
}

// checkMedia refuses what is not there or of the wrong kind before anything is written.
func (a *App) checkMedia(ctx context.Context, in *submission) error {
	ids, path := in.media()
	if len(ids) == 0 {
		return nil
	}
	items, err := a.deps.Media.Items(ctx, ids)
	if err != nil {
		return err
	}
	kinds := make(map[string]media.Kind, len(items))
	for _, it := range items {
		kinds[it.ID] = it.Kind
	}
	var wrong []fault.Field
	for i, id := range ids {
		want, key := media.Photo, "feedback.not_a_photo"
		if i >= len(in.Photos) {
			want, key = media.Video, "feedback.not_a_video"
		}
		switch kinds[id] {
		case want:
			continue
		case "":
			key = "feedback.media_missing"
		}
		wrong = append(wrong, fault.Field{Path: path(i), Key: key})
	}
	if len(wrong) > 0 {
		return &fault.Error{Code: fault.Invalid, Fields: wrong}
	}
	return nil
}

// attach ties the media to the case and names wrong ones by their fields.
func (a *App) attach(ctx context.Context, in *submission, subjects []string, id string) error {
	ids, path := in.media()
	if len(ids) == 0 {
		return nil
	}
	_, err := a.deps.Media.Attach(ctx, subjects, ids, media.Ref{App: ID, ID: id})
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Invalid {
		return err
	}
	out := *f
	out.Fields = nil
	for _, field := range f.Fields {
		if i, err := strconv.Atoi(strings.Join(field.Path, "")); err == nil && i < len(ids) {
			field.Path = path(i)
		}
		out.Fields = append(out.Fields, field)
	}
	return &out
}

// eventID names the n-th entry of a case to everybody who must act on it once.
func eventID(caseID string, n int) string { return caseID + "#" + strconv.Itoa(n) }
