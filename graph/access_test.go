package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/graph"
	"github.com/motcua/motcua/internal/account"
)

// The outcomes of one operation for one person.
const (
	yes      = "yes"  // data without errors
	null     = "null" // null without an error: there is nothing that this person may see
	same     = ""     // as "yes"
	login    = "UNAUTHORIZED"
	denied   = "FORBIDDEN"
	hidden   = "NOT_FOUND"
	refused  = "INVALID" // let in, and refused for its input
	conflict = "CONFLICT"
)

// row says who may do what with a field. Order: owner, another citizen, officer of the responsible unit, officer of another unit, dispatcher, anonymous.
type row struct {
	query string // with $id of the report
	want  [6]string
}

// matrix has a row for each query, mutation and subscription. A field without a row fails the test.
var matrix = map[string]row{
	"Query._entities":          {`query($id: ID!) { x: _entities(representations: [{__typename: "Feedback", id: $id}]) { ... on Feedback { id } } }`, [6]string{yes, null, yes, null, yes, null}},
	"Query._service":           {`{ x: _service { sdl } }`, [6]string{denied, denied, yes, yes, yes, denied}},
	"Query.feedback":           {`query($id: ID!) { x: feedback(id: $id) { id } }`, [6]string{yes, hidden, yes, hidden, yes, hidden}},
	"Query.feedbackByCode":     {`query($code: String!) { x: feedbackByCode(code: $code) { code status description } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.feedbackCategories": {`{ x: feedbackCategories { code } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.feedbackQueue":      {`query($unit: String!) { x: feedbackQueue(unit: $unit, status: RECEIVED) { edges { node { id } } } }`, [6]string{denied, denied, yes, denied, yes, login}},
	"Query.me":                 {`{ x: me { id } }`, [6]string{yes, yes, yes, yes, yes, null}},
	"Query.miniApp":            {`{ x: miniApp(appId: "feedback") { appId } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.miniApps":           {`{ x: miniApps { appId } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.myFeedback":         {`{ x: myFeedback { edges { node { id } } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.node":               {`query($id: ID!) { x: node(id: $id) { id } }`, [6]string{yes, null, yes, null, yes, null}},
	"Query.notifications":      {`{ x: notifications { edges { node { id } } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.search":             {`{ x: search(text: "đèn đường") { __typename } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.sessions":           {`{ x: sessions { id } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.ward":               {`{ x: ward(lat: 20.8578, lon: 106.6810) { code } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Feedback.comments":        {`query($id: ID!) { x: feedback(id: $id) { comments { edges { node { id } } } } }`, [6]string{yes, hidden, yes, hidden, yes, hidden}},
	"Feedback.reporter":        {`query($id: ID!) { x: feedback(id: $id) { reporter(purpose: "Gọi lại để hỏi rõ") { phone } } }`, [6]string{denied, hidden, yes, hidden, yes, hidden}},
	"Account.accessLog":        {`{ x: me { accessLog { edges { node { purpose } } } } }`, [6]string{yes, yes, yes, yes, yes, null}},
	"Notification.feedback":    {`{ x: notifications { edges { node { feedback { id } } } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Mutation.addFeedbackComment": {`mutation($id: ID!) { x: addFeedbackComment(input: {id: $id, text: "Xin cảm ơn", idempotencyKey: "c"}) { errors { code } } }`,
		[6]string{yes, hidden, yes, hidden, yes, login}},
	"Mutation.assignFeedback": {`mutation($id: ID!, $unit: String!) { x: assignFeedback(input: {id: $id, unit: $unit, idempotencyKey: "a"}) { errors { code } } }`,
		[6]string{denied, denied, yes, hidden, yes, login}},
	"Mutation.transitionFeedback": {`mutation($id: ID!) { x: transitionFeedback(input: {id: $id, status: REJECTED, reason: "Trùng", idempotencyKey: "t"}) { errors { code } } }`,
		[6]string{denied, denied, yes, hidden, yes, login}},
	"Mutation.submitFeedback": {`mutation { x: submitFeedback(input: {description: "Ổ gà to giữa đường", place: {lat: 20.8578, lon: 106.6810}, idempotencyKey: "s"}) { errors { code } } }`,
		[6]string{yes, yes, yes, yes, yes, login}},
	"Mutation.createMediaUpload": {`mutation { x: createMediaUpload(input: {contentType: "image/jpeg", size: 1000, idempotencyKey: "u"}) { errors { code } } }`,
		[6]string{yes, yes, yes, yes, yes, login}},
	"Mutation.invokeMiniApp": {`mutation($raw: ID!) { x: invokeMiniApp(appId: "feedback", action: "transition", input: {id: "x", status: "closed"}, caseId: $raw, idempotencyKey: "i") { errors { code } } }`,
		[6]string{denied, denied, hidden, hidden, hidden, login}},
	"Mutation.markNotificationRead": {`mutation($notice: ID!) { x: markNotificationRead(input: {id: $notice}) { errors { code } } }`,
		[6]string{yes, hidden, hidden, hidden, hidden, login}},
	"Mutation.updateMe":       {`mutation { x: updateMe(input: {displayName: "An"}) { errors { code } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Mutation.changePhone":    {`mutation { x: changePhone(input: {challengeId: "none", code: "123456"}) { errors { code } } }`, [6]string{refused, refused, refused, refused, refused, login}},
	"Mutation.revokeSession":  {`mutation($session: ID!) { x: revokeSession(input: {id: $session}) { errors { code } } }`, [6]string{yes, hidden, hidden, hidden, hidden, login}},
	"Mutation.requestOtp":     {`mutation { x: requestOtp(input: {phone: "0912345670", deviceId: "device-1"}) { errors { code } } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Mutation.verifyOtp":      {`mutation { x: verifyOtp(input: {challengeId: "none", code: "123456", deviceId: "device-1"}) { errors { code } } }`, [6]string{refused, refused, refused, refused, refused, refused}},
	"Mutation.refreshSession": {`mutation { x: refreshSession(input: {refreshToken: "none", deviceId: "device-1"}) { errors { code } } }`, [6]string{login, login, login, login, login, login}},
	"Mutation.signOut":        {`mutation { x: signOut { errors { code } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	// Nobody has handed that conversation over: what is told apart is who might answer it at all.
	"Query.conversations": {`{ x: conversations { edges { node { id } } } }`, [6]string{denied, denied, yes, yes, yes, login}},
	"Query.conversation":  {`{ x: conversation(id: "Q29udmVyc2F0aW9uOnphbG8vbm9uZQ") { id } }`, [6]string{denied, denied, hidden, hidden, hidden, login}},
	"Conversation.lines":  {`{ x: conversation(id: "Q29udmVyc2F0aW9uOnphbG8vbm9uZQ") { lines { text } } }`, [6]string{denied, denied, hidden, hidden, hidden, login}},
	"Mutation.takeConversation": {`mutation { x: takeConversation(input: {id: "Q29udmVyc2F0aW9uOnphbG8vbm9uZQ", idempotencyKey: "t"}) { errors { code } } }`,
		[6]string{denied, denied, hidden, hidden, hidden, login}},
	"Mutation.sendStaffMessage": {`mutation { x: sendStaffMessage(input: {id: "Q29udmVyc2F0aW9uOnphbG8vbm9uZQ", text: "Chào", idempotencyKey: "s"}) { errors { code } } }`,
		[6]string{denied, denied, hidden, hidden, hidden, login}},
	"Mutation.releaseConversation": {`mutation { x: releaseConversation(input: {id: "Q29udmVyc2F0aW9uOnphbG8vbm9uZQ", idempotencyKey: "r"}) { errors { code } } }`,
		[6]string{denied, denied, hidden, hidden, hidden, login}},
	"Subscription.conversationChanged": {`subscription { x: conversationChanged(id: "Q29udmVyc2F0aW9uOnphbG8vbm9uZQ") { id } }`, [6]string{denied, denied, hidden, hidden, hidden, login}},
	// Signs and their stories are everybody's.
	"Query.sign":                    {`{ x: sign(code: "HP-09001-8") { number story { title } } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.signs":                   {`{ x: signs(text: "hai dang") { edges { node { number } } } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.streetStory":             {`{ x: streetStory(id: "U3RyZWV0U3Rvcnk6aGFpLWRhbmc") { title } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"StreetStory.signs":             {`{ x: streetStory(id: "U3RyZWV0U3Rvcnk6aGFpLWRhbmc") { signs { edges { node { number } } } } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"StreetStory.text":              {`{ x: streetStory(id: "U3RyZWV0U3Rvcnk6aGFpLWRhbmc") { text } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"StreetStoryTranslation.text":   {`{ x: streetStory(id: "U3RyZWV0U3Rvcnk6aGFpLWRhbmc") { translation(language: "en") { text } } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.devices":                 {`{ x: devices { id } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.draft":                   {`{ x: draft(token: "none") { appId } }`, [6]string{hidden, hidden, hidden, hidden, hidden, login}},
	"Query.formOptions":             {`{ x: formOptions(appId: "feedback", actionId: "submit", field: "/category") { after } }`, [6]string{yes, yes, yes, yes, yes, yes}},
	"Query.recoveries":              {`{ x: recoveries { id } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.identities":              {`{ x: identities { id } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.linkEvents":              {`{ x: linkEvents { edges { cursor } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.notificationPreferences": {`{ x: notificationPreferences { interests } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Query.noticeDispatches":        {`query($id: ID!) { x: noticeDispatches(feedbackId: $id) { state } }`, [6]string{denied, denied, yes, hidden, yes, login}},
	"Mutation.registerDevice":       {`mutation { x: registerDevice(input: {fcmToken: "t"}) { errors { code } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Mutation.removeDevice":         {`mutation { x: removeDevice(input: {id: "none"}) { errors { code } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Mutation.submitDraft":          {`mutation { x: submitDraft(input: {token: "none", input: {}}) { errors { code } } }`, [6]string{hidden, hidden, hidden, hidden, hidden, login}},
	"Mutation.offerLinkCode":        {`mutation { x: offerLinkCode { errors { code } } }`, [6]string{yes, yes, yes, yes, yes, login}},
	"Mutation.openLink":             {`mutation { x: openLink(input: {token: "none"}) { errors { code } } }`, [6]string{hidden, hidden, hidden, hidden, hidden, login}},
	"Mutation.unlinkIdentity":       {`mutation { x: unlinkIdentity(input: {id: "none"}) { errors { code } } }`, [6]string{hidden, hidden, hidden, hidden, hidden, login}},
	"Mutation.cancelRecovery":       {`mutation { x: cancelRecovery(input: {id: "none"}) { errors { code } } }`, [6]string{hidden, hidden, hidden, hidden, hidden, login}},
	"Mutation.verifyFirebaseToken":  {`mutation { x: verifyFirebaseToken(input: {idToken: "none", deviceId: "device-1"}) { errors { code } } }`, [6]string{login, login, login, login, login, login}},
	"Mutation.signInZaloMiniApp": {`mutation { x: signInZaloMiniApp(input: {accessToken: "none", phoneToken: "none", deviceId: "device-1"}) { errors { code } } }`,
		[6]string{refused, refused, refused, refused, refused, refused}},
	"Mutation.setNotificationPreferences": {`mutation { x: setNotificationPreferences(input: {digestHour: 18}) { errors { code } } }`,
		[6]string{yes, yes, yes, yes, yes, login}},
	"Subscription.feedbackUpdated": {`subscription($id: ID!) { x: feedbackUpdated(id: $id) { id } }`,
		[6]string{yes, hidden, yes, hidden, yes, hidden}},
	"Subscription.notificationReceived": {`subscription { x: notificationReceived { id } }`, [6]string{yes, yes, yes, yes, yes, login}},
}

// guarded lists the fields below the roots that read something of their own: those with a weight, and the report that a message is about.
func guarded(t *testing.T) []string {
	t.Helper()
	schema, err := graph.Schema()
	require.NoError(t, err)
	out := []string{"Notification.feedback"}
	for _, d := range ours(schema) {
		for _, f := range d.Fields {
			if f.Directives.ForName("cost") != nil && d != schema.Query && d != schema.Mutation && d != schema.Subscription {
				out = append(out, d.Name+"."+f.Name)
			}
		}
	}
	return out
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := signedWorld(t, func(s *graph.Settings) { s.Introspection = graph.IntrospectionStaff })
	s := &stage{w: w, people: map[string][]person{}}
	admin := w.staff("0987000009", account.Administrator, "")
	fields := append(rootFields(t, admin), guarded(t)...)
	for _, f := range fields {
		r, ok := matrix[f]
		if !ok {
			t.Errorf("%s has no row: say who may do what with it", f)
			continue
		}
		for i, who := range []string{"owner", "other citizen", "officer", "officer of another unit", "dispatcher", "anonymous"} {
			t.Run(f+"/"+who, func(t *testing.T) {
				want := r.want[i]
				if want == same {
					want = yes
				}
				if f == "Mutation.signOut" || f == "Mutation.revokeSession" {
					delete(s.people, f) // the case before ended a session
				}
				c := s.cast(i, f)
				require.Equal(t, want, outcome(t, c, r.query, want), "%s by %s", f, who)
			})
		}
	}
	for f := range matrix {
		if !slices.Contains(fields, f) {
			t.Errorf("%s has a row and does not exist", f)
		}
	}
}

// cast is one person before one fresh report.
type cast struct {
	person
	vars map[string]any
}

// stage is the people of a test, signed in once.
type stage struct {
	w      *world
	people map[string][]person
}

// people gives the six that the columns name. Fields that end sessions get people of their own.
func (s *stage) of(field string) []person {
	group := "all"
	if field == "Mutation.signOut" || field == "Mutation.revokeSession" {
		group = field
	}
	if known, ok := s.people[group]; ok {
		return known
	}
	phone := func(i int) string { return fmt.Sprintf("09120%05d", 10*len(s.people)+i) }
	s.people[group] = []person{
		s.w.citizen(phone(0)), s.w.citizen(phone(1)), s.w.staff(phone(2), account.Officer, theatreUnit), s.w.staff(phone(3), account.Officer, "ward-11320"),
		s.w.staff(phone(4), account.Dispatcher, ""), s.w.guest(),
	}
	return s.people[group]
}

// theatreUnit answers for the place of the test's reports.
const theatreUnit = "ward-11311"

// cast makes a new report, so that no case disturbs another.
func (s *stage) cast(who int, field string) cast {
	people := s.of(field)
	owner := people[0]
	id, code, unit := owner.submit(fmt.Sprint(field, who))
	require.Equal(s.w.t, theatreUnit, unit)
	s.w.carry()
	a := owner.ok(`{ notifications(first: 1) { edges { node { id } } } sessions { id } }`, nil)
	return cast{people[who], map[string]any{
		"id": id, "raw": "x", "code": code, "unit": unit, "notice": dig(a.at("notifications", "edges"), "node", "id"), "session": dig(a.at("sessions"), "id"),
	}}
}

// dig gives a text inside the first element of a list.
func dig(list any, path ...string) string {
	l, _ := list.([]any)
	if len(l) == 0 {
		return ""
	}
	m, _ := l[0].(map[string]any)
	return answer{Data: m}.text(path...)
}

// outcome asks and says how it ended. It is told what is wanted only to know how long to listen to a stream.
func outcome(t *testing.T, c cast, query, want string) string {
	t.Helper()
	declared := map[string]any{}
	for name, v := range c.vars {
		if strings.Contains(query, "$"+name+":") {
			declared[name] = v
		}
	}
	if strings.HasPrefix(query, "subscription") {
		return c.subscribe(t, query, declared, want)
	}
	a := c.ask(query, declared)
	if code := a.code(); code != "" {
		return code
	}
	x := a.at("x")
	if m, ok := x.(map[string]any); ok {
		if errs, _ := m["errors"].([]any); len(errs) > 0 {
			return answer{Data: errs[0].(map[string]any)}.text("code")
		}
	}
	if list, ok := x.([]any); ok && len(list) == 1 {
		x = list[0]
	}
	if x == nil {
		return null
	}
	return yes
}

// subscribe opens a stream of events and says how it began. A stream that stays silent was let in: a refusal that is wanted gets the time that a busy machine takes.
func (c cast) subscribe(t *testing.T, query string, vars map[string]any, want string) string {
	t.Helper()
	patience := 20 * time.Second
	if want == yes {
		patience = 150 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.w.url, strings.NewReader(string(body)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	defer time.AfterFunc(patience, cancel).Stop()
	require.Equal(t, http.StatusOK, res.StatusCode)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var a answer
		require.NoError(t, json.Unmarshal([]byte(data), &a))
		if code := a.code(); code != "" {
			return code
		}
		return yes
	}
	return yes
}

// rootFields lists all fields of the root types, by introspection as a client sees it.
func rootFields(t *testing.T, p person) []string {
	t.Helper()
	a := p.ok(`{ __schema { queryType { name fields { name } } mutationType { name fields { name } } subscriptionType { name fields { name } } } }`, nil)
	var out []string
	for _, root := range []string{"queryType", "mutationType", "subscriptionType"} {
		fields, _ := a.at("__schema", root, "fields").([]any)
		require.NotEmpty(t, fields)
		for _, f := range fields {
			out = append(out, a.text("__schema", root, "name")+"."+answer{Data: f.(map[string]any)}.text("name"))
		}
	}
	return out
}
