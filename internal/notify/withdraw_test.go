package notify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWithdraw ends letters at every stage of their way: what has not left does not, what has counts, and nothing follows.
func TestWithdraw(t *testing.T) {
	for name, tt := range map[string]struct {
		chat  Fate // what the chat's network makes of it, before and after
		after time.Duration
		state State
		took  []string
	}{
		"before it left":                     {Fate{State: Pending, Retry: time.Hour}, time.Second, Dropped, []string{}},
		"while the network has it":           {Fate{State: Pending, Taken: true}, time.Second, Dropped, []string{"zalo Bão a"}},
		"sent, while it waits for a receipt": {Fate{State: Sent}, time.Second, Sent, []string{"zalo Bão a"}},
		"after the next way":                 {Fate{State: Sent}, 3 * time.Minute, Sent, []string{"zalo Bão a", "sms Bão a"}},
	} {
		t.Run(name, func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				w.city.talked("s1", "zalo", time.Now())
				w.city.phone["s1"] = true
				w.city.answers(func(way Way, _ Letter) Fate {
					switch way.Channel {
					case "zalo":
						return tt.chat
					case "zns":
						return Fate{State: Refused, Reason: "no_zalo_account"}
					}
					return Fate{State: Sent}
				})
				w.city.fate = func(Way, string) Fate { return tt.chat }
				if tt.chat.Retry > 0 { // an urgent letter leaves such a way at once
					w.city.phone["s1"] = false
				}
				w.post("a", "s1", "storm")
				w.pass(tt.after, min(tt.after, 10*time.Second))
				w.city.phone["s1"] = true
				for range 2 {
					require.NoError(t, w.Withdraw(t.Context(), note("a", "s1", "storm")))
				}
				w.pass(5*time.Hour, 10*time.Minute)
				require.Equal(t, tt.took, w.city.took())
				d := w.letter("a", "s1")
				require.Equal(t, tt.state, d.State)
				require.Equal(t, map[bool]string{true: reasonWithdrawn}[tt.state == Dropped], d.Reason)
				item, err := w.inbox.Get(t.Context(), viewer("vi", "s1"), itemID(note("a", "s1", "")))
				require.NoError(t, err, "the inbox keeps it")
				require.Equal(t, "Bão a", item.Title)
			})
		})
	}
}

// TestWithdrawWhatHasEnded leaves it as it ended.
func TestWithdrawWhatHasEnded(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.phone["sent"] = true
		for _, to := range []string{"sent", "nobody"} {
			w.post("a", to, "moved")
			w.sweep()
			before := w.letter("a", to)
			require.NotEqual(t, Pending, before.State)
			require.NoError(t, w.Withdraw(t.Context(), note("a", to, "moved")))
			require.Equal(t, before, w.letter("a", to))
		}
	})
}

func TestWithdrawWhatWasNeverPosted(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		require.NoError(t, w.Withdraw(t.Context(), note("a", "s1", "storm")))
	})
}
