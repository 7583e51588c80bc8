package graph

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/feedback"
)

// MiniApp is a service of the city as the GraphQL type shows it, in one language. It is made once.
type MiniApp struct {
	ID          string
	AppID       string
	Name        string
	ShortName   string
	Description string
	Icon        *string
	Category    string
	Owner       string
	Version     string

	catalogue *miniapps.Catalogue
	actions   []miniapps.Action
	lang      message.Lang
}

// IsNode marks a type that can be asked for by its id.
func (MiniApp) IsNode() {}

// IsEntity marks a type that a router can ask for by its key.
func (MiniApp) IsEntity() {}

// IsSearchResult marks a type that a search can find.
func (MiniApp) IsSearchResult() {}

// Available tells whether it answers at present.
func (m MiniApp) Available() bool { return m.catalogue.Available(m.AppID) }

// Actions gives what the viewer can do with it.
func (m MiniApp) Actions(ctx context.Context) []MiniAppAction {
	out := []MiniAppAction{}
	for _, a := range m.actions {
		if a.Audience == miniapps.BySystem || a.Audience == miniapps.ByStaff && !viewerOf(ctx).IsStaff() {
			continue
		}
		out = append(out, actionOf(a, m.lang))
	}
	return out
}

func actionOf(a miniapps.Action, l message.Lang) MiniAppAction {
	out := MiniAppAction{
		ActionID: a.ID, Title: a.Title.In(l), Description: a.Description.In(l), Input: a.Input,
		Assurance: assuranceOf(a.Assurance), ReadOnly: a.ReadOnly, Scopes: make([]DataScope, len(a.Scopes)),
	}
	for i, s := range a.Scopes {
		out.Scopes[i] = DataScope{Claim: s.Claim, Purpose: s.Purpose.In(l), Retention: s.Retention}
	}
	return out
}

func assuranceOf(a account.Assurance) Assurance {
	switch a {
	case account.EID:
		return AssuranceEid
	case account.Phone:
		return AssurancePhone
	}
	return AssuranceGuest
}

// shelf is the catalogue in one language.
type shelf struct {
	apps []MiniApp
	byID map[string]*MiniApp
}

func newShelves(c *miniapps.Catalogue) map[message.Lang]*shelf {
	out := map[message.Lang]*shelf{}
	for _, l := range []message.Lang{message.Vietnamese, message.English} {
		s := &shelf{apps: []MiniApp{}, byID: map[string]*MiniApp{}}
		for _, m := range c.Apps() {
			s.apps = append(s.apps, miniAppOf(m, c, l))
		}
		for i := range s.apps {
			s.byID[s.apps[i].AppID] = &s.apps[i]
		}
		out[l] = s
	}
	return out
}

func miniAppOf(m miniapps.Manifest, c *miniapps.Catalogue, l message.Lang) MiniApp {
	out := MiniApp{
		ID: idOf(kindMiniApp, m.AppID), AppID: m.AppID, Name: m.Name.In(l), ShortName: m.ShortName.In(l), Description: m.Description.In(l),
		Category: m.Category, Owner: m.Owner, Version: m.VersionName, catalogue: c, actions: m.Actions, lang: l,
	}
	if out.ShortName == "" {
		out.ShortName = out.Name
	}
	if len(m.Icons) > 0 {
		out.Icon = optionalText(m.Icons[0].Src)
	}
	return out
}

// resultOf shows what an action of app gave back.
func resultOf(r miniapps.Result, app string, l message.Lang) (*MiniAppResult, error) {
	out := &MiniAppResult{}
	var err error
	if r.Data != nil {
		if out.Data, err = json.Marshal(r.Data); err != nil {
			return nil, fault.Wrap(fault.Internal, err)
		}
	}
	if out.Blocks, err = json.Marshal(r.Blocks); err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	if r.Case.ID != "" {
		out.Case = &MiniAppCase{AppID: r.Case.App, CaseID: r.Case.ID}
		if r.Case.App == feedback.ID {
			out.Case.NodeID = optionalText(idOf(kindFeedback, r.Case.ID))
		}
	}
	if out.Next, err = suggestionsOf(r.Next, app, l); err != nil {
		return nil, err
	}
	return out, nil
}

// suggestionsOf shows actions that are offered. Those that name no app belong to app.
func suggestionsOf(list []miniapps.Suggestion, app string, l message.Lang) ([]MiniAppSuggestion, error) {
	out := make([]MiniAppSuggestion, len(list))
	for i, s := range list {
		out[i] = MiniAppSuggestion{AppID: cmp.Or(s.App, app), ActionID: s.Action, Label: s.Label.In(l)}
		if s.Input == nil {
			continue
		}
		raw, err := json.Marshal(s.Input)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err)
		}
		out[i].Input = raw
	}
	return out, nil
}
