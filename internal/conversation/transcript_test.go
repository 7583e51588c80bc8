package conversation

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// TestTranscripts holds whole dialogues: testdata/<world>-<topic>.txt, lines of the person behind "> ", what happens below. -update writes them anew.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := worldOf(t, name)
			for line := range strings.Lines(string(want)) {
				if said, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "> "); ok {
					w.do(said)
				} else if strings.HasPrefix(line, "#") {
					w.log.WriteString(line)
				}
			}
			got := w.log.String()
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != string(want) && !*update {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func worldOf(t *testing.T, name string) *world {
	kind, _, _ := strings.Cut(name, "-")
	switch kind {
	case "feedback":
		return newWorld(t, Rules{Report: "feedback.submit"}, feedbackApp(t))
	case "city":
		return newWorld(t, Rules{Report: "feedback.submit", Page: 5}, feedbackApp(t), schemaApp(t, "testdata/desk.json"))
	case "sign":
		return newSignWorld(t)
	case "citizen":
		return newCitizenWorld(t, signing)
	case "shelf":
		return newWorld(t, Rules{}, shelfApp(t))
	case "desk":
		return newWorld(t, Rules{Page: 4}, schemaApp(t, "testdata/desk.json"))
	}
	t.Fatalf("no world %q", kind)
	return nil
}

// manifests take a moment to check.
var manifests sync.Map

func manifest(t testing.TB, file string) miniapps.Manifest {
	t.Helper()
	if m, ok := manifests.Load(file); ok {
		return m.(miniapps.Manifest)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := miniapps.ParseManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	manifests.Store(file, m)
	return m
}

// feedbackApp answers as the mini-app of that manifest does, from a city of two wards.
func feedbackApp(t testing.TB) *stub {
	return &stub{manifest: manifest(t, "../../miniapps/feedback/manifest.json"), do: func(c miniapps.Call) (miniapps.Result, error) {
		switch c.Action {
		case "categories":
			return categories(c)
		case "check":
			return checkPlace(c)
		case "submit":
			return miniapps.Result{
				Blocks: message.Blocks{message.Words{Text: pick2(c.Lang, "Cảm ơn bà con. Mã phản ánh là 7K3-9QM-X2B.", "Thank you. The tracking code is 7K3-9QM-X2B.")}},
				Case:   miniapps.CaseRef{App: "feedback", ID: "r1"},
				Next: []miniapps.Suggestion{
					{Action: "comment", Input: map[string]any{"id": "r1"}, Label: message.Text{"vi": "Bổ sung ý kiến", "en": "Add a comment"}},
					{Action: "mine", Label: message.Text{"vi": "Phản ánh của tôi", "en": "My reports"}},
				},
			}, nil
		case "mine":
			return miniapps.Result{
				Data:   map[string]any{"reports": []any{}, "choices": []any{map[string]any{"value": "r1", "label": "7K3-9QM-X2B · Đèn đường hỏng", "hint": "Đã tiếp nhận"}}},
				Blocks: message.Blocks{message.Card{Title: "Phản ánh 7K3-9QM-X2B", Facts: []message.Fact{{Label: "Địa bàn", Value: "Phường Lê Chân"}}}},
			}, nil
		case "track":
			var in struct{ Code string }
			if err := json.Unmarshal(c.Input, &in); err != nil {
				return miniapps.Result{}, err
			}
			if !strings.HasPrefix(strings.ToUpper(in.Code), "7K3") {
				return miniapps.Result{}, fault.New(fault.NotFound, "feedback.no_report")
			}
			return miniapps.Result{Blocks: message.Blocks{message.Card{Title: "Phản ánh " + in.Code}}}, nil
		case "comment":
			return miniapps.Result{Blocks: message.Blocks{message.Words{Text: "Đã ghi thêm ý kiến."}}}, nil
		}
		return miniapps.Result{}, fault.New(fault.NotFound, "")
	}}
}

func pick2(lang message.Lang, vi, en string) string { return message.Text{"vi": vi, "en": en}.In(lang) }

func categories(c miniapps.Call) (miniapps.Result, error) {
	var in struct{ After, Text string }
	if err := json.Unmarshal(c.Input, &in); err != nil {
		return miniapps.Result{}, err
	}
	all := []miniapps.Option{
		{Value: "lighting", Label: pick2(c.Lang, "Chiếu sáng công cộng", "Street lighting"), Hint: pick2(c.Lang, "Hạ tầng", "Roads")},
		{Value: "unsure", Label: pick2(c.Lang, "Chưa rõ", "Not sure")},
		{Value: "road", Label: pick2(c.Lang, "Mặt đường", "Road surface")}, {Value: "pavement", Label: pick2(c.Lang, "Vỉa hè", "Pavement")},
		{Value: "drain", Label: pick2(c.Lang, "Thoát nước", "Drainage")}, {Value: "sign", Label: pick2(c.Lang, "Biển báo giao thông", "Traffic signs")},
		{Value: "light", Label: pick2(c.Lang, "Đèn tín hiệu", "Traffic lights")}, {Value: "waste", Label: pick2(c.Lang, "Rác thải", "Waste")},
		{Value: "tree", Label: pick2(c.Lang, "Cây xanh", "Trees")}, {Value: "noise", Label: pick2(c.Lang, "Tiếng ồn", "Noise")},
		{Value: "air", Label: pick2(c.Lang, "Không khí", "Air")}, {Value: "water", Label: pick2(c.Lang, "Nước sạch", "Water")},
		{Value: "dog", Label: pick2(c.Lang, "Chó thả rông", "Stray dogs")},
	}
	if in.Text != "" {
		all = slices.DeleteFunc(all, func(o miniapps.Option) bool { return !within(plain(in.Text), plain(o.Label)) })
	}
	const size = 6
	from := 0
	for i, o := range all {
		if o.Value == in.After {
			from = i + 1
		}
	}
	to := min(from+size, len(all))
	out := miniapps.Options{Choices: all[from:to]}
	if to < len(all) {
		out.After = all[to-1].Value
	}
	return miniapps.Result{Data: out}, nil
}

func checkPlace(c miniapps.Call) (miniapps.Result, error) {
	var in struct {
		Answers struct {
			Category string
			Place    struct {
				Lat     *float64
				Address string
			}
		}
	}
	if err := json.Unmarshal(c.Input, &in); err != nil {
		return miniapps.Result{}, err
	}
	if in.Answers.Place.Lat == nil && !strings.Contains(in.Answers.Place.Address, "Lê Chân") {
		return miniapps.Result{}, fault.InvalidField("feedback.address_unknown", "place")
	}
	unit := pick2(c.Lang, "Trung tâm điều hành", "the operations centre")
	if in.Answers.Category == "lighting" {
		unit = pick2(c.Lang, "Công ty Điện chiếu sáng", "the Lighting Company")
	}
	ward := pick2(c.Lang, "Phường Lê Chân", "Le Chan Ward")
	return miniapps.Result{
		Data: miniapps.Checked{Derived: map[string]any{"ward": "11407", "wardName": ward, "unit": "u", "unitName": unit}},
		Blocks: message.Blocks{message.Words{Text: pick2(c.Lang, "Địa điểm thuộc "+ward+". Phản ánh sẽ được chuyển đến "+unit+".",
			"This is in "+ward+". The report will go to "+unit+".")}},
	}, nil
}
