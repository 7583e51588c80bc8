package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/miniapps"
)

func checkCommand(r *runtime) *cobra.Command {
	var asDev, units bool
	cmd := &cobra.Command{
		Use: "check", Short: "Validate settings, city data and the manifests of the mini-apps, and tell what serve would do. Changes nothing", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if units {
				return r.listUnits()
			}
			p := prod
			if asDev {
				p = dev
			}
			return r.check(p, manifests)
		},
	}
	cmd.Flags().BoolVar(&asDev, "dev", false, "check what dev would do instead")
	cmd.Flags().BoolVar(&units, "units", false, "list the city's units")
	return cmd
}

// check reads all that a start would read. declared gives the manifests of the mini-apps.
func (r *runtime) check(p profile, declared func() ([]miniapps.Manifest, error)) error {
	s, err := r.load(p)
	place, _, dataErr := s.data()
	apps, appErr := declared()
	var keyErr error
	if p == prod {
		keyErr = r.developmentSecrets(s)
	}
	if err := errors.Join(err, dataErr, appErr, keyErr); err != nil {
		return err
	}
	provisional := 0
	for _, h := range place.Calendar().Holidays() {
		if h.Provisional {
			provisional++
		}
	}
	lines := []string{
		"city\t" + place.Name().In("vi") + fmt.Sprintf(": %d wards, %d units, %d categories in %d groups", len(place.Wards()), len(place.Units()), len(place.Categories()), len(place.Groups())),
		"holidays\t" + fmt.Sprintf("%s: %d days, of which %d are provisional", joined(place.HolidayYears()), len(place.Calendar().Holidays()), provisional),
		"mini-apps\t" + versions(apps),
		"citizens' port\t" + s.HTTPAddr + ", reached at " + cmp.Or(s.HTTP.PublicURL, "its own address"),
		"operators' port\t" + s.AdminAddr,
		"documents\t" + ifElse(s.MongoDB.URI != "", "MongoDB, database "+s.MongoDB.Database, "embedded in "+s.DataDir+": one replica only"),
		"signals, caches\t" + ifElse(s.Redis.URI != "", "Redis", "inside the process"),
		"media\t" + cmp.Or(s.Media.Bucket, "folder media in "+s.DataDir),
		"text messages\t" + ifElse(p == dev, "stand-in", s.Channels.SMS.APIBase),
		"networks\t" + ifElse(p == dev, "all, as stand-ins", strings.Join(s.networks(), ", ")),
		"introspection\t" + string(s.Graph.Introspection),
		"trusted proxies\t" + cmp.Or(strings.Join(s.HTTP.TrustedProxies, ", "), "none"),
	}
	return r.table("SETTING\tVALUE", lines)
}

func (r *runtime) listUnits() error {
	s, err := r.load(tool)
	if err != nil {
		return err
	}
	place, _, err := s.data()
	if err != nil {
		return err
	}
	var lines []string
	for _, u := range place.Units() {
		lines = append(lines, u.ID+"\t"+string(u.Kind)+"\t"+u.Name.In("vi"))
	}
	return r.table("UNIT\tKIND\tNAME", lines)
}

// versions names mini-apps with their versions: "feedback 1.0.0, alerts 1.2.0".
func versions(apps []miniapps.Manifest) string {
	out := make([]string, len(apps))
	for i, m := range apps {
		out[i] = m.AppID + " " + m.VersionName
	}
	return strings.Join(out, ", ")
}

func joined(years []int) string {
	out := make([]string, len(years))
	for i, y := range years {
		out[i] = strconv.Itoa(y)
	}
	return strings.Join(out, ", ")
}

func ifElse(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
