package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
)

// presenter turns errors into what a client sees. It is the only place of this package that does.
type presenter struct {
	texts *locale.Catalogue
	log   *slog.Logger
}

// present hides by default: only a fault's text and the words of the GraphQL library about the operation itself come out.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	out := graphql.DefaultErrorPresenter(ctx, err)
	cause := errors.Unwrap(out)
	var f *fault.Error
	switch {
	case errors.As(err, &f):
	case cause == nil:
		return out // about the operation; its words are public
	case isCoercion(cause):
		f = fault.New(fault.Invalid, "")
	default:
		f = fault.Of(cause)
	}
	p.note(ctx, out, f, err)
	shown := &gqlerror.Error{Path: out.Path, Locations: out.Locations, Message: p.text(ctx, f)}
	shown.Extensions = map[string]any{"code": string(f.Code)}
	if f.RetryAfter > 0 {
		shown.Extensions["retryAfter"] = f.WaitSeconds()
	}
	return shown
}

// note logs what is not the client's fault, once.
func (p presenter) note(ctx context.Context, out *gqlerror.Error, f *fault.Error, err error) {
	switch f.Code {
	case fault.Internal:
		p.log.ErrorContext(ctx, "an operation failed", "path", out.Path.String(), "err", err)
	case fault.Unavailable:
		p.log.WarnContext(ctx, "an operation could not be served", "path", out.Path.String(), "err", err)
	}
}

// text gives a fault in the caller's language. An internal one shows the standard text, whatever it carries.
func (p presenter) text(ctx context.Context, f *fault.Error) string {
	if f.Code == fault.Internal {
		f = &fault.Error{Code: fault.Internal}
	}
	return p.texts.Fault(langOf(ctx), f)
}

// isCoercion tells whether a value did not fit its type, which validation leaves to the moment of use.
func isCoercion(err error) bool {
	var i *graphql.IntegerError
	var n *graphql.NumberOverflowError
	return errors.As(err, &i) || errors.As(err, &n)
}

// recovered turns a panic in a resolver into an error. Only the log learns more; what was panicked with may hold anything, so just its type is noted.
func (p presenter) recovered(ctx context.Context, r any) error {
	p.log.ErrorContext(ctx, "a resolver panicked", "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
	return fault.New(fault.Internal, "")
}

// userErrors gives the errors of a mutation's payload. What is nobody's input's fault (UNAVAILABLE, INTERNAL) comes back as an error of the operation.
func (p presenter) userErrors(ctx context.Context, err error) ([]UserError, error) {
	if err == nil {
		return []UserError{}, nil
	}
	f := fault.Of(err)
	if f.Code == fault.Internal || f.Code == fault.Unavailable {
		return nil, err
	}
	if len(f.Fields) == 0 {
		return []UserError{p.userError(f, []string{}, p.text(ctx, f))}, nil
	}
	out := make([]UserError, 0, len(f.Fields))
	for _, x := range f.Fields {
		path := x.Path
		if path == nil {
			path = []string{}
		}
		out = append(out, p.userError(f, path, p.texts.Field(langOf(ctx), x)))
	}
	return out, nil
}

func (p presenter) userError(f *fault.Error, path []string, text string) UserError {
	e := UserError{Code: ErrorCode(f.Code), Message: text, Path: path}
	if f.RetryAfter > 0 {
		s := f.WaitSeconds()
		e.RetryAfter = &s
	}
	return e
}
