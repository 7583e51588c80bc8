package signpage

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/leaktest"

	"github.com/motcua/motcua/configs/configstest"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/secret/secrettest"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// TestMain looks for what goes on when all ports are closed.
func TestMain(m *testing.M) {
	leaktest.Main(m)
}

// What the program hands to the pages must fit.
var (
	_ City     = (*city.City)(nil)
	_ Registry = (*registry.Registry)(nil)
)

var noon = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

const (
	plateNumber = 572
	printed     = "HP-00572-4"
)

// keyed signs with a fixed key too.
type keyed struct{ secrettest.Fixed }

func (k keyed) Sign(purpose, data string) string { return k.Index("signed "+purpose, data) }

func (k keyed) Verify(purpose, data, signature string) bool {
	return signature == k.Sign(purpose, data)
}

// made gives a code that the keys have made, the same for the same letters.
func made(t testing.TB, body string) string {
	t.Helper()
	c := codes(t)
	check := keyed{}.Index("sign plate code", body)
	raw, err := hex.DecodeString(check)
	if err != nil {
		t.Fatal(err)
	}
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	bits := uint64(raw[0])<<32 | uint64(raw[1])<<24 | uint64(raw[2])<<16 | uint64(raw[3])<<8 | uint64(raw[4])
	out := []byte(body)
	for i := range 7 {
		out = append(out, alphabet[bits>>(35-5*i)&31])
	}
	if got, ok := c.Parse(string(out)); !ok || string(got) != string(out) {
		t.Fatalf("%s is no code", out)
	}
	return string(out)
}

func codes(t testing.TB) *platecode.Codes {
	t.Helper()
	c, err := platecode.New(keyed{}, "HP")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// book is a registry with one plate. It counts how often it is asked.
type book struct {
	mu    sync.Mutex
	coded map[string]registry.Coded // by code
	story registry.Story
	down  bool
	gate  chan struct{} // waits for it before it answers, unless it is nil
	asked atomic.Int64
}

func (b *book) answer(ctx context.Context) error {
	b.asked.Add(1)
	b.mu.Lock()
	gate, down := b.gate, b.down
	b.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	if down {
		return fault.Wrap(fault.Unavailable, errors.New("away"))
	}
	return nil
}

func (b *book) PlateByCode(ctx context.Context, text string) (registry.Coded, error) {
	if err := b.answer(ctx); err != nil {
		return registry.Coded{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.coded[text]; ok {
		return c, nil
	}
	return registry.Coded{State: registry.Unknown, Code: text}, nil
}

func (b *book) PlateByNumber(ctx context.Context, number int) (registry.Plate, error) {
	if err := b.answer(ctx); err != nil {
		return registry.Plate{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.coded {
		if c.Plate.Number == number {
			return c.Plate, nil
		}
	}
	return registry.Plate{}, fault.New(fault.NotFound, "signs.no_plate")
}

func (b *book) Story(ctx context.Context, id string) (registry.Story, error) {
	if err := b.answer(ctx); err != nil {
		return registry.Story{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != b.story.ID {
		return registry.Story{}, fault.New(fault.NotFound, "signs.no_story")
	}
	return b.story, nil
}

func (b *book) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// plate hangs at the opera house.
func plate() registry.Plate {
	return registry.Plate{
		ID: registry.PlateID(plateNumber), Number: plateNumber, Story: "nha-hat-lon", Street: "Phố Hoàng Văn Thụ", Ward: "11311", Unit: "ward-11311",
		Place:     registry.Place{Lat: 20.85735, Lon: 106.6831, Address: "Trước Nhà hát lớn, phía quảng trường", Side: registry.Wall},
		Condition: registry.Good, InstalledAt: time.Date(2025, 5, 10, 0, 0, 0, 0, time.UTC),
	}
}

// opera is a story as they mostly are: of about 110 words, in two languages and a third that nobody reviewed.
func opera() registry.Story {
	return registry.Story{
		ID: "nha-hat-lon", Kind: registry.Work, Former: []string{"Nhà hát Tây", "Théâtre municipal"}, Sample: true,
		Sources: []string{"Kiến thức phổ thông; cần cơ quan văn hóa thẩm định", "https://haiphong.example/nha-hat-lon?a=1&b=2"},
		Pictures: []registry.Picture{
			{Media: "pic1", Credit: "Sở Văn hóa, Thể thao và Du lịch", Alt: map[string]string{"vi": "Mặt tiền Nhà hát lớn nhìn từ quảng trường", "en": "The front of the opera house from the square"}},
			{URL: "https://pictures.example/opera/1912.jpg", Credit: "Bưu ảnh khoảng năm 1912"},
		},
		Audio: []registry.Recording{{Lang: "vi", Media: "audio1", Credit: "Đài Phát thanh và Truyền hình"}},
		Translations: map[string]registry.Translation{
			"vi": {State: registry.Approved, Words: registry.Words{Title: "Nhà hát lớn Hải Phòng", NamedAfter: "Công trình của thành phố, nơi biểu diễn từ đầu thế kỷ XX", Dates: "1904 – 1912",
				Text: "Nhà hát được xây từ năm 1904 đến năm 1912, theo mẫu các nhà hát ở Pháp thời đó, bằng vật liệu chở đường biển sang.\n\nQuảng trường phía trước là nơi nhân dân Hải Phòng mít tinh giành chính quyền tháng Tám năm 1945. Mỗi mùa hoa phượng nở, quảng trường là sân khấu ngoài trời của lễ hội lớn nhất thành phố, và buổi tối bà con vẫn ra đây hóng gió, tập thể dục, nghe nhạc."}},
			"en": {State: registry.Draft, Words: registry.Words{Title: "Hải Phòng Opera House", NamedAfter: "The city's stage since the beginning of the 20th century", Dates: "1904 – 1912",
				Text: "The opera house was built from 1904 to 1912 after theatres in France, of materials that came by sea.\n\nOn the square in front of it the people of Hải Phòng gathered in August 1945. Each May, when the flame trees bloom, the square becomes the open-air stage of the city's largest festival; in the evenings people come for the breeze, for exercise and for music."}},
			"fr": {State: registry.Draft, Words: registry.Words{Title: "Opéra de Hải Phòng", Dates: "1904 – 1912",
				Text: "L’opéra fut construit de 1904 à 1912 sur le modèle des théâtres français de l’époque.\n\nLa place devant l’édifice accueille chaque année la fête des flamboyants."}},
		},
	}
}

func services(lang message.Lang) []Service {
	text := func(vi, en string) string { return message.Text{"vi": vi, "en": en}.In(lang) }
	return []Service{
		{App: "feedback", Action: "submit", Title: text("Gửi phản ánh", "Send a report"), Text: text("Báo một sự việc cần xử lý ngay tại chỗ này.", "Report something that needs attention at this spot."), Icon: "/icons/feedback.svg", Form: true},
		{App: "alerts", Action: "follow", Field: "where", Title: text("Nhận cảnh báo quanh đây", "Follow alerts around here"), Form: true},
		{App: "trees", Action: "care", Title: text("Xin chăm một gốc cây", "Look after a tree")},
	}
}

// desk is a set of pages with one plate, and what they told others.
type desk struct {
	*Pages
	book    *book
	code    string // of the plate
	old     string // revoked, of the same plate
	clock   *atomic.Int64
	mu      sync.Mutex
	visits  []Visit
	damaged []string
}

func (d *desk) later(by time.Duration) { d.clock.Add(int64(by)) }

func deps(t testing.TB, b *book) Deps {
	t.Helper()
	base, err := platecode.NewBase("https://city.example")
	if err != nil {
		t.Fatal(err)
	}
	return Deps{
		Registry: b, Codes: codes(t), City: configstest.City(t), Texts: configstest.Texts(t), Base: base, Signer: keyed{}, Services: services,
		Links:    Links{MessengerPage: "haiphong.city", ZaloOA: "579745863508352884", App: "https://city.example/app/signs/{sign}", Chat: "/chat", Hotline: "0225 3 823 823"},
		MediaURL: func(id, rendition string) string { return "/media/" + id + "?r=" + rendition },
		MediaSize: func(context.Context, []string) (map[string][2]int, error) {
			return map[string][2]int{"pic1": {1280, 853}}, nil
		},
	}
}

func open(t testing.TB, change ...func(*Deps)) *desk {
	t.Helper()
	d := &desk{code: made(t, "938NM5"), old: made(t, "0AB1CD"), clock: &atomic.Int64{}}
	d.clock.Store(noon.UnixNano())
	d.book = &book{story: opera(), coded: map[string]registry.Coded{
		d.code: {State: registry.Current, Code: d.code, Plate: plate()},
		d.old:  {State: registry.Ended, Code: d.old, Plate: plate(), Reason: "stolen <b>by</b> night", RevokedAt: noon.Add(-48 * time.Hour), ReplacedBy: d.code},
	}}
	with := deps(t, d.book)
	with.Now = func() time.Time { return time.Unix(0, d.clock.Load()) }
	with.Seen = func(v Visit) { d.mu.Lock(); defer d.mu.Unlock(); d.visits = append(d.visits, v) }
	with.Damaged = func(_ context.Context, plate, kind, client string) (string, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.damaged = append(d.damaged, plate+" "+kind)
		return "7K3-9QM-X2B", nil
	}
	for _, f := range change {
		f(&with)
	}
	p, err := New(with)
	if err != nil {
		t.Fatal(err)
	}
	d.Pages = p
	return d
}

func (d *desk) noted() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.damaged)
}

func (d *desk) page(t testing.TB, a Ask) *Answer {
	t.Helper()
	out, err := d.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
