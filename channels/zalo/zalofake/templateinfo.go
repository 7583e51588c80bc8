package zalofake

import (
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/channels/channelfake"
)

// messageStatus tells whether a message has arrived.
func (n *Network) messageStatus(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	id := r.URL.Query().Get("message_id")
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.order {
		e, ok := p.chat.Newest(func(e channelfake.Entry) bool { return id != "" && e.ID == id && e.Kind == "template" })
		switch {
		case !ok:
		case e.State == channelfake.StateDelivered || e.State == channelfake.StateSeen:
			return map[string]any{"delivery_time": e.At, "status": 1, "message": "Delivered"}, nil
		default:
			return map[string]any{"status": 0, "message": "Pending"}, nil
		}
	}
	return map[string]any{"status": -1, "message": "Message not found"}, nil
}

func (n *Network) messageQuota(http.ResponseWriter, *http.Request) (any, *refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.quotaOfToday(), nil
}

// quotaOfToday is called with mu held.
func (n *Network) quotaOfToday() dailyQuota {
	all := n.setup.Get().DailyQuota
	return dailyQuota{strconv.Itoa(all), strconv.Itoa(max(0, all-n.daily.today(n.clock())))}
}

// allTemplates lists the templates, from offset, at most limit of them.
func (n *Network) allTemplates(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset")) // none: from the start
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit > 100 {
		limit = 100
	}
	list := []map[string]any{}
	for i, t := range n.cfg.Templates {
		if i >= offset && len(list) < limit {
			list = append(list, map[string]any{"templateId": t.ID, "templateName": t.Title, "status": t.status(), "templateQuality": t.quality()})
		}
	}
	return list, nil
}

// templateInfo describes a template.
func (n *Network) templateInfo(_ http.ResponseWriter, r *http.Request) (any, *refusal) {
	t, ok := n.template(r.URL.Query().Get("template_id"))
	if !ok {
		return nil, &refusal{-109, "Template id is invalid"}
	}
	params := []map[string]any{}
	for _, p := range t.Params {
		kind := p.Type
		if kind == "" {
			kind = "STRING"
		}
		params = append(params, map[string]any{"name": p.Name, "require": true, "type": kind, "maxLength": p.limit(), "minLength": p.Min, "acceptNull": p.Null})
	}
	return map[string]any{
		"templateId": t.ID, "templateName": t.Title, "status": t.status(), "templateQuality": t.quality(), "templateTag": t.tag(), "listParams": params,
		"timeout": 7200000, "price": "300",
	}, nil
}

// daily counts the template messages of a day.
type daily struct {
	day   string
	taken int
}

// take counts one, and is false when it would be one too many.
func (d *daily) take(now time.Time, limit int, beyond bool) bool {
	if d.today(now) >= limit && limit >= 0 && !beyond {
		return false
	}
	d.taken++
	return true
}

// today gives how many were taken on the day of now, in Vietnam.
func (d *daily) today(now time.Time) int {
	if day := now.In(time.FixedZone("ICT", 7*60*60)).Format(time.DateOnly); day != d.day {
		d.day, d.taken = day, 0
	}
	return d.taken
}
