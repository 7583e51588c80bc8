package conversation

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// shelfApp lists five shelves at each place, two at a time.
func shelfApp(t testing.TB) *stub {
	const all, atOnce = 5, 2
	return &stub{manifest: manifest(t, "testdata/shelf.json"), do: func(c miniapps.Call) (miniapps.Result, error) {
		var in struct{ Where, After, Shelf string }
		if err := json.Unmarshal(c.Input, &in); err != nil || c.Action == "show" {
			return answered("Tủ " + in.Shelf), err
		}
		from, _ := strconv.Atoi(in.After)
		data, r := map[string]any{}, miniapps.Result{}
		for i := from + 1; i <= min(from+atOnce, all); i++ {
			name := fmt.Sprintf("%s %d", in.Where, i)
			r.Blocks = append(r.Blocks, message.Card{Title: name})
			r.Next = append(r.Next, miniapps.Suggestion{Action: "show", Input: map[string]any{"shelf": name}, Label: message.Text{"vi": name}})
		}
		if from+atOnce < all {
			data["after"] = strconv.Itoa(from + atOnce)
		}
		r.Data = data
		return r, nil
	}}
}

// TestAnOldListIsNotGoneOnWith: its button belongs to what was shown before.
func TestAnOldListIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Rules{}, shelfApp(t))
	w.do("tủ sách gần đây")
	w.do("Lạch Tray")
	old := w.state.rest()
	w.do("xem thêm")
	if w.state.rest() == nil || w.state.rest().token() == old.token() {
		t.Fatalf("got %+v\n%s", w.state.Next, w.log.String())
	}
	n := len(w.calls)
	w.hear(Heard{Choice: old.token()})
	if len(w.calls) != n {
		t.Errorf("the old button showed %+v", w.calls[n:])
	}
}
