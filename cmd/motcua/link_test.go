package main_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/motcua/motcua/internal/citytest"
)

// brisk lets one phone get many codes in a row.
var brisk = []string{
	"MOTCUA_INBOX__SETTLE=20ms", "MOTCUA_ACCOUNT__CODE__RESEND_AFTER=1ms", "MOTCUA_ACCOUNT__CODE__SENDS_PER_HOUR=50", "MOTCUA_ACCOUNT__CODE__SENDS_PER_DAY=50",
	"MOTCUA_CHAT__SILENCE=2s",
}

// TestOnePersonOnEveryNetwork runs one city for all that people do there to be known as one, each with phones and chats of their own.
func TestOnePersonOnEveryNetwork(t *testing.T) {
	t.Parallel()
	city := newPlace(t, brisk...).start(t)
	for name, run := range map[string]func(context.Context, *testing.T, *citytest.Process){
		"three chats and the app are one account": testOneAccount,
		"nothing is joined without proof":         testNoProof,
		"a link that somebody sent asks first":    testSentLink,
		"a borrowed chat has no phone":            testBorrowedChat,
		"a link is for one account":               testLinkOfOther,
		"codes cannot be guessed":                 testGuessing,
		"a number has a new holder":               testRecycledNumber,
		"the phone is lost":                       testLostPhone,
		"a code is typed again":                   testTypedAgain,
		"every chat is told":                      testEverywhereTold,
		"Firebase proves the phone":               testFirebase,
		"the Mini App knows no chat":              testMiniAppAlone,
		"the Mini App proves phone and chat":      testMiniApp,
		"a form goes on in the app":               testForm,
		"an officer on Zalo":                      testOfficerOnZalo,
		"an officer on Messenger":                 testOfficerOnMessenger,
		"an officer on the web":                   testOfficerOnWeb,
		"a person in the network's console":       testConsole,
		"the console answers who waits":           testConsoleAtTheDesk,
		"somebody asks to be forgotten":           testForgotten,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(within(t, 80*time.Second), t, city)
		})
	}
}

// tie is one identity as its owner sees it.
type tie struct{ ID, Network string }

func ties(ctx context.Context, t *testing.T, c citytest.Client) []tie {
	t.Helper()
	return read[[]tie](ctx, t, c, "identities", `{ identities { id network } }`, nil)
}

// networks gives where somebody is linked, in order.
func networks(ctx context.Context, t *testing.T, c citytest.Client) string {
	t.Helper()
	var out []string
	for _, x := range ties(ctx, t, c) {
		out = append(out, x.Network)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// owned gives the tracking codes of an account's reports, in order.
func owned(ctx context.Context, t *testing.T, c citytest.Client) []string {
	t.Helper()
	all, err := pages[struct{ Code string }](ctx, c, "myFeedback", "code")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range all {
		out = append(out, r.Code)
	}
	slices.Sort(out)
	return out
}

func wantOwned(ctx context.Context, t *testing.T, c citytest.Client, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := owned(ctx, t, c); !slices.Equal(got, want) {
		t.Errorf("the app shows %v, want %v", got, want)
	}
}

// happened gives an account's link events, the oldest first: "JOINED zalo", "REFUSED wrong".
func happened(ctx context.Context, t *testing.T, c citytest.Client) []string {
	t.Helper()
	all, err := pages[struct{ Kind, Reason, Network string }](ctx, c, "linkEvents", "kind reason network")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range slices.Backward(all) {
		if e.Kind == "REFUSED" {
			e.Network = e.Reason
		}
		out = append(out, e.Kind+" "+e.Network)
	}
	return out
}

func wantHappened(ctx context.Context, t *testing.T, c citytest.Client, want ...string) {
	t.Helper()
	if got := happened(ctx, t, c); !slices.Equal(got, want) {
		t.Errorf("link events: %q, want %q", got, want)
	}
}

// offerCode gives a code that the app shows.
func offerCode(ctx context.Context, t *testing.T, c citytest.Client) string {
	t.Helper()
	return must[struct{ Code struct{ Code string } }](ctx, t, c, "offerLinkCode", "OfferLinkCodeInput", "code { code }", map[string]any{}).Code.Code
}

var chatLink = regexp.MustCompile(`/chat/link/([0-9A-Za-z_-]{43})`)

// offerLink has a link sent into a chat and gives its token.
func (p *talker) offerLink() string {
	p.t.Helper()
	m := chatLink.FindStringSubmatch(p.ask("liên kết tài khoản", "/chat/link/"))
	if m == nil {
		p.t.Fatalf("%s: no link", p.name)
	}
	return m[1]
}

const linked, refusedCode, noReports = "Liên kết xong", "Mã chưa đúng, đã hết hạn hoặc đã được dùng", "Bà con chưa gửi phản ánh nào"

// link types a code and agrees to what it is asked.
func (p *talker) link(code string) {
	p.t.Helper()
	p.ask(code, agreed)
	p.ask("Đồng ý", linked)
}

// agreed is what a chat is asked before it is joined to an account.
const agreed = "đồng ý liên kết chứ"

type opened struct {
	Link struct {
		Network, Code string
		Conflict      bool
	}
}

const openedFields = "link { network code conflict }"

func openLink(ctx context.Context, t *testing.T, c citytest.Client, token string) opened {
	t.Helper()
	return must[opened](ctx, t, c, "openLink", "OpenLinkInput!", openedFields, map[string]any{"token": token})
}

// cannotOpen checks that a link leads nowhere for somebody.
func cannotOpen(ctx context.Context, t *testing.T, c citytest.Client, token, want string) {
	t.Helper()
	if _, code, words := change[opened](ctx, t, c, "openLink", "OpenLinkInput!", openedFields, map[string]any{"token": token}); code != want {
		t.Errorf("the link gives %q %s, want %s", code, words, want)
	}
}

// testOneAccount joins Zalo by the phone, Messenger by a code of the app and our own pages by a link, and parts them again.
func testOneAccount(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone = "0911000001"
	zalo, messenger, web := onZalo(ctx, t, city, "Hoa"), onMessenger(ctx, t, city, "Hoa"), onWeb(ctx, t, city)
	z, m, w := zalo.report("của Hoa trên Zalo"), messenger.report("của Hoa trên Messenger"), web.report("của Hoa trên trang web")
	zalo.signIn(city, phone, "Đăng nhập xong")
	app := inApp(ctx, t, city, phone)
	wantOwned(ctx, t, app, z)
	messenger.link(offerCode(ctx, t, app))
	link := openLink(ctx, t, app, web.offerLink()).Link
	if link.Network != "web" || link.Conflict {
		t.Errorf("the link shows %+v", link)
	}
	if asked := web.ask(link.Code, agreed); strings.Count(asked, "091••••001") != 2 || !strings.Contains(asked, `"Đồng ý"`) {
		t.Errorf("the question does not name the account: %s", asked)
	}
	web.ask("đồng ý", linked)

	r, refused, err := trySubmit(ctx, app, reportOf("hoa", "Ổ gà to giữa đường, báo từ ứng dụng"))
	if err != nil || refused != "" {
		t.Fatalf("%s %v", refused, err)
	}
	later := zalo.report("của Hoa sau khi liên kết")
	all := []string{z, m, w, r.code, later}
	wantOwned(ctx, t, app, all...)
	for _, p := range []*talker{zalo, messenger, web} {
		p.owns(all, all...)
	}
	if got := networks(ctx, t, app); got != "messenger web zalo" {
		t.Errorf("identities: %s", got)
	}
	sessions := read[[]struct {
		DeviceName string
		Current    bool
	}](ctx, t, app, "sessions", `{ sessions { deviceName current } }`, nil)
	if len(sessions) != 1 || !sessions[0].Current || sessions[0].DeviceName != "Máy của "+phone {
		t.Errorf("sessions: %+v", sessions)
	}
	wantHappened(ctx, t, app, "JOINED zalo", "JOINED messenger", "JOINED web")
	zalo.told("được liên kết với Messenger")

	for _, x := range ties(ctx, t, app) {
		if x.Network == "messenger" {
			for range 2 { // a repeat changes nothing
				must[struct{ ID string }](ctx, t, app, "unlinkIdentity", "UnlinkIdentityInput!", "id", map[string]any{"id": x.ID, "idempotencyKey": "part"})
			}
		}
	}
	messenger.owns(all, m)
	zalo.ask("bỏ liên kết", "đăng xuất nơi nào")
	zalo.ask("Zalo", "Trong 30 ngày kể từ lúc liên kết")
	zalo.ask("gửi", "Đã bỏ liên kết")
	zalo.owns(all, z)
	rest := []string{w, r.code, later} // what was made after the joining is the account's
	web.owns(all, rest...)
	wantOwned(ctx, t, app, rest...)
	if got := networks(ctx, t, app); got != "web" {
		t.Errorf("identities: %s", got)
	}
	wantHappened(ctx, t, app, "JOINED zalo", "JOINED messenger", "JOINED web", "PARTED messenger", "PARTED zalo")
}

// testNoProof tries all that looks like a proof and is none.
func testNoProof(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone = "0911000002"
	owner := onZalo(ctx, t, city, "Lan")
	z := owner.report("của Lan")
	owner.signIn(city, phone, "Đăng nhập xong")
	app := inApp(ctx, t, city, phone)

	same := onMessenger(ctx, t, city, "Lan") // equal name
	same.owns([]string{z})
	before := len(codes(ctx, city, phone))
	same.ask("đăng nhập", "số điện thoại di động") // a phone that is only named
	same.ask(phone, "nhập 6 chữ số")
	right := newCode(ctx, t, city, phone, before)
	other := onZalo(ctx, t, city, "Lan khác")
	other.ask("đăng nhập", "số điện thoại di động")
	other.ask(phone, "nhập 6 chữ số")
	other.ask(right, "Mã chưa đúng") // the code of another chat's question
	other.ask("hủy", "Đã dừng ở bước")
	for left := 4; left > 0; left-- {
		same.ask(notThis(right), fmt.Sprintf("còn %d lần thử", left))
	}
	same.ask(notThis(right), "nhập sai quá nhiều lần")
	same.ask("hủy", "Bà con cần gì")
	same.owns([]string{z})

	for user, act := range map[string]string{"Lan gửi số": "info", "Lan gửi thẻ": "card"} { // a contact that was shared
		p := onZalo(ctx, t, city, user)
		e, err := zaloOf(city).Do(ctx, user, act, map[string]string{"name": "Lan", "phone": "84911000002"})
		if err != nil {
			t.Fatal(err)
		}
		p.last = e.Seq
		p.hear(map[string]string{"info": "không được lưu lại", "card": "chưa nhận được danh thiếp"}[act])
		p.owns([]string{z})
	}
	wantOwned(ctx, t, app, z)
	if got := networks(ctx, t, app); got != "zalo" {
		t.Errorf("identities: %s", got)
	}
	wantHappened(ctx, t, app, "JOINED zalo", "REFUSED wrong", "REFUSED wrong") // one for each chat in which codes were typed for the phone
}

// testSentLink has people open the city's own address with a stranger's code in it, on every network that has such links: they are asked, and nothing is
// joined by that, by a second visit, or by a no.
func testSentLink(ctx context.Context, t *testing.T, city *citytest.Process) {
	stranger := inApp(ctx, t, city, "0911000061")
	web, messenger := onWeb(ctx, t, city), onMessenger(ctx, t, city, "Nạn nhân")
	opens := map[*talker]func(ref string) (int64, error){
		web: func(ref string) (int64, error) {
			var out struct{ Seq int64 }
			return out.Seq, web.on.(*visitor).call(ctx, "/messages", map[string]string{"id": uuid.NewString(), "ref": ref}, &out)
		},
		messenger: func(ref string) (int64, error) {
			e, err := messengerOf(city).Do(ctx, "Nạn nhân", "referral", map[string]string{"ref": ref})
			return e.Seq, err
		},
	}
	for p, open := range opens {
		mine := p.report("của nạn nhân")
		for _, code := range []string{offerCode(ctx, t, stranger), offerCode(ctx, t, stranger)} {
			if _, err := open("link." + code); err != nil {
				t.Fatal(err)
			}
			if asked := p.hear(agreed); !strings.Contains(asked, "091••••061") {
				t.Errorf("%s is not told whose account it is: %s", p.name, asked)
			}
		}
		p.ask("không", "Đã dừng ở bước")
		p.owns([]string{mine}, mine)
		wantOwned(ctx, t, stranger)
	}
	if got := networks(ctx, t, stranger); got != "" {
		t.Errorf("joined: %s", got)
	}
}

// testBorrowedChat has somebody at a linked chat type the code of their own account, to take the chat's account along: that needs its phone.
func testBorrowedChat(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone = "0911000062"
	chat, thief := onWeb(ctx, t, city), inApp(ctx, t, city, "0911000063")
	mine := chat.report("của chủ")
	chat.signIn(city, phone, "Đăng nhập xong")
	before := len(codes(ctx, city, phone))
	chat.ask("gộp tài khoản", "Bà con lấy mã liên kết")
	chat.ask(offerCode(ctx, t, thief), "Bà con đồng ý gộp chứ")
	chat.ask("Đồng ý", "nhập 6 chữ số")
	right := newCode(ctx, t, city, phone, before)
	chat.ask(notThis(right), "còn 4 lần thử")
	wantOwned(ctx, t, thief)
	chat.ask(right, "Đã gộp hai tài khoản")
	wantOwned(ctx, t, thief, mine)
}

// notThis gives a code that is wrong.
func notThis(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// testLinkOfOther opens a link twice, from another account, and types its code in another chat.
func testLinkOfOther(ctx context.Context, t *testing.T, city *citytest.Process) {
	mine, theirs := inApp(ctx, t, city, "0911000003"), inApp(ctx, t, city, "0911000004")
	web, thief := onWeb(ctx, t, city), onMessenger(ctx, t, city, "Kẻ trộm")
	code := web.report("của người mở đường liên kết")
	token := web.offerLink()
	if _, refusal, _ := change[opened](ctx, t, citytest.Client{URL: mine.URL}, "openLink", "OpenLinkInput!", openedFields, map[string]any{"token": token}); refusal != "UNAUTHORIZED" {
		t.Errorf("a guest opens a link: %q", refusal)
	}
	link := openLink(ctx, t, mine, token).Link
	cannotOpen(ctx, t, theirs, token, "NOT_FOUND")
	thief.ask(link.Code, refusedCode)
	thief.ask("hủy", "Đã hủy")
	thief.ask("phản ánh của tôi", noReports)
	if again := openLink(ctx, t, mine, token).Link; again.Code != link.Code {
		t.Error("a link that is opened again shows another code")
	}
	web.link(link.Code)
	cannotOpen(ctx, t, mine, token, "NOT_FOUND")   // replayed
	cannotOpen(ctx, t, theirs, token, "NOT_FOUND") // replayed
	wantOwned(ctx, t, mine, code)
	wantOwned(ctx, t, theirs)
	if got := networks(ctx, t, theirs); got != "" {
		t.Errorf("the other account has %s", got)
	}

	spent := offerCode(ctx, t, theirs)
	onMessenger(ctx, t, city, "Người quen").link(spent)
	thief.ask(spent, refusedCode)
	thief.ask("hủy", "Đã hủy")
	web.ask(offerCode(ctx, t, theirs), "đang liên kết với một tài khoản khác") // it has an account
	wantOwned(ctx, t, mine, code)
	wantOwned(ctx, t, theirs)
	for who, want := range map[string][]string{
		"mine":   {"REFUSED other_account", "REFUSED other_chat", "JOINED web", "REFUSED ended", "REFUSED other_account"},
		"theirs": {"REFUSED other_account", "REFUSED other_account", "JOINED messenger", "REFUSED ended"},
	} {
		got := happened(ctx, t, map[string]citytest.Client{"mine": mine, "theirs": theirs}[who])
		for _, e := range want {
			if !slices.Contains(got, e) {
				t.Errorf("the events of %s lack %q: %q", who, e, got)
			}
		}
	}
}

// testGuessing types codes and opens links until there is an end to it.
func testGuessing(ctx context.Context, t *testing.T, city *citytest.Process) {
	app, guesser := inApp(ctx, t, city, "0911000005"), onZalo(ctx, t, city, "Kẻ đoán")
	const tries = 10 // account.link.tries_per_day
	for i := range tries {
		guesser.ask(fmt.Sprintf("A%d3M-9QXD", i), refusedCode)
		guesser.ask("hủy", "Đã hủy")
	}
	right := offerCode(ctx, t, app)
	guesser.ask(right, "thử quá nhiều lần trong ngày")
	for i := range tries {
		cannotOpen(ctx, t, app, fmt.Sprintf("%043d", i), "NOT_FOUND")
	}
	cannotOpen(ctx, t, app, fmt.Sprintf("%043d", tries), "RATE_LIMITED")
	if got := networks(ctx, t, app); got != "" {
		t.Errorf("linked: %s", got)
	}
	onZalo(ctx, t, city, "Người có mã").link(right)
}

// testTypedAgain mistypes a code and types it again.
func testTypedAgain(ctx context.Context, t *testing.T, city *citytest.Process) {
	app, chat := inApp(ctx, t, city, "0911000014"), onZalo(ctx, t, city, "Gõ nhầm")
	chat.ask("7K3M-9QXD", refusedCode)
	chat.link(offerCode(ctx, t, app))
}

// quoted is what a text asks its reader to write.
var quoted = regexp.MustCompile(`nhắn “([^”]+)”`)

// testRecycledNumber has the new holder of a number prove it on Zalo, where the account has a chat: they see nothing, may wait, and are stopped.
func testRecycledNumber(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone = "0911000006"
	former := onZalo(ctx, t, city, "Chủ cũ")
	z := former.report("của chủ cũ")
	former.signIn(city, phone, "Đăng nhập xong")
	app := inApp(ctx, t, city, phone)
	holder := onZalo(ctx, t, city, "Chủ mới")
	holder.signIn(city, phone, "cần xác nhận cả hai phía")
	holder.owns([]string{z})
	holder.ask(offerCode(ctx, t, app), "cần xác nhận cả hai phía") // a session of a minute ago proves the phone and no more
	before := len(codes(ctx, city, phone))
	holder.ask("mất điện thoại", "số điện thoại đang dùng hiện nay")
	holder.ask(phone, "nhập 6 chữ số")
	holder.ask(newCode(ctx, t, city, phone, before), "các nơi đang liên kết đều được báo")
	former.told("Có người nhận là chủ mới của số này")
	holder.owns([]string{z})
	holder.ask("mất điện thoại", "số điện thoại đang dùng hiện nay")
	holder.ask(phone, "đang chờ đến")

	waiting := read[[]struct{ ID, Kind, Network string }](ctx, t, app, "recoveries", `{ recoveries { id kind network } }`, nil)
	if len(waiting) != 1 || waiting[0].Kind != "RELEASE_PHONE" || waiting[0].Network != "zalo" {
		t.Fatalf("recoveries: %+v", waiting)
	}
	stranger := inApp(ctx, t, city, "0911000007")
	if _, code, _ := change[struct{ ID string }](ctx, t, stranger, "cancelRecovery", "CancelRecoveryInput!", "id", map[string]any{"id": waiting[0].ID}); code != "NOT_FOUND" {
		t.Errorf("a stranger stops a recovery: %q", code)
	}
	must[struct{ ID string }](ctx, t, app, "cancelRecovery", "CancelRecoveryInput!", "id", map[string]any{"id": waiting[0].ID})
	if len(read[[]tie](ctx, t, app, "recoveries", `{ recoveries { id network } }`, nil)) != 0 {
		t.Error("a recovery that was stopped is still there")
	}
	before = len(codes(ctx, city, phone))
	holder.ask("mất điện thoại", "số điện thoại đang dùng hiện nay")
	holder.ask(phone, "nhập 6 chữ số")
	holder.ask(newCode(ctx, t, city, phone, before), "Vừa có thay đổi trên tài khoản này")
	holder.owns([]string{z})
	wantOwned(ctx, t, app, z)
	wantHappened(ctx, t, app, "JOINED zalo", "REFUSED conflict", "REFUSED conflict", "RECOVERY_STARTED zalo", "RECOVERY_CANCELLED zalo")
}

// testLostPhone has somebody at a linked chat ask for another number, and the owner stop it at another chat.
func testLostPhone(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone, next = "0911000008", "0911000009"
	lost, owner := onMessenger(ctx, t, city, "Mất máy"), onZalo(ctx, t, city, "Mất máy")
	lost.signIn(city, phone, "Đăng nhập xong")
	app := inApp(ctx, t, city, phone)
	owner.link(offerCode(ctx, t, app))
	before := len(codes(ctx, city, next))
	lost.ask("mất điện thoại", "số điện thoại đang dùng hiện nay")
	lost.ask(next, "nhập 6 chữ số")
	lost.ask(newCode(ctx, t, city, next, before), "các nơi đang liên kết đều được báo")
	owner.told("Có yêu cầu đổi số điện thoại")
	owner.ask("hủy yêu cầu đổi số", "bỏ mọi yêu cầu đổi số đang chờ")
	owner.ask("gửi", "Không còn yêu cầu nào đang chờ")
	if stopped := read[[]tie](ctx, t, app, "recoveries", `{ recoveries { id network } }`, nil); len(stopped) != 0 {
		t.Errorf("recoveries: %+v", stopped)
	}
	wantHappened(ctx, t, app, "JOINED messenger", "JOINED zalo", "RECOVERY_STARTED messenger", "RECOVERY_CANCELLED messenger")
	if me := read[struct{ MaskedPhone string }](ctx, t, app, "me", `{ me { maskedPhone } }`, nil); !strings.HasSuffix(me.MaskedPhone, "008") {
		t.Errorf("the phone is now %s", me.MaskedPhone)
	}
}

// testEverywhereTold has something happen to an account from one of its two chats: the other is told, whoever sits at the first, and what the notice asks to be
// written is understood in both.
func testEverywhereTold(ctx context.Context, t *testing.T, city *citytest.Process) {
	const phone, next = "0911000012", "0911000013"
	first, second := onMessenger(ctx, t, city, "Hai nơi"), onZalo(ctx, t, city, "Hai nơi")
	first.signIn(city, phone, "Đăng nhập xong")
	app := inApp(ctx, t, city, phone)
	second.link(offerCode(ctx, t, app))
	before := len(codes(ctx, city, next))
	second.ask("mất điện thoại", "số điện thoại đang dùng hiện nay")
	second.ask(next, "nhập 6 chữ số")
	second.ask(newCode(ctx, t, city, next, before), "các nơi đang liên kết đều được báo")
	notices := []struct{ notice, answer string }{ // the second answer leaves a question open, so it is the last
		{"được liên kết với Zalo", "Tài khoản của bà con"},
		{"Có yêu cầu đổi số điện thoại", "bỏ mọi yêu cầu đổi số đang chờ"},
	}
	for _, n := range notices {
		t.Run(n.notice, func(t *testing.T) {
			first, second := *first, *second
			first.t, second.t = t, t
			words := quoted.FindStringSubmatch(first.told(n.notice))
			if words == nil {
				t.Fatal("the notice does not say what to write")
			}
			second.ask(words[1], n.answer)
		})
	}
}

// TestNothingIsJoinedTooLate lets codes and links end before they are used.
func TestNothingIsJoinedTooLate(t *testing.T) {
	t.Parallel()
	ctx := within(t, 60*time.Second)
	city := newPlace(t, append(brisk, "MOTCUA_ACCOUNT__LINK__CODE_TTL=1ms", "MOTCUA_ACCOUNT__LINK__LINK_TTL=1ms")...).start(t)
	app, chat, web := inApp(ctx, t, city, "0911000011"), onMessenger(ctx, t, city, "Muộn"), onWeb(ctx, t, city)
	chat.ask(offerCode(ctx, t, app), refusedCode)
	cannotOpen(ctx, t, app, web.offerLink(), "NOT_FOUND")
	wantHappened(ctx, t, app, "REFUSED ended", "REFUSED ended")
	if got := networks(ctx, t, app); got != "" {
		t.Errorf("linked: %s", got)
	}
}
