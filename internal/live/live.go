// Package live wakes those who wait for a change: open subscriptions and idle workers, in this replica and the others.
//
// A signal says that something about a topic may have changed, and nothing else: who is woken reads the store. Signals travel by Redis pub/sub, stay
// inside the process while Redis is away, and may be lost; each watcher is also woken every 5 s, so that a lost signal costs only time. The package
// does not know what topics mean.
package live

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/motcua/motcua/internal/redisx"
)

const (
	channel      = "motcua:live"          // the one pub/sub channel; a replica drops what nobody there watches
	tick         = 5 * time.Second        // each watcher is woken this often without any signal
	portionCount = 50                     // a tick wakes watchers in as many portions, so that they do not all read the store at once
	maxPending   = 4096                   // topics waiting to be published; further ones are left to the ticks
	maxTopic     = 200                    // bytes; longer topics from outside are not ours
	maxBurst     = 256                    // topics published in one round trip
	probe        = 3 * time.Second        // a silent connection is checked this often
	publishWait  = 100 * time.Millisecond // after a failed publishing, before the next
)

// Hub hands signals to watchers. It is safe for concurrent use.
type Hub struct {
	client *redisx.Client
	log    *slog.Logger
	self   string // marks this replica's own signals

	mu       sync.Mutex
	watchers map[string]map[*watcher]struct{}
	portions [portionCount + 1]map[*watcher]struct{} // the last one is never woken by a tick
	next     int                                     // portion of the next watcher

	pendMu  sync.Mutex
	pending map[string]struct{}
	publish chan struct{} // capacity 1: pending is not empty
}

type watcher struct {
	ch      chan struct{} // capacity 1
	topics  []string
	portion int
}

// New makes a hub. Without Run, or with a nil client, signals stay in this process; without Run there are no ticks either.
func New(client *redisx.Client, log *slog.Logger) *Hub {
	h := &Hub{
		client: client, log: log, self: uuid.NewString(),
		watchers: map[string]map[*watcher]struct{}{},
		pending:  map[string]struct{}{}, publish: make(chan struct{}, 1),
	}
	for i := range h.portions {
		h.portions[i] = map[*watcher]struct{}{}
	}
	return h
}

// Signal wakes the watchers of a topic, here at once and in the other replicas soon. Call it after the change is stored. It never blocks and cannot
// fail. A topic has at most 200 bytes; it may name subjects and cases by id, never by anything personal.
func (h *Hub) Signal(_ context.Context, topic string) {
	h.wake(topic)
	if h.client == nil || h.client.Embedded() || len(topic) > maxTopic {
		return
	}
	h.pendMu.Lock()
	if len(h.pending) < maxPending {
		h.pending[topic] = struct{}{}
	}
	h.pendMu.Unlock()
	nudge(h.publish)
}

// Watch gives a channel that receives after each signal for the topic, and now and then without one. Signals that come while the receiver is busy
// fold into one. Begin to watch before reading the state, else a change between the two is seen only at the next tick. The channel is closed when the
// context ends. A watcher costs no goroutine.
func (h *Hub) Watch(ctx context.Context, topic string) <-chan struct{} {
	return h.WatchAll(ctx, topic)
}

// WatchAll is Watch over several topics with one channel.
func (h *Hub) WatchAll(ctx context.Context, topics ...string) <-chan struct{} {
	return h.watch(ctx, true, topics)
}

// WatchSignals is Watch without the ticks: its channel receives after signals only, of which one may be lost. It is for who looks by themselves now and then.
func (h *Hub) WatchSignals(ctx context.Context, topic string) <-chan struct{} {
	return h.watch(ctx, false, []string{topic})
}

func (h *Hub) watch(ctx context.Context, ticked bool, topics []string) <-chan struct{} {
	w := &watcher{ch: make(chan struct{}, 1), topics: topics, portion: portionCount}
	h.mu.Lock()
	if ticked {
		w.portion = h.next
		h.next = (h.next + 1) % portionCount
	}
	h.portions[w.portion][w] = struct{}{}
	for _, t := range topics {
		if h.watchers[t] == nil {
			h.watchers[t] = map[*watcher]struct{}{}
		}
		h.watchers[t][w] = struct{}{}
	}
	h.mu.Unlock()
	context.AfterFunc(ctx, func() { h.leave(w) })
	return w.ch
}

// Watchers counts those who watch now.
func (h *Hub) Watchers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, p := range h.portions {
		n += len(p)
	}
	return n
}

func (h *Hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.portions[w.portion], w)
	for _, t := range w.topics {
		delete(h.watchers[t], w)
		if len(h.watchers[t]) == 0 {
			delete(h.watchers, t)
		}
	}
	close(w.ch) // nobody sends any more: sending happens under the lock to those in the maps
}

func (h *Hub) wake(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers[topic] {
		nudge(w.ch)
	}
}

func (h *Hub) wakePortion(i int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.portions[i] {
		nudge(w.ch)
	}
}

func nudge(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Run carries signals between replicas and ticks until the context ends. It returns nil after all it started has ended.
func (h *Hub) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { h.tick(ctx) })
	if h.client != nil && !h.client.Embedded() {
		wg.Go(func() { h.listen(ctx) })
		wg.Go(func() { h.speak(ctx) })
	}
	wg.Wait()
	return nil
}

func (h *Hub) tick(ctx context.Context) {
	t := time.NewTicker(tick / portionCount)
	defer t.Stop()
	for i := 0; ; i = (i + 1) % portionCount {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			h.wakePortion(i)
		}
	}
}

// listen wakes for the signals of other replicas. The client connects anew by itself; what was signalled meanwhile is left to the ticks.
func (h *Hub) listen(ctx context.Context) {
	sub := h.client.Subscribe(ctx, channel)
	messages := sub.Channel(redis.WithChannelHealthCheckInterval(probe))
	defer func() {
		_ = sub.Close()      // says only that it was closed before
		for range messages { // the client's reader ends when somebody takes what it holds, otherwise a minute later
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			h.hear(m.Payload)
		}
	}
}

// hear reads "<replica> <topic>".
func (h *Hub) hear(payload string) {
	from, topic, ok := strings.Cut(payload, " ")
	if !ok || from == h.self || len(topic) > maxTopic {
		return
	}
	h.wake(topic)
}

// speak publishes what was signalled here. What cannot be published is dropped: the others' ticks find it.
func (h *Hub) speak(ctx context.Context) {
	away := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.publish:
		}
		err := h.flush(ctx)
		if gone := err != nil && ctx.Err() == nil; gone != away {
			away = gone
			h.log.InfoContext(ctx, "live signals between replicas", "flowing", !away)
		}
		if err != nil {
			wait(ctx, publishWait)
		}
	}
}

func (h *Hub) flush(ctx context.Context) error {
	h.pendMu.Lock()
	topics := h.pending
	h.pending = map[string]struct{}{}
	h.pendMu.Unlock()
	for len(topics) > 0 {
		_, err := h.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for t := range topics {
				if p.Len() == maxBurst {
					break
				}
				p.Publish(ctx, channel, h.self+" "+t)
				delete(topics, t)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
