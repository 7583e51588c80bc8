package telemetry

import (
	"log/slog"
	"net/url"

	"github.com/motcua/motcua/internal/setting"
)

// Config says what is logged and where traces go.
type Config struct {
	// LogLevel is the least level that is written: debug, info, warn or error; "" means info.
	LogLevel string `koanf:"log_level"`
	// OTLPEndpoint takes traces over OTLP/HTTP, "https://collector:4318"; "" (the default) makes none.
	OTLPEndpoint string `koanf:"otlp_endpoint"`
	// TraceRatio is the share of requests that are traced when their caller did not decide, between 0 and 1; default 0.1, since one request makes dozens of spans.
	TraceRatio float64 `koanf:"trace_ratio"`
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var faults setting.Faults
	if _, err := c.level(); err != nil {
		faults.Add("log_level", "must be debug, info, warn or error")
	}
	if c.OTLPEndpoint != "" {
		u, err := url.Parse(c.OTLPEndpoint)
		faults.Refuse(err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"), "otlp_endpoint", "must be an http:// or https:// address")
	}
	if !(c.TraceRatio >= 0 && c.TraceRatio <= 1) { // also refuses NaN
		faults.Add("trace_ratio", "must be between 0 and 1")
	}
	return faults.Err()
}

func (c Config) level() (slog.Level, error) {
	if c.LogLevel == "" {
		return slog.LevelInfo, nil
	}
	var l slog.Level
	err := l.UnmarshalText([]byte(c.LogLevel))
	return l, err
}
