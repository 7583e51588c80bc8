package city

import "slices"

// Resolution is what an address says about the ward.
type Resolution struct {
	Ward       Ward   // the one ward that it can be; the zero value when there are several or none
	Candidates []Ward // when Divided: the wards that it can be, the likeliest first
	Divided    bool   // the former ward or district was split, or the name means several places: only a point decides
	Outside    bool   // the address ends in another province or city
}

// ResolveAddress finds the ward that an address lies in by the names in it: today's wards and the wards and districts before July 2025, with or without
// the word for their kind, with or without diacritics. House numbers and streets are not looked up. At most 500 runes are read.
//
// Where a former ward has one successor, that is the answer; where it was split, Divided is set and a point must decide. A name with its former district
// means the former ward; else a name that exists today means today's ward. It is false when the address names no place of this city: then Outside tells
// whether it names another one.
func (c *City) ResolveAddress(text string) (Resolution, bool) {
	r := resolver{gazetteer: c.gazetteer, mentions: c.gazetteer.read(text)}
	if r.outside() {
		return Resolution{Outside: true}, false
	}
	found := r.wards()
	if len(found) == 0 {
		return Resolution{}, false
	}
	if len(found) == 1 {
		return Resolution{Ward: c.wards[found[0]]}, true
	}
	res := Resolution{Divided: true}
	for _, i := range found {
		res.Candidates = append(res.Candidates, c.wards[i])
	}
	return res, true
}

// resolver weighs the names of one address against each other. Wards are indexes throughout.
type resolver struct {
	*gazetteer
	mentions
}

// outside tells whether the last name, which is the largest area in an address, is another province or city.
func (r *resolver) outside() bool {
	if len(r.list) == 0 {
		return false
	}
	last := r.list[len(r.list)-1]
	return !slices.ContainsFunc(last.places, func(p place) bool { return p.class != elsewhere })
}

// wards gives the wards that the address can mean. Names with a label decide first, then names that stand alone, then the former district by itself.
func (r *resolver) wards() []int {
	if found := r.labelledWards(); len(found) > 0 {
		return found
	}
	if !r.unknown {
		if found := r.standaloneWards(); len(found) > 0 {
			return found
		}
	}
	districts, provinces := r.scope(-1)
	if len(provinces) > 0 {
		return nil // a former province is no answer
	}
	return r.successorsOf(r.districts, districts)
}

// labelledWards gives what all labelled wards have in common (a former name beside its successor), or all of them when they contradict each other.
func (r *resolver) labelledWards() []int {
	var common, all []int
	for i, m := range r.list {
		if m.label == nil || !m.isWard() {
			continue
		}
		found := r.evaluate(i)
		if len(all) == 0 {
			common = found
		}
		common = slices.DeleteFunc(slices.Clone(common), func(w int) bool { return !slices.Contains(found, w) })
		all = union(slices.Clone(all), found)
	}
	if len(common) > 0 {
		return common
	}
	return all
}

// standaloneWards looks, from the right, for a name that fits the district after it; failing that for one that fits the province after it; failing
// that it takes the last one.
func (r *resolver) standaloneWards() []int {
	var alone []int // from the right
	for i := len(r.list) - 1; i >= 0; i-- {
		if r.list[i].label == nil && r.list[i].isWard() {
			alone = append(alone, i)
		}
	}
	for _, i := range alone {
		districts, _ := r.scope(i)
		if found := r.within(r.list[i], districts); len(found) > 0 {
			return found
		}
	}
	for _, i := range alone {
		if _, provinces := r.scope(i); len(provinces) > 0 {
			if found := r.evaluate(i); len(found) > 0 {
				return r.orDistrict(i, found)
			}
		}
	}
	for _, i := range alone {
		if len(r.list[i].has(formerProvince)) > 0 {
			continue // by itself it more likely means the province
		}
		if found := r.evaluate(i); len(found) > 0 {
			return r.orDistrict(i, found)
		}
	}
	return nil
}

// orDistrict adds what mention i can mean as a former district: without its kind, a name can be a ward's and a district's at once.
func (r *resolver) orDistrict(i int, found []int) []int {
	return union(slices.Clone(found), r.successorsOf(r.districts, r.list[i].has(formerDistrict)))
}

// scope gives the former districts and provinces that narrow mention i: those with a label, and those that stand alone after it. A district says all that
// its province would say. A name that is both a district's and a province's is a district only when no other district is named.
func (r *resolver) scope(i int) (districts, provinces []int) {
	var either []int
	for j, m := range r.list {
		if j == i || (m.label == nil && j < i) || len(m.has(wholeCity)) > 0 {
			continue // the city of today narrows nothing, though a former province had its name
		}
		d, p := m.has(formerDistrict), m.has(formerProvince)
		provinces = union(provinces, p)
		if len(p) > 0 {
			either = union(either, d)
			continue
		}
		districts = union(districts, d)
	}
	if len(districts) > 0 {
		return districts, nil
	}
	return either, provinces
}

// evaluate gives the wards that the ward mention i can mean, given the rest of the address.
func (r *resolver) evaluate(i int) []int {
	m := r.list[i]
	districts, provinces := r.scope(i)
	if len(districts) > 0 {
		if found := r.within(m, districts); len(found) > 0 {
			return found
		}
	}
	if len(provinces) > 0 {
		if found := r.within(m, r.districtsOf(provinces)); len(found) > 0 {
			return found
		}
	}
	if len(districts)+len(provinces) == 0 {
		return r.anywhere(m)
	}
	if m.label == nil {
		return nil // a name that does not fit what comes after it is a street's
	}
	return union(slices.Clone(r.anywhere(m)), r.successorsOf(r.districts, districts))
}

// within gives what m can mean in some former districts: the successors of a former ward there; else today's ward, if it has land there.
func (r *resolver) within(m mention, districts []int) []int {
	formers := filter(m.places, func(p place) bool {
		return p.class == formerWard && slices.Contains(districts, r.formers[p.at].district)
	})
	if len(formers) > 0 {
		return r.meaning(m.ofKind(formers))
	}
	land := r.successorsOf(r.districts, districts)
	return r.meaning(m.ofKind(filter(m.places, func(p place) bool { return p.class == currentWard && slices.Contains(land, p.at) })))
}

// anywhere gives what m means by itself: today's ward when there is one of that name, else the successors of the former ones.
func (r *resolver) anywhere(m mention) []int {
	places := m.ofKind(filter(m.places, func(p place) bool { return p.class == currentWard || p.class == formerWard }))
	return r.meaning(prefer(places, func(p place) bool { return p.class == currentWard }))
}

// ofKind gives those of places that are of the kind that the label names, or all of them when none is: people mix up the kinds.
func (m mention) ofKind(places []place) []place {
	if m.label == nil {
		return places
	}
	return prefer(places, func(p place) bool { return p.kind == m.label.kind })
}

// meaning gives the wards that places are today.
func (r *resolver) meaning(places []place) []int {
	var out []int
	for _, p := range places {
		if p.class == currentWard {
			out = union(out, []int{p.at})
			continue
		}
		out = union(out, r.formers[p.at].successors)
	}
	return out
}

// successorsOf gives the wards that some regions went into.
func (r *resolver) successorsOf(list []region, at []int) []int {
	var out []int
	for _, i := range at {
		out = union(out, list[i].successors)
	}
	return out
}

// districtsOf gives the former districts of some provinces.
func (r *resolver) districtsOf(provinces []int) []int {
	var out []int
	for i, d := range r.districts {
		if slices.Contains(provinces, d.province) {
			out = append(out, i)
		}
	}
	return out
}
