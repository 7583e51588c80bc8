package graph

import "time"

// plainQueries gives the planners of the lists that a home screen is made of.
func plainQueries() plainFields {
	category := shape[FeedbackCategory]{name: "FeedbackCategory", kinds: feedbackCategoryImplementors, members: map[string]member[FeedbackCategory]{
		"id":           str(func(c FeedbackCategory) string { return c.ID }),
		"code":         str(func(c FeedbackCategory) string { return c.Code }),
		"name":         str(func(c FeedbackCategory) string { return c.Name }),
		"group":        str(func(c FeedbackCategory) string { return c.Group }),
		"groupName":    str(func(c FeedbackCategory) string { return c.GroupName }),
		"serviceHours": number(func(c FeedbackCategory) int { return c.ServiceHours }),
	}}
	return plainFields{
		"feedbackCategories": prebuilt(category),
		"miniApps":           rooted(each(plainMiniApp()), notNil[MiniApp]),
		"myFeedback":         rooted(plainReports().plan, isThere[FeedbackConnection]),
		"feedbackQueue":      rooted(plainReports().plan, isThere[FeedbackConnection]),
		"notifications":      rooted(plainNotices().plan, isThere[NotificationConnection]),
	}
}

func isThere[T any](p *T) bool { return p != nil }

func notNil[T any](list []T) bool { return list != nil }

func plainMiniApp() shape[MiniApp] {
	return shape[MiniApp]{name: "MiniApp", kinds: miniAppImplementors, members: map[string]member[MiniApp]{
		"id":          str(func(m MiniApp) string { return m.ID }),
		"appId":       str(func(m MiniApp) string { return m.AppID }),
		"name":        str(func(m MiniApp) string { return m.Name }),
		"shortName":   str(func(m MiniApp) string { return m.ShortName }),
		"description": str(func(m MiniApp) string { return m.Description }),
		"icon":        optional(func(m MiniApp) *string { return m.Icon }),
		"category":    str(func(m MiniApp) string { return m.Category }),
		"owner":       str(func(m MiniApp) string { return m.Owner }),
		"version":     str(func(m MiniApp) string { return m.Version }),
		"available":   boolean(MiniApp.Available),
	}}
}

func plainPageInfo() shape[*PageInfo] {
	return shape[*PageInfo]{name: "PageInfo", kinds: pageInfoImplementors, members: map[string]member[*PageInfo]{
		"hasNextPage":     boolean(func(p *PageInfo) bool { return p.HasNextPage }),
		"hasPreviousPage": boolean(func(p *PageInfo) bool { return p.HasPreviousPage }),
		"startCursor":     optional(func(p *PageInfo) *string { return p.StartCursor }),
		"endCursor":       optional(func(p *PageInfo) *string { return p.EndCursor }),
	}}
}

func plainReports() shape[*FeedbackConnection] {
	node := shape[*Feedback]{name: "Feedback", kinds: feedbackImplementors, members: map[string]member[*Feedback]{
		"id":          str((*Feedback).ID),
		"code":        str((*Feedback).Code),
		"status":      str(func(f *Feedback) string { return string(f.Status()) }),
		"description": str((*Feedback).Description),
		"address":     optional((*Feedback).Address),
		"hideName":    boolean((*Feedback).HideName),
		"createdAt":   moment((*Feedback).CreatedAt),
		"updatedAt":   moment((*Feedback).UpdatedAt),
		"dueAt":       optionalMoment((*Feedback).DueAt),
	}}
	edge := shape[FeedbackEdge]{name: "FeedbackEdge", kinds: feedbackEdgeImplementors, members: map[string]member[FeedbackEdge]{
		"cursor": str(func(e FeedbackEdge) string { return e.Cursor }),
		"node":   inner(node.plan, func(e FeedbackEdge) *Feedback { return e.Node }),
	}}
	return shape[*FeedbackConnection]{name: "FeedbackConnection", kinds: feedbackConnectionImplementors, members: map[string]member[*FeedbackConnection]{
		"edges":    inner(each(edge), func(c *FeedbackConnection) []FeedbackEdge { return c.Edges }),
		"pageInfo": inner(plainPageInfo().plan, func(c *FeedbackConnection) *PageInfo { return c.PageInfo }),
	}}
}

func plainNotices() shape[*NotificationConnection] {
	node := shape[*Notification]{name: "Notification", kinds: notificationImplementors, members: map[string]member[*Notification]{
		"id":        str((*Notification).ID),
		"title":     str((*Notification).Title),
		"text":      str((*Notification).Text),
		"createdAt": moment((*Notification).CreatedAt),
		"read":      boolean((*Notification).Read),
		"appId":     str((*Notification).AppID),
	}}
	edge := shape[NotificationEdge]{name: "NotificationEdge", kinds: notificationEdgeImplementors, members: map[string]member[NotificationEdge]{
		"cursor": str(func(e NotificationEdge) string { return e.Cursor }),
		"node":   inner(node.plan, func(e NotificationEdge) *Notification { return e.Node }),
	}}
	return shape[*NotificationConnection]{name: "NotificationConnection", kinds: notificationConnectionImplementors, members: map[string]member[*NotificationConnection]{
		"edges":    inner(each(edge), func(c *NotificationConnection) []NotificationEdge { return c.Edges }),
		"pageInfo": inner(plainPageInfo().plan, func(c *NotificationConnection) *PageInfo { return c.PageInfo }),
	}}
}

func optionalMoment[T any](get func(T) *time.Time) member[T] {
	return member[T]{leaf: func(b []byte, v T) []byte {
		if t := get(v); t != nil {
			return appendTime(b, *t)
		}
		return append(b, "null"...)
	}}
}
