package miniapps_test

import (
	"testing"

	"github.com/motcua/motcua/miniapps"
)

// BenchmarkRun is what the runner itself costs: checks, hash, guard, goroutine, metrics.
func BenchmarkRun(b *testing.B) {
	r, err := miniapps.NewRunner(miniapps.RunnerConfig{Limits: limits()}, depsOf(answersFor(b)))
	if err != nil {
		b.Fatal(err)
	}
	req := write("k")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Run(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}
