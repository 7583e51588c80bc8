package main

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/notify"
)

// seedCrowd names the phones of made-up followers, which the stand-in for the push network knows by it.
const seedCrowd = "seed"

// followed gives the ward that is followed: the city's first when none is named.
func (p seedPlan) followed(sys *system) (string, error) {
	if p.ward == "" {
		return sys.city.Wards()[0].Code, nil
	}
	if _, ok := sys.city.Ward(p.ward); !ok {
		return "", fmt.Errorf("--ward: there is no ward %q (`motcua check --units` lists each as ward-CODE)", p.ward)
	}
	return p.ward, nil
}

// seedFollowers has the first citizens follow a ward, each with a phone of their own, through the doors that their app would use.
func (r *runtime) seedFollowers(ctx context.Context, sys *system, p seedPlan, subjects []string) error {
	if p.followers == 0 {
		return nil
	}
	ward, err := p.followed(sys)
	if err != nil {
		return err
	}
	areas := []string{ward}
	return r.inParallel(ctx, "followers", p.followers, func(ctx context.Context, i int) error {
		v := account.Viewer{Account: subjects[i], Subject: subjects[i], Subjects: subjects[i : i+1], Assurance: account.Phone, Lang: message.Vietnamese}
		if _, err := sys.notices.SetPreferences(ctx, v, notify.Patch{Areas: &areas}, ""); err != nil {
			return err
		}
		phone := device.Registration{Kind: "fcm", Platform: "android", Token: fcmfake.CrowdToken(seedCrowd, i)}
		_, err := sys.devices.Register(ctx, v, phone, "")
		return err
	})
}

// knowPhones lets a city register phones of the stand-in that it runs with, which is asked nothing.
func (s *settings) knowPhones() {
	if f := &s.Channels.FCM; !f.Enabled() {
		f.ProjectID, f.APIBase = fakeProject, "http://localhost"
	}
}
