package zns

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
)

const infoReply = `{"error":0,"message":"Success","data":{"templateId":200002,"templateName":"Mã xác thực","status":"ENABLE","templateTag":"OTP","templateQuality":"HIGH",
	"listParams":[{"name":"otp","require":true,"type":"NUMBER","maxLength":10,"minLength":0,"acceptNull":false}],"timeout":7200000,"price":"300"}}`

const noticeInfo = `{"error":0,"message":"Success","data":{"status":"ENABLE","templateTag":"TRANSACTION","templateQuality":"UNDEFINED","listParams":[
	{"name":"ma_phan_anh","require":true,"maxLength":30},{"name":"don_vi","require":true,"maxLength":30},{"name":"ly_do","require":true,"maxLength":100,"acceptNull":true}]}}`

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		otp, vi, en string
		want        []string
	}{
		"all is well": {infoReply, noticeInfo, noticeInfo, nil},
		"unknown":     {`{"error":-109}`, noticeInfo, noticeInfo, []string{"account.code (template 200002): the network answers error -109 template_unknown"}},
		"not yet, and low": {strings.NewReplacer("ENABLE", "PENDING_REVIEW", "HIGH", "LOW").Replace(infoReply), noticeInfo, noticeInfo, []string{
			`account.code (template 200002): its state is "PENDING_REVIEW"`, "account.code (template 200002): its quality is low: the network will disable it",
		}},
		"no code": {strings.Replace(infoReply, `"OTP"`, `"TRANSACTION"`, 1), noticeInfo, noticeInfo, []string{`account.code (template 200002): otp is true, but its tag is "TRANSACTION"`}},
		"other places": {infoReply, noticeInfo, strings.NewReplacer("ma_phan_anh", "code", `"maxLength":30}`, `"maxLength":20}`, `"maxLength":100,"acceptNull":true`, `"minLength":5`).Replace(noticeInfo), []string{
			`feedback.resolved (template 200113): params: the template's place "code" is missing`,
			"feedback.resolved (template 200113): params.don_vi.max is 30, the network takes 20",
			"feedback.resolved (template 200113): params.ly_do is optional here and required there",
			"feedback.resolved (template 200113): params.ma_phan_anh is no place of the template",
		}},
		"other forms": {
			strings.Replace(infoReply, "NUMBER", "STRING", 1), strings.Replace(noticeInfo, `"ma_phan_anh",`, `"ma_phan_anh","type":"NUMBER",`, 1), strings.Replace(noticeInfo, `"don_vi",`, `"don_vi","type":"DATE",`, 1),
			[]string{
				"feedback.resolved (template 200013): params.ma_phan_anh.type is text, the network takes number only",
				"feedback.resolved (template 200113): params.don_vi.type is text, the network takes date only",
			},
		},
	} {
		api := &recorder{answers: []string{tt.otp, tt.vi, tt.en}}
		c, _ := serve(t, api, nil)
		got, err := c.Check(t.Context())
		require.NoError(t, err, name)
		require.Equal(t, tt.want, got, name)
		require.Equal(t, "GET /template/info/v2?template_id=200002", api.paths[0])
		require.Len(t, api.paths, 3, name)
	}
}

func TestCheckThatCannotAsk(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, &recorder{answers: []string{"<html>"}, status: http.StatusBadGateway}, nil)
	_, err := c.Check(t.Context())
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	for code, want := range map[fault.Code]fault.Code{fault.Forbidden: fault.Forbidden, fault.Unavailable: fault.Unavailable} {
		c := open(t, testConfig("http://127.0.0.1:1"), &wallet{err: fault.New(code, "")}, &http.Client{}, noon)
		_, err := c.Check(t.Context())
		require.Equal(t, want, fault.CodeOf(err))
	}
}
