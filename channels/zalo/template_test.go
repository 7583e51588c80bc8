package zalo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/zaloapi"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netcall"
)

// withTemplates sets the text of the network's sample, in two languages.
func withTemplates(c *Config) {
	c.Templates = map[string]channels.Approved{"file.state": {ID: "200001", IDEN: "200011", Params: map[string]channels.Slot{
		"ma_ho_so": {From: "code"}, "trang_thai": {From: "state", Max: 20},
	}}}
}

func sendTemplate(t *testing.T, c *Channel, tpl channels.Template) channels.Outcome {
	t.Helper()
	return c.Send(t.Context(), person, channels.Outbound{ID: "1", Kind: channels.Notice, Template: &tpl})
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	api := &recorder{answers: []string{sample(t, "api_template_by_uid_response")}}
	c, _ := serve(t, api, withTemplates)
	require.Equal(t, []string{"file.state"}, c.Profile().Templates)
	params := map[string]string{"code": "HS2026000123", "state": "Hoàn thành", "other": "not asked for"}
	o := sendTemplate(t, c, channels.Template{Name: "file.state", Lang: message.Vietnamese, Params: params})
	require.Equal(t, channels.Outcome{Status: channels.Sent, MessageID: "0f1e2d3c4b5a697887a0"}, o)
	require.Equal(t, []string{"POST /v3.0/oa/message/template"}, api.paths)
	require.Equal(t, sample(t, "api_template_by_uid_request"), api.last(t))

	require.Equal(t, channels.Sent, sendTemplate(t, c, channels.Template{Name: "file.state", Lang: message.English, Params: params}).Status)
	require.Contains(t, api.last(t), `"template_id": "200011"`)
}

func TestTemplateNotSendable(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, withTemplates)
	for reason, tpl := range map[string]channels.Template{
		"no_template": {Name: "file.lost"},
		"bad_params":  {Name: "file.state", Params: map[string]string{"code": "SECRET", "state": strings.Repeat("x", 21)}},
	} {
		o := sendTemplate(t, c, tpl)
		require.Equal(t, channels.Never, o.Status)
		require.Equal(t, reason, o.Reason)
		require.Error(t, o.Cause)
		require.NotContains(t, o.Cause.Error(), "SECRET")
	}
	o := c.Send(t.Context(), "+84900000001", channels.Outbound{Template: &channels.Template{Name: "file.state"}})
	require.Equal(t, "bad_address", o.Reason)
	require.Empty(t, api.paths)
}

// TestTemplateErrorNumbers: the path by user id may answer the numbers of either table.
func TestTemplateErrorNumbers(t *testing.T) {
	t.Parallel()
	for n, v := range zaloapi.Templates {
		require.Equal(t, v.End == netcall.Never || v.End == netcall.Alarm, v.Reason != "", n)
	}
	for n, want := range map[int]channels.Outcome{
		-213:  {Status: channels.Never, Reason: "not_a_follower", Gone: true},
		-249:  {Status: channels.Never, Reason: "template_by_user"},
		-133:  {Status: channels.Later, Retry: 12*time.Hour + 59*time.Minute + 59*time.Second},
		-131:  {Status: channels.Later, Alarm: true, Reason: "template_not_approved", Retry: netcall.AlarmWait},
		-1121: {Status: channels.Never, Reason: "bad_params"},
		-1472: {Status: channels.Never, Reason: "daily_limit"},
		-118:  {Status: channels.Never, Reason: "no_zalo_account"},
		-105:  {Status: channels.Later, Alarm: true, Reason: "app_not_linked", Retry: netcall.AlarmWait},
		-126:  {Status: channels.Later, Alarm: true, Reason: "no_money", Retry: netcall.AlarmWait},
		-200:  {Status: channels.Later, Tries: netcall.FewTries, Reason: "send_failed"},
		-100:  {Status: channels.Later},
		-999:  {Status: channels.Later},
		-216:  {Status: channels.Later, Alarm: true, Reason: "token_refused", Retry: netcall.AlarmWait},
		-321:  {Status: channels.Later, Alarm: true, Reason: "no_money", Retry: netcall.AlarmWait},
	} {
		c, _ := serve(t, &recorder{answers: []string{fmt.Sprintf(`{"error":%d}`, n)}}, withTemplates)
		got := sendTemplate(t, c, channels.Template{Name: "file.state", Params: map[string]string{"code": "1", "state": "x"}})
		require.Error(t, got.Cause, n)
		got.Cause = nil
		require.Equal(t, want, got, n)
	}
}

// TestAskForContact: the form stands alone, with the words of the message.
func TestAskForContact(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	c, _ := serve(t, api, func(c *Config) { c.ContactImage = "https://img-stub.example.vn/banner.jpg" })
	require.True(t, c.Profile().Contact)
	ask := message.Choices{Text: "Bấm để gửi số điện thoại.", Options: []message.Choice{{Label: "Gửi số", Value: message.AskContact}}, Controls: []message.Choice{{Label: "Thôi", Value: "cancel"}}}
	require.Equal(t, channels.Sent, send(t, c, message.Words{Text: "Để cán bộ gọi lại:"}, ask).Status)
	golden(t, "testdata/contact.golden", []byte(api.last(t)))

	for name, blocks := range map[string]message.Blocks{
		"unsupported_block": {ask, message.QR{Payload: "x"}},
		"too_long":          {message.Words{Text: strings.Repeat("x", 500)}, ask},
	} {
		require.Equal(t, name, c.Send(t.Context(), person, channels.Outbound{Blocks: blocks}).Reason)
	}
}
