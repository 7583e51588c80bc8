package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/citytest"
)

// signReport is what was measured of the pages behind street signs.
type signReport struct {
	plates   int
	imported time.Duration
	rows     []row   // ratios to the bare handler
	uncount  float64 // pages a second that are not counted as scans, from the same cache as the first row
}

// The plates of the runs: as many as the first city hangs up.
const (
	benchPlates = 2800
	warmPlates  = 500
	firstPlate  = 1001 // behind those of the sample
)

// phone and preview are who asks: a person's browser, and a program that looks at links before a person does, which counts as no scan.
const (
	phone   = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
	preview = "facebookexternalhit/1.1"
)

// signs measures the page of a scanned plate beside a bare handler that sends the same bytes: kept ready, and made anew for each request.
func (y *yard) signs(ctx context.Context, r *report) error {
	data := filepath.Join(y.dir, "signs")
	codes, err := y.hangUp(ctx, data, &r.sign)
	if err != nil {
		return fmt.Errorf("signs: %w", err)
	}
	for _, run := range []struct {
		name  string
		codes []string
		env   string
	}{
		{fmt.Sprintf("ready, %d plates in turn", warmPlates), codes[:warmPlates], "MOTCUA_SIGNS__PAGES=1000"},
		{fmt.Sprintf("made anew, %d plates in turn", len(codes)), codes, "MOTCUA_SIGNS__PAGES=1"},
	} {
		if err := y.scanned(ctx, data, run.name, run.codes, run.env, &r.sign); err != nil {
			return fmt.Errorf("signs: %s: %w", run.name, err)
		}
	}
	return nil
}

// scanned measures one row on a city of its own.
func (y *yard) scanned(ctx context.Context, data, name string, codes []string, env string, r *signReport) (err error) {
	city, err := y.startSigns(ctx, data, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.end(city)) }()
	page := func(base, agent string) result { return y.scan(ctx, base, agent, codes) }
	answer, err := samplePage(ctx, city.HTTP+"/s/"+codes[0])
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	yardstick, err := startBare(ctx, self, answer)
	if err != nil {
		return err
	}
	defer yardstick.Kill()
	out := row{name: name}
	_ = page(city.HTTP, phone) // fills what is kept ready
	for range 2 {
		x, plain, not := page(city.HTTP, phone), page(yardstick.HTTP, phone), page(city.HTTP, preview)
		if err := errors.Join(x.Err, plain.Err, not.Err); err != nil {
			return fmt.Errorf("%d of %d failed: %w", x.Failed, x.Count, err)
		}
		if x.Rate > out.city.Rate {
			out.city = x
		}
		if plain.Rate > out.bare.Rate {
			out.bare = plain
		}
		if len(r.rows) == 0 {
			r.uncount = max(r.uncount, not.Rate)
		}
	}
	r.rows = append(r.rows, out)
	return nil
}

// scan opens the pages of plates in turn, each request as another visitor.
func (y *yard) scan(ctx context.Context, base, agent string, codes []string) result {
	return load(ctx, y.connections, y.length, func(w, i int, r *fasthttp.Request) {
		n := w*7919 + i
		r.SetRequestURI(base + "/s/" + codes[n%len(codes)])
		r.Header.SetUserAgent(agent)
		r.Header.Set("Accept-Encoding", "gzip, deflate, br")
		r.Header.Set("Accept-Language", "vi-VN,vi;q=0.9,en;q=0.8")
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
	}, func(r *fasthttp.Response) error {
		if r.StatusCode() != http.StatusOK || len(r.Body()) == 0 {
			return fmt.Errorf("status %d with %d bytes", r.StatusCode(), len(r.Body()))
		}
		return nil
	})
}

// samplePage gives a page as a phone gets it, compressed.
func samplePage(ctx context.Context, address string) ([]byte, error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(address)
	req.Header.SetUserAgent(preview)
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept-Language", "vi-VN,vi;q=0.9,en;q=0.8")
	if err := fasthttp.DoTimeout(req, res, 10*time.Second); err != nil {
		return nil, err
	}
	if res.StatusCode() != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", address, res.StatusCode())
	}
	return append([]byte(nil), res.Body()...), ctx.Err()
}

func (y *yard) startSigns(ctx context.Context, data string, env ...string) (*citytest.Process, error) {
	env = append(append(y.env(data), "MOTCUA_HTTP__TRUSTED_PROXIES=127.0.0.1/32"), env...)
	return citytest.Start(ctx, citytest.Options{Bin: y.bin, Args: []string{"dev"}, Env: env, Dir: y.dir})
}

func (y *yard) end(city *citytest.Process) error {
	if code := city.Stop(20 * time.Second); code != 0 {
		return fmt.Errorf("the city ended with exit code %d:\n%s", code, tail(city.Logs()))
	}
	return nil
}

// hangUp imports the plates into a new city and gives their codes.
func (y *yard) hangUp(ctx context.Context, data string, r *signReport) (codes []string, err error) {
	city, err := y.startSigns(ctx, data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, y.end(city)) }()
	operators, err := dialAdmin(ctx, data)
	if err != nil {
		return nil, err
	}
	list, err := y.plateList()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	report, err := operators.Signs().Import(ctx, []admin.SignFile{{Name: "plates.csv", Data: list}}, admin.SignImport{}, func(int, int) {})
	if err != nil {
		return nil, err
	}
	r.plates, r.imported = report.Plates.New, time.Since(begin)
	if r.plates != benchPlates {
		return nil, fmt.Errorf("%d plates of %d: %+v", r.plates, benchPlates, report.Faults)
	}
	for i := range benchPlates {
		p, err := operators.Signs().Plate(ctx, strconv.Itoa(firstPlate+i))
		if err != nil {
			return nil, err
		}
		codes = append(codes, p.Codes[len(p.Codes)-1].Code)
	}
	return codes, nil
}

func dialAdmin(ctx context.Context, data string) (*admin.Client, error) {
	raw, err := os.ReadFile(filepath.Join(data, "admin.json"))
	if err != nil {
		return nil, err
	}
	var door struct{ Addr, Token string }
	if err := json.Unmarshal(raw, &door); err != nil {
		return nil, err
	}
	return admin.Dial(ctx, door.Addr, door.Token)
}

// plateList makes a list of plates out of the sample's, each some metres from the one that it was made of.
func (y *yard) plateList() ([]byte, error) {
	f, err := os.Open(filepath.Join(y.root, "configs/cities/haiphong/signs/plates.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(rows[0]) // the builder takes everything
	const number, address, lat, ward, unit, batch = 0, 3, 5, 7, 8, 9
	for i := range benchPlates {
		row := append([]string(nil), rows[1+i%(len(rows)-1)]...)
		x, err := strconv.ParseFloat(row[lat], 64)
		if err != nil {
			return nil, err
		}
		row[number], row[lat] = strconv.Itoa(firstPlate+i), strconv.FormatFloat(x+float64(1+i/(len(rows)-1))*2e-5, 'f', 6, 64)
		row[address] += fmt.Sprintf(", cột %d", i)
		row[ward], row[unit], row[batch] = "", "", "BENCH" // the ward is the one that the point lies in
		_ = w.Write(row)
	}
	w.Flush()
	return []byte(b.String()), w.Error()
}

// String is the section on street signs.
func (r signReport) String() string {
	if len(r.rows) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n## Street signs\n\n`GET /s/{code}` as a phone asks, compressed, each request by another visitor and counted as a scan. The ratio is to a bare fiber handler that sends the same bytes in the same run.\n\n")
	b.WriteString("| page | requests/s | p50 | p99 | answer | bare requests/s | bare p99 | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range r.rows {
		fmt.Fprintf(&b, "| %s | %.0f | %s | %s | %d B | %.0f | %s | %.3f |\n", x.name, x.city.Rate, ms(x.city.P50), ms(x.city.P99), x.city.Bytes, x.bare.Rate, ms(x.bare.P99), x.city.Rate/x.bare.Rate)
	}
	fmt.Fprintf(&b, "\nThe first page without counting (a link's preview, in the same runs): %.0f requests/s; counting costs %.1f %%.\nImport of %d plates, checked and stored one by one: %.1f s.\n",
		r.uncount, 100*(1-r.rows[0].city.Rate/r.uncount), r.plates, r.imported.Seconds())
	return b.String()
}
