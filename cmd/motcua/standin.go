package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/motcua/motcua/channels/zalo/zalofake"
	"github.com/motcua/motcua/internal/fakecity"
	"github.com/motcua/motcua/internal/grant"
)

// standIns take the place of the outside networks in development, on the real wire.
type standIns struct {
	city   *fakecity.City
	server *http.Server
	zalo   bool // the city is on the stand-in for Zalo; false when the settings name an account of their own
}

// standIn makes the stand-ins and points the settings at them. Where the settings name an account on a network, that network is left alone: it may be a
// stand-in that runs elsewhere, or the real one.
func (s *settings) standIn(p ports, address string) (standIns, error) {
	base := "http://" + reachable(p.fakecity)
	s.Channels.SMS.APIBase, s.Channels.SMS.Token = base+fakecity.SMSPath, rand.Text()
	place, _, err := s.data()
	if err != nil {
		return standIns{}, err
	}
	cfg := fakecity.Config{
		SMSToken: s.Channels.SMS.Token, Now: now, Wards: fakecity.WardsOf(place),
		Zalo: zalofake.Config{OAName: place.Name().In("vi"), People: fakecity.SamplePeople(), Base: base + fakecity.ZaloPath},
	}
	z := &s.Channels.Zalo
	alone := z.Enabled()
	if !alone {
		z.AppID, z.OAID = "1000000000000000001", "2000000000000000002"
		z.AppSecret, z.OASecretKey, z.CodeVerifier = rand.Text(), rand.Text(), rand.Text()+rand.Text()
		z.APIBase, z.OAuthBase, z.GraphBase, z.ZNSBase = base+fakecity.ZaloAPI, base+fakecity.ZaloOAuth, base+fakecity.ZaloGraph, base+fakecity.ZaloZNS
		z.MediaHosts = []string{reachable(p.fakecity)}
		cfg.Zalo.AppID, cfg.Zalo.OAID, cfg.Zalo.AppSecret, cfg.Zalo.OASecretKey, cfg.Zalo.CodeVerifier = z.AppID, z.OAID, z.AppSecret, z.OASecretKey, z.CodeVerifier
		cfg.Zalo.WebhookURL = address + "/webhooks/zalo"
	}
	city := fakecity.New(cfg)
	return standIns{city: city, zalo: !alone, server: &http.Server{Handler: city, ReadHeaderTimeout: 5 * time.Second}}, nil
}

// agree gives the city its tokens as if an administrator had agreed: the stand-in forgets them with each end of the program.
func (sys *system) agree(ctx context.Context, network *zalofake.Network) error {
	g := network.Grant()
	return sys.grants.Put(ctx, sys.mandates["zalo"].grant, grant.Pair{Access: g.Access, Refresh: g.Refresh, ExpiresAt: now().Add(g.ExpiresIn)})
}
