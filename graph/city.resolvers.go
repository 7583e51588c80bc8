package graph

import "context"

// Ward resolves Query.ward.
func (q queries) Ward(ctx context.Context, lat, lon float64) (*Ward, error) {
	w, ok := q.deps.City.WardAt(lat, lon)
	if !ok {
		return nil, nil
	}
	return q.gazettes[langOf(ctx)].wards[w.Code], nil
}
