package citytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// code finds the six digits in a text message.
var code = regexp.MustCompile(`\b\d{6}\b`)

// userErrors are the reasons for which a mutation was refused.
type userErrors []struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Path    []string `json:"path"`
}

func (e userErrors) err(what string) error {
	if len(e) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %+v", what, e)
}

// SignIn signs a phone, written as at home (0912345678), in with the code that the stand-in for the SMS network shows, and gives a client that holds the access token.
func (p *Process) SignIn(ctx context.Context, phone string) (Client, error) {
	c := Client{URL: p.HTTP + "/graphql"}
	var asked struct {
		RequestOTP struct {
			Challenge *struct {
				ID string `json:"id"`
			} `json:"challenge"`
			Errors userErrors `json:"errors"`
		} `json:"requestOtp"`
	}
	device := "device-of-" + phone
	err := c.Do(ctx, `mutation($i: RequestOtpInput!) { requestOtp(input: $i) { challenge { id } errors { code message path } } }`,
		map[string]any{"i": map[string]any{"phone": phone, "deviceId": device}}, &asked)
	if err != nil {
		return c, err
	}
	if err := asked.RequestOTP.Errors.err("requestOtp"); err != nil {
		return c, err
	}
	digits, err := p.Code(ctx, phone)
	if err != nil {
		return c, err
	}
	var granted struct {
		VerifyOTP struct {
			Grant *struct {
				AccessToken string `json:"accessToken"`
			} `json:"grant"`
			Errors userErrors `json:"errors"`
		} `json:"verifyOtp"`
	}
	err = c.Do(ctx, `mutation($i: VerifyOtpInput!) { verifyOtp(input: $i) { grant { accessToken } errors { code message path } } }`,
		map[string]any{"i": map[string]any{"challengeId": asked.RequestOTP.Challenge.ID, "code": digits, "deviceId": device}}, &granted)
	if err != nil {
		return c, err
	}
	if err := granted.VerifyOTP.Errors.err("verifyOtp"); err != nil {
		return c, err
	}
	c.Token = granted.VerifyOTP.Grant.AccessToken
	return c, nil
}

// Code waits for the newest one-time code that the stand-in for the SMS network has for a phone.
func (p *Process) Code(ctx context.Context, phone string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var found string
	err := Poll(ctx, func() (bool, error) {
		res, err := http.Get(p.Fakecity + "/sms/messages?phone=" + url.QueryEscape("+84"+strings.TrimPrefix(phone, "0")))
		if err != nil {
			return false, nil
		}
		defer res.Body.Close()
		var list []struct {
			Text string `json:"text"`
		}
		if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
			return false, nil
		}
		if len(list) > 0 {
			found = code.FindString(list[len(list)-1].Text)
		}
		return found != "", nil
	})
	if err != nil {
		return "", fmt.Errorf("no code for the phone: %w", err)
	}
	return found, nil
}

// Upload sends a file and gives its id.
func (c Client) Upload(ctx context.Context, contentType string, data []byte) (string, error) {
	var made struct {
		CreateMediaUpload struct {
			Upload *struct {
				ID, URL, Method string
				Headers         []struct{ Name, Value string }
			} `json:"upload"`
			Errors userErrors `json:"errors"`
		} `json:"createMediaUpload"`
	}
	err := c.Do(ctx, `mutation($i: CreateMediaUploadInput!) { createMediaUpload(input: $i) { upload { id url method headers { name value } } errors { code message path } } }`,
		map[string]any{"i": map[string]any{"contentType": contentType, "size": len(data), "idempotencyKey": fmt.Sprintf("upload-%x", sha256.Sum256(data))}}, &made)
	if err != nil {
		return "", err
	}
	if err := made.CreateMediaUpload.Errors.err("createMediaUpload"); err != nil {
		return "", err
	}
	u := made.CreateMediaUpload.Upload
	req, err := http.NewRequestWithContext(ctx, u.Method, u.URL, bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", contentType)
	for _, h := range u.Headers {
		req.Header.Set(h.Name, h.Value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); res.StatusCode/100 != 2 || err != nil {
		return "", fmt.Errorf("upload: status %d: %s %w", res.StatusCode, body, err)
	}
	return u.ID, nil
}
