package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/channels/messenger/messengerfake"
	"github.com/motcua/motcua/channels/webpush"
	"github.com/motcua/motcua/channels/webpush/webpushfake"
	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/internal/fakecity"
	"github.com/motcua/motcua/internal/grant"
	"github.com/motcua/motcua/internal/message"
)

// standIns take the place of the outside networks in development, on the real wire.
type standIns struct {
	city   *fakecity.City
	server *http.Server
}

// pointAt points the settings at the stand-ins. Where they name an account of their own on a network, that network is left alone and is not ours: it may be a
// stand-in that runs elsewhere, or the real one.
func (s *settings) pointAt(standIns net.Listener) (zaloIsOurs bool, err error) {
	base := "http://" + reachable(standIns)
	s.Channels.SMS.APIBase, s.Channels.SMS.Token = base+fakecity.SMSPath, rand.Text()
	if m := &s.Channels.Messenger; !m.Enabled() {
		m.PageID, m.PageToken, m.AppID = "100000000000001", rand.Text(), "900000000000001"
		m.AppSecret, m.VerifyToken, m.APIBase, m.MediaHosts = rand.Text(), rand.Text(), base+fakecity.MessengerGraph, []string{reachable(standIns)}
	}
	if f := &s.Channels.FCM; !f.Enabled() {
		f.ProjectID, f.APIBase, f.AuthStandIn = fakeProject, base+fakecity.FCMPath, base+fakecity.FCMPath
	}
	s.WebChat.EmbedOrigins = append(s.WebChat.EmbedOrigins, base) // whose page shows all phones side by side
	err = s.pushAt(base)
	z := &s.Channels.Zalo
	if z.Enabled() {
		return false, err
	}
	z.AppID, z.OAID = "1000000000000000001", "2000000000000000002"
	z.AppSecret, z.OASecretKey, z.CodeVerifier = rand.Text(), rand.Text(), rand.Text()+rand.Text()
	z.APIBase, z.OAuthBase, z.GraphBase, z.ZNSBase = base+fakecity.ZaloAPI, base+fakecity.ZaloOAuth, base+fakecity.ZaloGraph, base+fakecity.ZaloZNS
	z.MediaHosts, z.ContactImage = []string{reachable(standIns)}, "https://motcua.example/contact.png"
	z.Templates, s.Channels.ZNS.Templates = zalofake.Approved(zalofake.SampleTemplates())
	delete(s.Channels.ZNS.Templates, channels.CodeTemplate) // codes come as text messages here, where one who tries things out looks for them
	return true, err
}

// fakeProject is the Firebase project of the stand-in.
const fakeProject = "motcua-dev"

// vapidFile keeps the key pair of a development city: with another pair every browser would have to subscribe again.
const vapidFile = "vapid.json"

// pushAt lets browsers of this machine subscribe.
func (s *settings) pushAt(base string) error {
	w := &s.Channels.WebPush
	if w.Enabled() {
		return nil
	}
	var keys struct{ Public, Private string }
	path := filepath.Join(s.DataDir, vapidFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &keys)
	} else if errors.Is(err, os.ErrNotExist) {
		if keys.Public, keys.Private, err = webpush.GenerateKeys(); err != nil {
			return err
		}
		if raw, err = json.Marshal(keys); err == nil {
			err = errors.Join(os.MkdirAll(s.DataDir, 0o700), os.WriteFile(path, raw, 0o600))
		}
	}
	w.VAPIDPublicKey, w.VAPIDPrivateKey, w.Subject, w.AllowPrivate = keys.Public, keys.Private, "https://motcua.example", true
	return err
}

// standIns makes the stand-ins that the settings point at.
func (sys *system) standIns(l net.Listener) standIns {
	base, c := "http://"+reachable(l), sys.settings.Channels
	city := fakecity.New(fakecity.Config{
		SMSToken: c.SMS.Token, Now: sys.now, Wards: fakecity.WardsOf(sys.city), Chat: sys.address + "/chat",
		Zalo: zalofake.Config{
			AppID: c.Zalo.AppID, AppSecret: c.Zalo.AppSecret, OAID: c.Zalo.OAID, OASecretKey: c.Zalo.OASecretKey, CodeVerifier: c.Zalo.CodeVerifier,
			OAName: sys.city.Name().In(message.Vietnamese), People: fakecity.SamplePeople(), Templates: zalofake.SampleTemplates(),
			Base: base + fakecity.ZaloPath, WebhookURL: sys.address + "/webhooks/zalo",
		},
		Messenger: messengerfake.Config{
			AppID: c.Messenger.AppID, AppSecret: c.Messenger.AppSecret, VerifyToken: c.Messenger.VerifyToken, People: []string{"Hùng", "Lan"},
			Pages: []messengerfake.Page{{ID: c.Messenger.PageID, Token: c.Messenger.PageToken, Name: sys.city.Name().In(message.Vietnamese)}},
			Base:  base + fakecity.MessengerPath, WebhookURL: sys.address + "/webhooks/messenger",
		},
		FCM:     fcmfake.Config{ProjectID: c.FCM.ProjectID},
		WebPush: webpushfake.Config{Base: base + fakecity.PushPath, Now: time.Now}, // pushes are signed by the clock on the wall
	})
	return standIns{city: city, server: &http.Server{Handler: city, ReadHeaderTimeout: 5 * time.Second}}
}

// agree gives the city its tokens as if an administrator had agreed: the stand-in forgets them with each end of the program.
func (sys *system) agree(ctx context.Context, network *zalofake.Network) error {
	g := network.Grant()
	return sys.grants.Put(ctx, sys.mandates["zalo"].grant, grant.Pair{Access: g.Access, Refresh: g.Refresh, ExpiresAt: sys.now().Add(g.ExpiresIn)})
}
