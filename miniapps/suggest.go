package miniapps

import (
	"context"
	"slices"
)

// offered leaves out suggestions of other apps that lead nowhere: of an app or action that there is not, or one for other people than the present action. Each is
// logged once, for it is a mistake in the app, or a city that does without the other one.
func (s *service) offered(ctx context.Context, from *action, all []Suggestion) []Suggestion {
	if !slices.ContainsFunc(all, func(x Suggestion) bool { return !s.leads(from, x) }) {
		return all
	}
	out := make([]Suggestion, 0, len(all))
	for _, x := range all {
		if s.leads(from, x) {
			out = append(out, x)
			continue
		}
		if _, told := s.unknown.LoadOrStore(x.App+"."+x.Action, true); !told {
			s.deps.Log.WarnContext(ctx, "a suggestion leads nowhere", "app", s.manifest.AppID, "action", from.ID, "to_app", x.App, "to_action", x.Action)
		}
	}
	return out
}

// leads tells whether a suggestion can be followed: an app knows its own actions, and of others it offers those for the same people, or for citizens.
func (s *service) leads(from *action, x Suggestion) bool {
	if x.App == "" || x.App == s.manifest.AppID {
		return true
	}
	to := s.others[x.App]
	if to == nil || to.actions[x.Action] == nil {
		return false
	}
	audience := to.actions[x.Action].Audience
	return audience == from.Audience || audience == ByCitizen
}
