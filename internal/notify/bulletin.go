package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// Broadcast is something to tell everybody who follows some areas: a warning, or its all-clear.
type Broadcast struct {
	ID       string // of the bulletin; a later revision replaces an earlier one, and what has not left of that never does
	Revision int    // from 1
	App      string // that declared the notice
	Notice   string
	Params   map[string]any // as Notice.Params
	Areas    []string       // codes of wards; none means the whole city: everybody who follows any area
	Urgency  miniapps.Urgency
	Link     string
	At       time.Time // when what it tells happened; zero means now
	Until    time.Time // what has not left by then never does; zero means never
	// Topic lets the devices that follow the areas be told at once, by their topics, where that comes to the same as letters. Whose devices all are known to follow
	// one counts as reached and gets no letter beside it.
	Topic bool
}

// bulletin is a broadcast as it is stored: one document, which all inboxes show, with how far its telling is.
type bulletin struct {
	ID       string                  `bson:"_id"`
	Revision int                     `bson:"revision"`
	App      string                  `bson:"app"`
	Notice   string                  `bson:"notice"`
	Title    message.Text            `bson:"title"`
	Text     message.Text            `bson:"text"`
	Params   map[string]message.Text `bson:"params,omitempty"`
	Areas    []string                `bson:"areas"` // sorted
	Urgency  miniapps.Urgency        `bson:"urgency"`
	Link     string                  `bson:"link,omitempty"`
	At       time.Time               `bson:"at"`
	Stored   time.Time               `bson:"stored"`
	Until    *time.Time              `bson:"until,omitempty"`

	Topics    []string   `bson:"topics,omitempty"`    // to be told, or that were; none when letters do it alone
	Published bool       `bson:"published,omitempty"` // the network took it for them
	Work      string     `bson:"work,omitempty"`      // announceLane until all recipients are in batches
	Due       *time.Time `bson:"due,omitempty"`
	Place     place      `bson:"place"`  // how far the walk over the followers is
	Posted    int        `bson:"posted"` // recipients in batches
	Total     int        `bson:"total"`  // at most so many will be

	ExpiresAt time.Time `bson:"expires_at"`
}

// place is where a walk over the followers of areas stands.
type place struct {
	Area   int          `bson:"area"`             // index into the areas
	Cursor store.Cursor `bson:"cursor,omitempty"` // in that one
}

// key names a revision.
func (b *bulletin) key() string { return b.ID + "/" + strconv.Itoa(b.Revision) }

func (b *bulletin) over(now time.Time) bool { return b.Until != nil && !now.Before(*b.Until) }

const maxBulletinID = 100 // bytes

// Announce stores a bulletin: it stands in the inboxes of all who follow its areas, and letters leave to them. It is the same bulletin however often it
// comes; a later revision replaces it in the inboxes and takes the place of letters that have not left. An all-clear is a revision too: its areas should
// cover those of the warning. INTERNAL when the notice is not declared or the broadcast lacks an id or a revision.
func (s *Sender) Announce(ctx context.Context, in Broadcast) error {
	if in.ID == "" || len(in.ID) > maxBulletinID || in.Revision < 1 {
		return fault.Wrap(fault.Internal, errors.New("notify: a broadcast needs a short id and a revision"))
	}
	b, err := s.crowd.bulletinOf(ctx, in)
	if err != nil {
		return err
	}
	bulletins := s.inbox.bulletins
	err = bulletins.Insert(ctx, b)
	if fault.CodeOf(err) == fault.Conflict {
		_, err = bulletins.Update(ctx, b.ID, func(old *bulletin) error {
			if old.Revision >= b.Revision {
				return store.ErrUnchanged
			}
			*old = b
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("notify: announce: %w", err)
	}
	s.crowd.turns.saw(b.ID, b.Revision)
	for _, area := range b.Areas {
		s.inbox.signals.Signal(ctx, areaTopic(area))
	}
	s.nudge(announceLane)
	return nil
}

func (c *crowd) bulletinOf(ctx context.Context, in Broadcast) (bulletin, error) {
	title, text, err := c.s.inbox.render(Notice{App: in.App, Notice: in.Notice, Params: in.Params})
	if err != nil {
		return bulletin{}, err
	}
	now := c.s.now()
	b := bulletin{
		ID: in.ID, Revision: in.Revision, App: in.App, Notice: in.Notice, Title: title, Text: text, Params: textsOf(in.Params),
		Areas: sorted(in.Areas), Urgency: cmp.Or(in.Urgency, miniapps.Normal), Link: in.Link, At: *instant(now), Stored: *instant(now),
		Work: announceLane, Due: instant(now), ExpiresAt: *instant(now.Add(c.s.inbox.retention)),
	}
	if len(b.Areas) == 0 {
		b.Areas = []string{Everywhere}
	}
	if in.Topic {
		b.Topics = c.s.toldBy(&b)
	}
	if !in.At.IsZero() {
		b.At = *instant(in.At)
	}
	if !in.Until.IsZero() {
		b.Until = instant(in.Until)
		if in.Until.After(b.ExpiresAt) {
			b.ExpiresAt = *instant(in.Until)
		}
	}
	for _, area := range b.Areas {
		n, err := c.s.inbox.wishes.Count(ctx, c.s.inbox.byArea.Where(area), maxFollowers)
		if err != nil {
			return bulletin{}, fmt.Errorf("notify: announce: %w", err)
		}
		b.Total += n
	}
	return b, nil
}

// maxFollowers bounds what is counted.
const maxFollowers = 10_000_000

// Progress says how far the telling of a bulletin is.
type Progress struct {
	Revision int
	Total    int  // recipients; while they are being collected, at most so many
	Posted   int  // recipients found so far
	Sent     int  // of them reached: the network took it, or their wards' topic
	Failed   int  // not reachable on any way; they find it in the inbox
	Done     bool // nothing of it is to be sent any more
}

// Progress tells how far the telling of a bulletin's last revision is. NOT_FOUND when nothing was announced.
func (s *Sender) Progress(ctx context.Context, id string) (Progress, error) {
	b, err := s.inbox.bulletins.Get(ctx, id)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{Revision: b.Revision, Total: max(b.Total, b.Posted), Posted: b.Posted}
	if b.Work == "" {
		p.Total = b.Posted
	}
	open := 0
	for x, err := range s.crowd.batches.Find(ctx, s.crowd.byKey.Where(b.key()).First(maxFollowers)) {
		if err != nil {
			return Progress{}, fmt.Errorf("notify: progress: %w", err)
		}
		p.Sent += x.count(string([]byte{markSent, markTopic}))
		p.Failed += x.count(string(markFailed))
		none := x.count(string(markNone))
		p.Posted, p.Total = p.Posted-none, p.Total-none
		open += x.count(string(markOpen))
	}
	return s.crowd.singles(ctx, &b, p, open)
}

// singles adds the letters that left their batches.
func (c *crowd) singles(ctx context.Context, b *bulletin, p Progress, open int) (Progress, error) {
	for _, state := range []State{Pending, Sent, Delivered, Seen, Refused, Dropped} {
		n, err := c.s.letters.Count(ctx, c.s.queries.fanout.Where(b.key(), string(state)), maxFollowers)
		if err != nil {
			return Progress{}, fmt.Errorf("notify: progress: %w", err)
		}
		switch {
		case rank[state] >= rank[Sent]:
			p.Sent += n
		case state == Pending:
			open += n
		default:
			p.Failed += n
		}
	}
	p.Done = b.Work == "" && open == 0
	return p, nil
}
