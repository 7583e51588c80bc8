package graph

import (
	"context"
	"maps"
	"slices"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/notify"
)

// Federation: a router asks for things by their keys, many at once. Each answer has as many elements as were asked for, in their order; what does
// not exist or may not be seen is null.

// innerIDs gives the inner ids of opaque ones; "" for one that names nothing of the kind.
func innerIDs[T any](reps []T, kind string, id func(T) string) []string {
	out := make([]string, len(reps))
	for i, r := range reps {
		if inner, err := idIn(kind, id(r)); err == nil {
			out[i] = inner
		}
	}
	return out
}

// asked leaves out what names nothing.
func asked(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
}

// pick gives what is known of each id.
func pick[T any](known map[string]*T, ids []string) []*T {
	out := make([]*T, len(ids))
	for i, id := range ids {
		out[i] = known[id]
	}
	return out
}

// FindManyAccountByIDs gives the viewer's own account and nobody else's.
func (e entities) FindManyAccountByIDs(ctx context.Context, reps []*AccountByIDsInput) ([]*Account, error) {
	ids := innerIDs(reps, kindAccount, func(r *AccountByIDsInput) string { return r.ID })
	own, err := queries(e).Me(ctx)
	if err != nil || own == nil {
		return make([]*Account, len(ids)), err
	}
	return pick(map[string]*Account{own.viewer.Account: own}, ids), nil
}

// FindManyFeedbackByIDs gives those of the reports that the viewer may see, in one read.
func (e entities) FindManyFeedbackByIDs(ctx context.Context, reps []*FeedbackByIDsInput) ([]*Feedback, error) {
	ids := innerIDs(reps, kindFeedback, func(r *FeedbackByIDsInput) string { return r.ID })
	batch := &reportBatch{view: e.view(ctx), ids: asked(ids)}
	out := make([]*Feedback, len(ids))
	var err error
	for i, id := range ids {
		if out[i], err = batch.get(ctx, viewerOf(ctx), id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FindManyFeedbackCategoryByIDs gives categories.
func (e entities) FindManyFeedbackCategoryByIDs(ctx context.Context, reps []*FeedbackCategoryByIDsInput) ([]*FeedbackCategory, error) {
	ids := innerIDs(reps, kindCategory, func(r *FeedbackCategoryByIDsInput) string { return r.ID })
	return pick(e.gazettes[langOf(ctx)].byCode, ids), nil
}

// FindManyMiniAppByIDs gives services.
func (e entities) FindManyMiniAppByIDs(ctx context.Context, reps []*MiniAppByIDsInput) ([]*MiniApp, error) {
	ids := innerIDs(reps, kindMiniApp, func(r *MiniAppByIDsInput) string { return r.ID })
	return pick(e.shelves[langOf(ctx)].byID, ids), nil
}

// FindManyNotificationByIDs gives those of the messages that are the viewer's, in one read.
func (e entities) FindManyNotificationByIDs(ctx context.Context, reps []*NotificationByIDsInput) ([]*Notification, error) {
	ids := innerIDs(reps, kindNotice, func(r *NotificationByIDsInput) string { return r.ID })
	found, err := e.deps.Notices.GetMany(ctx, viewerOf(ctx), asked(ids))
	if err != nil {
		return nil, err
	}
	items := make([]notify.Item, 0, len(found))
	for _, it := range found {
		items = append(items, it)
	}
	own := map[string]*Notification{}
	for _, n := range e.view(ctx).notices(items) {
		own[n.item.ID] = &n
	}
	return pick(own, ids), nil
}

// FindManySignByIDs gives signs in one read, and their stories in another.
func (e entities) FindManySignByIDs(ctx context.Context, reps []*SignByIDsInput) ([]*Sign, error) {
	ids := innerIDs(reps, kindSign, func(r *SignByIDsInput) string { return r.ID })
	found, err := e.platesByID(ctx, asked(ids))
	if err != nil {
		return make([]*Sign, len(ids)), ignoreMissing(err)
	}
	shown := e.view(ctx).signsOf(slices.Collect(maps.Values(found)))
	known := make(map[string]*Sign, len(shown))
	for i := range shown {
		known[shown[i].plate.ID] = &shown[i]
	}
	return pick(known, ids), nil
}

// FindManyStreetStoryByIDs gives stories in one read.
func (e entities) FindManyStreetStoryByIDs(ctx context.Context, reps []*StreetStoryByIDsInput) ([]*StreetStory, error) {
	ids := innerIDs(reps, kindStory, func(r *StreetStoryByIDsInput) string { return r.ID })
	found, err := e.storiesByID(ctx, asked(ids))
	if err != nil {
		return make([]*StreetStory, len(ids)), ignoreMissing(err)
	}
	return pick(e.view(ctx).stories(ctx, found, len(ids) == 1), ids), nil
}

// ignoreMissing turns NOT_FOUND into no error.
func ignoreMissing(err error) error {
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// FindManyUnitByIDs gives units.
func (e entities) FindManyUnitByIDs(ctx context.Context, reps []*UnitByIDsInput) ([]*Unit, error) {
	ids := innerIDs(reps, kindUnit, func(r *UnitByIDsInput) string { return r.ID })
	return pick(e.gazettes[langOf(ctx)].units, ids), nil
}

// FindManyWardByIDs gives wards.
func (e entities) FindManyWardByIDs(ctx context.Context, reps []*WardByIDsInput) ([]*Ward, error) {
	ids := innerIDs(reps, kindWard, func(r *WardByIDsInput) string { return r.ID })
	return pick(e.gazettes[langOf(ctx)].wards, ids), nil
}
