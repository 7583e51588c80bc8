package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/miniapps"
)

// Letters wait in lanes: one for each class that has not chosen its way, one for each class and channel, so that a channel that is away holds up nobody
// else, and one for what is gathered. Each lane is a source of its own with workers of its own.
const (
	digestLane = "digest"
	bulkClass  = "bulk" // digests, and what is told to many
)

// classOf gives what a letter waits behind. Letters of a bulletin never wait before those to one person, however urgent they are.
func classOf(d *dispatch) string {
	switch {
	case d.Bulletin != "" || d.digest():
		return bulkClass
	case d.Urgency == miniapps.Urgent:
		return "urgent"
	}
	return "normal"
}

func laneOf(class, channel string) string { return class + "/" + channel }

// channelOf gives the channel of a lane; "" for one that serves all.
func channelOf(lane string) string {
	_, channel, _ := strings.Cut(lane, "/")
	return channel
}

// Source is something that a relay empties; outbox.Source has the same methods.
type Source interface {
	Due(ctx context.Context, limit int) ([]string, error)
	Waiting(ctx context.Context, max int) (n int, since time.Time, err error)
	Carry(ctx context.Context, id string) error
}

// relayName names the relay of a lane.
func relayName(lane string) string { return "notify." + strings.ReplaceAll(lane, "/", ".") }

// Sources gives what relays have to empty, by the name of the relay. Each needs workers of its own: what one lane waits for must not delay another.
func (s *Sender) Sources() map[string]Source {
	out := map[string]Source{
		relayName(digestLane):   lane{s, digestLane},
		relayName(announceLane): announcer{s.crowd},
		relayName(batchLane):    batcher{s.crowd},
		relayName(topicLane):    topicer{s},
	}
	// A channel that the city has no more still has a lane: what waits there looks for another way.
	for _, class := range []string{"urgent", "normal", bulkClass} {
		out[relayName(class)] = lane{s, class}
		for _, channel := range sorted(append(slices.Clone(groups), s.channels...)) {
			out[relayName(laneOf(class, channel))] = lane{s, laneOf(class, channel)}
		}
	}
	return out
}

// lane is the letters of one lane.
type lane struct {
	s    *Sender
	name string
}

// Due gives the letters whose time has come, the longest due first. Of a channel that is away it gives one after each pause, and those that have waited
// so long that they should look for another way.
func (l lane) Due(ctx context.Context, limit int) ([]string, error) {
	now := l.s.now()
	to := now.Add(time.Millisecond)
	if g := l.s.gates[channelOf(l.name)]; g != nil {
		room := g.Room(now, limit)
		if room == 0 {
			to = now.Add(-l.s.lookAround(l.name))
		} else {
			limit = room
		}
	}
	found, err := l.s.letters.Collect(ctx, l.s.queries.due.Where(l.name).Between(nil, to).First(limit))
	if err != nil {
		return nil, fmt.Errorf("notify: due: %w", err)
	}
	ids := make([]string, len(found))
	for i, d := range found {
		ids[i] = d.ID
	}
	return ids, nil
}

// lookAround gives after what time some letters of a lane look for another way when their channel is away.
func (s *Sender) lookAround(lane string) time.Duration {
	if strings.HasPrefix(lane, "normal") {
		return s.cfg.Patience
	}
	return s.cfg.UrgentWait
}

// patience is for how long a letter stays on a way that does not take it.
func (s *Sender) patience(u miniapps.Urgency) time.Duration {
	if u == miniapps.Urgent {
		return s.cfg.UrgentWait
	}
	return s.cfg.Patience
}

// Waiting counts the letters of the lane, up to max, and gives since when the first could have left; the zero time when none could yet.
func (l lane) Waiting(ctx context.Context, max int) (n int, since time.Time, err error) {
	q := l.s.queries.due.Where(l.name)
	if n, err = l.s.letters.Count(ctx, q, max); err != nil || n == 0 {
		return 0, time.Time{}, err
	}
	first, err := l.s.letters.Collect(ctx, q.First(1))
	if err != nil || len(first) == 0 || !first[0].ready(l.s.now()) {
		return n, time.Time{}, err
	}
	return n, first[0].Due.UTC(), nil
}

// Carry takes a letter as far as it gets now: ways that refuse are followed by the next at once.
func (l lane) Carry(ctx context.Context, id string) error {
	for range maxTries {
		again, err := l.s.step(ctx, l.name, id)
		if fault.CodeOf(err) == fault.NotFound {
			return nil // its time was over
		}
		if err != nil || !again {
			return err
		}
	}
	return nil
}

// groups are the names of Config.Order and of preferences.
var groups = []string{"push", "zalo", "messenger", "web", "zns", "sms"}

// groupOf gives the name under which the order and the preferences know a channel: devices may be one channel or one for each network.
func groupOf(channel string) string {
	if channel == "fcm" || channel == "webpush" {
		return "push"
	}
	return channel
}

// ranks gives the place of each group in the configured order.
func ranks(order []string) map[string]int {
	out := make(map[string]int, len(order)+1)
	for i, g := range order {
		out[g] = 2 * i
	}
	if at, ok := out["zalo"]; ok && !slices.Contains(order, "web") {
		out["web"] = at + 1
	}
	return out
}
