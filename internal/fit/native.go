package fit

import (
	"encoding/json"

	"github.com/motcua/motcua/internal/message"
)

// maxNative is how many bytes of JSON go into one message of a network that shows blocks as they are: what is read at once stays together, and a message
// stays small enough to be stored beside many others.
const maxNative = 8 << 10

// whole gives blocks in messages of at most maxNative bytes, in their order and unchanged. A block larger than that has a message of its own. Empty words
// are left out.
func whole(blocks message.Blocks) []message.Blocks {
	var out []message.Blocks
	size := 0
	for _, b := range blocks {
		if w, ok := b.(message.Words); ok && clean(w.Text) == "" {
			continue
		}
		n := weight(b)
		if len(out) == 0 || size+n > maxNative {
			out, size = append(out, nil), 0
		}
		last := len(out) - 1
		out[last] = append(out[last], b)
		size += n
	}
	return out
}

// weight gives the bytes of a block as JSON.
func weight(b message.Block) int {
	data, err := json.Marshal(message.Blocks{b})
	if err != nil { // text and numbers only; a number that JSON has no word for is nobody's to show
		return maxNative
	}
	return len(data)
}
