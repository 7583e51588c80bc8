package zaloapi

import (
	"maps"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
)

// Verdict is what an error number means for the message. A number that is in no table may be new: its message is tried again, as long as the core sees fit. The
// texts beside the numbers are never looked at.
type Verdict struct {
	End    netcall.End
	Reason string // of Never, Gone, Alarm and Few: a code that the desk can read
}

// Account are the error numbers of the OA API, "Mã lỗi" at https://developers.zalo.me/docs/official-account/.
var Account = map[int]Verdict{
	-32:  {End: netcall.Busy},
	-100: {End: netcall.Retry},         // the id of a picture has expired: whoever sent it uploads it anew
	-200: {netcall.Few, "send_failed"}, // generic, without a cause
	-124: {End: netcall.Token},         // of the template API, which takes the same token
	-216: {End: netcall.Token},
	-220: {End: netcall.Token},
	-234: {End: netcall.Night},

	-201: {netcall.Never, "bad_parameter"},
	-210: {netcall.Never, "bad_parameter"},
	-213: {netcall.Gone, "not_a_follower"},
	-217: {netcall.Never, "refused_by_person"},
	-227: {netcall.Gone, "person_inactive"},
	-230: {netcall.Never, channels.OutsideWindow},
	-232: {netcall.Never, channels.OutsideWindow},
	-244: {netcall.Never, "restricted_by_person"},
	-233: {netcall.Never, "unsupported_kind"},
	-237: {netcall.Never, "group_expired"},
	-238: {netcall.Never, "asset_used"},
	-240: {netcall.Never, "api_closed"},
	-241: {netcall.Never, "asset_used"},
	-403: {netcall.Never, "not_in_group"},
	-248: {netcall.Never, "content_policy"},
	-249: {netcall.Never, "template_by_user"},

	-204: {netcall.Alarm, "account_disabled"},
	-205: {netcall.Alarm, "account_unknown"},
	-209: {netcall.Alarm, "app_inactive"},
	-212: {netcall.Alarm, "app_unregistered"},
	-219: {netcall.Alarm, "app_removed"},
	-221: {netcall.Alarm, "account_unverified"},
	-223: {netcall.Alarm, "not_authorised"},
	-224: {netcall.Alarm, "package_too_low"},
	-235: {netcall.Alarm, "account_type"},
	-242: {netcall.Alarm, "appsecret_proof"},
	-211: {netcall.Alarm, "out_of_quota"},
	-218: {netcall.Alarm, "out_of_quota"},
	-320: {netcall.Alarm, "no_cloud_account"},
	-321: {netcall.Alarm, "no_money"},
}

// Templates are the error numbers of the template API, "Mã lỗi ZBS Template Message" at https://developers.zalo.me/docs/zalo-notification-service/.
//
// A daily limit is never, not later: whoever waits for a code or a notice gets it by another way today.
var Templates = map[int]Verdict{
	-32:  {End: netcall.Busy}, // of the application, as with the OA API
	-100: {End: netcall.Retry},
	-124: {End: netcall.Token},
	-133: {End: netcall.Night},

	-101:  {netcall.Alarm, "app_invalid"},
	-102:  {netcall.Alarm, "app_unknown"},
	-103:  {netcall.Alarm, "app_inactive"},
	-104:  {netcall.Alarm, "app_secret"},
	-105:  {netcall.Alarm, "app_not_linked"},
	-125:  {netcall.Alarm, "account_unknown"},
	-127:  {netcall.Alarm, "development_mode"},
	-1241: {netcall.Alarm, "appsecret_proof"},

	-108: {netcall.Never, "bad_number"},
	-118: {netcall.Never, "no_zalo_account"},
	-119: {netcall.Never, "cannot_receive"},
	-114: {netcall.Never, "cannot_receive"},
	-110: {netcall.Never, "old_client"},
	-139: {netcall.Never, "refused_by_person"},
	-140: {netcall.Never, "refused_by_person"},
	-141: {netcall.Never, "refused_by_person"},

	-109: {netcall.Alarm, "template_unknown"},
	-131: {netcall.Alarm, "template_not_approved"},
	-117: {netcall.Alarm, "template_not_permitted"},
	-146: {netcall.Alarm, "template_disabled"},

	-111:  {netcall.Never, "bad_params"},
	-112:  {netcall.Never, "bad_params"},
	-1121: {netcall.Never, "bad_params"},
	-1122: {netcall.Never, "bad_params"},
	-1124: {netcall.Never, "bad_params"},
	-122:  {netcall.Never, "bad_body"},

	-115:  {netcall.Alarm, "no_money"},
	-126:  {netcall.Alarm, "no_money"},
	-136:  {netcall.Alarm, "no_cloud_account"},
	-137:  {netcall.Alarm, "no_money"},
	-135:  {netcall.Alarm, "account_not_permitted"},
	-1351: {netcall.Alarm, "account_blocked"},

	-144:  {netcall.Never, "daily_limit"},
	-1441: {netcall.Never, "daily_limit"},
	-147:  {netcall.Never, "daily_limit"},
	-1471: {netcall.Never, "daily_limit"},
	-1472: {netcall.Never, "daily_limit"},
}

// ByUser are the error numbers of a template that goes to a person's id: the OA API's own, and those that it may have in common with the path by phone. Which
// these are is written nowhere.
var ByUser = func() map[int]Verdict {
	both := maps.Clone(Account)
	maps.Copy(both, Templates)
	return both
}()
