package graph

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/miniapps"
)

// Draft resolves Query.draft. CONFLICT for a form that was sent.
func (q queries) Draft(ctx context.Context, token string) (*Draft, error) {
	d, action, err := q.openDraft(ctx, token)
	if err != nil {
		return nil, err
	}
	if d.Sent {
		return nil, formSent()
	}
	out := &Draft{AppID: d.App, ActionID: d.Action, Title: action.Title.In(langOf(ctx)), Schema: action.Input, Input: d.Input, CaseID: optionalText(d.Case)}
	if len(out.Input) == 0 {
		out.Input = json.RawMessage("{}")
	}
	return out, nil
}

// formSent is the error for a form that comes again after it was sent.
func formSent() error { return fault.New(fault.Conflict, "graph.form_sent") }

// openDraft gives the form behind a link, and the action that it is for.
func (r *Resolver) openDraft(ctx context.Context, token string) (account.Draft, miniapps.Action, error) {
	viewer, err := signedIn(ctx)
	if err != nil {
		return account.Draft{}, miniapps.Action{}, err
	}
	d, err := r.deps.Accounts.OpenDraft(ctx, viewer, token)
	if err != nil {
		return d, miniapps.Action{}, err
	}
	action, ok := r.deps.Runner.Catalogue().Action(d.App, d.Action)
	if !ok || action.Audience != miniapps.ByCitizen {
		return d, action, fault.New(fault.NotFound, "graph.no_form")
	}
	return d, action, nil
}

// SubmitDraft resolves Mutation.submitDraft. The link itself is the key: a form is sent once.
func (m mutations) SubmitDraft(ctx context.Context, in SubmitDraftInput) (*SubmitDraftPayload, error) {
	res, app, err := m.submitDraft(ctx, in)
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &SubmitDraftPayload{Errors: errs}, err
	}
	shown, err := resultOf(res, app, langOf(ctx))
	if err != nil {
		return nil, err
	}
	return &SubmitDraftPayload{Result: shown, Errors: errs}, nil
}

// submitDraft carries out the action of a form, and names its app.
func (m mutations) submitDraft(ctx context.Context, in SubmitDraftInput) (miniapps.Result, string, error) {
	d, action, err := m.openDraft(ctx, in.Token)
	if err != nil {
		return miniapps.Result{}, "", err
	}
	viewer := viewerOf(ctx)
	req := miniapps.Request{App: d.App, Action: d.Action, Input: in.Input, Viewer: viewer, Case: miniapps.CaseRef{ID: d.Case}}
	if action.ReadOnly {
		res, err := m.limitedRun(ctx, req)
		return res, d.App, err
	}
	if err := m.deps.Media.Give(ctx, m.filesOf(d), d.From, viewer.Subject); err != nil {
		return miniapps.Result{}, d.App, err
	}
	req.Key = "form/" + once.ID(in.Token)
	res, err := m.limitedRun(ctx, req)
	switch f := fault.Of(err); {
	case f != nil && f.Key == fault.Of(once.Clash()).Key: // other answers than the first time
		return res, d.App, formSent()
	case err != nil:
		return res, d.App, err
	}
	return res, d.App, m.deps.Accounts.SentDraft(ctx, viewer, in.Token)
}

// filesOf gives the ids of the photos and films that a form began with.
func (r *Resolver) filesOf(d account.Draft) []string {
	schema, ok := r.deps.Runner.Catalogue().Input(d.App, d.Action)
	var input any
	if !ok || json.Unmarshal(d.Input, &input) != nil {
		return nil
	}
	return filesIn(schema, input)
}

// filesIn gives those in a value of a schema. What does not fit the schema holds none.
func filesIn(schema *jsonschema.Schema, value any) []string {
	for schema != nil && schema.Ref != nil {
		schema = schema.Ref
	}
	if schema == nil {
		return nil
	}
	var found []string
	switch v := value.(type) {
	case string:
		if f := schema.Format; f != nil && (f.Name == miniapps.FormatPhoto || f.Name == miniapps.FormatVideo) {
			found = append(found, v)
		}
	case []any:
		for _, x := range v {
			found = append(found, filesIn(schema.Items2020, x)...)
		}
	case map[string]any:
		for name, x := range v {
			found = append(found, filesIn(schema.Properties[name], x)...)
		}
	}
	return found
}

// FormOptions resolves Query.formOptions.
func (q queries) FormOptions(ctx context.Context, appID, actionID, field string, answers json.RawMessage, after *string) (*FormOptions, error) {
	list, err := q.options(ctx, appID, actionID, field)
	if err != nil {
		return nil, err
	}
	input := map[string]any{}
	if len(answers) > 0 {
		input["answers"] = answers
	}
	if after != nil && *after != "" {
		input["after"] = *after
	}
	raw, err := json.Marshal(input)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err)
	}
	res, err := q.deps.Runner.Run(ctx, miniapps.Request{App: appID, Action: list, Input: raw, Viewer: viewerOf(ctx)})
	if err != nil {
		return nil, err
	}
	found, ok := res.Data.(miniapps.Options)
	if !ok {
		return nil, fault.New(fault.NotFound, "graph.no_form")
	}
	out := &FormOptions{Choices: make([]FormOption, len(found.Choices)), After: optionalText(found.After)}
	for i, c := range found.Choices {
		out.Choices[i] = FormOption{Value: c.Value, Label: c.Label, Hint: optionalText(c.Hint)}
	}
	return out, nil
}

// options names the action that gives the choices of a field: the one that the field's declaration names, so that nothing else can be called.
func (r *Resolver) options(ctx context.Context, app, action, field string) (string, error) {
	none := fault.InvalidField("graph.no_field", "field")
	a, ok := r.deps.Runner.Catalogue().Action(app, action)
	schema, there := r.deps.Runner.Catalogue().Input(app, action)
	if !ok || !there || a.Audience != miniapps.ByCitizen {
		return "", none
	}
	for _, name := range strings.Split(strings.TrimPrefix(field, "/"), "/") {
		for schema != nil && schema.Ref != nil {
			schema = schema.Ref
		}
		switch {
		case schema == nil:
			return "", none
		case schema.Properties[name] != nil:
			schema = schema.Properties[name]
		case schema.Items2020 != nil:
			schema = schema.Items2020
		default:
			return "", none
		}
	}
	if list := miniapps.KeywordsOf(schema).Options; list != "" {
		return list, nil
	}
	if schema.Items2020 != nil {
		if list := miniapps.KeywordsOf(schema.Items2020).Options; list != "" {
			return list, nil
		}
	}
	return "", none
}
