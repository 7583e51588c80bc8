package conversation

import (
	"encoding/json"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// schemaApp answers for the app of testdata/desk.json, whose actions use everything that a schema can say.
func schemaApp(t testing.TB, file string) *stub {
	return &stub{manifest: manifest(t, file), do: func(c miniapps.Call) (miniapps.Result, error) {
		var in struct {
			Answers map[string]any
			After   string
		}
		if err := json.Unmarshal(c.Input, &in); err != nil {
			return miniapps.Result{}, err
		}
		switch c.Action {
		case "kinds":
			return miniapps.Result{Data: map[string]any{"choices": []map[string]string{
				{"value": "walk", "label": pick2(c.Lang, "Đi bộ", "Walking")}, {"value": "run", "label": pick2(c.Lang, "Chạy", "Running")},
				{"value": "bike", "label": pick2(c.Lang, "Đạp xe", "Cycling")},
			}}}, nil
		case "look":
			return look(c, in.Answers)
		case "same":
			return same(in.Answers)
		case "hours":
			return miniapps.Result{Blocks: message.Blocks{message.Words{Text: "Từ 7 giờ 30 đến 17 giờ, thứ Hai đến thứ Sáu."}}}, nil
		}
		return miniapps.Result{Blocks: message.Blocks{message.Words{Text: "Đã nhận."}}}, nil
	}}
}

// look adds a service charge to a fee, and refuses one that is too high.
func look(c miniapps.Call, answers map[string]any) (miniapps.Result, error) {
	fee, _ := answers["fee"].(float64)
	if fee > 1e6 {
		return miniapps.Result{Data: miniapps.Checked{Errors: []miniapps.WrongAnswer{
			{Path: []string{"fee"}, Text: pick2(c.Lang, "Lệ phí không quá 1.000.000 đồng.", "The fee is at most 1,000,000 dong.")},
		}}}, nil
	}
	return miniapps.Result{Data: miniapps.Checked{Derived: map[string]any{"total": fee + 500}}}, nil
}

// same suggests another action for what is asked for twice.
func same(answers map[string]any) (miniapps.Result, error) {
	if answers["what"] != "giấy khai sinh" {
		return miniapps.Result{Data: miniapps.Checked{}}, nil
	}
	return miniapps.Result{
		Data: miniapps.Checked{Suggest: &miniapps.Instead{
			Action: "book", Input: map[string]any{"service": "birth", "nonsense": 1}, Label: message.Text{"vi": "Đặt lịch làm khai sinh", "en": "Book an appointment for it"},
		}},
		Blocks: message.Blocks{message.Words{Text: "Việc này cần đến trực tiếp."}},
	}, nil
}
