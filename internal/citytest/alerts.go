package citytest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Invoke carries out an action of a mini-app and decodes its data into out, which may be nil. key "" makes each call an effect of its own.
func (c Client) Invoke(ctx context.Context, app, action string, input any, key string, out any) error {
	var answer struct {
		InvokeMiniApp struct {
			Result *struct{ Data json.RawMessage }
			Errors userErrors
		}
	}
	vars := map[string]any{"app": app, "action": action, "in": input}
	if key != "" {
		vars["key"] = key
	}
	err := c.Do(ctx, `mutation($app: String!, $action: String!, $in: JSON, $key: String) {
		invokeMiniApp(appId: $app, action: $action, input: $in, idempotencyKey: $key) { result { data } errors { code message path } } }`, vars, &answer)
	if err != nil {
		return err
	}
	if err := answer.InvokeMiniApp.Errors.err(app + "." + action); err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer.InvokeMiniApp.Result.Data, out)
}

// Bulletin is what the actions of alerts answer with.
type Bulletin struct {
	ID       string
	State    string // pending, active, cleared, refused
	Revision int    // that people were told
	Next     *struct {
		Version int // that the second person has read
		Reach   int
	}
}

// AlertProgress is how far the telling of a bulletin is.
type AlertProgress struct {
	People, Told, Failed int
	Done                 bool
}

// Crowd is what the phones got that the stand-in for Firebase knows without installation.
type Crowd struct {
	Phones, Taken, Repeats int
	Shown                  map[string]int // how many phones show a notification with this title
	First, Last            time.Time
}

// ReadCrowd asks the stand-in at that address, …/fcm.
func ReadCrowd(ctx context.Context, base string) (Crowd, error) {
	var out Crowd
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/control/crowd", nil)
	if err != nil {
		return out, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return out, fmt.Errorf("crowd: status %d", res.StatusCode)
	}
	err = json.NewDecoder(res.Body).Decode(&out)
	return out, err
}

// CodeTime asks for a one-time code and gives the time until the stand-in for the SMS network has it. Each phone, written as at home, may be asked for once.
func (p *Process) CodeTime(ctx context.Context, phone string) (time.Duration, error) {
	begin := time.Now()
	var asked struct{ RequestOTP struct{ Errors userErrors } }
	err := Client{URL: p.HTTP + "/graphql"}.Do(ctx, `mutation($i: RequestOtpInput!) { requestOtp(input: $i) { errors { code message path } } }`,
		map[string]any{"i": map[string]any{"phone": phone, "deviceId": "device-of-" + phone}}, &asked)
	if err == nil {
		err = asked.RequestOTP.Errors.err("requestOtp")
	}
	if err != nil {
		return 0, err
	}
	_, err = p.Code(ctx, phone)
	return time.Since(begin), err
}
