package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
)

// consentTime is how long `motcua channels setup` waits for somebody to agree in a browser.
const consentTime = 5 * time.Minute

// consentNetworks are the networks on which an administrator of the city's account must agree before the city can speak there.
func consentNetworks() []string { return []string{"zalo"} }

// setupNetworks are those that `motcua channels setup` knows; statusNetworks those that can be looked at.
func setupNetworks() []string  { return append(consentNetworks(), "messenger") }
func statusNetworks() []string { return append(setupNetworks(), "zns") }

func channelsCommand(r *runtime) *cobra.Command {
	return group("channels", "Networks on which the city speaks with citizens", channelsSetup(r), channelsStatus(r))
}

func channelsSetup(r *runtime) *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use: "setup NETWORK", Short: "Connect the city's account on a network",
		Long: "Connect the city's account on a network: " + strings.Join(setupNetworks(), " or ") + ".\n\nWhere an administrator must agree there (" + strings.Join(consentNetworks(), ", ") +
			"), it prints a link and waits; elsewhere it puts up greeting and menu.\nThe other networks need settings only, see `motcua check` and docs/operations.md.",
		Args: cobra.ExactArgs(1), ValidArgs: setupNetworks(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(setupNetworks(), args[0]) {
				return fmt.Errorf("%q: there is nothing to set up; networks: %s", args[0], strings.Join(setupNetworks(), ", "))
			}
			if !slices.Contains(consentNetworks(), args[0]) {
				if code != "" {
					return fmt.Errorf("--code: nobody has to agree on %s", args[0])
				}
				return r.setupChannel(cmd.Context(), args[0])
			}
			if code != "" {
				return r.finishChannel(cmd.Context(), args[0], code)
			}
			return r.connectChannel(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&code, "code", "", "finish by hand, where the city cannot be reached from the browser: the code, or the whole address that the browser was sent back to")
	return cmd
}

func channelsStatus(r *runtime) *cobra.Command {
	return &cobra.Command{
		Use: "status [NETWORK]", Short: "Tell whether a network is connected, and until when",
		Long: "Tell whether a network is connected, until when, and what is missing: " + strings.Join(statusNetworks(), ", ") + "; without a name all of them.\n" +
			"The others have no state that can be asked for: their settings are checked by `motcua check`, their attempts counted by /metrics.",
		Args: cobra.MaximumNArgs(1), ValidArgs: statusNetworks(),
		RunE: func(cmd *cobra.Command, args []string) error {
			all := len(args) == 0
			if !all && !slices.Contains(statusNetworks(), args[0]) {
				return fmt.Errorf("%q has no state to ask for; networks: %s", args[0], strings.Join(statusNetworks(), ", "))
			}
			if all {
				args = statusNetworks()
			}
			return r.operate(cmd.Context(), func(ctx context.Context, c *admin.Client) error {
				var lines []string
				for _, name := range args {
					s, err := c.ChannelStatus(ctx, name)
					if all && fault.CodeOf(err) == fault.NotFound {
						s, err = admin.ChannelStatus{Problem: "not configured"}, nil
					}
					if err != nil {
						return fmt.Errorf("%s: %w", name, err)
					}
					lines = append(lines, channelLine(name, s))
				}
				return r.table(statusHead, lines)
			})
		},
	}
}

// setupChannel puts up what a network shows.
func (r *runtime) setupChannel(ctx context.Context, name string) error {
	return r.operate(ctx, func(ctx context.Context, c *admin.Client) error {
		s, err := c.SetupChannel(ctx, name)
		if err != nil {
			return err
		}
		return r.connected(name, s)
	})
}

// connectChannel prints the link and waits for what comes back to the running city.
func (r *runtime) connectChannel(ctx context.Context, name string) error {
	running, err := r.running(ctx)
	if err != nil {
		return err
	}
	return r.operate(ctx, func(ctx context.Context, c *admin.Client) error {
		before, err := c.ChannelStatus(ctx, name)
		if err != nil {
			return err
		}
		consent, err := c.BeginChannel(ctx, name)
		if err != nil {
			return err
		}
		r.explainConsent(name, consent)
		if !running {
			fmt.Fprintf(r.stdout, "The city is not running, so the consent cannot come back to it. Finish by hand:\n  motcua channels setup %s --code 'ADDRESS THAT THE BROWSER WAS SENT BACK TO'\n", name)
			return nil
		}
		return r.awaitConsent(ctx, c, name, before.AgreedAt)
	})
}

// running tells whether the city answers on its operators' port.
func (r *runtime) running(ctx context.Context) (bool, error) {
	s, err := r.load(tool)
	if err != nil {
		return false, err
	}
	client, err := s.dial(ctx)
	return client != nil, err
}

// explainConsent says what is to be done in the browser.
func (r *runtime) explainConsent(name string, c admin.Consent) {
	fmt.Fprintf(r.stdout, "1. In the developer console of %s, register this address, letter by letter, as the callback URL of the app:\n\n  %s\n\n", name, c.Redirect)
	fmt.Fprintf(r.stdout, "2. Open this link as an administrator of the city's account and agree. It is good for a few minutes:\n\n  %s\n\n", c.URL)
}

// awaitConsent asks until somebody has agreed after the moment, with whichever replica. Ctrl-C ends it; the link stays good.
func (r *runtime) awaitConsent(ctx context.Context, c *admin.Client, name string, since time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, consentTime)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	bar := r.bar(-1, "waiting for the consent")
	defer func() { _ = bar.Clear() }() // a bar that cannot be drawn is no error
	for {
		s, err := c.ChannelStatus(ctx, name)
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return fmt.Errorf("nobody agreed within %v: run the command again for a new link", consentTime)
		case ctx.Err() != nil:
			return fmt.Errorf("stopped waiting: whether the consent still came is told by `motcua channels status %s`", name)
		case err != nil:
			return err
		case s.Connected && s.AgreedAt.After(since):
			_ = bar.Clear()
			return r.connected(name, s)
		}
		_ = bar.Add(1)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// finishChannel connects a network by what somebody copied out of a browser.
func (r *runtime) finishChannel(ctx context.Context, name, pasted string) error {
	code, state, err := codeAndState(pasted)
	if err != nil {
		return err
	}
	return r.operate(ctx, func(ctx context.Context, c *admin.Client) error {
		s, err := c.FinishChannel(ctx, name, code, state)
		if err != nil {
			return err
		}
		return r.connected(name, s)
	})
}

// codeAndState reads a code, or the address that holds one and the state that it belongs to.
func codeAndState(pasted string) (code, state string, err error) {
	u, err := url.Parse(pasted)
	if err != nil || u.Scheme == "" {
		return pasted, "", nil
	}
	q := u.Query()
	if q.Get("code") == "" {
		return "", "", errors.New("--code: the address holds no code")
	}
	return q.Get("code"), q.Get("state"), nil
}

// connected tells how a network stands after the set-up. What is still missing makes the command fail.
func (r *runtime) connected(name string, s admin.ChannelStatus) error {
	if s.Connected && s.Problem == "" {
		fmt.Fprintf(r.stdout, "%s is connected\n", name)
	}
	if err := r.table(statusHead, []string{channelLine(name, s)}); err != nil {
		return err
	}
	switch {
	case !s.Connected:
		return fmt.Errorf("%s is not connected: %s", name, s.Problem)
	case s.Problem != "":
		return fmt.Errorf("%s is connected, but: %s", name, s.Problem)
	}
	return nil
}

// statusHead is the head of the table that channelLine fills.
const statusHead = "NETWORK\tSTATE\tACCOUNT\tRENEWED\tACCESS UNTIL\tPROBLEM"

func channelLine(name string, s admin.ChannelStatus) string {
	state, renewed, until := "not connected", "", ""
	if s.Connected {
		state = "connected"
	}
	if s.Connected && !s.AgreedAt.IsZero() {
		renewed = time.Now().Add(-time.Duration(s.RefreshAge) * time.Second).Format(time.RFC3339)
	}
	if !s.AccessExpiresAt.IsZero() {
		until = s.AccessExpiresAt.Local().Format(time.RFC3339)
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", name, state, s.Account, renewed, until, s.Problem)
}
