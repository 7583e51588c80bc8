// Package redisx opens the connection to Redis, or runs one inside the program when none is configured.
//
// It owns how calls to Redis fail: within a second, once, and at once while Redis is known to be away. Everything kept there may vanish at any
// moment, so no caller may depend on what it wrote. It does not know what is cached, counted or signalled.
package redisx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/setting"
)

// Config says where Redis is and how long a call may take.
type Config struct {
	// URI is redis:// or rediss:// (TLS) with user and password. Further addr= parameters make it a cluster ("redis://a:6379?addr=b:6379"), master_name=
	// asks sentinels. "" (the default) keeps the data inside this process, for one replica. It holds a secret: set it from the environment.
	URI string `koanf:"uri"`
	// Timeout bounds connecting and each command; 0 means 1s. go-redis waits 5 s for each by itself, and a citizen would wait with it.
	Timeout time.Duration `koanf:"timeout"`
	// Pause is how long calls fail at once after Redis did not answer three times in a row; then one call tries again. 0 means 1s.
	Pause time.Duration `koanf:"pause"`
	// PoolSize is the number of connections to each node; a call that finds none free waits at most Timeout. 0 means 20.
	PoolSize int `koanf:"pool_size"`
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	if c.URI != "" {
		faults.Also(checkURI(c.URI))
	}
	faults.Refuse(c.Timeout < 0 || c.Timeout > 10*time.Second, "timeout", "must be between 0 and 10s")
	faults.Refuse(c.Pause < 0, "pause", "must not be negative")
	faults.Refuse(c.PoolSize < 0, "pool_size", "must not be negative")
	return faults.Err()
}

// filled puts the defaults where the configuration says nothing.
func (c Config) filled() Config {
	c.Timeout = cmp.Or(c.Timeout, time.Second)
	c.Pause = cmp.Or(c.Pause, time.Second)
	c.PoolSize = cmp.Or(c.PoolSize, 20)
	return c
}

// Client speaks to Redis, outside or inside this process. Commands return an error soon when Redis is away; redis.Nil means that a key is not there.
type Client struct {
	redis.UniversalClient
	inner *embedded // nil with an outside Redis
	close func() error
}

// Open prepares the client. It does not connect, so that the program starts while Redis is away; Ping tells. The context bounds nothing that outlives Open.
func Open(ctx context.Context, cfg Config) (*Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	cfg = cfg.filled()
	c := &Client{}
	if cfg.URI == "" {
		c.inner = startEmbedded()
	}
	client, err := connect(cfg, c.inner)
	if err != nil {
		return nil, err
	}
	client.AddHook(newFailFast(cfg.Pause))
	c.UniversalClient = client
	c.close = sync.OnceValue(func() error {
		err := client.Close()
		if c.inner != nil {
			c.inner.stop()
		}
		return err
	})
	return c, nil
}

// Embedded tells whether Redis runs inside this process, so that no other replica sees it.
func (c *Client) Embedded() bool { return c.inner != nil }

// Ping tells whether Redis answers. UNAVAILABLE when it does not.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.UniversalClient.Ping(ctx).Err(); err != nil {
		return fault.Wrap(fault.Unavailable, fmt.Errorf("redis: ping: %w", err))
	}
	return nil
}

// Close ends all connections, and the Redis inside this process if there is one. A second call does nothing.
func (c *Client) Close() error { return c.close() }

// errURI says that the address is wrong without repeating it: it holds the password.
var errURI = errors.New("uri: must be redis://[user:password@]host:port[/db] or rediss://…, with addr= for more nodes or master_name= for sentinels")

func checkURI(uri string) error {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || (u.Scheme != "redis" && u.Scheme != "rediss") {
		return errURI
	}
	if _, err := read(Config{URI: uri}, u.Query()); err != nil {
		return errURI
	}
	return nil
}

func connect(cfg Config, inner *embedded) (redis.UniversalClient, error) {
	if inner != nil {
		o := &redis.Options{Dialer: inner.dial}
		limits(cfg).node(o)
		return redis.NewClient(o), nil
	}
	u, err := url.Parse(cfg.URI)
	if err != nil {
		return nil, errURI
	}
	build, err := read(cfg, u.Query())
	if err != nil {
		return nil, errURI
	}
	return build(), nil
}

// read understands the address in the form that its parameters ask for.
func read(cfg Config, q url.Values) (func() redis.UniversalClient, error) {
	l := limits(cfg)
	switch {
	case q.Has("master_name"):
		o, err := redis.ParseFailoverURL(cfg.URI)
		if err != nil {
			return nil, err
		}
		l.failover(o)
		return func() redis.UniversalClient { return redis.NewFailoverClient(o) }, nil
	case q.Has("addr"):
		o, err := redis.ParseClusterURL(cfg.URI)
		if err != nil {
			return nil, err
		}
		l.cluster(o)
		return func() redis.UniversalClient { return redis.NewClusterClient(o) }, nil
	default:
		o, err := redis.ParseURL(cfg.URI)
		if err != nil {
			return nil, err
		}
		l.node(o)
		return func() redis.UniversalClient { return redis.NewClient(o) }, nil
	}
}

// limits are the settings that all three forms share. go-redis by itself repeats a command whose reply was lost (one INCR ran four times) and
// does not look at the context's deadline.
type limits Config

const (
	noRetries    = -1 // MaxRetries: 0 would mean go-redis's default of 3
	oneDial      = 1
	bufferBytes  = 4 << 10 // go-redis takes 32 KiB for each direction of each connection; our values are small
	noPipelines  = -1      // PipelinePoolSize: pipelines share the pool
	protocolRESP = 2       // pub/sub and counters need nothing of RESP3
)

func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

func (l limits) node(o *redis.Options) {
	o.MaxRetries, o.ContextTimeoutEnabled, o.DialerRetries = noRetries, true, oneDial
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = l.Timeout, l.Timeout, l.Timeout, l.Timeout
	o.PoolSize, o.PipelinePoolSize = l.PoolSize, noPipelines
	o.ReadBufferSize, o.WriteBufferSize = bufferBytes, bufferBytes
	o.Protocol, o.DisableIdentity, o.MaintNotificationsConfig = protocolRESP, true, quiet()
}

func (l limits) cluster(o *redis.ClusterOptions) {
	o.MaxRetries, o.ContextTimeoutEnabled, o.DialerRetries = noRetries, true, oneDial
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = l.Timeout, l.Timeout, l.Timeout, l.Timeout
	o.PoolSize, o.PipelinePoolSize = l.PoolSize, noPipelines
	o.ReadBufferSize, o.WriteBufferSize = bufferBytes, bufferBytes
	o.Protocol, o.DisableIdentity, o.MaintNotificationsConfig = protocolRESP, true, quiet()
}

func (l limits) failover(o *redis.FailoverOptions) {
	o.MaxRetries, o.ContextTimeoutEnabled, o.DialerRetries = noRetries, true, oneDial
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = l.Timeout, l.Timeout, l.Timeout, l.Timeout
	o.PoolSize, o.PipelinePoolSize = l.PoolSize, noPipelines
	o.ReadBufferSize, o.WriteBufferSize = bufferBytes, bufferBytes
	o.Protocol, o.DisableIdentity = protocolRESP, true
}

// embedded is a Redis inside the process. It is reached through pipes and opens no port, so no other program on the machine sees it.
type embedded struct {
	server *miniredis.Miniredis
	quit   chan struct{}
	done   chan struct{}
}

// expiryStep is how often the embedded Redis removes what has expired: it never does so by itself, and each step costs time in the number of its keys.
const expiryStep = time.Second

func startEmbedded() *embedded {
	e := &embedded{server: miniredis.NewMiniRedis(), quit: make(chan struct{}), done: make(chan struct{})}
	go e.expire()
	return e
}

func (e *embedded) dial(context.Context, string, string) (net.Conn, error) { return e.server.Dial() }

func (e *embedded) expire() {
	defer close(e.done)
	tick := time.NewTicker(expiryStep)
	defer tick.Stop()
	last := time.Now() // the monotonic clock: how much really passed, also when ticks were missed
	for {
		select {
		case <-e.quit:
			return
		case at := <-tick.C:
			e.server.FastForward(at.Sub(last))
			last = at
		}
	}
}

func (e *embedded) stop() {
	close(e.quit)
	<-e.done
	e.server.Close()
}
