package inbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/retry"
)

const (
	maxFetching = 512 // events whose attachments are on their way at once
	fetchMin    = 500 * time.Millisecond
	fetchMax    = 5 * time.Second
)

// fetchable tells whether an attachment is to be fetched: the city takes its kind, and has not got it yet.
func fetchable(a channels.Attachment) bool { return a.Media == "" && wanted(a.Kind) }

// wanted tells whether the city takes attachments of a kind.
func wanted(k channels.AttachmentKind) bool { return k == channels.Photo || k == channels.Video }

// unfetched is what became of attachments of which none was fetched.
func unfetched(all []channels.Attachment) []Fetched {
	out := make([]Fetched, len(all))
	for i, a := range all {
		out[i] = Fetched{Kind: a.Kind}
		switch {
		case !wanted(a.Kind):
			out[i].Reason = NotTaken
		case a.Media == "":
			out[i].Reason = Unreachable
		default:
			out[i].Media = a.Media
		}
	}
	return out
}

// ids is a bounded set. It is safe for concurrent use.
type ids struct {
	mu  sync.Mutex
	all map[string]struct{}
}

// add tells whether it put in id: not when it is there already, nor when the set is full.
func (s *ids) add(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.all[id]; there || len(s.all) >= maxFetching {
		return false
	}
	s.all[id] = struct{}{}
	return true
}

func (s *ids) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, id)
}

// gather starts to fetch the attachments of those of the events that still need them, the first one's and those to come.
func (s *shift) gather(ctx, work context.Context, heads []record) {
	in := s.in
	for _, r := range heads {
		if !r.Fetch || r.foreign(in.owner, in.now()) || r.paused(in.now()) || !s.fetching.add(r.ID) {
			continue
		}
		s.flights.Go(func() {
			wait := time.Duration(0)
			if err := s.attach(ctx, work, r.ID); err != nil {
				wait = in.cfg.Poll
			}
			s.fetching.remove(r.ID)
			in.board.offer(r.Conversation, in.now().Add(wait))
		})
	}
}

// attach fetches the attachments of one event, all at once as far as there is room, and stores what became of them. An error says that it is to be done again.
func (s *shift) attach(ctx, work context.Context, id string) error {
	in := s.in
	r, err := in.records.Get(work, id) // a fetch that ended meanwhile need not be done again
	if err != nil || !r.Fetch || r.State != waiting {
		return err
	}
	if !r.firm(in.owner, in.now(), in.cfg) {
		held, err := s.claim(work, r)
		if err != nil || held.Owner != in.owner {
			return err
		}
		r = held
	}
	var got []Fetched
	m, err := in.message(r)
	if err == nil { // else the handler's turn finds out, and it is parked
		err = s.leased(ctx, r.ID, func(ctx context.Context) error {
			got = s.fetchAll(ctx, m)
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return retry.Stored(work, in.cfg.Lease/2, func(ctx context.Context) error {
		_, err := in.records.Update(ctx, r.ID, func(r *record) error { return r.attach(in.owner, got, in.now(), in.cfg) })
		return err
	})
}

// fetchAll fetches for FetchWait after the event came in. After a restart that may be over, but one try is always made.
func (s *shift) fetchAll(ctx context.Context, m Message) []Fetched {
	in := s.in
	wait := max(m.Received.Add(in.cfg.FetchWait).Sub(in.now()), in.cfg.FetchWait/3)
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	out := slices.Clone(m.Media)
	var all sync.WaitGroup
	for i, a := range m.Event.Attachments {
		if fetchable(a) {
			all.Go(func() { out[i] = s.fetchOne(ctx, m, i) })
		}
	}
	all.Wait()
	for _, f := range out {
		in.metrics.fetched(m.Channel, f)
	}
	return out
}

// fetchOne tries until the attachment is there, cannot be had, or the time is over.
func (s *shift) fetchOne(ctx context.Context, m Message, i int) Fetched {
	kind := m.Event.Attachments[i].Kind
	missing := Fetched{Kind: kind, Reason: Unreachable}
	for n := 0; ; n++ {
		f, err := s.fetch(ctx, m, i)
		f.Kind = kind
		switch code := fault.CodeOf(err); {
		case err == nil:
			return f
		case ctx.Err() != nil:
			return missing
		case code != fault.Unavailable && code != fault.RateLimited:
			s.in.deps.Log.WarnContext(ctx, "attachment not fetched", "event", m.ID, "channel", m.Channel, "err", err)
			return missing
		}
		if !retry.Sleep(ctx, max(fault.Of(err).RetryAfter, retry.Backoff(n, fetchMin, fetchMax))) {
			return missing
		}
	}
}

// fetch makes one attempt as soon as there is room.
func (s *shift) fetch(ctx context.Context, m Message, i int) (f Fetched, err error) {
	select {
	case <-ctx.Done():
		return Fetched{}, ctx.Err()
	case s.fetchers <- struct{}{}:
	}
	defer func() { <-s.fetchers }()
	err = safely(func() (err error) {
		f, err = s.in.deps.Fetch.Fetch(ctx, m, i)
		return err
	})
	return f, err
}
