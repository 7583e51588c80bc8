package graph

import (
	"context"
	"sync"
	"time"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps/feedback"
)

// Feedback is a report as the GraphQL type shows it: its fields are read from the report itself, for the viewer who was allowed to load it.
type Feedback struct {
	report *feedback.Report
	view   *view
	alone  bool // loaded by itself and not as one of a list
}

// view is what the values of one answer share: the services that their fields ask, and the language.
type view struct {
	root    *Resolver
	gazette *gazette
}

// IsNode, IsEntity and IsSearchResult mark the interfaces and unions that the type belongs to.
func (*Feedback) IsNode() {}

// IsEntity marks a type that a router can ask for by its key.
func (*Feedback) IsEntity() {}

// IsSearchResult marks a type that a search can find.
func (*Feedback) IsSearchResult() {}

// ID gives the opaque id.
func (f *Feedback) ID() string { return idOf(kindFeedback, f.report.ID) }

// Code gives the tracking code as people read it.
func (f *Feedback) Code() string { return f.report.Code.Grouped() }

// Status tells where the report stands.
func (f *Feedback) Status() FeedbackStatus { return statusOf(f.report.Status) }

// Description gives what the citizen wrote.
func (f *Feedback) Description() string { return f.report.Description }

// Category gives what it is about; nil while nobody is sure.
func (f *Feedback) Category() *FeedbackCategory { return f.view.gazette.byCode[f.report.Category] }

// Address gives the place in words; nil when there are none.
func (f *Feedback) Address() *string { return optionalText(f.report.Place.Address) }

// Point gives the place on the map; nil when only an address was given.
func (f *Feedback) Point() *GeoPoint {
	lat, lon, ok := f.report.Place.Point()
	if !ok {
		return nil
	}
	return &GeoPoint{Lat: lat, Lon: lon}
}

// Ward gives the ward it lies in.
func (f *Feedback) Ward() *Ward { return f.view.gazette.wards[f.report.Ward] }

// Unit gives the responsible unit.
func (f *Feedback) Unit() *Unit { return f.view.gazette.units[f.report.Unit] }

// Photos gives the pictures. Their addresses are computed, so nothing is read.
func (f *Feedback) Photos() []Photo {
	out := make([]Photo, len(f.report.Photos))
	for i, id := range f.report.Photos {
		out[i] = Photo{ID: id, media: f.view.root.deps.Media}
	}
	return out
}

// Video gives the film; nil when there is none.
func (f *Feedback) Video() *Video {
	if f.report.Video == "" {
		return nil
	}
	return &Video{ID: f.report.Video, URL: f.view.root.deps.Media.URL(f.report.Video, media.Original)}
}

// HideName tells whether the citizen's name is hidden in public.
func (f *Feedback) HideName() bool { return f.report.HideName }

// CreatedAt tells when it was stored.
func (f *Feedback) CreatedAt() time.Time { return f.report.CreatedAt }

// UpdatedAt tells when it last changed.
func (f *Feedback) UpdatedAt() time.Time { return f.report.UpdatedAt }

// DueAt tells when it is to be settled; nil when no time is promised.
func (f *Feedback) DueAt() *time.Time { return optionalTime(f.report.DueAt) }

// Timeline gives the last steps, oldest first.
func (f *Feedback) Timeline() []FeedbackEvent {
	out := make([]FeedbackEvent, len(f.report.Timeline))
	for i, e := range f.report.Timeline {
		out[i] = FeedbackEvent{At: e.At, Status: statusOf(e.To), Reason: optionalText(e.Reason), Unit: f.view.gazette.units[e.Unit]}
	}
	return out
}

// Comments reads a page of comments. INVALID within a list of reports, where it would be one read for each.
func (f *Feedback) Comments(ctx context.Context, first *int, after *string) (*FeedbackCommentConnection, error) {
	if !f.alone {
		return nil, fault.New(fault.Invalid, "graph.one_at_a_time")
	}
	page, err := f.view.root.deps.Reports.Comments(ctx, viewerOf(ctx), f.report.ID, pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	out := &FeedbackCommentConnection{Edges: make([]FeedbackCommentEdge, len(page.Items)), PageInfo: pageInfo(page.Cursors, page.HasNext, after)}
	for i := range page.Items {
		out.Edges[i] = FeedbackCommentEdge{Cursor: string(page.Cursors[i]), Node: f.view.comment(page.Items[i])}
	}
	return out, nil
}

func (v *view) comment(c feedback.Comment) *FeedbackComment {
	author := CommentAuthorCitizen
	if c.By != casework.Citizen {
		author = CommentAuthorStaff
	}
	return &FeedbackComment{ID: idOf("FeedbackComment", c.ID), Text: c.Text, Author: author, Unit: v.gazette.units[c.Unit], CreatedAt: c.CreatedAt}
}

// Reporter reads who sent the report, which is recorded first. FORBIDDEN for everybody but the staff that works on it.
func (f *Feedback) Reporter(ctx context.Context, purpose string) (*FeedbackReporter, error) {
	if !f.alone {
		return nil, fault.New(fault.Invalid, "graph.one_at_a_time")
	}
	viewer := viewerOf(ctx)
	if !viewer.IsStaff() || !casework.ReachOf(viewer).Works(&f.report.Case) {
		return nil, fault.New(fault.Forbidden, "")
	}
	contact, err := f.view.root.deps.Accounts.ReadContact(ctx, viewer, f.report.Owner, purpose, f.report.ID)
	if fault.CodeOf(err) == fault.NotFound {
		return &FeedbackReporter{}, nil // somebody known only to a chat network
	}
	if err != nil {
		return nil, err
	}
	return &FeedbackReporter{Name: optionalText(contact.Name), Phone: optionalText(contact.Phone)}, nil
}

// Photo is a picture.
type Photo struct {
	ID    string
	media *media.Media
}

// URL gives the signed address of a rendition.
func (p *Photo) URL(size *PhotoSize) string { return p.media.URL(p.ID, rendition(size)) }

// rendition gives the one of a size, medium when there is none.
func rendition(size *PhotoSize) string {
	switch {
	case size != nil && *size == PhotoSizeThumb:
		return media.Thumb
	case size != nil && *size == PhotoSizeLarge:
		return media.Large
	}
	return media.Medium
}

// statusOf gives the public name of a status.
func statusOf(s casework.Status) FeedbackStatus { return statusNames[s] }

var statusNames = map[casework.Status]FeedbackStatus{
	feedback.Received:   FeedbackStatusReceived,
	feedback.Assigned:   FeedbackStatusAssigned,
	feedback.InProgress: FeedbackStatusInProgress,
	feedback.Resolved:   FeedbackStatusResolved,
	feedback.Closed:     FeedbackStatusClosed,
	feedback.Rejected:   FeedbackStatusRejected,
}

// statusNamed gives the status of a public name.
func statusNamed(name FeedbackStatus) casework.Status {
	for s, n := range statusNames {
		if n == name {
			return s
		}
	}
	return ""
}

// one shows a report that was loaded by itself.
func (v *view) one(r *feedback.Report) *Feedback { return &Feedback{report: r, view: v, alone: true} }

// page shows a page of reports.
func (v *view) page(p store.Page[feedback.Report], after *string) *FeedbackConnection {
	out := &FeedbackConnection{Edges: make([]FeedbackEdge, len(p.Items)), PageInfo: pageInfo(p.Cursors, p.HasNext, after)}
	nodes := make([]Feedback, len(p.Items))
	for i := range p.Items {
		nodes[i] = Feedback{report: &p.Items[i], view: v}
		out.Edges[i] = FeedbackEdge{Cursor: string(p.Cursors[i]), Node: &nodes[i]}
	}
	return out
}

// public shows what everybody may know of a report.
func (v *view) public(r feedback.PublicReport) *PublicFeedback {
	return &PublicFeedback{
		Code: r.Code.Grouped(), Status: statusOf(r.Status), Description: r.Description, Author: optionalText(r.Author),
		Category: v.gazette.byCode[r.Category], Ward: v.gazette.wards[r.Ward], Unit: v.gazette.units[r.Unit],
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DueAt: optionalTime(r.DueAt),
	}
}

// reportBatch loads the reports that the elements of one list point at in one read, when the first of them is asked for.
type reportBatch struct {
	view *view
	ids  []string

	once    sync.Once
	reports map[string]*feedback.Report
	err     error
}

// get gives one of the reports; nil when it does not exist or the viewer may not see it.
func (b *reportBatch) get(ctx context.Context, viewer account.Viewer, id string) (*Feedback, error) {
	b.once.Do(func() { b.reports, b.err = b.view.root.deps.Reports.GetMany(ctx, viewer, b.ids) })
	if b.err != nil {
		return nil, b.err
	}
	r, ok := b.reports[id]
	if !ok {
		return nil, nil
	}
	return &Feedback{report: r, view: b.view, alone: len(b.ids) == 1}, nil
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
