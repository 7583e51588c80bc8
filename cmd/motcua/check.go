package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func checkCommand(r *runtime) *cobra.Command {
	var asDev, units bool
	cmd := &cobra.Command{
		Use: "check", Short: "Validate settings and city data, and tell what serve would do. Changes nothing", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if units {
				return r.listUnits()
			}
			p := prod
			if asDev {
				p = dev
			}
			return r.check(p)
		},
	}
	cmd.Flags().BoolVar(&asDev, "dev", false, "check what dev would do instead")
	cmd.Flags().BoolVar(&units, "units", false, "list the city's units")
	return cmd
}

func (r *runtime) check(p profile) error {
	s, err := r.load(p)
	place, _, dataErr := s.data()
	var keyErr error
	if p == prod {
		keyErr = r.developmentSecrets(s)
	}
	if err := errors.Join(err, dataErr, keyErr); err != nil {
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
		"citizens' port\t" + s.HTTPAddr + ", reached at " + cmp.Or(s.HTTP.PublicURL, "its own address"),
		"operators' port\t" + s.AdminAddr,
		"documents\t" + ifElse(s.MongoDB.URI != "", "MongoDB, database "+s.MongoDB.Database, "embedded in "+s.DataDir+": one replica only"),
		"signals, caches\t" + ifElse(s.Redis.URI != "", "Redis", "inside the process"),
		"media\t" + cmp.Or(s.Media.Bucket, "folder media in "+s.DataDir),
		"text messages\t" + ifElse(p == dev, "stand-in", s.Channels.SMS.APIBase),
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
