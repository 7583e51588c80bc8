// Command bench measures the built program from outside and writes the figures, with commit and machine, to docs/benchmarks.md.
//
// Figures are quoted beside those of a bare fiber handler that returns the same bytes in the same run, because machines differ and are
// noisy; the ratio says more than the rate. The load generator shares the machine with the program.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "bare" {
		body, err := io.ReadAll(os.Stdin)
		if err == nil {
			err = bare(body)
		}
		fail(err)
		return
	}
	var o options
	flag.StringVar(&o.root, "root", ".", "folder of the project")
	flag.StringVar(&o.out, "out", "docs/benchmarks.md", "file to write; - for standard output")
	flag.DurationVar(&o.length, "time", 10*time.Second, "length of each load run")
	flag.IntVar(&o.connections, "connections", 32, "connections of the load generator")
	flag.IntVar(&o.reports, "reports", 2000, "reports in the city before the runs")
	flag.IntVar(&o.webhooks, "webhooks", 1000, "webhooks a second of the even run")
	flag.DurationVar(&o.steady, "steady", time.Minute, "length of the even run")
	flag.IntVar(&o.followers, "followers", 0, "followers of the ward that is alerted; 0 means 10000 for each second of -time, at most 100000")
	flag.StringVar(&o.only, "only", "", "alerts or signs: measure nothing else, and print it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(run(ctx, o))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	root, out   string
	length      time.Duration
	connections int
	reports     int
	webhooks    int
	steady      time.Duration
	followers   int
	only        string
}
