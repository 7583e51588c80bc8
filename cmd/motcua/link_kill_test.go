package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// joiner is somebody who links a chat with an account and parts them, again and again.
type joiner struct {
	app    citytest.Client
	chat   citytest.Zalo
	user   string
	report string // made in the chat before anything was joined
	rounds int
}

// TestKilledWhileJoining ends the process at any moment while people link and part their chats: each link counts wholly or not at all, and can be undone.
// Meanwhile an officer is silent, as long as one may be: a minute is the least that can be set.
func TestKilledWhileJoining(t *testing.T) {
	t.Parallel()
	const people = 4
	kills := soaking(4, 12)
	ctx := within(t, 5*time.Minute)
	c := newChatPlace(ctx, t, append(quick, "MOTCUA_ACCOUNT__LINK__TRIES_PER_DAY=100", "MOTCUA_ACCOUNT__LINK__OFFERS_PER_DAY=100", "MOTCUA_CHAT__LEASE=2s", "MOTCUA_CHAT__DESK_SILENCE=1m")...)
	c.stubborn(ctx, t)
	comesBack := silentOfficer(ctx, t, c)
	all := make([]*joiner, people)
	for i := range all {
		app := inApp(ctx, t, c.city, fmt.Sprintf("09110001%02d", i))
		app.HTTP = &http.Client{Timeout: 5 * time.Second}
		all[i] = &joiner{app: app, chat: c.zalo, user: fmt.Sprintf("noi-%d", i)}
	}
	var wg sync.WaitGroup
	for _, j := range all {
		wg.Go(func() {
			p := talker{t: t, ctx: ctx, name: j.user, on: standIn{c.zalo, j.user}}
			j.report = p.report("trước khi liên kết")
		})
	}
	wg.Wait()
	work, enough := context.WithCancel(ctx)
	for _, j := range all {
		wg.Go(func() {
			if err := j.toAndFro(work, ctx); err != nil {
				t.Errorf("%s, round %d: %v", j.user, j.rounds, err)
			}
		})
	}
	for range kills {
		select {
		case <-time.After(time.Duration(50+rand.IntN(700)) * time.Millisecond):
		case <-ctx.Done():
		}
		c.city.Kill()
		c.city = c.start(t)
	}
	enough()
	wg.Wait()
	rounds := 0
	for _, j := range all {
		rounds += j.rounds
	}
	comesBack()
	t.Logf("%d rounds over %d kills", rounds, kills)
}

// toAndFro links and parts until work ends, and leaves the chat parted. ctx bounds all of it.
func (j *joiner) toAndFro(work, ctx context.Context) error {
	for ; work.Err() == nil; j.rounds++ {
		if err := j.link(ctx); err != nil {
			return fmt.Errorf("linking: %w", err)
		}
		if err := j.stands(ctx, true); err != nil {
			return err
		}
		if err := j.part(ctx); err != nil {
			return fmt.Errorf("parting: %w", err)
		}
		if err := j.stands(ctx, false); err != nil {
			return err
		}
	}
	return nil
}

// sees asks the city what the account has now: its links, its reports, in one answer each.
func (j *joiner) sees(ctx context.Context) (links []tie, reports []string, err error) {
	var out struct {
		Identities []tie
		MyFeedback struct {
			Edges []struct{ Node struct{ Code string } }
		}
	}
	if err := j.again(ctx, `{ identities { id network } myFeedback { edges { node { code } } } }`, nil, &out); err != nil {
		return nil, nil, err
	}
	for _, e := range out.MyFeedback.Edges {
		reports = append(reports, e.Node.Code)
	}
	return out.Identities, reports, nil
}

// stands checks that what the account and the chat show fits together.
func (j *joiner) stands(ctx context.Context, joined bool) error {
	links, reports, err := j.sees(ctx)
	if err != nil {
		return err
	}
	if (len(links) == 1) != joined || slices.Contains(reports, j.report) != joined || len(links) > 1 {
		return fmt.Errorf("joined: %v, links: %v, reports: %v", joined, links, reports)
	}
	return j.says(ctx, "phản ánh của tôi", j.report) // in the chat it always is
}

// link has the app show a code and types it in the chat.
func (j *joiner) link(ctx context.Context) error {
	for try := 0; ; try++ {
		var out struct {
			OfferLinkCode struct {
				Code   *struct{ Code string }
				Errors []struct{ Code string }
			}
		}
		in := map[string]any{"i": map[string]any{"idempotencyKey": fmt.Sprintf("%s/%d/%d", j.user, j.rounds, try)}}
		if err := j.again(ctx, `mutation($i: OfferLinkCodeInput) { offerLinkCode(input: $i) { code { code } errors { code } } }`, in, &out); err != nil {
			return err
		}
		if out.OfferLinkCode.Code == nil {
			if code := out.OfferLinkCode.Errors[0].Code; code != "UNAVAILABLE" {
				return errors.New(code)
			}
			continue
		}
		if err := j.says(ctx, out.OfferLinkCode.Code.Code, agreed); err != nil {
			return err
		}
		return j.says(ctx, "Đồng ý", linked)
	}
}

// says says something in the chat and waits for the answer.
func (j *joiner) says(ctx context.Context, text, answer string) error {
	said, err := j.chat.Do(ctx, j.user, "say", map[string]string{"text": text})
	if err == nil {
		_, err = j.chat.Await(ctx, j.user, said.Seq, answer)
	}
	return err
}

// part ends the link by one request, sent until it is answered.
func (j *joiner) part(ctx context.Context) error {
	links, _, err := j.sees(ctx)
	if err != nil || len(links) != 1 {
		return fmt.Errorf("links: %v: %w", links, err)
	}
	in := map[string]any{"i": map[string]any{"id": links[0].ID, "idempotencyKey": "part/" + links[0].ID}}
	for {
		var out struct {
			UnlinkIdentity struct{ Errors []struct{ Code string } }
		}
		if err := j.again(ctx, `mutation($i: UnlinkIdentityInput!) { unlinkIdentity(input: $i) { errors { code } } }`, in, &out); err != nil {
			return err
		}
		switch errs := out.UnlinkIdentity.Errors; {
		case len(errs) == 0:
			return nil
		case errs[0].Code != "UNAVAILABLE":
			return errors.New(errs[0].Code)
		}
	}
}

// again sends a request until it is answered.
func (j *joiner) again(ctx context.Context, query string, vars map[string]any, out any) error {
	var last error
	err := citytest.Poll(ctx, func() (bool, error) {
		a, err := j.app.Ask(ctx, query, vars)
		if err == nil && len(a.Errors) == 0 {
			return true, json.Unmarshal(a.Data, out)
		}
		if last = err; err != nil {
			return false, nil // it is away
		}
		if code := citytest.Text(a.Errors[0].Extensions["code"]); code != "UNAVAILABLE" {
			return false, fmt.Errorf("%v", a.Errors)
		}
		return false, nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}
