package fit_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/channels/messenger"
	"github.com/motcua/motcua/channels/web"
	"github.com/motcua/motcua/channels/zalo"
	"github.com/motcua/motcua/internal/fit"
	"github.com/motcua/motcua/internal/message"
)

var update = flag.Bool("update", false, "rewrite what the networks show")

// TestNetworks keeps how each network's limits are met for the same blocks, written down as a citizen would read it.
func TestNetworks(t *testing.T) {
	t.Parallel()
	for _, p := range networks(t) {
		for name, blocks := range samples(t) {
			t.Run(p.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				fitted := fit.Fit(p, blocks)
				golden(t, filepath.Join("testdata/networks", p.Name, name+".golden"), written(fitted))
				for i, m := range fitted {
					within(t, p, i, m)
				}
			})
		}
	}
}

// networks gives the profiles of the networks as they are configured by default.
func networks(t *testing.T) []channels.Profile {
	t.Helper()
	z, err := zalo.New(zalo.Config{AppID: "1", OAID: "2", AppSecret: "s", OASecretKey: "k", CodeVerifier: strings.Repeat("v", 43)}, nil, &http.Client{}, time.Now)
	require.NoError(t, err)
	m, err := messenger.New(messenger.Config{PageID: "1", PageToken: "t", AppID: "2", AppSecret: "s", VerifyToken: "verification"}, &http.Client{}, time.Now)
	require.NoError(t, err)
	return []channels.Profile{z.Profile(), m.Profile(), web.New(nil, nil, web.Config{}, time.Now).Profile()}
}

// samples are answers that a city gives, each of which meets a limit of some network.
func samples(t *testing.T) map[string]message.Blocks {
	t.Helper()
	categories := named(t, "testdata/networks/categories.txt")
	ways := options("Xem thêm", "Bỏ qua", "Quay lại", "Hủy")
	question := "Việc này thuộc lĩnh vực nào ạ? Nếu chưa rõ, bà con chọn “Chưa rõ”.\nKhông bắt buộc."
	picture := "https://motcua.example/media/dat-cho.jpg"
	card := message.Card{Title: "Phản ánh 7K3-M9P-2QX", Subtitle: "Đang xử lý", Facts: []message.Fact{
		{Label: "Lĩnh vực", Value: "Đèn đường không sáng"}, {Label: "Địa bàn", Value: "Phường Hồng Bàng"},
		{Label: "Đơn vị phụ trách", Value: "Ủy ban nhân dân phường Hồng Bàng"}, {Label: "Hạn xử lý", Value: "17:00 05/08/2026"},
	}}
	pictured := card
	pictured.ImageURL, pictured.Actions = picture, options("Theo dõi phản ánh", "Bổ sung thông tin cho phản ánh")
	return map[string]message.Blocks{
		"long_text":       {message.Words{Text: floods(40)}, message.Link{Label: "Xem bản đồ ngập", URL: "https://motcua.example/ngap"}},
		"one_paragraph":   {message.Words{Text: strings.Join(streets(60), " ")}},
		"categories":      {message.Words{Text: "Đã ghi: địa điểm."}, message.Choices{Text: question, Options: categories[:9], Controls: ways}},
		"categories_last": {message.Choices{Text: question, Options: categories[45:], Controls: ways}},
		"categories_all":  {message.Choices{Text: question, Options: categories, Controls: ways[3:]}},
		"few_choices":     {message.Choices{Text: "Bà con muốn đặt lịch vào buổi nào ạ?", Options: options("Sáng", "Chiều"), Controls: options("Quay lại", "Hủy")}},
		"long_titles": {message.Choices{Text: "Bà con cần làm thủ tục nào ạ?", Options: options(
			"Cấp bản sao trích lục hộ tịch, bản sao Giấy khai sinh", "Cấp bản sao trích lục hộ tịch, bản sao Giấy chứng nhận kết hôn", "Đăng ký khai sinh",
			"Chứng thực bản sao từ bản chính giấy tờ, văn bản do cơ quan tổ chức có thẩm quyền của Việt Nam cấp hoặc chứng nhận"), Controls: options("Hủy")}},
		"hints":         {message.Choices{Text: "Phản ánh nào ạ?", Options: []message.Choice{{Label: "Đèn đường không sáng", Value: "1", Hint: "7K3-M9P-2QX, gửi hôm qua"}, {Label: "Đèn đường không sáng", Value: "2", Hint: "9TW-1AB-4CD, gửi 12/07"}}}},
		"card":          {card},
		"card_pictured": {pictured},
		"receipt": {message.Words{Text: "Đã nhận phản ánh của bà con."}, card, message.Link{Label: "Theo dõi trên trang web", URL: "https://motcua.example/c/7K3M9P2QX"},
			message.Choices{Text: "Bà con cần gì nữa ạ?", Options: options("Bổ sung thông tin", "Phản ánh của tôi"), Controls: options("Danh mục")}},
		"qr":       {message.Words{Text: "Bà con đưa mã này cho cán bộ quầy số 3."}, message.QR{Payload: "MC1:7K3M9P2QX", Caption: "Lịch hẹn 08:30 ngày 05/08/2026, số thứ tự 12"}},
		"link":     {message.Words{Text: "Giấy tờ cần mang theo có trong trang này."}, message.Link{Label: "Xem giấy tờ", URL: "https://motcua.example/tthc/1.001193"}, message.Link{Label: "Gọi tổng đài 1022", URL: "tel:1022"}},
		"location": {message.Location{Lat: 20.8578123, Lon: 106.6816789, Label: "Bộ phận Một cửa phường Hồng Bàng"}},
		"picture":  {message.Image{URL: picture, Alt: "Ảnh chỗ đèn hỏng, sau khi đã thay bóng"}, message.Words{Text: "Đơn vị gửi bà con ảnh sau khi sửa."}},
		"progress": {message.Progress{Label: "Hồ sơ đã qua", Done: 2, Total: 5}},
	}
}

func options(labels ...string) []message.Choice {
	var out []message.Choice
	for i, l := range labels {
		out = append(out, message.Choice{Label: l, Value: fmt.Sprint("v", i+1)})
	}
	return out
}

func named(t *testing.T, file string) []message.Choice {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	return options(strings.Split(strings.TrimSpace(string(raw)), "\n")...)
}

// streets gives sentences of different lengths, one of which has dots inside.
func streets(n int) []string {
	var out []string
	for i := range n {
		out = append(out, [...]string{
			fmt.Sprintf("Ngõ %d đường Lạch Tray nước sâu %d,5 cm lúc 06.30, xe máy không đi được.", i+1, 20+i),
			fmt.Sprintf("Đoạn trước số nhà %d đường Tô Hiệu còn ngập!", 100+i),
			fmt.Sprintf("Bà con ở tổ dân phố số %d cần giúp chuyển đồ thì gọi tổng đài 1022, cán bộ trực cả đêm và sẽ đến trong vòng một giờ.", i+1),
		}[i%3])
	}
	return out
}

// floods gives a text of paragraphs, which is longer than any network takes at once.
func floods(n int) string {
	var out []string
	list := streets(n)
	for i := 0; i < len(list); i += 8 {
		out = append(out, strings.Join(list[i:min(i+8, len(list))], " "))
	}
	return strings.Join(out, "\n\n")
}

// written puts messages down for a reader: words as they are, and below them what can be tapped.
func written(fitted []message.Blocks) string {
	var b strings.Builder
	for i, m := range fitted {
		fmt.Fprintf(&b, "━━ message %d of %d\n", i+1, len(fitted))
		for _, block := range m {
			write(&b, block)
		}
	}
	return b.String()
}

func write(b *strings.Builder, block message.Block) {
	switch x := block.(type) {
	case message.Words:
		fmt.Fprintf(b, "%s\n", x.Text)
	case message.Choices:
		fmt.Fprintf(b, "%s\n", x.Text)
		taps(b, "answer", x.Options)
		taps(b, "way out", x.Controls)
	case message.Card:
		fmt.Fprintf(b, "╭ card %s\n│ %s\n", x.Title, x.Subtitle)
		for _, f := range x.Facts {
			fmt.Fprintf(b, "│ %s ┊ %s\n", f.Label, f.Value)
		}
		fmt.Fprintf(b, "╰ picture %q\n", x.ImageURL)
		taps(b, "next", x.Actions)
	case message.Image:
		fmt.Fprintf(b, "[picture %s] %s\n", x.URL, x.Alt)
	case message.QR:
		fmt.Fprintf(b, "[QR %s] %s\n", x.Payload, x.Caption)
	case message.Location:
		fmt.Fprintf(b, "[map %f, %f] %s\n", x.Lat, x.Lon, x.Label)
	case message.Link:
		fmt.Fprintf(b, "[link %s → %s]\n", x.Label, x.URL)
	case message.Progress:
		fmt.Fprintf(b, "[%d of %d] %s\n", x.Done, x.Total, x.Label)
	}
}

func taps(b *strings.Builder, what string, choices []message.Choice) {
	for _, c := range choices {
		hint := c.Hint
		if hint != "" {
			hint = " ┊ " + hint
		}
		fmt.Fprintf(b, "[%s %s%s → %s]\n", what, c.Label, hint, c.Value)
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run with -update to write it")
	require.Equal(t, string(want), got)
}

// within holds a message against the profile; a network that shows blocks as they are has no limits.
func within(t *testing.T, p channels.Profile, i int, m message.Blocks) {
	t.Helper()
	if p.Native {
		return
	}
	buttons, texts := 0, 0
	for _, b := range m {
		switch x := b.(type) {
		case message.Words:
			texts++
			require.LessOrEqual(t, utf8.RuneCountInString(x.Text), p.MaxText, "message %d", i+1)
		case message.Choices:
			texts++
			require.LessOrEqual(t, utf8.RuneCountInString(x.Text), p.MaxText, "message %d", i+1)
			for _, c := range append(append([]message.Choice(nil), x.Options...), x.Controls...) {
				buttons++
				require.LessOrEqual(t, utf8.RuneCountInString(c.Label), p.MaxLabel, c.Label)
			}
		case message.Link:
			buttons++
			require.LessOrEqual(t, utf8.RuneCountInString(x.Label), p.MaxLabel, x.Label)
		case message.Image, message.QR:
		default:
			t.Errorf("message %d holds a %T, which the network cannot show", i+1, b)
		}
	}
	require.LessOrEqual(t, buttons, p.MaxChoices, "message %d", i+1)
	require.LessOrEqual(t, texts, 1, "message %d", i+1)
}
