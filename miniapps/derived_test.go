package miniapps_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

func TestDerived(t *testing.T) {
	t.Parallel()
	values := map[string]any{"ward": "11311", "wardName": "Phường Hồng Bàng", "unit": "u1", "unitName": "UBND", "days": 3.0, "lastName": "Lan", "fee": "0", "emptyName": ""}
	require.Equal(t, []string{"Phường Hồng Bàng", "UBND"}, miniapps.DerivedNames(values))
	require.Empty(t, miniapps.DerivedNames(nil))

	check := miniapps.Action{Result: json.RawMessage(`{"properties":{"derived":{"properties":{
		"days":{"x-label":{"vi":"Số ngày","en":"Days"}},"fee":{"title":"Phí"},"ward":{"title":"never shown"}}}}}`)}
	want := []miniapps.DerivedFact{
		{Key: "days", Label: message.Text{message.Vietnamese: "Số ngày", message.English: "Days"}, Value: 3.0},
		{Key: "emptyName", Value: ""},
		{Key: "fee", Label: message.Text{message.Vietnamese: "Phí"}, Value: "0"},
		{Key: "lastName", Value: "Lan"},
	}
	require.Equal(t, want, check.DerivedFacts(values))
	for _, none := range []string{"", "{", `{"properties":{"derived":true}}`} {
		require.Len(t, miniapps.Action{Result: json.RawMessage(none)}.DerivedFacts(values), len(want), "values are shown without a schema too")
	}
}
