package graph

import (
	"context"
	"time"

	"github.com/motcua/motcua/internal/notify"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps/feedback"
)

// Notification is a message to the viewer as the GraphQL type shows it.
type Notification struct {
	item    notify.Item
	reports *reportBatch // shared by the messages of one page
}

// IsNode marks a type that can be asked for by its id.
func (*Notification) IsNode() {}

// IsEntity marks a type that a router can ask for by its key.
func (*Notification) IsEntity() {}

// ID gives the opaque id.
func (n *Notification) ID() string { return idOf(kindNotice, n.item.ID) }

// Title gives the title.
func (n *Notification) Title() string { return n.item.Title }

// Text gives the text.
func (n *Notification) Text() string { return n.item.Text }

// CreatedAt tells when what it tells happened.
func (n *Notification) CreatedAt() time.Time { return n.item.At }

// Read tells whether the viewer has read it.
func (n *Notification) Read() bool { return n.item.Read }

// AppID names the mini-app that it comes from.
func (n *Notification) AppID() string { return n.item.App }

// Feedback gives the report it is about: all of a page's in one read.
func (n *Notification) Feedback(ctx context.Context) (*Feedback, error) {
	if n.item.CaseApp != feedback.ID || n.item.CaseID == "" {
		return nil, nil
	}
	return n.reports.get(ctx, viewerOf(ctx), n.item.CaseID)
}

// notices shows messages that were read together.
func (v *view) notices(items []notify.Item) []Notification {
	batch := &reportBatch{view: v}
	seen := map[string]bool{}
	out := make([]Notification, len(items))
	for i, it := range items {
		out[i] = Notification{item: it, reports: batch}
		if it.CaseApp == feedback.ID && it.CaseID != "" && !seen[it.CaseID] {
			seen[it.CaseID] = true
			batch.ids = append(batch.ids, it.CaseID)
		}
	}
	return out
}

func (v *view) notice(it notify.Item) *Notification { return &v.notices([]notify.Item{it})[0] }

// noticePage shows a page of messages.
func (v *view) noticePage(p store.Page[notify.Item], after *string) *NotificationConnection {
	nodes := v.notices(p.Items)
	out := &NotificationConnection{Edges: make([]NotificationEdge, len(nodes)), PageInfo: pageInfo(p.Cursors, p.HasNext, after)}
	for i := range nodes {
		out.Edges[i] = NotificationEdge{Cursor: string(p.Cursors[i]), Node: &nodes[i]}
	}
	return out
}
