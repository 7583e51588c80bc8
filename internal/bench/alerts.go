package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/fcm"
	"github.com/motcua/motcua/channels/fcm/fcmfake"
	"github.com/motcua/motcua/internal/citytest"
)

// alertReport is what was measured of an alert to many.
type alertReport struct {
	followers   int
	seeded      time.Duration
	plain       float64 // the same pushes in a bare loop, a second
	took        time.Duration
	got         citytest.Crowd
	progress    citytest.AlertProgress
	codes       result
	rest, peak  int           // bytes resident, before the alert and at most
	heap        int           // bytes in use, at most
	cpu         time.Duration // of the program while it told them
	cpuOfPlain  time.Duration // of this process in the bare loop
	plainPushes int
}

// Where the alert goes, and what it says.
const (
	alertWard  = "11383"
	alertTitle = "Bão số 3"
	alertText  = "Bà con không ra khỏi nhà cho đến khi có tin mới. Số trực: 0225 3842 312."
)

// manyFollowers is how many are told when no flag says: ten thousand for each second of a run, up to a hundred thousand.
func (o options) manyFollowers() int {
	if o.followers > 0 {
		return o.followers
	}
	return max(1000, min(100_000, int(o.length.Seconds()*10_000)))
}

// alert is one run: a city, the stand-in of the push network beside it, and the two who warn.
type alert struct {
	*yard
	fake, city *citytest.Process
	staff      [2]citytest.Client
	followers  int
}

// alerts measures an alert to the followers of a ward.
func (y *yard) alerts(ctx context.Context, r *report) (err error) {
	a := &alert{yard: y, followers: y.manyFollowers()}
	r.alert.followers = a.followers
	bin, err := citytest.Build(ctx, y.root, "fakecity", y.dir, false)
	if err != nil {
		return err
	}
	if a.fake, err = citytest.Start(ctx, citytest.Options{Bin: bin, Env: []string{"MOTCUA_FAKECITY_ADDR=127.0.0.1:0"}}); err != nil {
		return err
	}
	defer a.fake.Kill()
	defer func() {
		if a.city == nil {
			return
		}
		if code := a.city.Stop(30 * time.Second); code != 0 {
			err = errors.Join(err, fmt.Errorf("the city ended with exit code %d:\n%s", code, tail(a.city.Logs())))
		}
	}()
	for _, step := range []func(context.Context, *alertReport) error{a.bareLoop, a.seed, a.open, a.tell} {
		if err := step(ctx, &r.alert); err != nil {
			return fmt.Errorf("alerts: %w", err)
		}
	}
	return nil
}

func (a *alert) network() string { return a.fake.Fakecity + "/fcm" }

func (a *alert) env() []string {
	return append(a.yard.env(filepath.Join(a.dir, "alerts")), "MOTCUA_CHANNELS__FCM__PROJECT_ID=motcua-dev", "MOTCUA_CHANNELS__FCM__API_BASE="+a.network(),
		"MOTCUA_ACCOUNT__LIMITS__SEND_ADDRESS__MAX=1000000", "MOTCUA_NOTIFY__NO_TOPICS=true") // letters are measured: a push to a topic is one request
}

// pushesAtOnce is how many letters of a bulletin are under way at once in the city: four workers with eight each.
const pushesAtOnce = 32

// bareLoop sends the same pushes to the same stand-in with nothing around: no store, no citizens, no ways to choose from.
func (a *alert) bareLoop(ctx context.Context, r *alertReport) error {
	transport := &http.Transport{MaxIdleConnsPerHost: pushesAtOnce}
	defer transport.CloseIdleConnections()
	ch, err := fcm.New(ctx, fcm.Config{ProjectID: "motcua-dev", APIBase: a.network()}, &http.Client{Transport: transport}, time.Now)
	if err != nil {
		return err
	}
	r.plainPushes = min(a.followers, 20_000)
	begin, cpu := time.Now(), ownCPU()
	var wg sync.WaitGroup
	var next, refused atomic.Int64
	for range pushesAtOnce {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(r.plainPushes) && ctx.Err() == nil; i = next.Add(1) {
				if o := ch.Send(ctx, channels.Address(fcmfake.CrowdToken("plain", int(i))), push(int(i))); o.Status != channels.Sent {
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	r.plain, r.cpuOfPlain = float64(r.plainPushes)/time.Since(begin).Seconds(), ownCPU()-cpu
	if n := refused.Load(); n > 0 {
		return fmt.Errorf("the stand-in refused %d of %d pushes", n, r.plainPushes)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, a.network()+"/control/crowd", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// push is what the city makes of the alert.
func push(i int) channels.Outbound {
	id := fmt.Sprintf("%032x", i)
	return channels.Outbound{ID: id, Kind: channels.Notice, Push: &channels.Push{
		Title: "CẢNH BÁO: " + alertTitle, Text: alertText + "\nNơi áp dụng: Phường Lê Chân. Hiệu lực đến 18:00 22/11/2026.", Collapse: "bulletin", Urgent: true, TTL: 6 * time.Hour,
		Data: map[string]string{"id": id, "app": "alerts"},
	}}
}

// seed fills a city with followers.
func (a *alert) seed(ctx context.Context, r *alertReport) error {
	begin := time.Now()
	cmd := exec.CommandContext(ctx, a.bin, "seed", "--reports", "0", "--citizens", "1", "--followers", strconv.Itoa(a.followers), "--ward", alertWard)
	cmd.Env, cmd.Dir, cmd.Stderr = append(os.Environ(), a.env()...), a.dir, os.Stderr
	err := cmd.Run()
	r.seeded = time.Since(begin)
	return err
}

// open starts the city and signs in who warns.
func (a *alert) open(ctx context.Context, r *alertReport) error {
	var err error
	if a.city, err = citytest.Start(ctx, citytest.Options{Bin: a.bin, Args: []string{"dev"}, Env: a.env(), Dir: a.dir}); err != nil {
		return err
	}
	for i, phone := range []string{"0901000002", "0901000003"} {
		if a.staff[i], err = a.city.SignIn(ctx, phone); err != nil {
			return err
		}
	}
	r.rest, err = resident(a.city.PID())
	return err
}

// tell publishes the alert and measures until the last phone has it.
func (a *alert) tell(ctx context.Context, r *alertReport) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute+time.Duration(a.followers)*10*time.Millisecond)
	defer cancel()
	var b citytest.Bulletin
	err := a.staff[0].Invoke(ctx, "alerts", "publish", map[string]any{
		"kind": "storm", "severity": "danger", "wards": []string{alertWard}, "title": alertTitle, "text": alertText, "until": time.Now().Add(6 * time.Hour).UTC().Format(time.RFC3339),
	}, "bench", &b)
	if err != nil {
		return err
	}
	before, err := a.figures(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := a.staff[1].Invoke(ctx, "alerts", "approve", map[string]any{"id": b.ID, "version": b.Next.Version}, "bench", nil); err != nil {
		return err
	}
	asking, stop := context.WithCancel(ctx)
	codes := make(chan result, 1)
	go func() { codes <- a.askCodes(asking) }()
	err = a.watch(ctx, r)
	stop()
	r.codes = <-codes
	if err != nil {
		return err
	}
	r.took = r.got.Last.Sub(begin)
	after, err := a.figures(ctx)
	if err != nil {
		return err
	}
	r.cpu = time.Duration((after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]) * float64(time.Second))
	if r.peak, err = peak(a.city.PID()); err != nil {
		return err
	}
	if err := a.staff[0].Invoke(ctx, "alerts", "progress", map[string]any{"id": b.ID}, "", &r.progress); err != nil {
		return err
	}
	return r.codes.Err
}

// watch waits until all phones have the alert.
func (a *alert) watch(ctx context.Context, r *alertReport) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := a.figures(ctx)
		if err != nil {
			return err
		}
		r.heap = max(r.heap, int(f["go_memstats_heap_inuse_bytes"]))
		if r.got, err = citytest.ReadCrowd(ctx, a.network()); err != nil || r.got.Phones >= a.followers {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d phones have it: %w", r.got.Phones, a.followers, ctx.Err())
		}
	}
}

// askCodes has a citizen ask for a one-time code each second.
func (a *alert) askCodes(ctx context.Context) (out result) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var all []time.Duration
	begin := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		took, err := a.city.CodeTime(context.WithoutCancel(ctx), fmt.Sprintf("09%08d", 80_000_000+i))
		if err != nil {
			out.Err, out.Failed = errors.Join(out.Err, err), out.Failed+1
		}
		all = append(all, took)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return summed(all, time.Since(begin), out)
}

// figures reads the program's metrics that have no labels.
func (a *alert) figures(ctx context.Context) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.city.Admin+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out := map[string]float64{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			out[name] = f
		}
	}
	return out, lines.Err()
}

// rate is how many phones a second had the alert, from the approval to the last.
func (r *alertReport) rate() float64 { return float64(r.got.Phones) / r.took.Seconds() }

func (r *alertReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## Alerts\n\nA bulletin to a ward with %d followers, each with an account and a phone (seeded in %s); one wrote it, another approved it. "+
		"The stand-in for Firebase is a process of its own on the same machine. The ratio is to the same pushes sent to the same stand-in in a bare loop.\n\n",
		r.followers, r.seeded.Round(time.Second))
	b.WriteString("| what | a second | processor time each | ratio |\n|---|---:|---:|---:|\n")
	fmt.Fprintf(&b, "| pushes in a bare loop (%d), %d at once | %.0f | %s | 1 |\n", r.plainPushes, pushesAtOnce, r.plain, ms(r.cpuOfPlain/time.Duration(max(1, r.plainPushes))))
	fmt.Fprintf(&b, "| notices, approval to the last phone (%s) | %.0f | %s | %.3f |\n", r.took.Round(100*time.Millisecond), r.rate(), ms(r.cpu/time.Duration(max(1, r.got.Phones))), r.rate()/r.plain)
	fmt.Fprintf(&b, "\n%d phones have it, %d twice; the desk was told %d of %d, %d failed.\n", r.got.Phones, r.got.Repeats, r.progress.Told, r.progress.People, r.progress.Failed)
	fmt.Fprintf(&b, "\nA one-time code asked for each second meanwhile left within %s at the longest, p50 %s, p99 %s (%d codes, %d failed; 2 s are allowed).\n",
		ms(r.codes.Max), ms(r.codes.P50), ms(r.codes.P99), r.codes.Count, r.codes.Failed)
	fmt.Fprintf(&b, "\nMemory of the program: %d MB before the alert, %d MB at the peak, of which %d MB heap.\n", r.rest>>20, r.peak>>20, r.heap>>20)
	return b.String()
}

// peak gives the most memory that a process has held so far, in bytes.
func peak(pid int) (int, error) { return statusLine(pid, "VmHWM:") }

// ownCPU gives the processor time of this process.
func ownCPU() time.Duration {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(stat[slices.Index(stat, ')')+1:])) // the name may hold blanks
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // the kernel's USER_HZ
}
