package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
)

const (
	maxEventID = 200 // bytes, as channels.Event promises
	together   = 32  // writes of one caller that wait for the store at once, so that it can commit them in one go
)

// Take stores the events of one webhook. nil means that each of them is stored, now or before, and will be acted on even if the program is killed at that
// moment; after an error some may be, and the network is to send all again. Events of another account and of people who cannot be answered leave only
// their mark. INTERNAL when an event is malformed or the channel is not served; UNAVAILABLE when the store is.
func (in *Inbox) Take(ctx context.Context, p channels.Profile, events []channels.Event) error {
	began := in.now()
	defer func() { in.metrics.took(p.Name, in.now().Sub(began)) }()
	if err := in.Serves(p); err != nil {
		return err
	}
	records := make([]record, len(events))
	for i, e := range events {
		var err error
		if records[i], err = in.record(p, e, began); err != nil {
			return fault.Wrap(fault.Internal, err)
		}
	}
	err := in.keepAll(ctx, records)
	for _, r := range records { // only now, so that the first is there before the second is looked at; after an error some may be stored, and a look costs little
		if r.Owner != "" {
			in.board.offer(r.Conversation, r.Received.Add(in.cfg.Settle))
		}
	}
	return err
}

// keepAll inserts the records at once, so that the store can commit them in one go.
func (in *Inbox) keepAll(ctx context.Context, records []record) error {
	var g errgroup.Group
	g.SetLimit(together)
	for _, r := range records {
		if len(records) == 1 {
			return in.keep(ctx, r)
		}
		g.Go(func() error { return in.keep(ctx, r) })
	}
	return g.Wait()
}

// keep inserts one record. That its id is taken tells a repeat.
func (in *Inbox) keep(ctx context.Context, r record) error {
	err := in.records.Insert(ctx, r)
	if fault.CodeOf(err) == fault.Conflict {
		in.metrics.repeats.WithLabelValues(r.Channel).Inc()
		return nil
	}
	if err != nil {
		return fmt.Errorf("inbox: take: %w", err)
	}
	if r.State == waiting && r.Owner == "" {
		in.announce(ctx)
	}
	in.metrics.taken.WithLabelValues(r.Channel, string(r.Kind)).Inc()
	return nil
}

// record makes what is stored of an event, held by this replica if it has room.
func (in *Inbox) record(p channels.Profile, e channels.Event, now time.Time) (record, error) {
	account := cmp.Or(e.Account, p.Account)
	r := record{
		ID: once.ID(strings.Join([]string{p.Name, account, e.ID}, "\x00")), Channel: p.Name, Kind: e.Kind,
		Conversation: channels.ConversationID(p.Name, account, e.From),
		At:           *at(e.At), Received: *at(now), Since: *at(now), State: waiting,
	}
	if e.ID == "" || len(e.ID) > maxEventID {
		return record{}, fmt.Errorf("inbox: an event's id has 1 to %d bytes, got %d", maxEventID, len(e.ID))
	}
	if e.Foreign || e.Closed {
		r.finish(now, in.cfg)
		return r, nil
	}
	plain, err := json.Marshal(e)
	if err != nil {
		return record{}, fmt.Errorf("inbox: encode an event: %T", err)
	}
	if r.Sealed, err = in.deps.Box.Seal(plain, sealContext(r.ID)); err != nil {
		return record{}, fmt.Errorf("inbox: seal: %w", err)
	}
	if e.At.IsZero() {
		r.At = r.Received
	}
	r.Turn = place(r.At, in.arrival(now))
	r.Due = at(now)
	if end := now.Add(in.cfg.Lease); in.board.offer(r.Conversation, end) { // only what will be looked at here is held here
		r.Owner, r.Due = in.owner, at(end)
	}
	r.Fetch = slices.ContainsFunc(e.Attachments, fetchable)
	return r, nil
}

// arrival gives the time in microseconds, but later than the one given before, so that events of one webhook keep their order.
func (in *Inbox) arrival(now time.Time) int64 {
	for {
		last := in.last.Load()
		next := max(now.UnixMicro(), last+1)
		if in.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

func sealContext(id string) string { return "inbox " + id }

// message opens a record for the handler or the fetcher. Its error never holds what was sealed.
func (in *Inbox) message(r record) (Message, error) {
	plain, err := in.deps.Box.Unseal(r.Sealed, sealContext(r.ID))
	if err != nil {
		return Message{}, errSealed.Because(err)
	}
	m := Message{
		ID: r.ID, Channel: r.Channel, Conversation: r.Conversation,
		Received: r.Received.UTC(), Attempt: r.Attempts + 1, Media: r.Fetched,
	}
	if err := json.Unmarshal(plain, &m.Event); err != nil {
		return Message{}, errSealed.Because(fmt.Errorf("decode: %T", err))
	}
	if len(m.Media) != len(m.Event.Attachments) {
		m.Media = unfetched(m.Event.Attachments)
	}
	return m, nil
}

// Replay lets a parked event be tried again, at its old place in its conversation. id is one that Deps.Park was told. NOT_FOUND, or CONFLICT when the event is not
// parked.
func (in *Inbox) Replay(ctx context.Context, id string) error {
	id, _, _ = strings.Cut(id, ".")
	r, err := in.records.Update(ctx, id, func(r *record) error { return r.replay(in.now()) })
	if err != nil {
		return err
	}
	in.board.offer(r.Conversation, in.now())
	in.announce(ctx) // this replica may be one that does not run
	return nil
}
