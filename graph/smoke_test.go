package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	w := newWorld(t)
	c := w.citizen("0912345678")
	id, code, unit := c.submit("k1")
	t.Log(id, code, unit)
	w.carry()
	a := c.ok(`query Home { me { id displayName } miniApps { appId name shortName description icon category } feedbackCategories { code name group } myFeedback(first: 10) { edges { node { id code status createdAt } } } notifications(first: 10) { edges { node { id title createdAt read } } } }`, nil)
	t.Log(a.Raw[:min(len(a.Raw), 3000)])
	require.NotEmpty(t, id)
}
