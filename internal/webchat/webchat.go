// Package webchat keeps what is said in the conversations on the city's own pages, where no network keeps it: the log that every page of a visitor reads
// by a cursor, now and after any break.
//
// It owns the lines, their places (1, 2, 3, … without a gap) and how long they stay. A line that is stored has its place for good, and storing it again
// under its id changes nothing; so whoever reads on behind the last place that they have seen gets every line once. It does not know who a visitor is, what
// the lines mean, or how they come to a page.
package webchat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
)

// Visitor is who has a conversation: a browser, not a person in life.
type Visitor struct {
	ID   string // the user on this network
	Lang message.Lang
}

// Speaker says whose line it is.
type Speaker string

// The speakers.
const (
	You   Speaker = "you"   // the visitor
	Bot   Speaker = "bot"   // the city's dialogue, and its notices
	Staff Speaker = "staff" // a member of staff
)

// Line is one message of a conversation.
type Line struct {
	Seq     int64          `json:"-"` // its place, from 1; given by Append
	ID      string         `json:"-"` // tells a repeat; 1 to 200 bytes
	From    Speaker        `json:"from"`
	Name    string         `json:"name,omitempty"` // of the member of staff; "" when it is not told
	At      time.Time      `json:"at"`
	Text    string         `json:"text,omitempty"`
	Choice  string         `json:"choice,omitempty"` // the value that was tapped
	Place   *Place         `json:"place,omitempty"`
	Uploads []Upload       `json:"uploads,omitempty"`
	Blocks  message.Blocks `json:"blocks,omitempty"`
}

// Place is a position that the visitor shared, WGS 84 degrees.
type Place struct {
	Lat   float64 `json:"lat"`
	Lon   float64 `json:"lon"`
	Label string  `json:"label,omitempty"`
}

// Upload is a photo or video that the visitor sent.
type Upload struct {
	ID   string `json:"id"`   // of the city's media
	Kind string `json:"kind"` // "photo" or "video"
}

// Box keeps what was said unreadable in the store; *secret.Box does.
type Box interface {
	Seal(plain []byte, context string) ([]byte, error)
	Unseal(sealed []byte, context string) ([]byte, error)
}

// Signals wakes those who follow a conversation; *live.Hub does. A signal may be lost.
type Signals interface {
	Signal(ctx context.Context, topic string)
	WatchSignals(ctx context.Context, topic string) <-chan struct{}
}

// Log keeps the lines of all visitors. It is safe for concurrent use; several replicas may work on the same store.
type Log struct {
	cfg     Config
	heads   *store.Collection[head]
	pages   *store.Collection[page]
	byLine  store.Query
	box     Box
	signals Signals
	typing  *typists
	now     func() time.Time
}

// New makes the log of a city. With nil signals, those who follow a conversation look into the store every few seconds.
func New(ctx context.Context, e store.Engine, cfg Config, box Box, signals Signals, now func() time.Time) (*Log, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("webchat: %w", err)
	}
	heads, err1 := store.Define[head](ctx, e, store.Kind{Name: "webchat", ExpiresAt: "expires_at"})
	pages, err2 := store.Define[page](ctx, e, store.Kind{
		Name: "webchat_pages", Owned: true, ExpiresAt: "expires_at",
		Indexes: []store.Index{{Name: "by_line", Equal: []string{"log", "ids"}, Many: "ids"}},
	})
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("webchat: %w", err)
	}
	byLine, err := pages.Query("by_line")
	if err != nil {
		return nil, err
	}
	return &Log{cfg: cfg.Filled(), heads: heads, pages: pages, byLine: byLine, box: box, signals: signals, typing: newTypists(), now: now}, nil
}

// clock gives the time as it is stored.
func (l *Log) clock() time.Time { return l.now().UTC().Truncate(time.Millisecond) }

// headID names a visitor's conversation without saying who it is.
func headID(visitor string) string { return once.ID("webchat\x00" + visitor) }

// topic is what is signalled when a conversation has a new line.
func topic(head string) string { return "webchat/" + head }

func (l *Log) signal(ctx context.Context, head string) {
	if l.signals != nil {
		l.signals.Signal(ctx, topic(head))
	}
}

// Forget removes a visitor's conversation. A repeat finishes what a kill left. Lines that come afterwards begin a new one, at place 1.
func (l *Log) Forget(ctx context.Context, visitor string) error {
	id := headID(visitor)
	if err := gone(l.heads.Delete(ctx, id)); err != nil {
		return fmt.Errorf("webchat: forget: %w", err)
	}
	l.signal(ctx, id)
	for {
		found, err := l.pages.Collect(ctx, l.pages.ByID().Prefix(id+"/"))
		if err != nil || len(found) == 0 {
			return err
		}
		for _, p := range found {
			if err := gone(l.pages.Delete(ctx, p.ID)); err != nil {
				return fmt.Errorf("webchat: forget: %w", err)
			}
		}
	}
}

// gone makes nothing of the removal of what is not there.
func gone(err error) error {
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}
