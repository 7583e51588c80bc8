package fcm

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"firebase.google.com/go/v4/messaging"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/fault"
)

// MaxTokens is how many devices one change of a topic takes.
const MaxTokens = 1000

// MaxTopics is how many topics one message may be for: https://firebase.google.com/docs/cloud-messaging/send-topic-messages
const MaxTopics = 5

// How the address of topics is written.
const (
	topicPrefix    = "/topics/"
	topicSeparator = ","
)

// Address gives the address of all devices that follow any of the topics, MaxTopics at most. Each gets a message to it once.
func (c *Channel) Address(topics []string) channels.Address {
	return channels.Address(topicPrefix + strings.Join(topics, topicSeparator))
}

// Subscribe lets devices follow a topic. The result has one entry for each: "" when it does, or the network's code why not, NOT_FOUND for a registration
// that is over. INVALID for a name or tokens that cannot be, RATE_LIMITED and UNAVAILABLE as the network says, FORBIDDEN when an operator has to act.
func (c *Channel) Subscribe(ctx context.Context, topic string, to []channels.Address) ([]string, error) {
	return c.change(ctx, c.client.SubscribeToTopic, topic, to)
}

// Unsubscribe is the reverse.
func (c *Channel) Unsubscribe(ctx context.Context, topic string, to []channels.Address) ([]string, error) {
	return c.change(ctx, c.client.UnsubscribeFromTopic, topic, to)
}

type topicCall func(ctx context.Context, tokens []string, topic string) (*messaging.TopicManagementResponse, error)

func (c *Channel) change(ctx context.Context, call topicCall, topic string, to []channels.Address) ([]string, error) {
	if !topicRE.MatchString(topic) || len(to) == 0 || len(to) > MaxTokens {
		return nil, fault.New(fault.Invalid, "")
	}
	tokens := make([]string, len(to))
	for i, t := range to {
		if !isToken(string(t)) {
			return nil, fault.New(fault.Invalid, "")
		}
		tokens[i] = string(t)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	ctx, try := begin(ctx)
	defer try.end()
	res, err := safely(func() (*messaging.TopicManagementResponse, error) { return call(ctx, tokens, topic) })
	if err != nil {
		return nil, topicFault(try.result())
	}
	return reasons(res, len(tokens))
}

// safely turns the library's panic over an answer in another form into an error.
func safely(call func() (*messaging.TopicManagementResponse, error)) (res *messaging.TopicManagementResponse, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fcm: an answer in another form")
		}
	}()
	return call()
}

// reasons gives one entry for each token.
func reasons(res *messaging.TopicManagementResponse, n int) ([]string, error) {
	if res.SuccessCount+res.FailureCount != n {
		return nil, fault.Wrap(fault.Unavailable, fmt.Errorf("fcm: topics: %d answers for %d devices", res.SuccessCount+res.FailureCount, n))
	}
	out := make([]string, n)
	for _, e := range res.Errors {
		out[e.Index] = e.Reason
	}
	return out, nil
}

// topicFault says what a failed change means. The network's texts stay out: they may quote a token.
func topicFault(t tally) error {
	o := channels.Outcome{}
	if t.err != nil {
		o = unanswered(t)
	}
	cause := fmt.Errorf("fcm: topics: HTTP status %d", t.status)
	switch {
	case o.Alarm, t.status == http.StatusUnauthorized, t.status == http.StatusForbidden, t.status == http.StatusNotFound:
		return fault.Wrap(fault.Forbidden, cause)
	case t.status == http.StatusBadRequest:
		return fault.Wrap(fault.Invalid, cause)
	case t.status == http.StatusTooManyRequests:
		return &fault.Error{Code: fault.RateLimited, RetryAfter: max(t.wait, busyWait), Cause: cause}
	}
	return &fault.Error{Code: fault.Unavailable, RetryAfter: max(t.wait, time.Second), Cause: cause}
}
