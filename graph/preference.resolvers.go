package graph

import (
	"context"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/miniapps/feedback"
)

// NotificationPreferences resolves Query.notificationPreferences.
func (q queries) NotificationPreferences(ctx context.Context) (*NotificationPreferences, error) {
	p, err := q.deps.Notices.Preferences(ctx, viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	return q.view(ctx).preferences(p), nil
}

// preferences shows what a person wants of notices.
func (v *view) preferences(p notify.Preferences) *NotificationPreferences {
	out := &NotificationPreferences{Rules: make([]NotificationRule, len(p.Rules)), DigestHour: p.DigestHour, Wards: []Ward{}, Interests: p.Interests}
	for i, r := range p.Rules {
		out.Rules[i] = NotificationRule{Kind: r.Kind, Channel: r.Channel, On: r.On}
	}
	if p.Quiet != nil {
		out.QuietHours = &QuietHours{From: optionalText(p.Quiet.From), To: optionalText(p.Quiet.To), Off: p.Quiet.Off}
	}
	for _, code := range p.Areas {
		if w := v.gazette.wards[code]; w != nil {
			out.Wards = append(out.Wards, *w)
		}
	}
	if out.Interests == nil {
		out.Interests = []string{}
	}
	if p.Lang != "" {
		l := LanguageVi
		if p.Lang.Or() == message.English {
			l = LanguageEn
		}
		out.Language = &l
	}
	return out
}

// SetNotificationPreferences resolves Mutation.setNotificationPreferences.
func (m mutations) SetNotificationPreferences(ctx context.Context, in SetNotificationPreferencesInput) (*SetNotificationPreferencesPayload, error) {
	p, err := m.deps.Notices.SetPreferences(ctx, viewerOf(ctx), patchOf(in), textOr(in.IdempotencyKey))
	errs, err := m.errors.userErrors(ctx, renamed(err, "areas", "wardCodes"))
	if err != nil || len(errs) > 0 {
		return &SetNotificationPreferencesPayload{Errors: errs}, err
	}
	return &SetNotificationPreferencesPayload{Preferences: m.view(ctx).preferences(p), Errors: errs}, nil
}

func patchOf(in SetNotificationPreferencesInput) notify.Patch {
	p := notify.Patch{DigestHour: in.DigestHour}
	for _, r := range in.Rules {
		p.Rules = append(p.Rules, notify.RulePatch{Kind: r.Kind, Channel: r.Channel, On: r.On})
	}
	if q := in.QuietHours; q != nil {
		p.Quiet = &notify.QuietHours{Quiet: notify.Quiet{From: textOr(q.From), To: textOr(q.To)}, Off: q.Off != nil && *q.Off}
	}
	if in.WardCodes != nil {
		p.Areas = &in.WardCodes
	}
	if in.Interests != nil {
		p.Interests = &in.Interests
	}
	if in.Language != nil {
		l := languageOf(*in.Language)
		p.Lang = &l
	}
	return p
}

// renamed gives an error in which the fields below one name are below another: what the schema calls them.
func renamed(err error, from, to string) error {
	if err == nil {
		return nil
	}
	f := fault.Of(err)
	for i, field := range f.Fields {
		if len(field.Path) > 0 && field.Path[0] == from {
			f.Fields[i].Path[0] = to
		}
	}
	return f
}

// NoticeDispatches resolves Query.noticeDispatches.
func (q queries) NoticeDispatches(ctx context.Context, feedbackID string) ([]NoticeDispatch, error) {
	id, err := idIn(kindFeedback, feedbackID)
	if err != nil {
		return nil, err
	}
	viewer, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	if !viewer.IsStaff() {
		return nil, fault.New(fault.Forbidden, "")
	}
	if _, err := q.deps.Reports.Get(ctx, viewer, id); err != nil { // staff of another unit may not see it
		return nil, err
	}
	list, err := q.deps.Dispatches.Attempts(ctx, viewer, feedback.ID, id)
	if err != nil {
		return nil, err
	}
	out := make([]NoticeDispatch, len(list))
	for i, d := range list {
		out[i] = NoticeDispatch{
			Notice: d.Notice, State: string(d.State), Reason: optionalText(d.Reason), At: d.At, Next: optionalTime(d.Next), Attempts: make([]NoticeAttempt, len(d.Attempts)),
		}
		for k, a := range d.Attempts {
			out[i].Attempts[k] = NoticeAttempt{Channel: a.Channel, Ground: optionalText(string(a.Ground)), State: string(a.State), Reason: optionalText(a.Reason), At: a.At}
		}
	}
	return out, nil
}
