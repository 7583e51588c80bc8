package citytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Zalo handles the stand-in for Zalo: what people do there, what they see, and what goes wrong.
type Zalo struct {
	Base string // address of the stand-in, …/zalo
	HTTP *http.Client
}

// ZaloEntry is one line of a chat as the person sees it.
type ZaloEntry struct {
	Seq     int64
	ID      string
	From    string // city or citizen
	Kind    string
	Text    string
	Double  bool // the city said the same just before
	At      time.Time
	State   string
	Buttons []struct{ Title, Type string }
	Files   []struct{ URL, Type string }
}

// Control calls a handle of the stand-in and decodes its answer into out, which may be nil. body nil means GET.
func (z Zalo) Control(ctx context.Context, path string, body, out any) error {
	method, reader := http.MethodGet, io.Reader(nil)
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		method, reader = http.MethodPost, bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, z.Base+"/control/"+path, reader)
	if err != nil {
		return err
	}
	h := z.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	res, err := h.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d: %s", path, res.StatusCode, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// Do has a person do something: say, tap, photo, place …; see the handles of the stand-in. It gives the line that the person then sees.
func (z Zalo) Do(ctx context.Context, user, act string, body any) (ZaloEntry, error) {
	var e ZaloEntry
	err := z.Control(ctx, "users/"+url.PathEscape(user)+"/"+act, body, &e)
	return e, err
}

// Chat gives what a person sees after a line; with wait, when there is something or the time is over.
func (z Zalo) Chat(ctx context.Context, user string, after int64, wait time.Duration) ([]ZaloEntry, error) {
	var list []ZaloEntry
	err := z.Control(ctx, "users/"+url.PathEscape(user)+"/chat?after="+strconv.FormatInt(after, 10)+"&wait="+strconv.Itoa(int(wait.Seconds())), nil, &list)
	return list, err
}

// Await waits until the city has said something that holds text, after a line.
func (z Zalo) Await(ctx context.Context, user string, after int64, text string) (ZaloEntry, error) {
	var seen []string
	last := after
	for {
		list, err := z.Chat(ctx, user, last, time.Second)
		if err != nil && ctx.Err() == nil {
			return ZaloEntry{}, err
		}
		for _, e := range list {
			last = max(last, e.Seq)
			if e.From != "city" {
				continue
			}
			if strings.Contains(e.Text, text) {
				return e, nil
			}
			seen = append(seen, e.Text)
		}
		if ctx.Err() != nil {
			return ZaloEntry{}, fmt.Errorf("%s waits for %q and saw %q: %w", user, text, seen, ctx.Err())
		}
	}
}
