package graph

import (
	"github.com/motcua/motcua/graph/guard"
	"github.com/motcua/motcua/graph/transport"
	"github.com/motcua/motcua/internal/setting"
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
	var faults setting.Faults
	switch c.Introspection {
	case IntrospectionOff, IntrospectionStaff, IntrospectionOn:
	default:
		faults.Add("introspection", "%q is none of off, staff, on", c.Introspection)
	}
	faults.Under("limits", c.Limits.Validate())
	faults.Under("transport", c.Transport.Validate())
	return faults.Err()
}
