package channels

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/internal/message"
)

func TestApprovedValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text Approved
		want []string // none means valid
	}{
		"plain":            {Approved{ID: "200001", Params: map[string]Slot{"ma": {}}}, nil},
		"for two":          {Approved{ID: "1", IDEN: "2", Params: map[string]Slot{"ma": {From: "code", Type: "date", Min: 3, Max: 50}}}, nil},
		"nothing":          {Approved{}, []string{"id:", "params:"}},
		"ids on two lines": {Approved{ID: "1\n", IDEN: "&", Params: map[string]Slot{"ma": {}}}, []string{"id:", "id_en:"}},
		"places": {Approved{ID: "1", Params: map[string]Slot{"a b": {}, "b": {Type: "time"}, "c": {Min: 40}, "d": {Max: 501}, "e": {Min: -1}}},
			[]string{"params.a b:", "params.b.type:", "params.c:", "params.d:", "params.e:"}},
	} {
		err := tt.text.Validate()
		if len(tt.want) == 0 {
			require.NoError(t, err, name)
			continue
		}
		require.Error(t, err, name)
		require.Len(t, strings.Split(err.Error(), "\n"), len(tt.want), "%s: %v", name, err)
		for _, w := range tt.want {
			require.Contains(t, err.Error(), w, name)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		slot  Slot
		value string
		want  string
		err   error
	}{
		"as it is":               {Slot{}, "PA-7K3M", "PA-7K3M", nil},
		"missing":                {Slot{}, "", "", errMissing},
		"blanks":                 {Slot{}, " \n ", "", errMissing},
		"missing, and may be":    {Slot{Optional: true}, "", "", nil},
		"on one line":            {Slot{}, "UBND\n phường\tHải Châu ", "UBND phường Hải Châu", nil},
		"composed":               {Slot{Max: 9}, norm.NFD.String("Phường ấy"), "Phường ấy", nil},
		"at the limit":           {Slot{}, strings.Repeat("ờ", 30), strings.Repeat("ờ", 30), nil},
		"over it":                {Slot{}, strings.Repeat("ờ", 31), "", errLong},
		"too short":              {Slot{Min: 3}, "ab", "", errShort},
		"cut at a word":          {Slot{Max: 16, Cut: true}, "Ủy ban nhân dân phường", "Ủy ban nhân dân…", nil},
		"cut inside the next":    {Slot{Max: 14, Cut: true}, "Ủy ban nhân dân phường", "Ủy ban nhân…", nil},
		"cut without a comma":    {Slot{Max: 12, Cut: true}, "Hải Châu, phường", "Hải Châu…", nil},
		"cut a long word":        {Slot{Max: 5, Cut: true}, "aaaaaaaaaa", "aaaa…", nil},
		"numbers are never cut":  {Slot{Max: 3, Cut: true, Type: "number"}, "123456", "", errLong},
		"a number":               {Slot{Type: "number"}, "123456", "123456", nil},
		"no number":              {Slot{Type: "number"}, "12a", "", errForm},
		"a date":                 {Slot{Type: "date"}, "22/11/2026", "22/11/2026", nil},
		"a date with its hour":   {Slot{Type: "date"}, "17:00 22/11/2026", "17:00 22/11/2026", nil},
		"a date in other places": {Slot{Type: "date"}, "2026-11-22", "", errForm},
	} {
		text := Approved{ID: "1", Params: map[string]Slot{"noi": tt.slot}}
		got, err := text.Fill(map[string]string{"noi": tt.value})
		require.ErrorIs(t, err, tt.err, name)
		if err != nil {
			require.Contains(t, err.Error(), "place noi", name)
			require.NotContains(t, err.Error(), "ờ", name)
			continue
		}
		require.Equal(t, map[string]string{"noi": tt.want}, got, name)
	}
	got, err := Approved{ID: "1", OTP: true, Params: map[string]Slot{"otp": {From: "code"}}}.Fill(map[string]string{"code": "123456", "other": "x"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"otp": "123456"}, got)
	_, err = Approved{ID: "1", OTP: true, Params: map[string]Slot{"otp": {}}}.Fill(map[string]string{"otp": "12345678901"})
	require.ErrorIs(t, err, errLong, "a one-time code has ten characters at most")
}

func TestNamesAndLanguages(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a.b", "c.d"}, Names(map[string]Approved{"c.d": {}, "a.b": {}}))
	two := Approved{ID: "1", IDEN: "2"}
	require.Equal(t, "2", two.IDFor(message.English))
	require.Equal(t, "1", two.IDFor(message.Vietnamese))
	require.Equal(t, "1", two.IDFor(""))
	require.Equal(t, "1", Approved{ID: "1"}.IDFor(message.English))
}

func FuzzFill(f *testing.F) {
	f.Add("Ủy ban nhân dân phường Hải Châu", 10, true)
	f.Add(strings.Repeat("a", 600), 1, true)
	f.Add("\xff x \u0301", 3, false)
	f.Fuzz(func(t *testing.T, value string, limit int, cut bool) {
		if limit < 1 || limit > slotLimit {
			return
		}
		got, err := Approved{Params: map[string]Slot{"a": {Max: limit, Cut: cut}}}.Fill(map[string]string{"a": value})
		if err == nil && (got["a"] == "" || utf8.RuneCountInString(got["a"]) > limit || strings.ContainsAny(got["a"], "\r\n\t")) {
			t.Errorf("%q of %d: got %q", value, limit, got["a"])
		}
	})
}
