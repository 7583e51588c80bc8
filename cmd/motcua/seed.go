package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/feedback"
)

// seedPlan says how much load data to make.
type seedPlan struct {
	reports, citizens, followers int
	ward                         string // that the followers follow; "" means the city's first
	seed                         uint64
}

func seedCommand(r *runtime) *cobra.Command {
	var p seedPlan
	cmd := &cobra.Command{
		Use: "seed", Short: "Fill a stopped development city with realistic citizens and reports. The same again adds nothing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.seed(cmd.Context(), p) },
	}
	cmd.Flags().IntVar(&p.reports, "reports", 1000, "reports to make, over the last 90 days")
	cmd.Flags().IntVar(&p.citizens, "citizens", 200, "citizens who send them")
	cmd.Flags().IntVar(&p.followers, "followers", 0, "citizens among them who follow a ward and have a phone that is told of its alerts")
	cmd.Flags().StringVar(&p.ward, "ward", "", "code of the ward that they follow; the city's first when not given")
	cmd.Flags().Uint64Var(&p.seed, "seed", 1, "another number makes other data")
	return cmd
}

func (r *runtime) seed(ctx context.Context, p seedPlan) (err error) {
	p.citizens = max(p.citizens, p.followers)
	if p.reports < 0 || p.followers < 0 || p.citizens < 1 || p.citizens > maxSeeded {
		return fmt.Errorf("--reports and --followers must not be negative, --citizens must be from 1 to %d", maxSeeded)
	}
	s, err := r.load(tool)
	if err != nil {
		return err
	}
	s.knowPhones()
	if err := s.mustBeStopped(ctx); err != nil {
		return err
	}
	sys, err := open(ctx, s, tool, r.quiet(), "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if !sys.box.Development() {
		return errors.New("this city has real secrets: made-up people do not belong into it")
	}
	sample, err := s.sample()
	if err != nil {
		return err
	}
	if !sample.Seed.whole() {
		return fmt.Errorf("%s: this city has no words to make data of: fill in every list under seed", peopleFile)
	}
	begin := time.Now()
	subjects, err := r.seedCitizens(ctx, sys, p, sample.Seed)
	if err != nil {
		return err
	}
	if err := r.seedFollowers(ctx, sys, p, subjects); err != nil {
		return err
	}
	if err := r.seedReports(ctx, sys, p, sample.Seed, subjects); err != nil {
		return err
	}
	fmt.Fprintf(r.stdout, "%d citizens, %d followers and %d reports in %s\n", p.citizens, p.followers, p.reports, time.Since(begin).Round(time.Millisecond))
	return nil
}

// whole tells whether there is something to choose from in each list.
func (w seedWords) whole() bool {
	return len(w.FamilyNames) > 0 && len(w.MiddleNames) > 0 && len(w.GivenNames) > 0 && len(w.Descriptions) > 0 && w.Rejection != ""
}

// Numbers for made-up citizens: a hundred million in a block that no sample person has.
const (
	maxSeeded = 100_000_000
	seedPhone = "03%08d"
)

// inParallel runs f for 0 … n-1 on several goroutines, so that the store can group the writes, and draws the progress.
func (r *runtime) inParallel(ctx context.Context, what string, n int, f func(ctx context.Context, i int) error) error {
	const workers = 32
	bar := r.bar(int64(n), what)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next, done := make(chan int), make(chan struct{})
	for range workers {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range next {
				if err := f(ctx, i); err != nil {
					cancel(err)
					return
				}
				_ = bar.Add(1) // a bar that cannot be drawn is no error
			}
		}()
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	for range workers {
		<-done
	}
	return context.Cause(ctx)
}

func (r *runtime) seedCitizens(ctx context.Context, sys *system, p seedPlan, words seedWords) ([]string, error) {
	subjects := make([]string, p.citizens)
	err := r.inParallel(ctx, "citizens", p.citizens, func(ctx context.Context, i int) error {
		rnd := rand.New(rand.NewPCG(p.seed, uint64(i)))
		pick := func(list []string) string { return list[rnd.IntN(len(list))] }
		name := pick(words.FamilyNames) + " " + pick(words.MiddleNames) + " " + pick(words.GivenNames)
		id, err := sys.accounts.AddCitizen(ctx, fmt.Sprintf(seedPhone, 20_000_000+i), name, message.Vietnamese)
		subjects[i] = id
		return err
	})
	return subjects, err
}

// seedDays is the time over which seeded reports came in.
const seedDays = 90

func (r *runtime) seedReports(ctx context.Context, sys *system, p seedPlan, words seedWords, subjects []string) error {
	wards, categories := sys.city.Wards(), sys.city.Categories()
	begin := sys.now().Add(-seedDays * 24 * time.Hour).Truncate(24 * time.Hour)
	return r.inParallel(ctx, "reports", p.reports, func(ctx context.Context, i int) error {
		rnd := rand.New(rand.NewPCG(p.seed, uint64(i)+1<<40))
		category := categories[rnd.IntN(len(categories))]
		ward := wards[rnd.IntN(len(wards))]
		at := begin.Add(time.Duration(rnd.Int64N(int64(sys.now().Sub(begin)))))
		_, err := sys.feedback.Seed(ctx, feedback.Seed{
			Subject: subjects[rnd.IntN(len(subjects))], Key: fmt.Sprintf("%d/%d", p.seed, i),
			Description: fmt.Sprintf("%s: %s", category.Name.In(message.Vietnamese), words.Descriptions[rnd.IntN(len(words.Descriptions))]),
			Category:    category.Code, Place: placeNear(rnd, sys.city, ward), HideName: rnd.IntN(4) == 0, At: at,
			Steps: seedSteps(rnd, words.Rejection), Every: time.Duration(1+rnd.IntN(30)) * time.Hour,
		})
		return err
	})
}

// placeNear gives a point of the ward: around its inner point, or that itself where the surroundings belong to a neighbour.
func placeNear(rnd *rand.Rand, c *city.City, w city.Ward) feedback.Place {
	const spread = 0.01 // degrees, about a kilometre
	lat, lon := w.Lat+(rnd.Float64()-.5)*spread, w.Lon+(rnd.Float64()-.5)*spread
	if got, ok := c.WardAt(lat, lon); !ok || got.Code != w.Code {
		lat, lon = w.Lat, w.Lon
	}
	return feedback.Place{Lat: &lat, Lon: &lon}
}

// seedSteps gives the life that a report has behind it: most are done.
func seedSteps(rnd *rand.Rand, reason string) []feedback.SeedStep {
	life := []feedback.SeedStep{{To: feedback.Assigned}, {To: feedback.InProgress}, {To: feedback.Resolved}, {To: feedback.Closed}}
	if rnd.IntN(20) == 0 {
		return []feedback.SeedStep{{To: feedback.Rejected, Reason: reason}}
	}
	return life[:min(len(life), rnd.IntN(7))]
}
