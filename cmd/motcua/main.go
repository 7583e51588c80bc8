// Command motcua is the city's one door: the gateway, its mini-apps and what they stand on, in one program.
//
// This folder only wires: every rule lives in a package of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker in releases.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "motcua: "+describe(err))
		stop()
		os.Exit(1)
	}
}

// root is the command line. The environment is read once, here.
func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "motcua",
		Short:         "The backend of a citizen super-app: one account, every city service, every channel",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	r := &runtime{environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr}
	cmd.PersistentFlags().StringVar(&r.file, "config", "", "configuration file (YAML); the environment wins over it")
	cmd.AddCommand(
		devCommand(r), serveCommand(r), checkCommand(r), secretsCommand(r),
		staffCommand(r), channelsCommand(r), signsCommand(r), outboxCommand(r), statsCommand(r),
		backupCommand(r), restoreCommand(r), storeCommand(r), seedCommand(r),
	)
	nameArguments(cmd)
	return cmd
}

// group is a command that only has commands below it: it lists them, and refuses a word that names none.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(below...)
	return cmd
}
