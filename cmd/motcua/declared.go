package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/motcua/motcua/channels"
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/setting"
)

// template is a text that a network approved, as a setting names it.
type template struct {
	key    string   // where it stands in the configuration
	notice string   // "feedback.assigned"
	params []string // names of the declaration that it wants
}

// approvedTexts gives all approved texts of the configuration.
func (s *settings) approvedTexts() []template {
	var out []template
	for _, x := range []struct {
		section string
		texts   map[string]channels.Approved
	}{{"channels.zalo.templates.", s.Channels.Zalo.Templates}, {"channels.zns.templates.", s.Channels.ZNS.Templates}} {
		for _, name := range channels.Names(x.texts) {
			t := template{key: x.section + name, notice: name}
			for _, slot := range x.texts[name].Slots() {
				t.params = append(t.params, slot.From)
			}
			slices.Sort(t.params)
			out = append(out, t)
		}
	}
	for i, t := range s.Channels.Messenger.Templates {
		out = append(out, template{key: fmt.Sprintf("channels.messenger.templates[%d]", i), notice: t.Notice, params: t.Params})
	}
	return out
}

// checkApproved reports every approved text that belongs to no declared notice, or wants a parameter that the notice does not have: it could never be sent.
func (s *settings) checkApproved() error {
	texts := s.approvedTexts()
	if len(texts) == 0 {
		return nil
	}
	declared, err := declaredNotices()
	if err != nil {
		return err
	}
	var faults setting.Faults
	for _, t := range texts {
		params, ok := declared[t.notice]
		if !ok {
			faults.Add(t.key, "no mini-app declares the notice %q", t.notice)
			continue
		}
		for _, name := range t.params {
			if !slices.Contains(params, name) {
				faults.Add(t.key, "the notice %s has no parameter %q (it has %q)", t.notice, name, params)
			}
		}
	}
	return faults.Err()
}

// declaredNotices gives the parameters of every notice that may be sent, by the name that approved texts have.
func declaredNotices() (map[string][]string, error) {
	out := map[string][]string{channels.CodeTemplate: {"code"}}
	all, err := manifests()
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		for _, n := range m.Notices {
			var schema struct {
				Properties map[string]json.RawMessage `json:"properties"`
			}
			if err := json.Unmarshal(n.Params, &schema); err != nil {
				return nil, fmt.Errorf("%s.%s: %w", m.AppID, n.ID, err)
			}
			out[m.AppID+"."+n.ID] = slices.Sorted(maps.Keys(schema.Properties))
		}
	}
	return out, nil
}

// halfway reports networks that are set up in part: they would be off without anybody noticing.
func (s *settings) halfway(faults *setting.Faults) {
	c := s.Channels
	for _, x := range []struct {
		begun, on bool
		key, text string
	}{
		{c.Zalo.AppID != "" || c.Zalo.OAID != "", c.Zalo.Enabled(), "zalo", "app_id and oa_id must both be set"},
		{c.ZNS.Enabled(), c.Zalo.Enabled(), "zns.templates", "need the official account of channels.zalo"},
		{c.Messenger.AppID != "" || c.Messenger.AppSecret != "" || c.Messenger.VerifyToken != "", c.Messenger.Enabled(), "messenger", "page_id or pages must be set"},
		{c.FCM.CredentialsFile != "", c.FCM.Enabled(), "fcm.project_id", "must be set with credentials_file"},
		{c.WebPush.VAPIDPublicKey != "" || c.WebPush.VAPIDPrivateKey != "", c.WebPush.Enabled(), "webpush", "both halves of the key pair must be set (make one with `motcua secrets vapid`)"},
	} {
		faults.Refuse(x.begun && !x.on, "channels."+x.key, x.text)
	}
	if file := c.FCM.CredentialsFile; file != "" {
		if _, err := os.ReadFile(file); err != nil {
			faults.Add("channels.fcm.credentials_file", "%w", err)
		}
	}
}

// networks tells which networks are on, in the order of the configuration, and which of them are stand-ins on this machine.
func (s *settings) networks() []string {
	c := s.Channels
	out := []string{"web chat"}
	for _, n := range []struct {
		name string
		on   bool
		base string
	}{
		{"sms", c.SMS.APIBase != "", c.SMS.APIBase}, {"zalo", c.Zalo.Enabled(), c.Zalo.APIBase}, {"zns", c.ZNS.Enabled(), cmp.Or(c.ZNS.APIBase, c.Zalo.ZNSBase)},
		{"messenger", c.Messenger.Enabled(), c.Messenger.APIBase}, {"fcm", c.FCM.Enabled(), c.FCM.APIBase}, {"webpush", c.WebPush.Enabled(), ""},
	} {
		switch {
		case n.on && netcall.Local(n.base):
			out = append(out, n.name+" ("+standIn+")")
		case n.on:
			out = append(out, n.name)
		}
	}
	return out
}

// standIn is what is said of a network whose address is on this machine.
const standIn = "ON THIS MACHINE: not the real one"
