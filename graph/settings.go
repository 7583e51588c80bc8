package graph

import (
	"errors"
	"fmt"

	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/graph/transport"
)

// Introspection says who may read the schema through the server itself.
type Introspection string

// The choices.
const (
	IntrospectionOff   Introspection = "off"
	IntrospectionStaff Introspection = "staff"
	IntrospectionOn    Introspection = "on"
)

// Settings is the section graph of the configuration.
type Settings struct {
	Introspection Introspection    `koanf:"introspection"` // who may read the schema: off, staff or on
	Explorer      bool             `koanf:"explorer"`      // whether browsers get a page to try operations on
	Registered    string           `koanf:"registered"`    // path of a JSON file with the apps' operations by their SHA-256; "" for none
	Limits        guard.Limits     `koanf:"limits"`
	Transport     transport.Config `koanf:"transport"`
}

// Validate reports every setting that cannot work.
func (c Settings) Validate() error {
	var errs []error
	switch c.Introspection {
	case IntrospectionOff, IntrospectionStaff, IntrospectionOn:
	default:
		errs = append(errs, fmt.Errorf("introspection: %q is none of off, staff, on", c.Introspection))
	}
	return errors.Join(append(errs, under("limits", c.Limits.Validate()), under("transport", c.Transport.Validate()))...)
}

// under names the section before each problem of a joined error.
func under(section string, err error) error {
	if err == nil {
		return nil
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	var out []error
	for _, e := range list {
		out = append(out, fmt.Errorf("%s.%w", section, e))
	}
	return errors.Join(out...)
}
