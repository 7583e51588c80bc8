package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// request makes the i-th request of one worker.
type request func(worker, i int, r *fasthttp.Request)

// check tells whether an answer is a good one.
type check func(r *fasthttp.Response) error

// result is what one load run measured.
type result struct {
	Rate     float64 // answers a second
	P50, P99 time.Duration
	Max      time.Duration
	Count    int
	Failed   int
	Bytes    int // of the last answer's body
	Err      error
}

// load sends requests over some connections for some time and measures the answers.
func load(ctx context.Context, connections int, length time.Duration, make request, good check) result {
	client := &fasthttp.Client{MaxConnsPerHost: connections, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, NoDefaultUserAgentHeader: true}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		all   []time.Duration
		out   result
		begin = time.Now()
		end   = begin.Add(length)
	)
	for w := range connections {
		wg.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(res)
			var mine []time.Duration
			failed, size := 0, 0
			var firstErr error
			for i := 0; time.Now().Before(end) && ctx.Err() == nil; i++ {
				req.Reset()
				make(w, i, req)
				start := time.Now()
				err := client.Do(req, res)
				mine = append(mine, time.Since(start))
				if err == nil {
					err = good(res)
				}
				if err != nil {
					failed++
					if firstErr == nil {
						firstErr = err
					}
				}
				size = len(res.Body())
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
			out.Failed += failed
			if out.Err == nil {
				out.Err = firstErr
			}
			out.Bytes = size
		})
	}
	wg.Wait()
	took := time.Since(begin)
	if len(all) == 0 {
		out.Err = fmt.Errorf("no answer within %s", length)
		return out
	}
	return summed(all, took, out)
}

// summed fills in the figures of a run.
func summed(all []time.Duration, took time.Duration, out result) result {
	slices.Sort(all)
	out.Count, out.Rate = len(all), float64(len(all))/took.Seconds()
	out.P50, out.P99, out.Max = all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
	return out
}
