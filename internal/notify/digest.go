package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps"
)

// DigestApp and DigestNotice name the letter that stands for several, in preferences and to carriers.
const (
	DigestApp    = "notify"
	DigestNotice = "digest"
)

const (
	maxGathered = 100 // letters in one digest; the rest leaves with the next
	maxTitles   = 10  // of them named
)

// gather makes the digest that a letter waits for, and closes the letters that it stands for. The digest's id is derived from the person and the day, so a
// worker that comes after a kill, or at the same time, finds the same one; a letter that it does not stand for waits for the next.
func (s *Sender) gather(ctx context.Context, d *dispatch) error {
	id := once.ID("digest\x00" + d.Gather + "\x00" + d.Due.In(zone).Format(time.DateOnly))
	digest, err := s.letters.Get(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		digest, err = s.makeDigest(ctx, d, id)
	}
	if err != nil {
		return err
	}
	if digest.ID == "" {
		return nil // all of them were read
	}
	if !slices.Contains(digest.Members, d.ID) {
		return s.postpone(ctx, d)
	}
	s.nudge(bulkClass)
	return s.close(ctx, digest.Members, digest.ID, reasonGathered)
}

// makeDigest stores the digest of what waits. Without anything unread there is none: the dispatch without an id.
func (s *Sender) makeDigest(ctx context.Context, d *dispatch, id string) (dispatch, error) {
	now := s.now()
	found, err := s.letters.Collect(ctx, s.queries.gather.Where(d.Gather).Between(nil, now.Add(time.Millisecond)).First(maxGathered))
	if err != nil {
		return dispatch{}, fmt.Errorf("notify: gather: %w", err)
	}
	slices.SortStableFunc(found, func(a, b dispatch) int { return a.Since.Compare(b.Since) })
	members, titles, err := s.unread(ctx, found, now)
	if err != nil {
		return dispatch{}, err
	}
	all := make([]string, len(found))
	for i, m := range found {
		all[i] = m.ID
	}
	if len(titles) == 0 {
		return dispatch{}, s.close(ctx, all, "", reasonRead)
	}
	digest := dispatch{
		ID: id, To: d.To, App: DigestApp, Notice: DigestNotice, Urgency: miniapps.Bulk, Members: all, Collapse: DigestNotice,
		At: *instant(now), Since: *instant(now), Due: instant(now), State: Pending, ExpiresAt: *instant(now.Add(s.cfg.DispatchRetention)),
	}
	digest.Title, digest.Text = s.digestWords(len(members), titles)
	digest.Lane = digest.class()
	err = s.letters.Insert(ctx, digest)
	if fault.CodeOf(err) == fault.Conflict {
		return s.letters.Get(ctx, id)
	}
	if err != nil {
		return dispatch{}, fmt.Errorf("notify: digest: %w", err)
	}
	return digest, nil
}

// unread gives those of the letters that are not read in the inbox yet nor useless by now, and their titles.
func (s *Sender) unread(ctx context.Context, found []dispatch, now time.Time) (ids []string, titles []message.Text, err error) {
	items := make([]string, len(found))
	for i, d := range found {
		items[i] = d.Item
	}
	records, err := s.inbox.records.GetMany(ctx, items)
	if err != nil {
		return nil, nil, fmt.Errorf("notify: gather: %w", err)
	}
	for _, d := range found {
		r, ok := records[d.Item]
		if ok && r.ReadAt == nil && d.over(now, s.cfg.GiveUp) == "" {
			ids, titles = append(ids, d.ID), append(titles, r.Title)
		}
	}
	return ids, titles, nil
}

// digestWords puts what waits into one letter.
func (s *Sender) digestWords(n int, titles []message.Text) (title, text message.Text) {
	title, text = message.Text{}, message.Text{}
	for _, lang := range []message.Lang{message.Vietnamese, message.English} {
		title[lang] = s.deps.Texts.Text(lang, "notify.digest_title", map[string]any{"count": n})
		var lines []string
		for _, t := range titles[:min(len(titles), maxTitles)] {
			lines = append(lines, "• "+t.In(lang))
		}
		if more := n - len(lines); more > 0 {
			lines = append(lines, s.deps.Texts.Text(lang, "notify.digest_more", map[string]any{"count": more}))
		}
		text[lang] = strings.Join(append(lines, s.deps.Texts.Text(lang, "notify.digest_where", nil)), "\n")
	}
	return title, text
}

// close ends letters that still wait for a digest, which is the one that stands for them; "" for none.
func (s *Sender) close(ctx context.Context, ids []string, digest, reason string) error {
	for _, id := range ids {
		_, err := s.letters.Update(ctx, id, func(d *dispatch) error {
			if d.Lane != digestLane {
				return store.ErrUnchanged
			}
			d.end(Dropped, reason)
			d.Digest = digest
			return nil
		})
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return fmt.Errorf("notify: gather: %w", err)
		}
	}
	return nil
}

// postpone leaves a letter to the next digest.
func (s *Sender) postpone(ctx context.Context, seen *dispatch) error {
	_, w, _, err := s.reader(ctx, seen.To)
	if err != nil {
		return err
	}
	return s.park(ctx, seen, verdict{lane: digestLane, hold: spread(w.digestAt(s.cfg.Digest, s.now()), seen.Gather, s.cfg.Spread), tell: seen.Gather})
}
