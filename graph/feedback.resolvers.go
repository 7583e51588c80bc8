package graph

import (
	"context"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// Feedback resolves Query.feedback.
func (q queries) Feedback(ctx context.Context, id string) (*Feedback, error) {
	inner, err := idIn(kindFeedback, id)
	if err != nil {
		return nil, err
	}
	r, err := q.deps.Reports.Get(ctx, viewerOf(ctx), inner)
	if err != nil {
		return nil, err
	}
	return q.view(ctx).one(r), nil
}

// FeedbackByCode resolves Query.feedbackByCode. Codes are short, so tries are limited.
func (q queries) FeedbackByCode(ctx context.Context, code string) (*PublicFeedback, error) {
	if err := q.limited(ctx, limitByCode, byCodeRule()); err != nil {
		return nil, err
	}
	r, err := q.deps.Reports.ByCode(ctx, code)
	if err != nil {
		return nullIfMissing[PublicFeedback](nil, err)
	}
	return q.view(ctx).public(r), nil
}

// FeedbackCategories resolves Query.feedbackCategories.
func (q queries) FeedbackCategories(ctx context.Context) ([]FeedbackCategory, error) {
	return q.gazettes[langOf(ctx)].categories, nil
}

// MyFeedback resolves Query.myFeedback.
func (q queries) MyFeedback(ctx context.Context, first *int, after *string) (*FeedbackConnection, error) {
	page, err := q.deps.Reports.Mine(ctx, viewerOf(ctx), pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	return q.view(ctx).page(page, after), nil
}

// FeedbackQueue resolves Query.feedbackQueue.
func (q queries) FeedbackQueue(ctx context.Context, unit *string, status FeedbackStatus, first *int, after *string) (*FeedbackConnection, error) {
	viewer, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	page, err := q.deps.Reports.Queue(ctx, viewer, textOr(unit), statusNamed(status), pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	return q.view(ctx).page(page, after), nil
}

// SubmitFeedback resolves Mutation.submitFeedback.
func (m mutations) SubmitFeedback(ctx context.Context, in SubmitFeedbackInput) (*SubmitFeedbackPayload, error) {
	f, errs, err := m.report(ctx, "submit", submission(in), in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return &SubmitFeedbackPayload{Feedback: f, Errors: errs}, nil
}

// AddFeedbackComment resolves Mutation.addFeedbackComment.
func (m mutations) AddFeedbackComment(ctx context.Context, in AddFeedbackCommentInput) (*AddFeedbackCommentPayload, error) {
	f, errs, err := m.aboutReport(ctx, "comment", in.ID, input{"text": in.Text}, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return &AddFeedbackCommentPayload{Feedback: f, Errors: errs}, nil
}

// AssignFeedback resolves Mutation.assignFeedback.
func (m mutations) AssignFeedback(ctx context.Context, in AssignFeedbackInput) (*AssignFeedbackPayload, error) {
	values := input{"unit": in.Unit}.with("category", in.Category).with("reason", in.Reason)
	f, errs, err := m.aboutReport(ctx, "assign", in.ID, values, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return &AssignFeedbackPayload{Feedback: f, Errors: errs}, nil
}

// TransitionFeedback resolves Mutation.transitionFeedback.
func (m mutations) TransitionFeedback(ctx context.Context, in TransitionFeedbackInput) (*TransitionFeedbackPayload, error) {
	values := input{"status": string(statusNamed(in.Status))}.with("reason", in.Reason)
	errs, err := m.idInto(ctx, values, in.ID)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return &TransitionFeedbackPayload{Errors: errs}, nil
	}
	f, next, errs, err := m.reportStep(ctx, "transition", values, in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return &TransitionFeedbackPayload{Feedback: f, Next: next, Errors: errs}, nil
}

// input is the input of an action. A value that was not given is left out, so that a repeat that leaves it out too is the same input.
type input map[string]any

func (in input) with(name string, value *string) input {
	if value != nil {
		in[name] = *value
	}
	return in
}

// submission gives the input of the action submit.
func submission(in SubmitFeedbackInput) input {
	place := input{}.with("address", in.Place.Address)
	if in.Place.Lat != nil {
		place["lat"] = *in.Place.Lat
	}
	if in.Place.Lon != nil {
		place["lon"] = *in.Place.Lon
	}
	out := input{"description": in.Description, "place": place}.with("category", in.Category).with("video", in.Video)
	if in.Photos != nil {
		out["photos"] = in.Photos
	}
	if in.HideName != nil {
		out["hideName"] = *in.HideName
	}
	return out
}

// aboutReport runs an action about the report of an opaque id.
func (m mutations) aboutReport(ctx context.Context, action, id string, values input, key *string) (*Feedback, []UserError, error) {
	if errs, err := m.idInto(ctx, values, id); len(errs) > 0 || err != nil {
		return nil, errs, err
	}
	return m.report(ctx, action, values, key)
}

// idInto adds the id of a report, as the mini-app knows it, to an input.
func (m mutations) idInto(ctx context.Context, values input, id string) ([]UserError, error) {
	inner, err := idIn(kindFeedback, id)
	if err != nil {
		return m.errors.userErrors(ctx, err)
	}
	values["id"] = inner
	return nil, nil
}

// FeedbackUpdated resolves Subscription.feedbackUpdated: the report as it is, then again after each change.
func (s subscriptions) FeedbackUpdated(ctx context.Context, id string) (<-chan *Feedback, error) {
	inner, err := idIn(kindFeedback, id)
	if err != nil {
		return nil, err
	}
	// Watch before the first read: a change between the two would be lost otherwise.
	woken := s.deps.WatchCase(ctx, miniapps.CaseRef{App: feedback.ID, ID: inner})
	first, err := s.read(ctx, inner)
	if err != nil {
		return nil, err
	}
	out := make(chan *Feedback, 1)
	out <- s.view(ctx).one(first)
	go func() {
		defer close(out)
		s.follow(ctx, inner, first.Entries, woken, out)
	}()
	return out, nil
}

// follow reads the report each time it may have changed, until the stream ends or the viewer may not see it any more.
func (s subscriptions) follow(ctx context.Context, id string, last int, woken <-chan struct{}, out chan<- *Feedback) {
	for range woken {
		r, err := s.read(ctx, id)
		switch {
		case fault.CodeOf(err) == fault.Unavailable:
			continue // the next signal or tick tries again
		case err != nil:
			return
		case r.Entries == last:
			continue // every change of a report adds an entry
		}
		last = r.Entries
		select {
		case out <- s.view(ctx).one(r):
		case <-ctx.Done():
			return
		}
	}
}

func (s subscriptions) read(ctx context.Context, id string) (*feedback.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, s.deps.timeout)
	defer cancel()
	return s.deps.Reports.Get(ctx, viewerOf(ctx), id)
}
