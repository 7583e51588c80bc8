package conversation

// stock is what a text is compared with that was typed to choose.
type stock struct {
	all     []option // that are known
	apt     []option // of them, those that the mini-app says the text may mean; nil when it says nothing
	entire  bool     // all are known
	generic set      // words that tell the options not apart
}

// stock gives what can be chosen at path, as far as it is known when text is typed.
func (t *turn) stock(n *node, path, text string) stock {
	s := stock{all: t.choices(n, path), entire: n.kind != kindRemote || t.after(path) == ""}
	if l := t.s.Draft.Options; n.kind == kindRemote && l != nil && l.Path == pattern(path) && l.Sought == digest(text) && len(l.Found) > 0 {
		s.apt = t.unused(path, n.optionsOf(l.Found))
	}
	if s.entire {
		s.generic = genericIn(names(s.all))
	}
	return s
}

// complete tells whether no option that is not known yet can be meant.
func (s stock) complete() bool { return s.entire || len(s.apt) > 0 }

// spells finds the option whose name is written just as text is. -1 when none or several are.
func (s stock) spells(text string) int { return spelled(text, names(s.all)) }

// named gives the one option that text names beyond doubt.
func (s stock) named(text string) (option, bool) {
	if i := s.spells(text); i >= 0 {
		return s.all[i], true
	}
	if found := s.meant(text); s.complete() && len(found) == 1 {
		return found[0], true
	}
	return option{}, false
}

// meant gives the options that text names, whole or in part.
func (s stock) meant(text string) []option {
	of := s.all
	if len(s.apt) > 0 {
		of = s.apt
	}
	return pick(of, means(text, names(of), s.generic))
}

// meantOrApt gives the options to ask about: those that text names, else those that the mini-app says.
func (s stock) meantOrApt(text string) []option {
	if found := s.meant(text); len(found) > 0 {
		return found
	}
	return s.apt
}

// like gives the options with a name like text, to ask about.
func (s stock) like(text string) []option {
	return pick(s.all, resembles(text, names(s.all), s.generic))
}

func pick(of []option, at []int) []option {
	var out []option
	for _, i := range at {
		out = append(out, of[i])
	}
	return out
}
