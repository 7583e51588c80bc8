package chat

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

// Fate is what became of a notice in one conversation.
type Fate struct {
	State   string // waiting, sent, delivered, seen, never, unknown
	Reason  string // with never: a code that the desk can read; with seen, "shown" when the dialogue itself had told the same
	Network string // the network's id of the message, of several the last; "" while there is none
}

// fate is what became of words that the city spoke of its own accord. It outlives the message, which answers soon crowd out of Sent.
type fate struct {
	Mark    string    `bson:"mark"`             // what the ids of its messages begin with
	Notice  string    `bson:"notice,omitempty"` // id; "" for words of staff
	State   string    `bson:"state"`
	Reason  string    `bson:"reason,omitempty"`
	Network string    `bson:"network,omitempty"`
	At      time.Time `bson:"at"` // when the state began
}

// Fate tells what became of a notice told on that ground. Its state is unknown when it was never told there, or so long ago that others have taken its place.
func (c *Chats) Fate(ctx context.Context, conversation, noticeID, ground string) (Fate, error) {
	x, err := c.get(ctx, conversation)
	if fault.CodeOf(err) == fault.NotFound {
		return Fate{State: stateUnknown}, nil
	}
	if err != nil {
		return Fate{}, err
	}
	return x.fateOf(markOfNotice(noticeID, ground)), nil
}

// fateOf gives the fate of all messages with that mark: it waits while one of them does.
func (x *chat) fateOf(mark string) Fate {
	if slices.ContainsFunc(x.Queue, func(m outgoing) bool { return markOf(m.ID) == mark }) {
		return Fate{State: stateWaiting}
	}
	if i := x.fateAt(mark); i >= 0 {
		f := x.Fates[i]
		return Fate{State: f.State, Reason: f.Reason, Network: f.Network}
	}
	return Fate{State: stateUnknown}
}

func (x *chat) fateAt(mark string) int {
	return slices.IndexFunc(x.Fates, func(f fate) bool { return f.Mark == mark })
}

// markOf gives what the ids of messages with the same cause begin with.
func markOf(id string) string { return id[:max(0, strings.LastIndexByte(id, '/'))] }

// expect remembers what is to become of something.
func (x *chat) expect(f fate) {
	if x.fateAt(f.Mark) < 0 {
		x.Fates = last(append(x.Fates, f), maxFates)
	}
}

// meet moves the fate of a message forward. What left in part has left.
func (x *chat) meet(mark string, to fate) {
	i := x.fateAt(mark)
	if i < 0 {
		return
	}
	f := &x.Fates[i]
	if to.State == stateNever && f.State != stateWaiting || rank[to.State] < rank[f.State] {
		return
	}
	f.State, f.Reason, f.At = to.State, to.Reason, to.At
	if to.Network != "" {
		f.Network = to.Network
	}
}

// receive moves fates forward by a receipt, and tells whether any changed.
func (x *chat) receive(e channels.Event, state string) (changed bool) {
	for i := range x.Fates {
		f := &x.Fates[i]
		about := slices.Contains(e.About, f.Network) || len(e.About) == 0 && !f.At.After(e.At.Add(lag))
		if about && f.Network != "" && rank[f.State] > 0 && rank[state] > rank[f.State] {
			f.State, changed = state, true
		}
	}
	return changed
}

// changedFates gives the fates of now that were others before. What has just begun to wait is no news.
func changedFates(before, now []fate) []fate {
	var out []fate
	for _, f := range now {
		was := stateWaiting
		if i := slices.IndexFunc(before, func(b fate) bool { return b.Mark == f.Mark }); i >= 0 {
			was = before[i].State
		}
		if f.State != was {
			out = append(out, f)
		}
	}
	return out
}

// announce tells those who wait for news of fates.
func (c *Chats) announce(id string, news []fate) {
	for _, f := range news {
		switch {
		case f.Notice == "":
			c.signal(topicConversation + id)
		case c.deps.Fated != nil:
			c.deps.Fated(f.Notice)
		}
	}
}
