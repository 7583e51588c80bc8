package account

import (
	"errors"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/motcua/motcua/internal/fault"
)

// phoneContext is the context of a phone's keyed index.
const phoneContext = "account phone"

// normalise turns a Vietnamese mobile number in any usual writing into E.164 ("+84912345678"). INVALID, naming the field phone, for anything else:
// codes go to mobile phones only, so that nobody can make the city ring expensive numbers abroad.
func normalise(phone string) (string, error) {
	bad := fault.InvalidField("account.bad_phone", "phone").Because(errors.New("account: not a Vietnamese mobile number"))
	if len(phone) > 40 || strings.ContainsFunc(phone, isLetter) {
		return "", bad
	}
	n, err := phonenumbers.Parse(phone, "VN")
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumberForRegion(n, "VN") {
		return "", bad
	}
	if phonenumbers.GetNumberType(n) != phonenumbers.MOBILE {
		return "", bad
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// isLetter finds what the library would read as a vanity number, an extension or a parameter.
func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == ';' }

// mask hides the middle of a phone in E.164: "+84912345678" becomes "091••••678".
func mask(phone string) string {
	local, ok := strings.CutPrefix(phone, "+84")
	if !ok || len(local) < 6 {
		return ""
	}
	return "0" + local[:2] + "••••" + local[len(local)-3:]
}
