package main

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"time"

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
func (s *settings) pointAt(standIns net.Listener) (zaloIsOurs bool) {
	base := "http://" + reachable(standIns)
	s.Channels.SMS.APIBase, s.Channels.SMS.Token = base+fakecity.SMSPath, rand.Text()
	z := &s.Channels.Zalo
	if z.Enabled() {
		return false
	}
	z.AppID, z.OAID = "1000000000000000001", "2000000000000000002"
	z.AppSecret, z.OASecretKey, z.CodeVerifier = rand.Text(), rand.Text(), rand.Text()+rand.Text()
	z.APIBase, z.OAuthBase, z.GraphBase, z.ZNSBase = base+fakecity.ZaloAPI, base+fakecity.ZaloOAuth, base+fakecity.ZaloGraph, base+fakecity.ZaloZNS
	z.MediaHosts = []string{reachable(standIns)}
	return true
}

// standIns makes the stand-ins that the settings point at.
func (sys *system) standIns(l net.Listener) standIns {
	z := sys.settings.Channels.Zalo
	city := fakecity.New(fakecity.Config{
		SMSToken: sys.settings.Channels.SMS.Token, Now: now, Wards: fakecity.WardsOf(sys.city),
		Zalo: zalofake.Config{
			AppID: z.AppID, AppSecret: z.AppSecret, OAID: z.OAID, OASecretKey: z.OASecretKey, CodeVerifier: z.CodeVerifier,
			OAName: sys.city.Name().In(message.Vietnamese), People: fakecity.SamplePeople(),
			Base: "http://" + reachable(l) + fakecity.ZaloPath, WebhookURL: sys.address + "/webhooks/zalo",
		},
	})
	return standIns{city: city, server: &http.Server{Handler: city, ReadHeaderTimeout: 5 * time.Second}}
}

// agree gives the city its tokens as if an administrator had agreed: the stand-in forgets them with each end of the program.
func (sys *system) agree(ctx context.Context, network *zalofake.Network) error {
	g := network.Grant()
	return sys.grants.Put(ctx, sys.mandates["zalo"].grant, grant.Pair{Access: g.Access, Refresh: g.Refresh, ExpiresAt: now().Add(g.ExpiresIn)})
}
