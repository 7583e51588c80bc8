package notify

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// twofold is a chat network that has an approved text for every letter, should the network refuse words although our clock lets them go.
type twofold struct{ network }

func (n *twofold) Ways(ctx context.Context, to Person, l Letter) ([]Way, error) {
	ways, err := n.network.Ways(ctx, to, l)
	for _, w := range ways {
		if w.Closed == "" {
			w.Ground, w.After = Approved, "outside_window"
			ways = append(ways, w)
		}
	}
	return ways, err
}

// TestAnApprovedTextAfterARefusal has networks refuse words that our clock lets go: what costs nothing comes first, on whatever network, then the text that the same
// network approved, once. Another refusal opens no such way.
func TestAnApprovedTextAfterARefusal(t *testing.T) {
	for name, tt := range map[string]struct {
		chats   []string
		reason  string
		urgency string // the notice
		later   bool   // the network takes the words over and refuses them then
		want    []string
		state   State
		why     string
	}{
		"one network":              {[]string{"messenger"}, "outside_window", "moved", false, []string{"messenger approved"}, Sent, ""},
		"refused later":            {[]string{"messenger"}, "outside_window", "moved", true, []string{"messenger approved"}, Sent, ""},
		"two networks":             {[]string{"messenger", "zalo"}, "outside_window", "moved", false, []string{"zalo approved"}, Sent, ""},
		"something free elsewhere": {[]string{"messenger", "web"}, "outside_window", "moved", false, []string{"web free"}, Sent, ""},
		"another reason":           {[]string{"messenger"}, "person_unavailable", "moved", false, []string{"zns approved"}, Sent, ""},
		"what can wait is free":    {[]string{"messenger"}, "outside_window", "closed", false, []string{}, Refused, "outside_window"},
	} {
		t.Run(name, func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				carriers := w.city.carriers(allChannels...)
				for _, c := range []string{"zalo", "messenger"} {
					carriers[c] = &twofold{network{w.city, c}}
				}
				w = replicaOn(t, w.engine, w.city, w.texts, Config{}, carriers)
				for _, c := range tt.chats {
					w.city.talked("s1", c, time.Now())
				}
				w.city.phone["s1"] = true
				refused := Fate{State: Refused, Reason: tt.reason}
				w.city.answers(func(way Way, _ Letter) Fate {
					switch {
					case way.Ground == Free && way.Channel != "web" && tt.later:
						return Fate{State: Pending, Taken: true}
					case way.Ground == Free && way.Channel != "web":
						return refused
					}
					return Fate{State: Sent}
				})
				w.city.fate = func(Way, string) Fate { return refused }
				w.post("a", "s1", tt.urgency)
				w.pass(6*time.Hour, 30*time.Minute)
				got := []string{}
				for _, l := range w.city.sent {
					if !tt.later || l.Ground != Free {
						got = append(got, l.Channel+" "+string(l.Ground))
					}
				}
				require.Equal(t, tt.want, got)
				if tt.urgency == "closed" {
					return // the digest is another letter
				}
				d := w.letter("a", "s1")
				require.Equal(t, tt.state, d.State)
				require.Equal(t, tt.why, d.Reason)
			})
		})
	}
}
