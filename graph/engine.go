package graph

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/graph/transport"
)

// documentStat is where an operation carries the document that the guard prepared.
const documentStat = "document"

// engine carries out operations with gqlgen's executor, behind the guard.
type engine struct {
	exec          *executor.Executor
	guard         *guard.Guard
	persisted     *guard.Persisted
	introspection Introspection
	getOnly       transport.GetPolicy
	errors        presenter
	fields        graphql.FieldMiddleware
	metrics       *metrics
	now           func() time.Time
}

var _ transport.Engine = (*engine)(nil)

// Prepare finds the document and has it checked. Nothing has run when it is refused.
func (e *engine) Prepare(ctx context.Context, p transport.Params) (*graphql.OperationContext, *transport.Refusal) {
	only := p.Get && e.getOnly == transport.GetRegistered
	query, rejected := e.persisted.Resolve(ctx, p.Query, p.Extensions, only)
	if rejected != nil {
		return nil, &transport.Refusal{Reason: rejected.Reason, Errors: rejected.Errors}
	}
	op := &graphql.OperationContext{
		RawQuery:               query,
		OperationName:          p.OperationName,
		Extensions:             p.Extensions,
		RecoverFunc:            e.errors.recovered,
		ResolverMiddleware:     e.fields,
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) },
	}
	doc, rejected := e.guard.Check(ctx, op, p.Variables, e.mayIntrospect(ctx))
	if rejected != nil {
		return nil, &transport.Refusal{Reason: rejected.Reason, Errors: rejected.Errors}
	}
	op.Stats.SetExtension(documentStat, doc)
	if !only {
		e.persisted.Learn(ctx, p.Query, p.Extensions)
	}
	return op, nil
}

// Run begins an operation and counts it when it ends.
func (e *engine) Run(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	start, kind := e.now(), string(op.Operation.Operation)
	handler, ctx := e.exec.DispatchOperation(ctx, op)
	return func(ctx context.Context) *graphql.Response {
		res := handler(ctx)
		if res != nil {
			inOrder(res.Errors)
			e.metrics.answered(kind, len(res.Errors) > 0, e.now().Sub(start))
		}
		return res
	}, ctx
}

// inOrder puts errors in the order of the document: fields that are resolved at the same time report in any order.
func inOrder(errs gqlerror.List) {
	slices.SortStableFunc(errs, func(a, b *gqlerror.Error) int {
		return cmp.Or(cmp.Compare(place(a).Line, place(b).Line), cmp.Compare(place(a).Column, place(b).Column), cmp.Compare(a.Path.String(), b.Path.String()))
	})
}

func place(e *gqlerror.Error) gqlerror.Location {
	if len(e.Locations) == 0 {
		return gqlerror.Location{}
	}
	return e.Locations[0]
}

// Trim keeps as many errors as may be told at once.
func (e *engine) Trim(errs gqlerror.List) gqlerror.List { return e.guard.Trim(errs) }

func (e *engine) mayIntrospect(ctx context.Context) bool {
	switch e.introspection {
	case IntrospectionOn:
		return true
	case IntrospectionStaff:
		return viewerOf(ctx).IsStaff()
	}
	return false
}
