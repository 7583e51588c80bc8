package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/citytest"
)

// atOnce runs f for 0 … n-1 on as many goroutines, which begin together.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-begin; f(i) })
	}
	close(begin)
	wg.Wait()
}

// TestHundredCopies sends one report a hundred times at once: it takes effect once and all copies name it. The same key with another input is a conflict.
func TestHundredCopies(t *testing.T) {
	const copies = 100
	ctx := within(t, 3*time.Minute)
	city := newPlace(t).start(t)
	citizen, err := city.SignIn(ctx, "0912345678")
	if err != nil {
		t.Fatal(err)
	}
	in := reportOf("the-one", "Biển báo giao thông bị đổ ở ngã tư")
	ids := make([]receipt, copies)
	// A copy may be asked to come again; with its key it then is the same copy.
	atOnce(copies, func(i int) {
		err := citytest.Poll(ctx, func() (bool, error) {
			r, refused, err := trySubmit(ctx, citizen, in)
			if err != nil || refused != "" && refused != "UNAVAILABLE" && refused != "RATE_LIMITED" {
				return false, fmt.Errorf("refused %s: %w", refused, err)
			}
			ids[i] = r
			return r.id != "", nil
		})
		if err != nil {
			t.Errorf("copy %d: %v", i, err)
		}
	})
	for i, r := range ids {
		if r != ids[0] {
			t.Errorf("copy %d names %s, the first %s", i, r.id, ids[0].id)
		}
	}
	verify(ctx, t, citizen, ids[:1])

	var conflicts, others int
	var mu sync.Mutex
	atOnce(20, func(i int) {
		_, refused, err := trySubmit(ctx, citizen, reportOf("the-one", fmt.Sprintf("Một phản ánh khác hẳn, số %d", i)))
		mu.Lock()
		defer mu.Unlock()
		if err == nil && refused == "CONFLICT" {
			conflicts++
			return
		}
		others++
		t.Errorf("the key with another input: %q %v", refused, err)
	})
	t.Logf("%d copies, one report; %d other inputs, %d conflicts", copies, conflicts+others, conflicts)
	verify(ctx, t, citizen, ids[:1])
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// askForCode asks for a code and waits for the message that carries it: the nth to that phone.
func askForCode(ctx context.Context, t *testing.T, city *citytest.Process, phone, device string, nth int) (challenge, code string) {
	t.Helper()
	var asked struct {
		RequestOTP struct {
			Challenge *struct{ ID string }
			Errors    []struct{ Code, Message string }
		} `json:"requestOtp"`
	}
	guest := citytest.Client{URL: city.HTTP + "/graphql"}
	err := guest.Do(ctx, `mutation($i: RequestOtpInput!) { requestOtp(input: $i) { challenge { id } errors { code message } } }`,
		map[string]any{"i": map[string]any{"phone": phone, "deviceId": device}}, &asked)
	if err != nil || asked.RequestOTP.Challenge == nil {
		t.Fatalf("%v %+v", err, asked)
	}
	err = citytest.Poll(ctx, func() (bool, error) {
		res, err := http.Get(city.Fakecity + "/sms/messages?phone=" + url.QueryEscape("+84"+strings.TrimPrefix(phone, "0")))
		if err != nil {
			return false, err
		}
		defer res.Body.Close()
		var list []struct{ Text string }
		if err := json.NewDecoder(res.Body).Decode(&list); err != nil || len(list) < nth {
			return false, err
		}
		code = sixDigits.FindString(list[nth-1].Text)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return asked.RequestOTP.Challenge.ID, code
}

const verifyCode = `mutation($i: VerifyOtpInput!) { verifyOtp(input: $i) { grant { accessToken } account { id } errors { code } } }`

// tryVerify answers a challenge once and gives token and account, or the code of the refusal.
func tryVerify(ctx context.Context, city *citytest.Process, challenge, code, device string) (token, account, refused string, err error) {
	var out struct {
		VerifyOTP struct {
			Grant   *struct{ AccessToken string }
			Account *struct{ ID string }
			Errors  []struct{ Code string }
		} `json:"verifyOtp"`
	}
	guest := citytest.Client{URL: city.HTTP + "/graphql"}
	err = guest.Do(ctx, verifyCode, map[string]any{"i": map[string]any{"challengeId": challenge, "code": code, "deviceId": device}}, &out)
	v := out.VerifyOTP
	switch {
	case err != nil:
		return "", "", "", err
	case v.Grant == nil:
		return "", "", v.Errors[0].Code, nil
	}
	return v.Grant.AccessToken, v.Account.ID, "", nil
}

// TestNewCitizenAtOnce signs a new phone in from several devices at once, which makes one account, and then has it do twenty different things at once.
func TestNewCitizenAtOnce(t *testing.T) {
	const phone, devices = "0977000111", 6
	ctx := within(t, 3*time.Minute)
	city := newPlace(t, "MOTCUA_ACCOUNT__CODE__RESEND_AFTER=0s", "MOTCUA_ACCOUNT__CODE__SENDS_PER_HOUR=20", "MOTCUA_ACCOUNT__CODE__SENDS_PER_DAY=20").start(t)
	var challenges, codes, tokens, accounts [devices]string
	for i := range devices {
		challenges[i], codes[i] = askForCode(ctx, t, city, phone, fmt.Sprint("device-", i), i+1)
	}
	atOnce(devices, func(i int) {
		token, account, refused, err := tryVerify(ctx, city, challenges[i], codes[i], fmt.Sprint("device-", i))
		if err != nil || refused != "" {
			t.Errorf("device %d: %q %v", i, refused, err)
		}
		tokens[i], accounts[i] = token, account
	})
	for i := range devices {
		if accounts[i] != accounts[0] || accounts[i] == "" {
			t.Errorf("device %d is signed in to %q, the first to %q", i, accounts[i], accounts[0])
		}
	}
	citizen := citytest.Client{URL: city.HTTP + "/graphql", Token: tokens[0]}
	var mine struct{ Sessions []struct{ ID string } }
	if err := citizen.Do(ctx, "{ sessions { id } }", nil, &mine); err != nil || len(mine.Sessions) != devices {
		t.Errorf("%d sessions, want %d: %v", len(mine.Sessions), devices, err)
	}
	twentyThings(ctx, t, citizen)

	// One code is good for one session, whoever asks how often.
	challenge, code := askForCode(ctx, t, city, phone, "device-x", devices+1)
	var mu sync.Mutex
	granted := 0
	atOnce(20, func(int) {
		token, _, _, err := tryVerify(ctx, city, challenge, code, "device-x")
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
		}
		if token != "" {
			granted++
		}
	})
	if granted != 1 {
		t.Errorf("one code opened %d sessions", granted)
	}
}

// twentyThings does twenty different things at once, each with a key of its own, and counts the effects.
func twentyThings(ctx context.Context, t *testing.T, citizen citytest.Client) {
	t.Helper()
	const reports, invoked, uploads = 10, 4, 4
	var (
		mu       sync.Mutex
		receipts []receipt
		files    = map[string]bool{}
	)
	do := func(what, query string, vars map[string]any, out any) {
		if err := citizen.Do(ctx, query, vars, out); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	atOnce(reports+invoked+uploads+2, func(i int) {
		key := fmt.Sprint("thing-", i)
		switch {
		case i < reports:
			r, refused, err := trySubmit(ctx, citizen, reportOf(key, fmt.Sprintf("Rác đổ trộm, phản ánh số %d", i)))
			if err != nil || refused != "" {
				t.Errorf("report %d: %q %v", i, refused, err)
			}
			mu.Lock()
			defer mu.Unlock()
			receipts = append(receipts, r)
		case i < reports+invoked:
			text := fmt.Sprintf("Loa kéo quá ồn, phản ánh số %d", i)
			var out struct {
				InvokeMiniApp struct {
					Result *struct {
						Data struct{ Code string }
						Case struct{ NodeID string }
					}
				}
			}
			do("invoke", `mutation($in: JSON, $k: String) { invokeMiniApp(appId: "feedback", action: "submit", input: $in, idempotencyKey: $k) { result { data case { nodeId } } errors { code message } } }`,
				map[string]any{"k": key, "in": map[string]any{"description": text, "place": at()}}, &out)
			if out.InvokeMiniApp.Result == nil {
				t.Errorf("invoke %d: refused", i)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			receipts = append(receipts, receipt{key: key, text: text, id: out.InvokeMiniApp.Result.Case.NodeID, code: out.InvokeMiniApp.Result.Data.Code})
		case i < reports+invoked+uploads:
			var out struct {
				CreateMediaUpload struct{ Upload *struct{ ID string } }
			}
			do("upload", `mutation($k: String) { createMediaUpload(input: {contentType: "image/png", size: 1000, idempotencyKey: $k}) { upload { id } errors { code } } }`, map[string]any{"k": key}, &out)
			mu.Lock()
			defer mu.Unlock()
			if u := out.CreateMediaUpload.Upload; u != nil {
				files[u.ID] = true
			}
		case i == reports+invoked+uploads:
			do("name", `mutation($k: String) { updateMe(input: {displayName: "Trần Thị Mới", idempotencyKey: $k}) { errors { code } } }`, map[string]any{"k": key}, nil)
		default:
			do("language", `mutation($k: String) { updateMe(input: {language: EN, idempotencyKey: $k}) { errors { code } } }`, map[string]any{"k": key}, nil)
		}
	})
	if len(files) != uploads {
		t.Errorf("%d uploads were made, want %d", len(files), uploads)
	}
	var me struct {
		Me struct{ DisplayName, Language string }
	}
	do("me", "{ me { displayName language } }", nil, &me)
	if me.Me.DisplayName != "Trần Thị Mới" || me.Me.Language != "EN" {
		t.Errorf("of two changes of the account there is %+v", me.Me)
	}
	verify(ctx, t, citizen, receipts)
}
