package citytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Client speaks GraphQL over HTTP.
type Client struct {
	URL   string // of /graphql
	Token string // access token; "" for a guest
	HTTP  *http.Client
}

// Answer is the answer to one operation.
type Answer struct {
	Status int             `json:"-"`
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
}

// Do sends one operation and decodes its data into out, which may be nil. GraphQL errors are an error.
func (c Client) Do(ctx context.Context, query string, vars map[string]any, out any) error {
	a, err := c.Ask(ctx, query, vars)
	if err != nil {
		return err
	}
	if len(a.Errors) > 0 {
		return fmt.Errorf("graphql: status %d: %v", a.Status, a.Errors)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(a.Data, out)
}

// Ask sends one operation and gives the whole answer.
func (c Client) Ask(ctx context.Context, query string, vars map[string]any) (Answer, error) {
	var a Answer
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		return a, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/graphql-response+json")
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	h := c.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	res, err := h.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	a.Status = res.StatusCode
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, fmt.Errorf("graphql: status %d: %w: %s", res.StatusCode, err, strings.TrimSpace(string(raw)))
	}
	return a, nil
}

// Text gives v when it is a text, else "".
func Text(v any) string {
	s, _ := v.(string)
	return s
}
