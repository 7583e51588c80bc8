package conversation

import "testing"

// TestWordsBesideAnOffer: at a question that offers actions, words mean what they mean elsewhere, and what is said beside the name of an action is its matter.
func TestWordsBesideAnOffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Rules{Report: "feedback.submit"}, feedbackApp(t), petitionApp(t))
	w.machine.intents = realIntents(t, w.services.Apps())
	const submit, send, comment = "feedback.submit", "petition.send", "feedback.comment"
	for _, tt := range []struct{ before, text, action, answers string }{
		{"xin chào", "phản ánh", submit, `{}`},
		{"xin chào", "phan anh", submit, `{}`},
		{"xin chào", "cho tôi gửi phản ánh với ạ", submit, `{}`},
		{"xin chào", "gửi phẩn ánh", submit, `{}`},
		{"xin chào", "gửi phản ánh đèn đường hỏng ngõ 5", submit, `{"description":"gửi phản ánh đèn đường hỏng ngõ 5"}`},
		{"xin chào", "gửi kiến nghị giúp tôi ạ", send, `{}`},
		{"xin chào", "gửi kiến nghị sửa vỉa hè trước nhà số 5", send, `{"text":"gửi kiến nghị sửa vỉa hè trước nhà số 5"}`},
		{"xin chào", "phản ánh của tôi", "", ""},
		{"phản ánh của tôi", "phản ánh", submit, `{}`},
		{sent, "phản ánh", submit, `{}`},
		{sent, "bổ sung ý kiến", comment, `{"id":"r1"}`},
	} {
		w.state, w.now = State{}, noon
		w.log.Reset()
		if tt.before == sent {
			for _, line := range []string{"đèn đường hỏng trước nhà số 12", "12 Lạch Tray, Lê Chân", "1", "gửi"} {
				w.do(line)
			}
		} else {
			w.do(tt.before)
		}
		w.do(tt.text)
		action, answers := "", ""
		if d := w.state.Draft; d != nil {
			action, answers = d.String(), string(d.Answers)
		}
		if action != tt.action || answers != tt.answers {
			t.Errorf("%q: %s %s, want %s %s\n%s", tt.text, action, answers, tt.action, tt.answers, w.log.String())
		}
	}
}

// sent stands for the lines that send a report, so that its next steps are offered.
const sent = "sent"
