package zalofake

import (
	"encoding/json"
	"regexp"
	"unicode/utf8"

	"github.com/motcua/motcua/channels/channelfake"
)

// csRequest is the body of a consultation message.
type csRequest struct {
	Recipient struct {
		UserID string `json:"user_id"`
	} `json:"recipient"`
	Message *csMessage `json:"message"`
}

type csMessage struct {
	Text       string        `json:"text"`
	Quote      string        `json:"quote_message_id"`
	Attachment *csAttachment `json:"attachment"`
}

type csAttachment struct {
	Type    string    `json:"type"`
	Payload csPayload `json:"payload"`
}

type csPayload struct {
	Template string               `json:"template_type"`
	Elements []csElement          `json:"elements"`
	Buttons  []channelfake.Button `json:"buttons"`
	Token    string               `json:"token"`
}

type csElement struct {
	Media    string `json:"media_type"`
	ID       string `json:"attachment_id"`
	URL      string `json:"url"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Title    string `json:"title"`
	Subtitle string `json:"subtitle"`
	ImageURL string `json:"image_url"`
}

// What Zalo takes.
const (
	maxText    = 2000 // runes
	maxButtons = 5
	maxTitle   = 100  // runes of a button's title
	maxPayload = 1000 // runes of a query
	maxSMS     = 160  // runes of a text message that a button prepares
)

var (
	badParams = &refusal{-201, "Params is invalid"}
	tooMuch   = &refusal{-210, "Parameter exceeds its limit"}
	expired   = &refusal{-100, "Attachment id is invalid or has expired"}
	badKind   = &refusal{-233, "Message type is not supported"}
)

// judge tells what is wrong with a message; nil when it is good.
func (m *csMessage) judge(have func(id string) (upload, bool)) *refusal {
	switch {
	case utf8.RuneCountInString(m.Text) > maxText:
		return tooMuch
	case m.Attachment == nil && m.Text == "":
		return badParams
	case m.Attachment == nil:
		return nil
	}
	p := m.Attachment.Payload
	switch {
	case m.Attachment.Type == "file":
		return p.judgeUpload(p.Token, fileUpload, have)
	case m.Attachment.Type != "template":
		return badParams
	}
	if bad := judgeButtons(p.Buttons); bad != nil {
		return bad
	}
	switch p.Template {
	case "media":
		if len(p.Buttons) > 0 {
			return badParams // no sample of Zalo's has both
		}
		return p.judgeMedia(have)
	case "request_user_info":
		return p.judgeRequest()
	case "":
		if m.Text == "" || len(p.Buttons) == 0 {
			return badParams
		}
		return nil
	}
	return badKind
}

func (p csPayload) judgeUpload(id string, kind uploadKind, have func(string) (upload, bool)) *refusal {
	if id == "" {
		return badParams
	}
	if u, ok := have(id); !ok || u.kind != kind {
		return expired
	}
	return nil
}

func (p csPayload) judgeMedia(have func(string) (upload, bool)) *refusal {
	if len(p.Elements) != 1 {
		return badParams
	}
	e := p.Elements[0]
	kind, ok := map[string]uploadKind{"image": imageUpload, "gif": gifUpload, "sticker": imageUpload}[e.Media]
	switch {
	case !ok || e.Media == "gif" && (e.Width <= 0 || e.Height <= 0):
		return badParams
	case e.Media == "sticker" && e.ID != "":
		return nil // Zalo's own stickers are not uploads
	case e.ID == "" && channelfake.IsWeb(e.URL):
		return nil
	}
	return p.judgeUpload(e.ID, kind, have)
}

func (p csPayload) judgeRequest() *refusal {
	if len(p.Elements) != 1 || p.Elements[0].Title == "" || !channelfake.IsWeb(p.Elements[0].ImageURL) {
		return badParams
	}
	if utf8.RuneCountInString(p.Elements[0].Title) > maxTitle || utf8.RuneCountInString(p.Elements[0].Subtitle) > 500 {
		return tooMuch
	}
	return nil
}

func judgeButtons(buttons []channelfake.Button) *refusal {
	if len(buttons) > maxButtons {
		return tooMuch
	}
	for _, b := range buttons {
		if bad := judgeButton(b); bad != nil {
			return bad
		}
	}
	return nil
}

var phoneRE = regexp.MustCompile(`^[0-9]{3,15}$`)

func judgeButton(b channelfake.Button) *refusal {
	var text string
	var fields struct {
		URL     string `json:"url"`
		Phone   string `json:"phone_code"`
		Content string `json:"content"`
	}
	isText := json.Unmarshal(b.Payload, &text) == nil
	isFields := json.Unmarshal(b.Payload, &fields) == nil
	good := false
	switch b.Type {
	case queryShow, queryHide:
		good = isText && text != ""
	case openURL:
		good = isFields && channelfake.IsWeb(fields.URL)
	case openPhone, openSMS:
		good = isFields && phoneRE.MatchString(fields.Phone)
	}
	switch {
	case b.Title == "" || !good:
		return badParams
	case utf8.RuneCountInString(b.Title) > maxTitle, utf8.RuneCountInString(text) > maxPayload, utf8.RuneCountInString(fields.Content) > maxSMS:
		return tooMuch
	}
	return nil
}

// entry is the message as the chat shows it. The address of an upload is its name on the shelf.
func (m *csMessage) entry(have func(string) (upload, bool)) channelfake.Entry {
	e := channelfake.Entry{Kind: "text", Text: m.Text, Quote: m.Quote}
	if m.Attachment == nil {
		return e
	}
	p := m.Attachment.Payload
	e.Buttons = p.Buttons
	switch {
	case m.Attachment.Type == "file":
		e.Kind = "file"
		e.Files = []channelfake.File{fileOf(p.Token, have)}
	case p.Template == "request_user_info":
		e.Kind, e.Text = "request_info", p.Elements[0].Title+"\n"+p.Elements[0].Subtitle
	case p.Template == "media":
		e.Kind = map[string]string{"image": "photo", "gif": "gif", "sticker": "sticker"}[p.Elements[0].Media]
		f := fileOf(p.Elements[0].ID, have)
		if f.URL == "" {
			f.URL = p.Elements[0].URL
		}
		e.Files = []channelfake.File{f}
	}
	return e
}

func fileOf(id string, have func(string) (upload, bool)) channelfake.File {
	u, ok := have(id)
	if !ok {
		return channelfake.File{}
	}
	return channelfake.File{URL: u.name, Name: u.title, Type: u.media, Size: u.size}
}
