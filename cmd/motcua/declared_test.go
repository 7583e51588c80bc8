package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/internal/setting"
)

func TestApprovedTextsBelongToNotices(t *testing.T) {
	t.Parallel()
	var s settings
	s.Channels.Zalo.Templates = map[string]channels.Approved{
		"feedback.received": {ID: "1", Params: map[string]channels.Slot{"ma": {From: "code"}, "due": {}}},
		"feedback.bogus":    {ID: "2", Params: map[string]channels.Slot{"code": {}}},
	}
	s.Channels.ZNS.Templates = map[string]channels.Approved{
		channels.CodeTemplate: {ID: "3", OTP: true, Params: map[string]channels.Slot{"otp": {From: "code"}}},
		"feedback.assigned":   {ID: "4", Params: map[string]channels.Slot{"codee": {}}},
	}
	s.Channels.Messenger.Templates = []messenger.Template{{Notice: "alerts.warning", Params: []string{"title", "until"}}, {Notice: "me.linked", Params: []string{"phone"}}}
	err := s.checkApproved()
	for _, want := range []string{
		`channels.zalo.templates.feedback.bogus: no mini-app declares the notice "feedback.bogus"`,
		`channels.zns.templates.feedback.assigned: the notice feedback.assigned has no parameter "codee" (it has ["code" "unit"])`,
		`channels.messenger.templates[1]: the notice me.linked has no parameter "phone" (it has ["network"])`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if n := strings.Count(err.Error(), "\n"); n != 2 {
		t.Errorf("%d problems were found, not 3:\n%v", n+1, err)
	}
}

func TestNetworksSetUpInPartAreRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "account.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		set  func(*settings)
		want string // "" for nothing wrong
	}{
		"nothing":                      {func(*settings) {}, ""},
		"an application without pages": {func(s *settings) { s.Channels.Messenger.VerifyToken = "x" }, "channels.messenger: page_id or pages"},
		"an application with a page":   {func(s *settings) { s.Channels.Messenger.AppID, s.Channels.Messenger.PageID = "1", "2" }, ""},
		"half an official account":     {func(s *settings) { s.Channels.Zalo.OAID = "1" }, "channels.zalo: app_id and oa_id"},
		"texts without an account":     {func(s *settings) { s.Channels.ZNS.Templates = map[string]channels.Approved{"a.b": {}} }, "channels.zns.templates"},
		"a key without a project":      {func(s *settings) { s.Channels.FCM.CredentialsFile = file }, "channels.fcm.project_id"},
		"a project without its key":    {func(s *settings) { s.Channels.FCM.ProjectID, s.Channels.FCM.CredentialsFile = "motcua-hp", file+"x" }, "channels.fcm.credentials_file"},
		"a project with its key":       {func(s *settings) { s.Channels.FCM.ProjectID, s.Channels.FCM.CredentialsFile = "motcua-hp", file }, ""},
		"half a key pair":              {func(s *settings) { s.Channels.WebPush.VAPIDPublicKey = "x" }, "channels.webpush"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s settings
			tc.set(&s)
			var faults setting.Faults
			s.halfway(&faults)
			err := faults.Err()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestWebhookSecretsOfRealNetworksAreLong(t *testing.T) {
	t.Parallel()
	var s settings
	s.Channels.Zalo.AppID, s.Channels.Zalo.OAID, s.Channels.Zalo.OASecretKey = "1", "2", "short"
	s.Channels.Messenger.PageID, s.Channels.Messenger.AppSecret = "3", "short"
	text := func() string {
		var faults setting.Faults
		s.unsafe(&faults)
		return faults.Err().Error()
	}
	for _, key := range []string{"channels.zalo.oa_secret_key", "channels.messenger.app_secret"} {
		if want := key + ": must have 16 characters"; !strings.Contains(text(), want) {
			t.Errorf("nothing says %q:\n%s", want, text())
		}
	}
	s.Channels.Zalo.OASecretKey, s.Channels.Messenger.APIBase = strings.Repeat("x", 16), "http://127.0.0.1:1"
	if strings.Contains(text(), "characters or more") {
		t.Errorf("a long secret, or a stand-in's, is refused:\n%s", text())
	}
	if got := strings.Join(s.networks(), ", "); got != "web chat, zalo, messenger ("+standIn+")" {
		t.Errorf("networks: %s", got)
	}
}
