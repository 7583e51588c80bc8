package account

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/limit"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/outbox"
	"github.com/motcua/motcua/internal/store"
)

// OTPRequest asks for a one-time code.
type OTPRequest struct {
	Phone   string       // as the person wrote it
	Device  string       // the name that the device keeps for itself; "" for none, else at most 128 bytes
	Address string       // IP address that the request came from, behind trusted proxies
	Lang    message.Lang // of the text message, and of the account if it is new
	Key     string       // idempotency key; "" for none

	use string // what the code is good for; "" for apps and pages
}

// What a code is good for, beside the sign-ins and changes of apps and pages.
const (
	forChat = "chat" // what a chat proves: sign-in and recovery
	forJoin = "join" // joining the account of the phone to another
)

// Challenge is a question for a code that is on its way to a phone.
type Challenge struct {
	ID          string
	ExpiresAt   time.Time // when the code ends
	ResendAfter time.Time // when another code may be asked for
}

// challenge is a question as it is stored. The code is nowhere: it is computed from the id and the salt with a key of the box, so that a repeat can
// send it again after a kill between two writes, and the store alone gives nothing to guess against.
type challenge struct {
	ID        string       `bson:"_id"`
	Claim     string       `bson:"claim"` // keyed index of the phone
	Phone     []byte       `bson:"phone"` // sealed
	Device    string       `bson:"device,omitempty"`
	Use       string       `bson:"use,omitempty"`
	Salt      []byte       `bson:"salt"`
	Lang      message.Lang `bson:"lang"`
	Attempts  int          `bson:"attempts"` // codes tried
	Proof     *proof       `bson:"proof,omitempty"`
	CreatedAt time.Time    `bson:"created_at"`
	Deadline  time.Time    `bson:"deadline"`   // when the code ends
	ExpiresAt time.Time    `bson:"expires_at"` // when the document may go
}

// proof says what a right code was used for. It is written in the same write that takes the code, so a code is used once.
type proof struct {
	Purpose string    `bson:"purpose"`
	Key     string    `bson:"key,omitempty"` // keyed index of the idempotency key: only who knows it can repeat
	Session string    `bson:"session"`       // of the session to be opened
	At      time.Time `bson:"at"`
}

// repeatTime is how long a sign-in whose answer was lost can be repeated with the same key.
const repeatTime = 10 * time.Minute

var challengeKind = store.Kind{Name: "otp_challenges", ExpiresAt: "expires_at"}

// RequestOTP sends a code to a phone, stored before it is acknowledged. The answer says nothing about whether the phone is known: nothing is looked
// up here that depends on it. A repeat with the same key gives the same challenge and sends nothing new. INVALID for what is no Vietnamese mobile
// number, RATE_LIMITED by phone, device or address, or when all apps together asked for too many, CONFLICT for a key that was used for another phone.
func (a *Accounts) RequestOTP(ctx context.Context, r OTPRequest) (Challenge, error) {
	return a.request(ctx, r, func(string) error {
		if err := a.admit(ctx, "send", r.Address, r.Device, a.cfg.Limits.SendAddress, a.cfg.Limits.SendDevice); err != nil {
			return err
		}
		return a.brake(ctx, "send", inApp, a.cfg.Limits.SendNetwork)
	})
}

// request sends a code once admit has let the challenge of that id through.
func (a *Accounts) request(ctx context.Context, r OTPRequest, admit func(id string) error) (Challenge, error) {
	phone, err := normalise(r.Phone)
	if err != nil {
		return Challenge{}, err
	}
	if err := checkDevice(r.Device, r.Key); err != nil {
		return Challenge{}, err
	}
	index := a.deps.Box.Index(phoneContext, phone)
	id, err := a.challengeID(r)
	if err != nil {
		return Challenge{}, err
	}
	if r.Key != "" {
		c, err := a.challenges.Get(ctx, id)
		if err == nil {
			return a.sendAgain(ctx, c, index, phone)
		}
		if fault.CodeOf(err) != fault.NotFound {
			return Challenge{}, fmt.Errorf("account: request code: %w", err)
		}
	}
	if err := admit(id); err != nil {
		return Challenge{}, err
	}
	if err := a.chargeSend(ctx, index, id); err != nil {
		return Challenge{}, err
	}
	return a.ask(ctx, id, index, phone, r)
}

// challengeID names a challenge: at random, or from the key, so that a repeat finds it. Nobody without the box's key can tell it from outside.
func (a *Accounts) challengeID(r OTPRequest) (string, error) {
	if r.Key == "" {
		return newID()
	}
	who := "device:" + r.Device
	if r.Device == "" {
		who = "address:" + r.Address
	}
	return once.ID(a.deps.Box.Index("account challenge", once.Scope(who, "account", "requestOtp", r.Key))), nil
}

// ask stores the challenge and sends its code.
func (a *Accounts) ask(ctx context.Context, id, index, phone string, r OTPRequest) (Challenge, error) {
	sealed, err := a.deps.Box.Seal([]byte(phone), challengeSeal(id))
	if err != nil {
		return Challenge{}, err
	}
	now := a.now()
	c := challenge{
		ID: id, Claim: index, Phone: sealed, Device: a.deviceIndex(r.Device), Use: r.use, Salt: randomBytes(16), Lang: r.Lang.Or(),
		CreatedAt: now, Deadline: now.Add(a.cfg.Code.TTL), ExpiresAt: now.Add(a.cfg.Code.TTL + repeatTime),
	}
	err = a.challenges.Insert(ctx, c)
	if fault.CodeOf(err) == fault.Conflict { // the same key at the same time
		if c, err = a.challenges.Get(ctx, id); err == nil {
			return a.sendAgain(ctx, c, index, phone)
		}
	}
	if err != nil {
		return Challenge{}, fmt.Errorf("account: request code: %w", err)
	}
	a.count("code_asked")
	return a.send(ctx, c, phone)
}

// sendAgain answers a repeat. The outbox knows the challenge's id and sends its code once.
func (a *Accounts) sendAgain(ctx context.Context, c challenge, index, phone string) (Challenge, error) {
	if c.Claim != index {
		return Challenge{}, once.Clash()
	}
	if c.Proof != nil || !a.now().Before(c.Deadline) {
		return a.shown(c), nil
	}
	return a.send(ctx, c, phone)
}

func (a *Accounts) send(ctx context.Context, c challenge, phone string) (Challenge, error) {
	code, err := a.code(c)
	if err != nil {
		return Challenge{}, err
	}
	m := SMS{To: phone, Code: code, Lang: c.Lang, ExpiresAt: c.Deadline}
	key := "account.sms_code"
	if c.Use == forJoin { // no approved text says what this one is for
		key, m.Code = "account.sms_join_code", ""
	}
	m.Text = a.deps.Texts.Text(c.Lang, key, map[string]any{"code": code, "minutes": int(a.cfg.Code.TTL.Minutes())})
	if err := a.putSMS(ctx, outbox.Codes, "code-"+c.ID, m); err != nil {
		return Challenge{}, err
	}
	return a.shown(c), nil
}

func (a *Accounts) shown(c challenge) Challenge {
	return Challenge{ID: c.ID, ExpiresAt: c.Deadline, ResendAfter: c.CreatedAt.Add(a.cfg.Code.ResendAfter)}
}

func (a *Accounts) phoneOf(c challenge) (string, error) {
	phone, err := a.deps.Box.Unseal(c.Phone, challengeSeal(c.ID))
	if err != nil {
		return "", fmt.Errorf("account: phone of a challenge: %w", err)
	}
	return string(phone), nil
}

// admit counts one call by address and by device. The address comes first: it is the one that a caller cannot choose freely.
func (a *Accounts) admit(ctx context.Context, what, address, device string, byAddress, byDevice limit.Rule) error {
	if err := a.guardAddress(ctx, what, address, byAddress); err != nil {
		return err
	}
	if device == "" {
		return nil
	}
	if _, err := a.deps.Limiter.Allow(ctx, "account:"+what+":device:"+a.deviceIndex(device), byDevice); err != nil {
		return a.limited(err)
	}
	return nil
}

// inApp stands for all apps and pages where networks are told apart.
const inApp = "app"

// brake counts one call by all people of a network together.
func (a *Accounts) brake(ctx context.Context, what, network string, rule limit.Rule) error {
	_, err := a.deps.Limiter.Allow(ctx, "account:"+what+":network:"+network, rule)
	if fault.CodeOf(err) == fault.RateLimited {
		a.count(what + "_network_limited")
	}
	return a.limited(err)
}

// limited counts a refusal.
func (a *Accounts) limited(err error) error {
	if fault.CodeOf(err) == fault.RateLimited {
		a.count("limited")
	}
	return err
}

// deviceIndex hides a device's name; "" stays "".
func (a *Accounts) deviceIndex(device string) string {
	if device == "" {
		return ""
	}
	return a.deps.Box.Index("account device", device)
}

// maxDevice is the longest name that a device may keep for itself, in bytes.
const maxDevice = 128

func checkDevice(device, key string) error {
	if len(device) > maxDevice {
		return &fault.Error{Code: fault.Invalid, Fields: []fault.Field{{Path: []string{"deviceId"}, Key: "account.device_too_long", Params: map[string]any{"max": maxDevice}}}}
	}
	return checkKey(key)
}

func challengeSeal(id string) string { return "account challenge/" + id }
