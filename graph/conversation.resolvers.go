package graph

import (
	"context"

	"github.com/motcua/motcua/internal/chat"
	"github.com/motcua/motcua/internal/fault"
)

// Conversations resolves Query.conversations.
func (q queries) Conversations(ctx context.Context, state *ConversationState, first *int, after *string) (*ConversationConnection, error) {
	filter := chat.DeskFilter{}
	if state != nil {
		filter.State = map[ConversationState]string{ConversationStateWaiting: chat.DeskWaiting, ConversationStateTaken: chat.DeskTaken}[*state]
	}
	page, err := q.deps.Desk.Desk(ctx, viewerOf(ctx), filter, pageLength(first), cursorOf(after))
	if err != nil {
		return nil, err
	}
	view := q.view(ctx)
	out := &ConversationConnection{Edges: make([]ConversationEdge, len(page.Items)), PageInfo: pageInfo(page.Cursors, page.HasNext, after)}
	for i, item := range page.Items {
		out.Edges[i] = ConversationEdge{Cursor: string(page.Cursors[i]), Node: &Conversation{item: item, view: view}}
	}
	return out, nil
}

// Conversation resolves Query.conversation.
func (q queries) Conversation(ctx context.Context, id string) (*Conversation, error) {
	inner, err := idIn(kindConversation, id)
	if err != nil {
		return nil, err
	}
	item, err := q.deps.Desk.Show(ctx, viewerOf(ctx), inner)
	if err != nil {
		return nil, err
	}
	return &Conversation{item: item, view: q.view(ctx)}, nil
}

// TakeConversation resolves Mutation.takeConversation.
func (m mutations) TakeConversation(ctx context.Context, in TakeConversationInput) (*TakeConversationPayload, error) {
	inner, err := idIn(kindConversation, in.ID)
	var item chat.DeskItem
	if err == nil {
		item, err = m.deps.Desk.Take(ctx, viewerOf(ctx), inner, keyOr(in.IdempotencyKey))
	}
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &TakeConversationPayload{Errors: errs}, err
	}
	return &TakeConversationPayload{Conversation: &Conversation{item: item, view: m.view(ctx)}, Errors: errs}, nil
}

// SendStaffMessage resolves Mutation.sendStaffMessage.
func (m mutations) SendStaffMessage(ctx context.Context, in SendStaffMessageInput) (*SendStaffMessagePayload, error) {
	inner, err := idIn(kindConversation, in.ID)
	var said chat.Line
	if err == nil {
		said, err = m.deps.Desk.SendStaff(ctx, viewerOf(ctx), inner, in.Text, keyOr(in.IdempotencyKey))
	}
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &SendStaffMessagePayload{Errors: errs}, err
	}
	line := m.view(ctx).line(said)
	return &SendStaffMessagePayload{Line: &line, Errors: errs}, nil
}

// ReleaseConversation resolves Mutation.releaseConversation.
func (m mutations) ReleaseConversation(ctx context.Context, in ReleaseConversationInput) (*ReleaseConversationPayload, error) {
	inner, err := idIn(kindConversation, in.ID)
	if err == nil {
		_, err = m.deps.Desk.Release(ctx, viewerOf(ctx), inner, keyOr(in.IdempotencyKey))
	}
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &ReleaseConversationPayload{Errors: errs}, err
	}
	return &ReleaseConversationPayload{ID: &in.ID, Errors: errs}, nil
}

// ConversationChanged resolves Subscription.conversationChanged.
func (s subscriptions) ConversationChanged(ctx context.Context, id string) (<-chan *Conversation, error) {
	inner, err := idIn(kindConversation, id)
	if err != nil {
		return nil, err
	}
	woken := s.deps.WatchConversation(ctx, inner)
	if _, err := s.desk(ctx, inner); err != nil {
		return nil, err
	}
	out := make(chan *Conversation)
	go func() {
		defer close(out)
		for range woken {
			item, err := s.desk(ctx, inner)
			if fault.CodeOf(err) == fault.Unavailable {
				continue // looked at again soon
			}
			if err != nil {
				return // it is at no desk any more, or not the viewer's
			}
			select {
			case out <- item:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (s subscriptions) desk(ctx context.Context, id string) (*Conversation, error) {
	ctx, cancel := context.WithTimeout(ctx, s.deps.timeout)
	defer cancel()
	item, err := s.deps.Desk.Show(ctx, viewerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &Conversation{item: item, view: s.view(ctx)}, nil
}
