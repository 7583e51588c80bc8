package chat

import (
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/inbox"
)

// heardOf puts an event in the words of the dialogue.
func heardOf(m inbox.Message, at time.Time) conversation.Heard {
	e := m.Event
	h := conversation.Heard{
		ID: m.ID, At: at, Text: e.Text, Choice: e.Choice, Lang: e.Lang, Hello: e.Kind == channels.Opened || e.Kind == channels.Followed,
	}
	if h.Ref = e.Ref; e.Kind == channels.Proved {
		h.Ref = conversation.LinkRef + e.Ref
	}
	if e.Contact != nil {
		h.Contact = &conversation.Contact{Name: e.Contact.Name, Phone: e.Contact.Phone}
	}
	if e.Place != nil {
		h.Place = &conversation.Place{Lat: e.Place.Lat, Lon: e.Place.Lon, Label: e.Place.Label}
	}
	for i, a := range e.Attachments {
		f := fetched(m, i)
		switch {
		case f.Reason != "" || f.Media == "":
			r := conversation.Refused{Kind: string(a.Kind), Reason: f.Reason}
			if a.Kind == channels.WebLink {
				r.Link = a.URL
			}
			h.Refused = append(h.Refused, r)
		case a.Kind == channels.Video:
			h.Videos = append(h.Videos, f.Media)
		default:
			h.Photos = append(h.Photos, f.Media)
		}
	}
	return h
}

// fetched gives what became of attachment i. One that nobody fetched is not taken when it is of a kind that nobody fetches, else it was not reached.
func fetched(m inbox.Message, i int) inbox.Fetched {
	f := inbox.Fetched{}
	if i < len(m.Media) {
		f = m.Media[i]
	}
	if f.Media != "" || f.Reason != "" {
		return f
	}
	f.Reason = inbox.NotTaken
	if k := m.Event.Attachments[i].Kind; k == channels.Photo || k == channels.Video {
		f.Reason = inbox.Unreachable
	}
	return f
}

// when gives the time at which the person did it, never later than now: networks' clocks differ from ours.
func when(m inbox.Message, now time.Time) time.Time {
	at := m.Event.At
	if at.IsZero() {
		at = m.Received
	}
	if at.IsZero() || at.After(now) {
		return now
	}
	return at.UTC().Truncate(time.Millisecond)
}
