package limit

import (
	"context"
	"time"
)

// Allower counts calls as Limiter.Allow does.
type Allower interface {
	Allow(ctx context.Context, key string, r Rule) (retryAfter time.Duration, err error)
}

// Share counts one call under a key of which a tenth is kept for calls that must not wait, so that no number of others can use it up. Those that must not
// wait (first) may use all of it. A rule below ten has no such part. Otherwise it is as Allow.
func Share(ctx context.Context, l Allower, key string, r Rule, first bool) (retryAfter time.Duration, err error) {
	kept := r.Max / 10
	retryAfter, err = l.Allow(ctx, key, Rule{Max: r.Max - kept, Per: r.Per})
	if err == nil || !first || kept == 0 {
		return retryAfter, err
	}
	return l.Allow(ctx, key+":kept", Rule{Max: kept, Per: r.Per})
}
