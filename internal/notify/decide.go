package notify

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// verdict is what is to be done with a letter now: an end, a wait, or a step of ways to send it on.
type verdict struct {
	end    State
	reason string
	closed []leg // ways that cannot be taken, for the desk

	hold time.Time // zero for no wait
	lane string
	tell string // whose digest is to gather it

	step   []Way
	person Person
	letter Letter
}

// decide reads what a letter depends on, and says what is to be done. It changes nothing.
func (s *Sender) decide(ctx context.Context, d *dispatch) (verdict, error) {
	now := s.now()
	if reason := d.over(now, s.cfg.GiveUp); reason != "" {
		return ended(d, reason), nil
	}
	words, reason, err := s.words(ctx, d)
	if err != nil || reason != "" {
		return verdict{end: Dropped, reason: reason}, err
	}
	person, w, reason, err := s.reader(ctx, d.To)
	if err != nil || reason != "" {
		return ended(d, reason), err
	}
	if v, waits := s.hold(d, person, &w, now); waits {
		return v, nil
	}
	letter := letterOf(d, words, languageOf(&w, person))
	if s.hasByTopic(ctx, words, person, letter.Lang) {
		return verdict{end: Sent, reason: reasonTopic}, nil
	}
	open, closed, err := s.ways(ctx, d, person, &w, letter)
	if err != nil {
		return verdict{}, err
	}
	return s.pick(d, open, verdict{closed: closed, person: person, letter: letter}), nil
}

// ended closes a letter that cannot go on: what left already counts.
func ended(d *dispatch, reason string) verdict {
	if best := d.best(); rank[best] >= rank[Sent] {
		return verdict{end: best}
	}
	return verdict{end: Refused, reason: reason}
}

// content is what a letter says in all languages.
type content struct {
	title, text message.Text
	params      map[string]message.Text
	topics      []string // whose devices got it by them
}

// words finds what a letter says, or the reason for which it need not be said any more.
func (s *Sender) words(ctx context.Context, d *dispatch) (content, string, error) {
	switch {
	case d.Bulletin != "":
		return s.crowd.words(ctx, d)
	case d.digest():
		return content{title: d.Title, text: d.Text}, "", nil
	}
	r, err := s.inbox.records.Get(ctx, d.Item)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return content{}, reasonGone, nil
	case err != nil:
		return content{}, "", fmt.Errorf("notify: words: %w", err)
	case r.ReadAt != nil:
		return content{}, reasonRead, nil
	}
	return content{title: r.Title, text: r.Text, params: d.Params}, "", nil
}

// reader finds whom a letter is for and what that person wants.
func (s *Sender) reader(ctx context.Context, subject string) (Person, wishes, string, error) {
	person, reason, err := s.whose(ctx, subject)
	if err != nil || reason != "" {
		return Person{}, wishes{}, reason, err
	}
	w, err := s.inbox.wishesOf(ctx, person.Account, person.Subjects)
	return person, w, "", err
}

// whose finds the person behind a subject, or the reason for which there is nobody.
func (s *Sender) whose(ctx context.Context, subject string) (Person, string, error) {
	person, err := s.deps.People.Person(ctx, subject)
	if fault.CodeOf(err) == fault.NotFound {
		return Person{}, reasonNoPerson, nil
	}
	if err != nil {
		return Person{}, "", fmt.Errorf("notify: person: %w", err)
	}
	if len(person.Subjects) == 0 {
		person.Subjects = []string{subject}
	}
	return person, "", nil
}

// hold gives the wait that the person's day asks for: quiet hours, and the digest for what is not worth a letter of its own.
func (s *Sender) hold(d *dispatch, p Person, w *wishes, now time.Time) (verdict, bool) {
	if d.Urgency == miniapps.Urgent {
		return verdict{}, false
	}
	owner := cmp.Or(p.Account, d.To)
	if d.Urgency == miniapps.Bulk && !d.digest() && d.Bulletin == "" {
		if w.deaf(d.App, d.Notice) {
			return ended(d, reasonOptedOut), true
		}
		return verdict{lane: digestLane, hold: spread(w.digestAt(s.cfg.Digest, now), owner, s.cfg.Spread), tell: owner}, true
	}
	if until, quiet := w.quiet(s.cfg.Quiet, now); quiet {
		return verdict{lane: d.class(), hold: spread(until, owner, s.cfg.Spread)}, true
	}
	return verdict{}, false
}

func languageOf(w *wishes, p Person) message.Lang { return cmp.Or(w.Lang, p.Lang).Or() }

func letterOf(d *dispatch, c content, lang message.Lang) Letter {
	l := Letter{
		ID: d.ID, App: d.App, Notice: d.Notice, Urgency: d.Urgency, Title: c.title.In(lang), Text: c.text.In(lang), Lang: lang,
		CaseApp: d.CaseApp, CaseID: d.CaseID, Link: d.Link, Collapse: d.Collapse, At: d.At.UTC(), Revision: d.Revision,
	}
	if lang == message.Vietnamese { // the one that topics speak
		l.Topics = c.topics
	}
	if d.Until != nil {
		l.Until = d.Until.UTC()
	}
	if len(c.params) > 0 {
		l.Params = make(map[string]string, len(c.params))
		for name, t := range c.params {
			l.Params[name] = t.In(lang)
		}
	}
	return l
}
