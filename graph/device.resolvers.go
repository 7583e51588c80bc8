package graph

import (
	"context"
	"encoding/json"

	"github.com/motcua/motcua/internal/device"
	"github.com/motcua/motcua/internal/fault"
)

// Names of the networks of devices, as channels call themselves.
const (
	kindFCM     = "fcm"
	kindWebPush = "webpush"
)

// Devices resolves Query.devices.
func (q queries) Devices(ctx context.Context) ([]Device, error) {
	viewer, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	list, err := q.deps.Devices.List(ctx, viewer)
	if err != nil {
		return nil, err
	}
	out := make([]Device, len(list))
	for i, d := range list {
		out[i] = *deviceOf(d)
	}
	return out, nil
}

func deviceOf(d device.Device) *Device {
	out := &Device{ID: d.ID, Kind: PushKindFcm, Platform: optionalText(d.Platform), LastSeenAt: d.SeenAt}
	if d.Kind == kindWebPush {
		out.Kind = PushKindWebPush
	}
	return out
}

// RegisterDevice resolves Mutation.registerDevice.
func (m mutations) RegisterDevice(ctx context.Context, in RegisterDeviceInput) (*RegisterDevicePayload, error) {
	d, err := m.register(ctx, in)
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &RegisterDevicePayload{Errors: errs}, err
	}
	return &RegisterDevicePayload{Device: deviceOf(d), Errors: errs}, nil
}

func (m mutations) register(ctx context.Context, in RegisterDeviceInput) (device.Device, error) {
	viewer, err := signedIn(ctx)
	if err != nil {
		return device.Device{}, err
	}
	r := device.Registration{Kind: kindFCM, Token: textOr(in.FcmToken), Platform: textOr(in.Platform)}
	switch s := in.WebPush; {
	case s == nil && r.Token == "", s != nil && r.Token != "":
		return device.Device{}, fault.InvalidField("graph.one_push", "fcmToken")
	case s != nil:
		r.Kind = kindWebPush
		if r.Subscription, err = json.Marshal(map[string]any{"endpoint": s.Endpoint, "keys": map[string]string{"p256dh": s.P256dh, "auth": s.Auth}}); err != nil {
			return device.Device{}, fault.Wrap(fault.Internal, err)
		}
	}
	return m.deps.Devices.Register(ctx, viewer, r, textOr(in.IdempotencyKey))
}

// RemoveDevice resolves Mutation.removeDevice. Removing twice is removing once, so the key is not needed.
func (m mutations) RemoveDevice(ctx context.Context, in RemoveDeviceInput) (*RemoveDevicePayload, error) {
	viewer, err := signedIn(ctx)
	if err == nil {
		err = m.deps.Devices.Remove(ctx, viewer, in.ID)
	}
	if fault.CodeOf(err) == fault.NotFound { // it is gone, as asked
		err = nil
	}
	errs, err := m.errors.userErrors(ctx, err)
	if err != nil || len(errs) > 0 {
		return &RemoveDevicePayload{Errors: errs}, err
	}
	return &RemoveDevicePayload{ID: &in.ID, Errors: errs}, nil
}
