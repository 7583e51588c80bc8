package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/motcua/motcua/internal/citytest"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// Where the city is on Zalo in these runs.
const (
	appID  = "1000000000000000001"
	oaID   = "2000000000000000002"
	secret = "bench"
)

// chatReport is what was measured of conversations.
type chatReport struct {
	inserts, acks result
	turns         float64 // a second
	turnCount     int
	steady        result
	target        int // webhooks a second that were asked for
	length        time.Duration
	sent, unique  int
	slow          int // acknowledged later than 2 s
	lost, doubled int
}

// sink takes what the city sends, as fast as it can.
type sink struct {
	base    string
	replies atomic.Int64
	server  *fasthttp.Server
}

func newSink(ctx context.Context) (*sink, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{base: "http://" + l.Addr().String()}
	s.server = &fasthttp.Server{Handler: s.answer, NoDefaultServerHeader: true}
	go func() { _ = s.server.Serve(l) }() // it ends with Shutdown
	return s, nil
}

func (s *sink) answer(c *fasthttp.RequestCtx) {
	c.SetContentType("application/json")
	if strings.HasSuffix(string(c.Path()), "/access_token") {
		c.SetBodyString(`{"access_token":"a","refresh_token":"r","expires_in":"90000"}`)
		return
	}
	n := s.replies.Add(1)
	fmt.Fprintf(c, `{"error":0,"message":"Success","data":{"message_id":"m%d","user_id":"1"}}`, n)
}

// chat measures how fast the city takes webhooks and answers them.
func (y *yard) chat(ctx context.Context, r *report) (err error) {
	s, err := newSink(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.server.Shutdown()) }()
	if r.chat.inserts, err = y.plainInserts(ctx); err != nil {
		return err
	}
	city, err := y.startChat(ctx, s)
	if err != nil {
		return err
	}
	t := &talk{url: city.HTTP + "/webhooks/zalo", sink: s, connections: y.connections}
	for _, step := range []func(context.Context, *chatReport, options) error{t.acks, t.turns, t.steady} {
		if err = step(ctx, &r.chat, y.options); err != nil {
			break
		}
	}
	if code := city.Stop(20 * time.Second); code != 0 {
		err = errors.Join(err, fmt.Errorf("the city ended with exit code %d:\n%s", code, tail(city.Logs())))
	}
	return err
}

// startChat starts a city that is on Zalo, with the sink in the network's place.
func (y *yard) startChat(ctx context.Context, s *sink) (*citytest.Process, error) {
	env := append(y.env(filepath.Join(y.dir, "chat")),
		"MOTCUA_CHANNELS__ZALO__APP_ID="+appID, "MOTCUA_CHANNELS__ZALO__APP_SECRET="+secret, "MOTCUA_CHANNELS__ZALO__OA_ID="+oaID,
		"MOTCUA_CHANNELS__ZALO__OA_SECRET_KEY="+secret, "MOTCUA_CHANNELS__ZALO__CODE_VERIFIER="+strings.Repeat("v", 43),
		"MOTCUA_CHANNELS__ZALO__API_BASE="+s.base, "MOTCUA_CHANNELS__ZALO__OAUTH_BASE="+s.base, "MOTCUA_CHANNELS__ZALO__PER_MINUTE=10000000",
	)
	city, err := citytest.Start(ctx, citytest.Options{Bin: y.bin, Args: []string{"dev"}, Env: env, Dir: y.dir})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, y.bin, "channels", "setup", "zalo", "--code", "bench")
	cmd.Env, cmd.Dir = append(os.Environ(), env...), y.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		city.Kill()
		return nil, fmt.Errorf("channels setup: %w: %s", err, out)
	}
	return city, nil
}

// plainRow is as large as a stored event.
type plainRow struct {
	ID           string    `bson:"_id"`
	Conversation string    `bson:"conversation"`
	Due          time.Time `bson:"due"`
	Turn         string    `bson:"turn"`
	Sealed       []byte    `bson:"sealed"`
}

// plainInserts is the yardstick of acknowledgements: documents of the same size and indexes, put into the same engine with nothing around it.
func (y *yard) plainInserts(ctx context.Context) (out result, err error) {
	dir := filepath.Join(y.dir, "plain")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return out, err
	}
	engine, err := sqlite.Open(ctx, sqlite.Config{Dir: dir, File: "plain.db", Synchronous: "full", CacheKB: 8192})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	rows, err := store.Define[plainRow](ctx, engine, store.Kind{Name: "plain", Indexes: []store.Index{
		{Name: "due", Order: "due"}, {Name: "turn", Equal: []string{"conversation"}, Order: "turn"},
	}})
	if err != nil {
		return out, err
	}
	sealed := make([]byte, 600)
	return timed(ctx, y.connections, y.length, func(w, i int) error {
		return rows.Insert(ctx, plainRow{ID: fmt.Sprintf("%08d-%08d", w, i), Conversation: strconv.Itoa(i % 5000), Due: time.Now(), Turn: strconv.Itoa(i), Sealed: sealed})
	}), nil
}

// timed has workers do something again and again for some time.
func timed(ctx context.Context, workers int, length time.Duration, do func(worker, i int) error) result {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		all   []time.Duration
		out   result
		begin = time.Now()
	)
	for w := range workers {
		wg.Go(func() {
			var mine []time.Duration
			var failed error
			for i := 0; time.Since(begin) < length && ctx.Err() == nil && failed == nil; i++ {
				start := time.Now()
				failed = do(w, i)
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
			out.Err = errors.Join(out.Err, failed)
		})
	}
	wg.Wait()
	if len(all) == 0 {
		out.Err = errors.Join(out.Err, errors.New("nothing was done"))
		return out
	}
	return summed(all, time.Since(begin), out)
}

// talk sends signed webhooks.
type talk struct {
	url         string
	sink        *sink
	connections int
	said        atomic.Int64 // makes ids
}

// webhook is one thing that somebody says, signed.
func (t *talk) webhook(person int64, text string) (body []byte, mac string) {
	n := t.said.Add(1)
	stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	body, _ = json.Marshal(map[string]any{ // plain strings always encode
		"app_id": appID, "user_id_by_app": "4000000000000000004", "event_name": "user_send_text", "timestamp": stamp,
		"sender": map[string]string{"id": strconv.FormatInt(3_000_000_000_000_000_000+person, 10)}, "recipient": map[string]string{"id": oaID},
		"message": map[string]string{"text": text, "msg_id": fmt.Sprintf("bench-%d-%s", n, stamp)},
	})
	sum := sha256.Sum256([]byte(appID + string(body) + stamp + secret))
	return body, "mac=" + hex.EncodeToString(sum[:])
}

func (t *talk) fill(r *fasthttp.Request, body []byte, mac string) {
	r.SetRequestURI(t.url)
	r.Header.SetMethod(fasthttp.MethodPost)
	r.Header.SetContentType("application/json")
	r.Header.Set("X-ZEvent-Signature", mac)
	r.SetBody(body)
}

func acknowledged(r *fasthttp.Response) error {
	if r.StatusCode() != fasthttp.StatusOK {
		return fmt.Errorf("status %d: %s", r.StatusCode(), r.Body())
	}
	return nil
}

// people is how many write in these runs: no two messages of one are close to each other.
const people = 20_000

// acks measures how many webhooks are acknowledged; what they lead to is worked on at the same time.
func (t *talk) acks(ctx context.Context, r *chatReport, o options) error {
	r.acks = load(ctx, t.connections, o.length, func(_, _ int, req *fasthttp.Request) {
		body, mac := t.webhook(t.said.Load()%people, "menu")
		t.fill(req, body, mac)
	}, acknowledged)
	if r.acks.Err != nil {
		return fmt.Errorf("webhooks: %d of %d failed: %w", r.acks.Failed, r.acks.Count, r.acks.Err)
	}
	return t.drain(ctx, int64(r.acks.Count))
}

// drain waits until the city has answered so many messages since the start, or says nothing more for a while.
func (t *talk) drain(ctx context.Context, want int64) error {
	last, since := t.sink.replies.Load(), time.Now()
	for last < want {
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Since(since) > 40*time.Second {
			return fmt.Errorf("%d of %d messages were answered", last, want)
		}
		time.Sleep(20 * time.Millisecond)
		if n := t.sink.replies.Load(); n != last {
			last, since = n, time.Now()
		}
	}
	return nil
}

// turns measures whole turns: from the first webhook to the last answer.
func (t *talk) turns(ctx context.Context, r *chatReport, _ options) error {
	const each = 4000
	before, begin := t.sink.replies.Load(), time.Now()
	var wg sync.WaitGroup
	client := &fasthttp.Client{MaxConnsPerHost: t.connections}
	errs := make(chan error, t.connections)
	for w := range t.connections {
		wg.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(res)
			for i := w; i < each; i += t.connections {
				req.Reset()
				body, mac := t.webhook(int64(i), "menu")
				t.fill(req, body, mac)
				if err := errors.Join(client.DoTimeout(req, res, 10*time.Second), acknowledged(res)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return fmt.Errorf("turns: %w", err)
	default:
	}
	if err := t.drain(ctx, before+each); err != nil {
		return fmt.Errorf("turns: %w", err)
	}
	r.turns, r.turnCount = each/time.Since(begin).Seconds(), each
	return nil
}

// steady sends at an even rate, every tenth webhook twice, and counts what was answered.
func (t *talk) steady(ctx context.Context, r *chatReport, o options) error {
	r.target, r.length = o.webhooks, o.steady
	before := t.sink.replies.Load()
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		all     []time.Duration
		tickets atomic.Int64
		unique  atomic.Int64
		begin   = time.Now()
		client  = &fasthttp.Client{MaxConnsPerHost: 4 * t.connections}
	)
	for range 4 * t.connections {
		wg.Go(func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(res)
			var mine []time.Duration
			failed := 0
			var body []byte
			var mac string
			for ctx.Err() == nil {
				n := tickets.Add(1) - 1
				due := begin.Add(time.Duration(n) * time.Second / time.Duration(o.webhooks))
				if due.After(begin.Add(o.steady)) {
					break
				}
				time.Sleep(time.Until(due))
				if n%11 != 10 || body == nil { // else the one before comes once more
					body, mac = t.webhook(n%people, "menu")
					unique.Add(1)
				}
				req.Reset()
				t.fill(req, body, mac)
				start := time.Now()
				if err := errors.Join(client.DoTimeout(req, res, 10*time.Second), acknowledged(res)); err != nil {
					failed++
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
			r.steady.Failed += failed
		})
	}
	wg.Wait()
	if len(all) == 0 {
		return errors.New("steady: nothing was sent")
	}
	r.steady = summed(all, time.Since(begin), r.steady)
	for _, d := range all {
		if d > 2*time.Second {
			r.slow++
		}
	}
	r.sent, r.unique = len(all), int(unique.Load())
	if err := t.drain(ctx, before+unique.Load()); err != nil {
		r.lost = r.unique - int(t.sink.replies.Load()-before)
	}
	time.Sleep(time.Second) // for answers that would be too many
	r.doubled = max(0, int(t.sink.replies.Load()-before)-r.unique)
	return nil
}

func (r *chatReport) String() string {
	var b strings.Builder
	b.WriteString("\n## Conversations\n\nWebhooks of Zalo, signed, from " + strconv.Itoa(people) + " people; each leads to a turn and one answer, which are worked on at the same time.\n\n")
	b.WriteString("| what | a second | p50 | p99 | ratio to plain inserts |\n|---|---:|---:|---:|---:|\n")
	fmt.Fprintf(&b, "| plain inserts of such documents, in process | %.0f | %s | %s | 1 |\n", r.inserts.Rate, ms(r.inserts.P50), ms(r.inserts.P99))
	fmt.Fprintf(&b, "| webhooks acknowledged | %.0f | %s | %s | %.3f (p99: %.1f times) |\n", r.acks.Rate, ms(r.acks.P50), ms(r.acks.P99), r.acks.Rate/r.inserts.Rate, float64(r.acks.P99)/float64(r.inserts.P99))
	fmt.Fprintf(&b, "| full turns, webhook to answer (%d) | %.0f | | | %.3f |\n", r.turnCount, r.turns, r.turns/r.inserts.Rate)
	fmt.Fprintf(&b, "\nAn even %d webhooks a second for %s, every eleventh a repeat of the one before: %.0f a second were sent (%d), p99 %s, longest %s, %d failed, %d later than 2 s; of %d messages %d were not answered, %d twice.\n",
		r.target, r.length, r.steady.Rate, r.sent, ms(r.steady.P99), ms(r.steady.Max), r.steady.Failed, r.slow, r.unique, r.lost, r.doubled)
	return b.String()
}
