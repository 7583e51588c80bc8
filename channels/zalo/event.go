package zalo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/loose"
)

// reading says what becomes of an event: it is read, or left alone for a reason.
type reading struct {
	read func(*webhook) channels.Event
	why  string
}

// Why events are left alone, as labels of a count.
const (
	whyZNS     = "template message"  // an event of a template message that is read elsewhere, or names none of ours
	whyRating  = "template rating"   // the city asks for ratings in its own words
	whyReview  = "template review"   // approval, quality and daily numbers of templates: the console's own order
	whyGroup   = "group chat"        // the city answers one person at a time
	whyCall    = "call"              // calls go to the switchboard
	whyTag     = "tag"               // the console's own order
	whyWidget  = "widget"            // its state says nothing of a person
	whyVisitor = "echo to a visitor" // we never write to them
	whyProfile = "profile"           // we keep no copy of Zalo's
	whyStaff   = "reaction of staff" // it asks for nothing
	whyNobody  = "nobody"            // names no person
	whyUnknown = "unknown"           // the network has learnt something new
)

// readings has every event that the network's documentation names.
var readings = map[string]reading{
	"user_send_text":          {read: said},
	"user_send_image":         {read: said},
	"user_send_gif":           {read: said},
	"user_send_link":          {read: said},
	"user_send_audio":         {read: said},
	"user_send_video":         {read: said},
	"user_send_sticker":       {read: said},
	"user_send_location":      {read: said},
	"user_send_file":          {read: said},
	"user_send_business_card": {read: said},

	"anonymous_send_text":    {read: visited},
	"anonymous_send_image":   {read: visited},
	"anonymous_send_file":    {read: visited},
	"anonymous_send_sticker": {read: visited},

	"user_click_chatnow": {read: became(channels.Opened)},
	"follow":             {read: became(channels.Followed)},
	"unfollow":           {read: became(channels.Unfollowed)},
	"user_withdraw":      {read: became(channels.Withdrew)},
	"user_submit_info":   {read: shared},

	"oa_send_text":     {read: echoed},
	"oa_send_image":    {read: echoed},
	"oa_send_gif":      {read: echoed},
	"oa_send_list":     {read: echoed},
	"oa_send_file":     {read: echoed},
	"oa_send_sticker":  {read: echoed},
	"oa_send_template": {read: echoed},

	"user_received_message": {read: receipt(channels.Delivered)},
	"user_seen_message":     {read: receipt(channels.Seen)},
	"user_reacted_message":  {read: reacted},

	"oa_reacted_message":                     {why: whyStaff},
	"user_call_oa":                           {why: whyCall},
	"oa_call_user":                           {why: whyCall},
	"oa_send_consent":                        {why: whyCall},
	"user_reply_consent":                     {why: whyCall},
	"add_user_to_tag":                        {why: whyTag},
	"remove_user_from_tag":                   {why: whyTag},
	"remove_tag":                             {why: whyTag},
	"update_user_info":                       {why: whyProfile},
	"create_group":                           {why: whyGroup},
	"user_join_group":                        {why: whyGroup},
	"user_out_group":                         {why: whyGroup},
	"widget_interaction_accepted":            {why: whyWidget},
	"widget_failed_to_sync_user_external_id": {why: whyWidget},
	"user_feedback":                          {why: whyRating},
	"change_template_status":                 {why: whyReview},
	"change_template_quota":                  {why: whyReview},
	"change_template_quality":                {why: whyReview},
	"change_oa_daily_quota":                  {why: whyReview},
	"change_oa_template_tags":                {why: whyReview},
}

// families are events that are named by what they begin with, because the documentation lists their kinds with an ellipsis.
var families = map[string]reading{
	"user_send_group_":   {why: whyGroup},
	"oa_send_group_":     {why: whyGroup},
	"oa_send_anonymous_": {why: whyVisitor},
}

func readingOf(name string) reading {
	if r, ok := readings[name]; ok {
		return r
	}
	for prefix, r := range families {
		if strings.HasPrefix(name, prefix) {
			return r
		}
	}
	return reading{why: whyUnknown}
}

func said(b *webhook) channels.Event {
	e := channels.Event{
		Kind:    channels.Said,
		Account: loose.First(b.Recipient.ID, b.OAID),
		From:    channels.Address(b.Sender.ID),
		Text:    string(b.Message.Text),
	}
	for _, a := range b.Message.Attachments {
		if a.Type == "location" {
			e.Place = place(a)
			continue
		}
		e.Attachments = append(e.Attachments, attachment(a, b.EventName))
	}
	if b.EventName == "user_send_location" && e.Place != nil {
		e.Place.Label, e.Text = e.Text, "" // the network puts the place's name there, the person typed nothing
	}
	return e
}

// visited is a message of somebody on the city's website whom Zalo does not know.
func visited(b *webhook) channels.Event {
	e := said(b)
	e.Closed = true
	return e
}

// became reads the events that name no sender.
func became(kind channels.EventKind) func(*webhook) channels.Event {
	return func(b *webhook) channels.Event {
		return channels.Event{
			Kind:    kind,
			Account: loose.First(b.OAID, b.Recipient.ID),
			From:    channels.Address(loose.First(b.Follower.ID, b.UserID, b.Sender.ID)),
		}
	}
}

func shared(b *webhook) channels.Event {
	return channels.Event{
		Kind:    channels.Shared,
		Account: loose.First(b.Recipient.ID, b.OAID),
		From:    channels.Address(loose.First(b.Sender.ID, b.UserID)),
		Contact: &channels.Contact{Name: string(b.Info.Name), Phone: string(b.Info.Phone), Address: b.Info.address()},
	}
}

// echoed reads what the account said. Its files are ours already, so they are not fetched.
func echoed(b *webhook) channels.Event {
	e := receipt(channels.Echoed)(b)
	e.Text = string(b.Message.Text)
	e.Human = b.Sender.AdminID != ""
	return e
}

// receipt reads the events whose sender is the account and whose recipient is the person.
func receipt(kind channels.EventKind) func(*webhook) channels.Event {
	return func(b *webhook) channels.Event {
		return channels.Event{
			Kind:    kind,
			Account: loose.First(b.Sender.ID, b.OAID),
			From:    channels.Address(b.Recipient.ID),
			About:   about(b),
		}
	}
}

func reacted(b *webhook) channels.Event {
	return channels.Event{
		Kind:    channels.Reacted,
		Account: loose.First(b.Recipient.ID, b.OAID),
		From:    channels.Address(b.Sender.ID),
		Text:    string(b.Message.Icon),
		About:   about(b),
	}
}

func about(b *webhook) []string {
	var out []string
	for _, id := range append(loose.List[loose.String]{b.Message.ID}, b.Message.IDs...) {
		if id != "" {
			out = append(out, string(id))
		}
	}
	return out
}

var attachmentKinds = map[loose.String]channels.AttachmentKind{
	"image":   channels.Photo,
	"gif":     channels.Animation,
	"link":    channels.WebLink,
	"audio":   channels.Audio,
	"video":   channels.Video,
	"sticker": channels.Sticker,
	"file":    channels.File,
}

func attachment(a inboundAttachment, event loose.String) channels.Attachment {
	kind, known := attachmentKinds[a.Type]
	if !known {
		kind = channels.File // answered with words
	}
	p := a.Payload
	out := channels.Attachment{Kind: kind, URL: string(p.URL), Name: string(p.Name), Text: string(p.Description)}
	if n, err := strconv.ParseInt(string(p.Size), 10, 64); err == nil && n > 0 {
		out.Size = n
	}
	if phone, ok := card(p.Description); kind == channels.WebLink && (ok || event == "user_send_business_card") {
		out.Kind, out.Text = channels.Card, phone
	}
	return out
}

// card reads the description of a contact card. ok is false for that of an ordinary link.
func card(description loose.String) (phone string, ok bool) {
	var b businessCard
	if json.Unmarshal([]byte(description), &b) != nil || b.Phone == "" {
		return "", false
	}
	return string(b.Phone), true
}

// place reads a position; nil when it is none on earth.
func place(a inboundAttachment) *channels.Place {
	lat, latOK := a.Payload.Coordinates.Latitude.Number(90)
	lon, lonOK := a.Payload.Coordinates.Longitude.Number(180)
	if !latOK || !lonOK {
		return nil
	}
	return &channels.Place{Lat: lat, Lon: lon}
}

// maxNamed is the longest id of the network that stands in ours as it is, in bytes.
const maxNamed = 100

// eventID names an event. A message has the network's id; what has none is told by who did what when, hashed, because an event's id is no place for a
// person's. A person may react to one message several times, so there the time counts too.
func eventID(b *webhook, e channels.Event, stamp string) string {
	name := string(b.EventName)
	id := string(b.Message.ID)
	if id != "" && len(id) <= maxNamed && e.Kind != channels.Reacted {
		return name + ":" + id
	}
	parts := []string{name, e.Account, string(e.From), id, stamp}
	if e.Kind == channels.Seen && len(e.About) > 0 {
		parts = append([]string{name, e.Account, string(e.From)}, e.About...) // a repeat names the same messages
	}
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return name + ":" + hex.EncodeToString(h[:16])
}
