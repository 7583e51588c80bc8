package feedback

import (
	"context"
	"fmt"
	"testing"

	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	miniapptest.Run(t, func(t *testing.T) miniapptest.Fixture {
		t.Helper()
		app := newWorld().open(t, nil)
		return miniapptest.Fixture{
			App: app, Samples: samples(),
			Fingerprint: func(context.Context) (string, error) {
				return fmt.Sprint(docs(t, app.records.reports), docs(t, app.records.comments)), nil
			},
			Count: func(context.Context) (int, error) {
				return len(docs(t, app.records.reports)) + len(docs(t, app.records.comments)), nil
			},
		}
	})
}

func samples() []miniapptest.Sample {
	return []miniapptest.Sample{
		{Action: "submit", Input: dark, Other: outage, Opens: true},
		{Action: "mine", Prepare: reported(`{}`, "")},
		{Action: "track", Prepare: func(t testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
			r := do(submission1()).Data.(*Report)
			s.Input = fmt.Sprintf(`{"code": %q}`, r.Code.Grouped())
		}},
		{Action: "comment", Prepare: reported(`{"id": %q, "text": "Tối nay vẫn chưa sáng"}`, `{"id": %q, "text": "Đã sáng rồi"}`), Private: true},
		{Name: "comment by staff", Action: "comment", Viewer: miniapptest.Dispatcher(), Prepare: reported(`{"id": %q, "text": "Đội đang đến"}`, ""), Private: true},
		{Action: "categories", Input: `{"answers": {"description": "đèn đường hỏng", "place": {"address": "x"}, "photos": ["1"]}, "first": 3}`},
		{Action: "check", Input: `{"answers": {"place": ` + opera + `, "category": "power-cut"}}`},
		{Action: "assign", Prepare: reported(`{"id": %q, "unit": "construction", "category": "pothole", "reason": "Việc của Sở"}`, `{"id": %q, "unit": "construction"}`)},
		{Action: "transition", Prepare: reported(`{"id": %q, "status": "rejected", "reason": "Trùng phản ánh khác"}`, `{"id": %q, "status": "rejected", "reason": "Lý do khác"}`)},
		{Action: "raise", Input: plate, Other: otherPlate, Opens: true},
		{Action: "note", Private: true, Prepare: func(_ testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
			id := do(miniapps.Request{Action: "raise", System: "signs", Key: "prepared", Input: []byte(plate)}).Case.ID
			s.Input, s.Other = fmt.Sprintf(`{"id": %q, "text": "Bị dán đè"}`, id), fmt.Sprintf(`{"id": %q, "text": "Bị mờ"}`, id)
		}},
		{Action: "state", Prepare: func(_ testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
			id := do(miniapps.Request{Action: "raise", System: "signs", Key: "prepared", Input: []byte(plate)}).Case.ID
			s.Input = fmt.Sprintf(`{"id": %q}`, id)
		}},
		{Name: "state of a citizen's report", Action: "state", Prepare: reported(`{"id": %q}`, "")},
		{Name: "assign what the system raised", Action: "assign", Prepare: func(_ testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
			id := do(miniapps.Request{Action: "raise", System: "signs", Key: "prepared", Input: []byte(plate)}).Case.ID
			s.Input, s.Other = fmt.Sprintf(`{"id": %q, "unit": "power"}`, id), fmt.Sprintf(`{"id": %q, "unit": "construction"}`, id)
		}},
		{Name: "comment on what the system raised", Action: "comment", Viewer: miniapptest.Dispatcher(), Private: true, Prepare: func(_ testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
			id := do(miniapps.Request{Action: "raise", System: "signs", Key: "prepared", Input: []byte(plate)}).Case.ID
			s.Input = fmt.Sprintf(`{"id": %q, "text": "Đội đang đến"}`, id)
		}},
	}
}

func submission1() miniapps.Request {
	return miniapps.Request{Action: "submit", Viewer: miniapptest.Citizen(), Key: "prepared", Input: []byte(dark)}
}

// reported makes a report for the sample to be about.
func reported(input, other string) func(testing.TB, miniapptest.Do, *miniapptest.Sample) {
	return func(_ testing.TB, do miniapptest.Do, s *miniapptest.Sample) {
		id := do(submission1()).Case.ID
		s.Input, s.Other = input, other
		if s.Action == "mine" {
			return
		}
		s.Input = fmt.Sprintf(input, id)
		if other != "" {
			s.Other = fmt.Sprintf(other, id)
		}
	}
}
