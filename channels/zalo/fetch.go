package zalo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/openweb"
)

// fetch takes a picture from where it is kept.
func (c *Channel) fetch(ctx context.Context, address string) ([]byte, channels.Outcome) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || pictureGuard(c.cfg).Check(req.URL) != nil {
		return nil, refused("picture_address")
	}
	res, err := c.pictures.Do(req)
	if errors.Is(err, openweb.ErrClosed) {
		return nil, refused("picture_address")
	}
	if err != nil {
		return nil, later(fmt.Errorf("zalo: picture: %w", netcall.Bare(err)))
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close() // nothing was read from it
		return nil, missing(res)
	}
	body, err := netcall.Body(res, maxPicture)
	switch {
	case errors.Is(err, netcall.ErrTooLong):
		return nil, refused("picture_too_large")
	case err != nil:
		return nil, later(fmt.Errorf("zalo: picture: %w", err))
	}
	return body, channels.Outcome{}
}

// missing says what it means that a picture did not come.
func missing(res *http.Response) channels.Outcome {
	if s := res.StatusCode; s == http.StatusRequestTimeout || s == http.StatusTooManyRequests || s >= 500 {
		o := later(fmt.Errorf("zalo: picture: HTTP status %d", s))
		o.Retry = netcall.RetryAfter(res.Header)
		return o
	}
	return refused("picture_" + strconv.Itoa(res.StatusCode))
}

const maxHops = 3 // redirects on the way to a picture

// pictureGuard lets pictures come from the open Internet and from cfg.PictureHosts. An address may come from a mini-app outside the city, which must not make
// us ask our own network. With a stand-in of Zalo on this machine, this machine is allowed too.
func pictureGuard(cfg Config) openweb.Guard {
	return openweb.Guard{Inside: cfg.PictureHosts, Local: netcall.Local(cfg.APIBase)}
}

func pictureClient(cfg Config, client *http.Client) *http.Client {
	g := pictureGuard(cfg)
	base, _ := client.Transport.(*http.Transport) // nil when it has none, or one of another kind
	return &http.Client{Transport: g.Transport(base, cfg.Timeout), CheckRedirect: g.Redirects(maxHops)}
}
