package main

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/casework"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/once"
	"github.com/motcua/motcua/internal/outbox"
)

// relayKind is the kind of intents that hold what a relay could not carry out of a case.
const relayKind = "relay"

// parked is the payload of such an intent.
type parked struct {
	Relay string          `bson:"relay"`
	Item  casework.Parked `bson:"item"`
}

// park puts what a relay gave up into the outbox, dead, where an operator sees it with the reason and can retry it. Notices quote what people wrote, so
// the payload is sealed; the id tells the relay and the step and holds nobody's.
func (sys *system) park(ctx context.Context, relay string, p casework.Parked) error {
	id := relay + "/" + p.Step + "/" + once.ID(fmt.Sprintf("%s\x00%s\x00%d", p.Doc, p.Item, p.Since.UnixMilli()))
	plain, err := bson.Marshal(parked{Relay: relay, Item: p})
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	sealed, err := sys.box.Seal(plain, relayKind+"\x00"+id)
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	if err := sys.outbox.Park(ctx, outbox.Intent{ID: id, Lane: outbox.Normal, Kind: relayKind, Payload: sealed}, p.Cause); err != nil {
		return err
	}
	sys.log.ErrorContext(ctx, "relay gave up", "relay", relay, "step", p.Step, "document", p.Doc, "intent", id, "err", p.Cause)
	return nil
}

// again carries out what was parked, when an operator retries it.
func (sys *system) again(ctx context.Context, in outbox.Intent) error {
	plain, err := sys.box.Unseal(in.Payload, relayKind+"\x00"+in.ID)
	if err != nil {
		return outbox.Permanent("sealed_with_another_keyset", err)
	}
	var p parked
	if err := bson.Unmarshal(plain, &p); err != nil {
		return outbox.Permanent("malformed", errors.New("relay: an item that is not ours")) // the decoder's words may quote it
	}
	relay := sys.relays[p.Relay]
	if relay == nil {
		return outbox.Permanent("no_relay", fmt.Errorf("there is no relay %q", p.Relay))
	}
	return relay.Again(ctx, p.Item)
}
