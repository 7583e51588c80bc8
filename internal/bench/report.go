package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// row compares one operation with the bare handler.
type row struct {
	name       string
	city, bare result
}

// report is everything that was measured.
type report struct {
	rows         []row
	chat         chatReport
	alert        alertReport
	sign         signReport
	startUp      time.Duration
	idle, loaded int // bytes
	where        string
	settings     string
}

// machine notes where and how the figures came about.
func (r *report) machine(ctx context.Context, o options) {
	commit := "unknown"
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty")
	cmd.Dir = o.root
	if out, err := cmd.Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	r.where = fmt.Sprintf("Commit `%s`, %s, %s/%s, %d cores (%s), %s.", commit, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu(), time.Now().UTC().Format(time.DateOnly))
	r.settings = fmt.Sprintf("Load: %d connections for %s, twice, the better run kept; %d seeded reports; embedded engines; load generator on the same machine.", o.connections, o.length, o.reports)
}

func cpu() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func (r *report) write(o options) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Benchmarks\n\nWritten by `make bench`. %s\n\n%s\n", r.where, r.settings)
	if o.only == "" {
		r.gateway(&b)
	}
	b.WriteString(r.sign.String())
	if o.only == "" {
		b.WriteString(r.chat.String())
	}
	if o.only != "signs" {
		b.WriteString(r.alert.String())
	}
	if o.out == "-" || o.only != "" {
		_, err := os.Stdout.Write(b.Bytes())
		return err
	}
	return os.WriteFile(o.out, b.Bytes(), 0o644)
}

// gateway writes the sections on the gateway and the process.
func (r *report) gateway(b *bytes.Buffer) {
	b.WriteString("\n## Gateway\n\nThe ratio is to a bare fiber handler that returns the same bytes in the same run.\n\n")
	b.WriteString("| operation | requests/s | p50 | p99 | answer | bare requests/s | bare p99 | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range r.rows {
		fmt.Fprintf(b, "| %s | %.0f | %s | %s | %d B | %.0f | %s | %.3f |\n", x.name, x.city.Rate, ms(x.city.P50), ms(x.city.P99), x.city.Bytes, x.bare.Rate, ms(x.bare.P99), x.city.Rate/x.bare.Rate)
	}
	fmt.Fprintf(b, "\n## Process\n\n| what | figure |\n|---|---:|\n| start to first answer (median of 5, existing city) | %s |\n| memory at rest | %d MB |\n| memory after the runs | %d MB |\n",
		ms(r.startUp), r.idle>>20, r.loaded>>20)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
