package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// NewWithoutPlans makes a gateway in which every list goes gqlgen's own way.
func NewWithoutPlans(cfg Settings, deps Deps) (*Handler, error) {
	return newHandler(cfg, deps, plainFields{})
}

// Schema gives the schema that is served.
func Schema() (*ast.Schema, error) { return loadSchema() }

// Submission gives the input of the action submit for a mutation's input.
func Submission(in SubmitFeedbackInput) map[string]any { return submission(in) }

// IDOf and ParseID make opaque ids and take them apart.
func IDOf(kind, id string) string { return idOf(kind, id) }

// ParseID takes an opaque id apart.
func ParseID(global string) (kind, id string, err error) { return parseID(global) }
