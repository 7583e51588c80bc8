package admin_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
)

// registry answers every operation on signs with what it was asked.
type registry struct {
	files   []admin.SignFile
	opts    admin.SignImport
	rows    int           // that an import has
	reached chan struct{} // closed when an import is half done, and then it waits for its caller to leave; nil means no wait
	ended   chan error    // takes the end of such an import
	err     error
	printed string // what a print writes; then comes err
}

func (r *registry) Import(ctx context.Context, files []admin.SignFile, o admin.SignImport, p admin.Progress) (admin.SignReport, error) {
	r.files, r.opts = files, o
	for i := range r.rows {
		if p(i+1, r.rows); i == r.rows/2 && r.reached != nil {
			close(r.reached)
			<-ctx.Done()
			r.ended <- ctx.Err()
			return admin.SignReport{}, ctx.Err()
		}
	}
	if r.err != nil {
		return admin.SignReport{}, r.err
	}
	return admin.SignReport{Stored: true, Plates: admin.SignCounts{Rows: 3, New: 1, Same: 1, Faulty: 1}, Faults: []admin.SignFault{{File: "a.csv", Line: 2, Column: "lat", Reason: "Không có nơi này"}}}, nil
}

func (r *registry) Keep(_ context.Context, k admin.SignKeep, body io.Reader) (admin.SignKept, error) {
	data, err := io.ReadAll(body)
	if err == nil {
		err = r.err
	}
	return admin.SignKept{ID: fmt.Sprintf("%+v %d", k, len(data)), Params: map[string]any{"max": 12.0}}, err
}

func (r *registry) Print(_ context.Context, o admin.PrintOrder, begin func(admin.PrintSheet) io.Writer) error {
	if r.printed == "" {
		return r.err
	}
	w := begin(admin.PrintSheet{Plates: 7, Base: o.Base, LeftOut: []string{"HP-00001-3"}, WidthMM: 80.5})
	if _, err := io.WriteString(w, r.printed); err != nil {
		return err
	}
	return r.err
}

func (r *registry) Plates(_ context.Context, f admin.PlateFilter) (admin.Page[admin.PlateLine], error) {
	return admin.Page[admin.PlateLine]{Items: []admin.PlateLine{{Number: fmt.Sprintf("%+v", f)}}, Next: "n"}, r.err
}

func (r *registry) Plate(_ context.Context, name string) (admin.PlateDetail, error) {
	return admin.PlateDetail{PlateLine: admin.PlateLine{Number: name}, Scans: admin.PlateScans{Day: 3}}, r.err
}

func (r *registry) Batches(_ context.Context, s admin.Slice) (admin.Page[admin.SignBatch], error) {
	return admin.Page[admin.SignBatch]{Items: []admin.SignBatch{{Name: s.After, Plates: s.First}}}, r.err
}

func (r *registry) act(kind string, a admin.PlateAct) (admin.PlateLine, error) {
	return admin.PlateLine{Number: kind + fmt.Sprintf("%+v", a)}, r.err
}

func (r *registry) Reissue(_ context.Context, a admin.PlateAct) (admin.PlateLine, error) {
	return r.act("reissue", a)
}

func (r *registry) Revoke(_ context.Context, a admin.PlateAct) (admin.PlateLine, error) {
	return r.act("revoke", a)
}

func (r *registry) SetCondition(_ context.Context, a admin.PlateAct) (admin.PlateLine, error) {
	return r.act("condition", a)
}

func (r *registry) Stories(_ context.Context, f admin.StoryFilter) (admin.Page[admin.StoryLine], error) {
	return admin.Page[admin.StoryLine]{Items: []admin.StoryLine{{ID: fmt.Sprintf("%+v", f)}}}, r.err
}

func (r *registry) Story(_ context.Context, id string) (admin.StoryDetail, error) {
	return admin.StoryDetail{StoryLine: admin.StoryLine{ID: id}, Former: []string{"Phố cũ"}}, r.err
}

func (r *registry) Review(_ context.Context, v admin.StoryReview) (admin.StoryLine, error) {
	return admin.StoryLine{ID: fmt.Sprintf("%+v", v)}, r.err
}

func (r *registry) Events(_ context.Context, f admin.EventFilter) (admin.Page[admin.SignEvent], error) {
	return admin.Page[admin.SignEvent]{Items: []admin.SignEvent{{ID: fmt.Sprintf("%+v", f)}}}, r.err
}

func (r *registry) Settle(_ context.Context, s admin.Settlement) (admin.SignEvent, error) {
	return admin.SignEvent{ID: s.ID, Note: s.Note}, r.err
}

func (r *registry) Silent(_ context.Context, f admin.SilentFilter) (admin.Page[admin.SilentPlate], error) {
	return admin.Page[admin.SilentPlate]{Items: []admin.SilentPlate{{Number: fmt.Sprintf("%+v", f)}}}, r.err
}

func (r *registry) Heat(_ context.Context, f admin.HeatFilter) ([]admin.HeatLine, error) {
	return []admin.HeatLine{{Ward: f.Ward, Scans: f.Days}}, r.err
}

// operations carries out every operation on signs that answers at once, and gives what came back.
func operations(ctx context.Context, s admin.Signs) map[string]func() (string, error) {
	one := func(v any, err error) (string, error) { return fmt.Sprintf("%+v", v), err }
	part := admin.Slice{First: 5, After: "c"}
	act := admin.PlateAct{Plate: "HP-00007-1", Reason: "vỡ", Batch: "b", Condition: "worn"}
	return map[string]func() (string, error){
		"plates": func() (string, error) {
			return one(s.Plates(ctx, admin.PlateFilter{Slice: part, Text: "lê", Ward: "w", Batch: "b", Unordered: true, Unit: "u", Condition: "c"}))
		},
		"plate": func() (string, error) { return one(s.Plate(ctx, "https://city.example/s/938NM5X4140SV")) },
		"keep": func() (string, error) {
			return one(s.Keep(ctx, admin.SignKeep{Story: "lê & chân", DryRun: true}, strings.NewReader(strings.Repeat("x", 100_000))))
		},
		"batches":   func() (string, error) { return one(s.Batches(ctx, part)) },
		"reissue":   func() (string, error) { return one(s.Reissue(ctx, act)) },
		"revoke":    func() (string, error) { return one(s.Revoke(ctx, act)) },
		"condition": func() (string, error) { return one(s.SetCondition(ctx, act)) },
		"stories": func() (string, error) {
			return one(s.Stories(ctx, admin.StoryFilter{Slice: part, Text: "t", Kind: "work"}))
		},
		"story": func() (string, error) { return one(s.Story(ctx, "le-chan")) },
		"review": func() (string, error) {
			return one(s.Review(ctx, admin.StoryReview{Story: "s", Lang: "vi", Revision: 3, By: "An"}))
		},
		"events": func() (string, error) { return one(s.Events(ctx, admin.EventFilter{Slice: part, All: true})) },
		"settle": func() (string, error) { return one(s.Settle(ctx, admin.Settlement{ID: "e", Note: "thấy rồi"})) },
		"silent": func() (string, error) { return one(s.Silent(ctx, admin.SilentFilter{Slice: part, Days: 9})) },
		"heat":   func() (string, error) { return one(s.Heat(ctx, admin.HeatFilter{Ward: "w", Days: 2})) },
	}
}

// TestSignOperations compares what comes back through a client with what the city itself says.
func TestSignOperations(t *testing.T) {
	t.Parallel()
	r := &registry{}
	for name, client := range clients(t, &city{signs: r}, &outbox{}) {
		t.Run(name, func(t *testing.T) {
			direct, through := operations(t.Context(), r), operations(t.Context(), client.Signs())
			r.err = nil
			for what, ask := range through {
				want, _ := direct[what]()
				if got, err := ask(); err != nil || got != want {
					t.Errorf("%s: got %s, %v, want %s", what, got, err, want)
				}
			}
			r.err = fault.Wrap(fault.Conflict, errors.New("in words"))
			for what, ask := range through {
				if _, err := ask(); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "in words") {
					t.Errorf("%s: got %v", what, err)
				}
			}
		})
	}
	for name, client := range clients(t, &city{}, &outbox{}) {
		all := operations(t.Context(), client.Signs())
		all["import"] = func() (string, error) {
			return "", second(client.Signs().Import(t.Context(), nil, admin.SignImport{}, nil))
		}
		all["print"] = func() (string, error) { return "", client.Signs().Print(t.Context(), admin.PrintOrder{}, nil) }
		for what, ask := range all {
			if _, err := ask(); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("%s, %s without signs: %v", name, what, err)
			}
		}
	}
}

func TestSignImport(t *testing.T) {
	t.Parallel()
	files := []admin.SignFile{
		{Name: "../lists/biển.csv", Data: []byte("number\n1\n")}, {Name: "/tmp/a.geojson", Data: bytes.Repeat([]byte("x"), 100_000)}, {Name: "a.zip", Data: []byte("PK")}, {Name: "empty.csv", Data: []byte{}},
		{Name: "a/b.jpg", Kept: map[string]admin.SignKept{"le-chan": {ID: "m", Kind: "photo"}, "x": {Key: "media.heic"}}}, {Name: "c.jpg", Kept: map[string]admin.SignKept{}},
	}
	r := &registry{rows: 5000}
	for name, client := range clients(t, &city{signs: r}, &outbox{}) {
		t.Run(name, func(t *testing.T) {
			steps, last := 0, 0
			o := admin.SignImport{By: "Nguyễn & Co", DryRun: true, SkipFaulty: true}
			got, err := client.Signs().Import(t.Context(), files, o, func(done, total int) {
				if steps++; done <= last || total != 5000 {
					t.Errorf("got %d of %d after %d", done, total, last)
				}
				last = done
			})
			if err != nil || !got.Stored || got.Faulty() != 1 || len(got.Faults) != 1 || got.Faults[0].Reason != "Không có nơi này" {
				t.Errorf("got %+v, %v", got, err)
			}
			if steps < 50 || steps > 101 || last != 5000 {
				t.Errorf("%d steps, the last at %d", steps, last)
			}
			if fmt.Sprint(r.files) != fmt.Sprint(files) || r.opts != o {
				t.Errorf("the city was given %d files, %+v", len(r.files), r.opts)
			}
			if _, err := client.Signs().Import(t.Context(), files, admin.SignImport{}, func(int, int) {}); err != nil || r.opts != (admin.SignImport{}) {
				t.Errorf("got %+v, %v", r.opts, err)
			}
		})
	}
}

func TestSignImportThatFails(t *testing.T) {
	t.Parallel()
	r := &registry{rows: 10, err: fault.Wrap(fault.Unavailable, errors.New("store away"))}
	for name, client := range clients(t, &city{signs: r}, &outbox{}) {
		t.Run(name, func(t *testing.T) {
			steps := 0
			_, err := client.Signs().Import(t.Context(), nil, admin.SignImport{}, func(int, int) { steps++ })
			if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "store away") || steps != 10 {
				t.Errorf("got %v after %d steps", err, steps)
			}
			big := []admin.SignFile{{Name: "a.csv", Data: make([]byte, 11<<20)}, {Name: "b.csv", Data: make([]byte, 10<<20)}}
			for what, files := range map[string][]admin.SignFile{"large": big, "many": make([]admin.SignFile, 10_001)} {
				if _, err := client.Signs().Import(t.Context(), files, admin.SignImport{}, nil); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "at most") {
					t.Errorf("%s: got %v", what, err)
				}
			}
		})
	}
}

// TestSignImportLimits sends what no client of ours would.
func TestSignImportLimits(t *testing.T) {
	t.Parallel()
	packed := func(n, size int) io.Reader {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i := range n {
			data := make([]byte, size)
			if size == 1<<20 { // as if it could not be packed
				_, _ = rand.NewChaCha8([32]byte{}).Read(data) // never fails
			}
			w, err := z.Create(fmt.Sprintf("%d.csv", i))
			if err == nil {
				_, err = w.Write(data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	marked := func(text string) io.Reader {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.CreateHeader(&zip.FileHeader{Name: "a.jpg", Comment: "kept"})
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	r := &registry{}
	h := admin.Handler(admin.Ops{Signs: r, Log: slog.New(slog.DiscardHandler)}, token)
	for _, tt := range []struct {
		name, path, token string
		body              io.Reader
		status            int
	}{
		{"good", "/v1/signs/import", token, packed(3, 1<<20), http.StatusOK},
		{"no archive", "/v1/signs/import", token, strings.NewReader("number,story\n"), http.StatusBadRequest},
		{"nothing", "/v1/signs/import", token, http.NoBody, http.StatusBadRequest},
		{"large", "/v1/signs/import", token, bytes.NewReader(make([]byte, 20<<20+1)), http.StatusBadRequest},
		{"large when it is unpacked", "/v1/signs/import", token, packed(3, 7<<20), http.StatusBadRequest},
		{"many", "/v1/signs/import", token, packed(10_001, 0), http.StatusBadRequest},
		{"no token", "/v1/signs/import", "", packed(1, 1), http.StatusUnauthorized},
		{"wrong token", "/v1/signs/print", "other", strings.NewReader("{}"), http.StatusUnauthorized},
		{"no token for a list", "/v1/signs/plates", "", strings.NewReader("{}"), http.StatusUnauthorized},
		{"large elsewhere", "/v1/signs/print", token, strings.NewReader(`{"numbers":"` + strings.Repeat("1,", 10_000) + `1"}`), http.StatusBadRequest},
		{"large beside the path", "/v1/signs/import/", token, packed(1, 0), http.StatusNotFound},
		{"kept", "/v1/signs/import", token, marked(`{"s":{"id":"m"}}`), http.StatusOK},
		{"kept in no way known", "/v1/signs/import", token, marked(`null`), http.StatusBadRequest},
		{"no token for a picture", "/v1/signs/keep", "", strings.NewReader("x"), http.StatusUnauthorized},
		{"unknown field", "/v1/signs/plates", token, strings.NewReader(`{"wards":"x"}`), http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.files = nil
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tt.path, tt.body)
			req.Header.Set("Authorization", "Bearer "+tt.token)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, req)
			if w.Code != tt.status || (tt.status != http.StatusOK) != (r.files == nil) {
				t.Errorf("got %d with %d files: %s", w.Code, len(r.files), w.Body)
			}
		})
	}
}

// TestSignImportEndsWithItsCaller leaves in the middle of an import.
func TestSignImportEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	r := &registry{rows: 100}
	for name, client := range clients(t, &city{signs: r}, &outbox{}) {
		t.Run(name, func(t *testing.T) {
			r.reached, r.ended = make(chan struct{}), make(chan error, 1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-r.reached
				cancel()
			}()
			_, err := client.Signs().Import(ctx, nil, admin.SignImport{}, func(int, int) {})
			if !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), context.Canceled.Error()) {
				t.Errorf("got %v", err)
			}
			if err := <-r.ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the import went on: %v", err)
			}
		})
	}
}

// TestSignImportWhoseCityDies cuts the answer off in the middle.
func TestSignImportWhoseCityDies(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasSuffix(r.URL.Path, "/import") {
			_, _ = io.WriteString(w, "{\"done\":1,\"total\":2}\n")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	client, err := admin.Dial(t.Context(), strings.TrimPrefix(s.URL, "http://"), token)
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	_, err = client.Signs().Import(t.Context(), nil, admin.SignImport{}, func(int, int) { steps++ })
	if err == nil || !strings.Contains(err.Error(), "ended before") || steps != 1 {
		t.Errorf("got %v after %d steps", err, steps)
	}
}

func TestSignPrint(t *testing.T) {
	t.Parallel()
	r := &registry{}
	for name, client := range clients(t, &city{signs: r}, &outbox{}) {
		t.Run(name, func(t *testing.T) {
			var sheet admin.PrintSheet
			var file bytes.Buffer
			print := func() error {
				sheet, file = admin.PrintSheet{}, bytes.Buffer{}
				return client.Signs().Print(t.Context(), admin.PrintOrder{Base: "https://city.example"}, func(s admin.PrintSheet) io.Writer {
					sheet = s
					return &file
				})
			}
			r.printed, r.err = strings.Repeat("%PDF", 50_000), nil
			if err := print(); err != nil || file.String() != r.printed || sheet.Plates != 7 || sheet.Base != "https://city.example" || sheet.WidthMM != 80.5 || len(sheet.LeftOut) != 1 {
				t.Errorf("got %d bytes, %+v, %v", file.Len(), sheet, err)
			}
			r.err = errors.New("disk gone")
			if err := print(); err == nil {
				t.Error("half a file was taken for a whole one")
			}
			r.printed, r.err = "", fault.Wrap(fault.Invalid, errors.New("no such paper"))
			if err := print(); fault.CodeOf(err) != fault.Invalid || sheet.Plates != 0 {
				t.Errorf("got %+v, %v", sheet, err)
			}
		})
	}
}
