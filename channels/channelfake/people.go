package channelfake

// Newest shows the newest of a list, oldest first, at most many of them; 0 means all. It is never nil.
func Newest[P, V any](list []P, many int, show func(P) V) []V {
	if many > 0 && len(list) > many {
		list = list[len(list)-many:]
	}
	out := make([]V, 0, len(list))
	for _, p := range list {
		out = append(out, show(p))
	}
	return out
}
