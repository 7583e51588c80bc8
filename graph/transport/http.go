package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/motcua/motcua/internal/fault"
)

// Reasons for which a request is refused before it becomes an operation, as the metric names them.
const (
	reasonMethod      = "method"
	reasonMediaType   = "media_type"
	reasonAccept      = "accept"
	reasonBody        = "body"
	reasonParams      = "params"
	reasonForgery     = "forgery"
	reasonAuth        = "auth"
	reasonStreams     = "streams"
	reasonStreamsOnly = "subscription"
	reasonOverload    = "overload"
)

func (s *Server) handle(c *fiber.Ctx) error {
	if websocket.IsWebSocketUpgrade(c) {
		return s.socket(c)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderVary, "Accept, Accept-Language, Authorization")
	switch c.Method() {
	case fiber.MethodPost:
		return s.post(c)
	case fiber.MethodGet, fiber.MethodHead:
		return s.get(c)
	}
	c.Set(fiber.HeaderAllow, "GET, POST")
	return s.refuse(c, fiber.StatusMethodNotAllowed, reasonMethod, "only GET and POST are served here")
}

func (s *Server) post(c *fiber.Ctx) error {
	if !isJSON(c.Get(fiber.HeaderContentType)) || c.Get(fiber.HeaderContentEncoding) != "" {
		return s.refuse(c, fiber.StatusUnsupportedMediaType, reasonMediaType, "the request must be application/json in UTF-8, not compressed")
	}
	as := negotiate(c.Get(fiber.HeaderAccept), typeResponse, typeJSON, typeEvents)
	if as == "" {
		return s.refuse(c, fiber.StatusNotAcceptable, reasonAccept, "answers are application/graphql-response+json, application/json or text/event-stream")
	}
	body := c.Request().Body() // as sent: fiber's own reader would unpack a compressed body of any size
	if len(body) > s.cfg.MaxBody {
		return s.refuse(c, fiber.StatusRequestEntityTooLarge, reasonBody, "the request is too long")
	}
	p, err := ParseParams(body)
	if err != nil {
		return s.refuse(c, fiber.StatusBadRequest, reasonParams, err.Error())
	}
	return s.operate(c, p, as)
}

func (s *Server) get(c *fiber.Ctx) error {
	args := c.Request().URI().QueryArgs()
	if s.deps.Explorer != nil && args.Len() == 0 && namesHTML(c.Get(fiber.HeaderAccept)) {
		return s.deps.Explorer(c)
	}
	if s.cfg.Get == GetOff {
		c.Set(fiber.HeaderAllow, "POST")
		return s.refuse(c, fiber.StatusMethodNotAllowed, reasonMethod, "only POST is served here")
	}
	if c.Get(fiber.HeaderCookie) != "" && c.Get(ClientHeader) == "" {
		return s.refuse(c, fiber.StatusForbidden, reasonForgery, "a GET with cookies needs the header "+ClientHeader)
	}
	as := negotiate(c.Get(fiber.HeaderAccept), typeResponse, typeJSON, typeEvents)
	if as == "" {
		return s.refuse(c, fiber.StatusNotAcceptable, reasonAccept, "answers are application/graphql-response+json, application/json or text/event-stream")
	}
	if len(args.QueryString()) > s.cfg.MaxBody {
		return s.refuse(c, fiber.StatusRequestURITooLong, reasonBody, "the request is too long")
	}
	p, err := queryParams(c)
	if err != nil {
		return s.refuse(c, fiber.StatusBadRequest, reasonParams, err.Error())
	}
	return s.operate(c, p, as)
}

// queryParams reads an operation from a URL. A name given twice is refused, as it is in a body.
func queryParams(c *fiber.Ctx) (Params, error) {
	p := Params{Get: true}
	m := map[string]any{}
	for k, v := range c.Request().URI().QueryArgs().All() {
		name := string(k)
		if _, twice := m[name]; twice {
			return p, errors.New("a name is given twice")
		}
		switch name {
		case "query", "operationName":
			m[name] = string(v)
		case "variables", "extensions":
			parsed, err := parseJSON(v)
			if err != nil && len(v) > 0 {
				return p, err
			}
			m[name] = parsed
		}
	}
	p, err := paramsOf(m)
	p.Get = true
	return p, err
}

// operate finds out who asks, checks the operation and answers it, at once or as a stream of events.
func (s *Server) operate(c *fiber.Ctx, p Params, as string) error {
	creds := s.credentials(c)
	ctx, admission, err := s.deps.Doorman.Admit(c.UserContext(), creds)
	if err != nil {
		return s.notAdmitted(c, creds, err)
	}
	op, refusal := s.deps.Engine.Prepare(ctx, p)
	if refusal != nil {
		s.deps.Rejected(refusal.Reason)
		if as == typeEvents {
			return s.events(c, ctx, creds, admission, once(&graphql.Response{Errors: s.deps.Engine.Trim(refusal.Errors)}))
		}
		return s.send(c, requestErrorStatus(as), as, &graphql.Response{Errors: s.deps.Engine.Trim(refusal.Errors)})
	}
	if p.Get && op.Operation.Operation != ast.Query && (as != typeEvents || op.Operation.Operation == ast.Mutation) {
		c.Set(fiber.HeaderAllow, "POST")
		return s.refuse(c, fiber.StatusMethodNotAllowed, reasonMethod, "only queries may come by GET")
	}
	if as == typeEvents {
		return s.events(c, ctx, creds, admission, func(ctx context.Context) (graphql.ResponseHandler, context.Context) {
			return s.deps.Engine.Run(ctx, op)
		})
	}
	if op.Operation.Operation == ast.Subscription {
		s.deps.Rejected(reasonStreamsOnly)
		e := &gqlerror.Error{Message: "subscriptions need text/event-stream or a WebSocket", Extensions: map[string]any{"code": fault.Invalid}}
		return s.send(c, requestErrorStatus(as), as, &graphql.Response{Errors: gqlerror.List{e}})
	}
	return s.send(c, fiber.StatusOK, as, s.answer(ctx, op))
}

// answer carries out a query or mutation within the deadline.
func (s *Server) answer(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	handler, ctx := s.deps.Engine.Run(ctx, op)
	if res := handler(ctx); res != nil {
		return res
	}
	return &graphql.Response{Errors: gqlerror.List{s.deps.Doorman.Words(ctx, "", fault.New(fault.Unavailable, ""))}}
}

// requestErrorStatus is the status of an operation that did not begin: clients of application/json expect 200 for every well-formed request.
func requestErrorStatus(as string) int {
	if as == typeJSON {
		return fiber.StatusOK
	}
	return fiber.StatusBadRequest
}

func (s *Server) notAdmitted(c *fiber.Ctx, creds Credentials, err error) error {
	f := fault.Of(err)
	status := fiber.StatusInternalServerError
	switch f.Code {
	case fault.Unauthorized:
		status = fiber.StatusUnauthorized
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer error="invalid_token"`)
		s.deps.Rejected(reasonAuth)
	case fault.Forbidden:
		status = fiber.StatusForbidden
		s.deps.Rejected(reasonAuth)
	case fault.RateLimited:
		status = fiber.StatusTooManyRequests
	case fault.Unavailable:
		status = fiber.StatusServiceUnavailable
	}
	if f.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(f.WaitSeconds()))
	}
	return s.send(c, status, answerType(c), &graphql.Response{Errors: gqlerror.List{s.deps.Doorman.Words(c.UserContext(), creds.Languages, err)}})
}

// refuse answers a request that is no operation.
func (s *Server) refuse(c *fiber.Ctx, status int, reason, message string) error {
	s.deps.Rejected(reason)
	e := &gqlerror.Error{Message: message, Extensions: map[string]any{"code": fault.Invalid}}
	return s.send(c, status, answerType(c), &graphql.Response{Errors: gqlerror.List{e}})
}

// answerType is what a refusal is written as: the client's choice if it made one that fits.
func answerType(c *fiber.Ctx) string {
	if negotiate(c.Get(fiber.HeaderAccept), typeResponse) == typeResponse {
		return typeResponse
	}
	return typeJSON
}

func (s *Server) send(c *fiber.Ctx, status int, as string, res *graphql.Response) error {
	body, err := s.encode(res)
	if err != nil {
		return err
	}
	c.Status(status)
	c.Set(fiber.HeaderContentType, as+"; charset=utf-8")
	return c.Send(body)
}

// encode writes a response. Data is JSON already, so a response without errors is not encoded again.
func (s *Server) encode(res *graphql.Response) ([]byte, error) {
	if len(res.Errors) == 0 && len(res.Data) > 0 {
		out := make([]byte, 0, len(res.Data)+9)
		out = append(out, `{"data":`...)
		out = append(out, res.Data...)
		return append(out, '}'), nil
	}
	var b bytes.Buffer
	b.WriteString(`{"errors":`)
	errs, err := json.Marshal(s.deps.Engine.Trim(res.Errors))
	if err != nil {
		return nil, err
	}
	b.Write(errs)
	if len(res.Data) > 0 {
		b.WriteString(`,"data":`)
		b.Write(res.Data)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// credentials copies what a request shows of its sender: fiber reuses the request's memory.
func (s *Server) credentials(c *fiber.Ctx) Credentials {
	return Credentials{
		Authorization: strings.Clone(c.Get(fiber.HeaderAuthorization)),
		Languages:     strings.Clone(c.Get(fiber.HeaderAcceptLanguage)),
		Address:       strings.Clone(s.deps.Address(c)),
	}
}

// once is an operation that is answered already.
func once(res *graphql.Response) func(context.Context) (graphql.ResponseHandler, context.Context) {
	return func(ctx context.Context) (graphql.ResponseHandler, context.Context) { return graphql.OneShot(res), ctx }
}
