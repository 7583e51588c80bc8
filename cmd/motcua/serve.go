package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fakecity"
	"github.com/motcua/motcua/internal/redisx"
	"github.com/motcua/motcua/internal/telemetry"
)

func serveCommand(r *runtime) *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run in production: refuses development secrets and unsafe settings, and lists all of them at once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.serve(cmd.Context()) },
	}
}

func (r *runtime) serve(ctx context.Context) error {
	s, err := r.load(prod)
	_, _, dataErr := s.data()
	if err := errors.Join(err, dataErr, r.developmentSecrets(s)); err != nil {
		return err
	}
	log, err := r.logger(s)
	if err != nil {
		return err
	}
	p, err := s.listen(ctx, prod)
	if err != nil {
		return err
	}
	sys, err := open(ctx, s, prod, log, s.HTTP.PublicURL)
	if err != nil {
		p.close()
		return err
	}
	if s.MongoDB.URI == "" {
		log.WarnContext(ctx, "embedded store: run one replica only; set mongodb.uri for more")
	}
	return errors.Join(sys.run(ctx, p, func() {}), sys.close())
}

// developmentSecrets reports the keyset among the other problems, before anything is opened.
func (r *runtime) developmentSecrets(s settings) error {
	if s.Secrets.KeysetFile == "" {
		return nil // reported by the settings' own check
	}
	_, err := s.keyset(prod)
	return err
}

func devCommand(r *runtime) *cobra.Command {
	return &cobra.Command{
		Use: "dev", Short: "Run a sample city with everything embedded and stand-ins for the networks", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.dev(cmd.Context()) },
	}
}

func (r *runtime) dev(ctx context.Context) error {
	s, err := r.load(dev)
	if err != nil {
		return err
	}
	log, err := r.logger(s)
	if err != nil {
		return err
	}
	p, err := s.listen(ctx, dev)
	if err != nil {
		return err
	}
	address := s.HTTP.PublicURL
	if address == "" {
		address = "http://" + reachable(p.http)
	}
	ours, err := s.pointAt(p.fakecity)
	if err != nil {
		p.close()
		return err
	}
	sys, err := open(ctx, s, dev, log, address)
	if err != nil {
		p.close()
		return err
	}
	people, err := sys.samplePeople(ctx)
	if err == nil {
		err = sys.sampleSigns(ctx)
	}
	if err != nil {
		p.close()
		return errors.Join(err, sys.close())
	}
	standIns := sys.standIns(p.fakecity)
	served := make(chan error, 1)
	go func() { served <- ignoreClosed(standIns.server.Serve(p.fakecity)) }()
	if ours {
		err = sys.agree(ctx, standIns.city.Zalo)
	}
	if err == nil && sys.settings.Channels.Messenger.APIBase == "http://"+reachable(p.fakecity)+fakecity.MessengerGraph {
		err = sys.setupPages(ctx)
	}
	if err == nil {
		err = sys.run(ctx, p, func() { r.welcome(sys, p, people) })
	}
	standIns.city.Close()
	return errors.Join(err, standIns.server.Close(), <-served, sys.close())
}

// logger makes the program's log, and has libraries that print by themselves write to it.
func (r *runtime) logger(s settings) (*slog.Logger, error) {
	log, err := telemetry.NewLogger(r.stderr, s.Telemetry)
	if err != nil {
		return nil, err
	}
	redisx.LogTo(log)
	telemetry.LogLibraryErrors(log)
	return log, nil
}

// people are the sample people of a city.
type people struct {
	Citizens []admin.Member `yaml:"citizens"`
	Staff    []admin.Member `yaml:"staff"`
	Seed     seedWords      `yaml:"seed"`
}

// seedWords are what load data is made of.
type seedWords struct {
	FamilyNames  []string `yaml:"family_names"`
	MiddleNames  []string `yaml:"middle_names"`
	GivenNames   []string `yaml:"given_names"`
	Descriptions []string `yaml:"descriptions"`
	Rejection    string   `yaml:"rejection"`
}

const peopleFile = "people.yaml"

// sample reads the sample people of the city. A city without any has none.
func (s *settings) sample() (people, error) {
	var out people
	files, err := s.cityFiles()
	if err != nil {
		return out, err
	}
	f, err := files.Open(peopleFile)
	if errors.Is(err, os.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	defer f.Close()
	if err := yaml.NewDecoder(f, yaml.Strict()).Decode(&out); err != nil {
		return out, fmt.Errorf("%s: %w", peopleFile, err)
	}
	return out, nil
}

// samplePeople makes sure that the sample people are there.
func (sys *system) samplePeople(ctx context.Context) (people, error) {
	out, err := sys.settings.sample()
	if err != nil {
		return out, err
	}
	for _, c := range out.Citizens {
		if _, err := sys.accounts.AddCitizen(ctx, c.Phone, c.Name, "vi"); err != nil {
			return out, fmt.Errorf("%s: %w", peopleFile, err)
		}
	}
	for _, m := range out.Staff {
		if _, err := (staffOps{sys}).Add(ctx, m); err != nil {
			return out, fmt.Errorf("%s: %w", peopleFile, err)
		}
	}
	return out, nil
}

// welcome says where everything is.
func (r *runtime) welcome(sys *system, p ports, who people) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMotcua %s: a development city is running. Stop it with Ctrl-C.\n\n", sys.city.Name().In("en"))
	fmt.Fprintf(&b, "  citizens   http://%s            GraphQL explorer: /graphql\n", reachable(p.http))
	fmt.Fprintf(&b, "             http://%s/chat       the city's chat on the web\n", reachable(p.http))
	fmt.Fprintf(&b, "  stand-ins  http://%s/           phones side by side: Zalo, Messenger, web chat, lock screen with sign-in codes\n", reachable(p.fakecity))
	fmt.Fprintf(&b, "  operators  http://%s/metrics\n", reachable(p.admin))
	fmt.Fprintf(&b, "  data       %s\n\nSign in with a code sent to:\n", sys.settings.DataDir)
	for _, c := range who.Citizens {
		fmt.Fprintf(&b, "  %s  %-20s citizen\n", c.Phone, c.Name)
	}
	for _, m := range who.Staff {
		place := ""
		if u, ok := sys.city.Unit(m.Unit); ok {
			place = " of " + u.Name.In("en") + " (" + m.Unit + ")"
		}
		fmt.Fprintf(&b, "  %s  %-20s %s%s\n", m.Phone, m.Name, strings.Join(m.Roles, ", "), place)
	}
	fmt.Fprintln(r.stdout, b.String())
}
