package alerts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/conversation"
	"github.com/motcua/motcua/internal/fold"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
	"github.com/motcua/motcua/miniapps/miniapptest"
	"github.com/motcua/motcua/miniapps/miniapptest/talk"
)

// maxCalls is how many calls a name that is right may cost: what it means, and the action itself.
const maxCalls = 2

// asked gives somebody whom the city has just asked for a ward.
func asked(t testing.TB, c *talk.City, lang message.Lang) *talk.Person {
	t.Helper()
	p := &talk.Person{City: c, Viewer: account.Viewer{Subject: "g", Subjects: []string{"g"}, Assurance: account.Guest}, State: conversation.State{Lang: lang}}
	said, err := p.Says(t.Context(), map[message.Lang]string{message.Vietnamese: "nhận cảnh báo", message.English: "follow a ward's alerts"}[lang])
	require.NoError(t, err)
	require.NotNil(t, p.State.Question, said)
	require.Equal(t, "ward", p.State.Question.Path, said)
	return p
}

func newCity(t testing.TB) (*talk.City, *world) {
	t.Helper()
	w := newWorld(t)
	return talk.NewCity(t, w.runner(), "../..", conversation.Rules{}, noon), w
}

// TestEveryWardIsFollowedByItsName: people are warned of danger to their lives by this choice.
func TestEveryWardIsFollowedByItsName(t *testing.T) {
	t.Parallel()
	c, w := newCity(t)
	begun := map[message.Lang]*talk.Person{message.Vietnamese: asked(t, c, message.Vietnamese), message.English: asked(t, c, message.English)}
	for _, x := range w.app.deps.City.Wards() {
		ways := map[string]message.Lang{
			x.FullName: "vi", strings.ToLower(x.FullName) + ".": "vi", fold.Text(x.FullName): "vi", x.Name: "vi", fold.Text(x.Name): "vi",
			"ở " + x.FullName + " ạ": "vi", x.FullNameEn: "en", x.NameEn: "en",
		}
		for text, lang := range ways {
			p := *begun[lang]
			said, err := p.Says(t.Context(), text)
			require.NoError(t, err)
			if fold.Text(x.Name) == "cam giang" && text == fold.Text(text) || strings.HasPrefix(text, "Cam Giang") { // two wards are written like this
				require.Nil(t, follows(w), "%q: %s", text, said)
				require.Contains(t, said, "Giang", "%q", text)
				continue
			}
			require.Equal(t, []string{x.Code}, follows(w), "%q for %s: %s", text, x.FullName, said)
			require.LessOrEqual(t, p.Calls, maxCalls, text)
		}
	}
}

// follows gives what is followed, and forgets it.
func follows(w *world) []string {
	out := w.crowd.wards["g"]
	delete(w.crowd.wards, "g")
	return out
}

// TestAWardThatIsNotNamedIsAskedFor: a slip, the wrong word before a name, a name of before, part of several names: none of them chooses.
func TestAWardThatIsNotNamedIsAskedFor(t *testing.T) {
	t.Parallel()
	c, w := newCity(t)
	for _, tt := range []struct{ text, offers string }{
		{"Phường Gia Vein", "Phường Gia Viên"}, {"phuong gia vienn", "Phường Gia Viên"}, {"xã Gia Viên", "Phường Gia Viên"}, {"Phường Hồng Bằng", "Phường Hồng Bàng"},
		{"phường Máy Chai", "Phường Ngô Quyền"}, {"An Phụ", "Phường Bắc An Phụ|Xã Nam An Phụ"}, {"xa cam giang", "Xã Cẩm Giang|Xã Cẩm Giàng"},
		{"Vĩnh", "Xã Vĩnh Bảo|Xã Vĩnh Thịnh"}, {"Phường Gia Viên và phường Lê Chân", "Phường Gia Viên|Phường Lê Chân"}, {"phường Trần Phú", "Phường"},
	} {
		p := asked(t, c, message.Vietnamese)
		said, err := p.Says(t.Context(), tt.text)
		require.NoError(t, err)
		require.Nil(t, follows(w), "%q: %s", tt.text, said)
		for _, o := range strings.Split(tt.offers, "|") {
			require.Contains(t, said, "· "+o, tt.text)
		}
	}
}

// TestAnOfferedWardIsConfirmed: a yes takes the one that was asked about, a no shows the others.
func TestAnOfferedWardIsConfirmed(t *testing.T) {
	t.Parallel()
	c, w := newCity(t)
	for _, tt := range []struct {
		text string
		want []string
	}{{"đúng rồi", []string{wardCalled(t, w, "Phường Gia Viên").Code}}, {"1", []string{wardCalled(t, w, "Phường Gia Viên").Code}}, {"không phải", nil}, {"Phường Lê Chân", []string{wardCalled(t, w, "Phường Lê Chân").Code}}} {
		p := asked(t, c, message.Vietnamese)
		said, err := p.Says(t.Context(), "Phường Gia Vein")
		require.NoError(t, err)
		require.Contains(t, said, "Ý bà con là “Phường Gia Viên” phải không ạ?")
		said, err = p.Says(t.Context(), tt.text)
		require.NoError(t, err)
		require.Equal(t, tt.want, follows(w), "%q: %s", tt.text, said)
	}
}

func wardCalled(t testing.TB, w *world, name string) city.Ward {
	t.Helper()
	for _, x := range w.app.deps.City.Wards() {
		if x.FullName == name {
			return x
		}
	}
	t.Fatalf("no ward is called %s", name)
	return city.Ward{}
}

// TestWardsOfOneNameAreToldApart: without diacritics two wards have one name in English.
func TestWardsOfOneNameAreToldApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hints := map[string]bool{}
	v := miniapptest.Citizen()
	v.Lang = message.English
	for _, o := range w.do(v, "wards", `{"first": 120}`).Data.(miniapps.Options).Choices {
		if o.Hint != "" {
			require.Equal(t, "Cam Giang Commune", o.Label)
			hints[o.Hint] = true
		}
	}
	require.Equal(t, map[string]bool{"Xã Cẩm Giang": true, "Xã Cẩm Giàng": true}, hints)
}
