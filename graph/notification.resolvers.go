package graph

import (
	"context"
)

// Notifications resolves Query.notifications.
func (q queries) Notifications(ctx context.Context, first *int, after *string) (*NotificationConnection, error) {
	page, err := q.deps.Notices.List(ctx, viewerOf(ctx), pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	return q.view(ctx).noticePage(page, after), nil
}

// MarkNotificationRead resolves Mutation.markNotificationRead. Reading twice is reading once, so the key is not needed.
func (m mutations) MarkNotificationRead(ctx context.Context, in MarkNotificationReadInput) (*MarkNotificationReadPayload, error) {
	n, err := m.markRead(ctx, in.ID)
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil {
		return nil, err
	}
	return &MarkNotificationReadPayload{Notification: n, Errors: errs}, nil
}

func (m mutations) markRead(ctx context.Context, id string) (*Notification, error) {
	viewer, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	inner, err := idIn(kindNotice, id)
	if err != nil {
		return nil, err
	}
	item, err := m.deps.Notices.MarkRead(ctx, viewer, inner)
	if err != nil {
		return nil, err
	}
	return m.view(ctx).notice(item), nil
}

// NotificationReceived resolves Subscription.notificationReceived.
func (s subscriptions) NotificationReceived(ctx context.Context) (<-chan *Notification, error) {
	viewer, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	out := make(chan *Notification)
	go func() {
		defer close(out)
		for item, err := range s.deps.Notices.Follow(ctx, viewer) {
			if err != nil {
				return // the stream ends; the client connects again
			}
			select {
			case out <- s.view(ctx).notice(item):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}
