package notify

import "strings"

// What became of a recipient.
const (
	markOpen   = '.' // to be sent
	markSent   = 's'
	markTopic  = 't' // reached by a topic
	markFailed = 'f' // no way
	markSingle = 'x' // goes on as a letter of its own
	markNone   = '-' // no recipient any more: superseded, too late, or somebody who is told under another id
)

// count gives how many recipients have one of the marks.
func (x *batch) count(marks string) (n int) {
	for _, m := range x.Marks {
		if strings.ContainsRune(marks, m) {
			n++
		}
	}
	return n
}

var endOf = map[byte]string{markSent: "sent", markTopic: "topic", markFailed: "failed", markSingle: "single", markNone: "none"}

func merged(old string, marks []byte) string {
	out := []byte(old)
	for i := range out {
		if out[i] == markOpen {
			out[i] = marks[i]
		}
	}
	return string(out)
}
