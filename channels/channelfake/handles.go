package channelfake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Handles are what the control API of every stand-in of a chat network has. A person is named by {user}, their name or id; at first sight they are new.
type Handles struct {
	People  func() any              // those there are
	Person  func(user string) any   // one of them
	Chat    func(user string) *Chat // what one of them sees
	Hello   func(user string) any   // what a stream of it begins with
	Act     func(user, act string, d Deed) (Entry, error)
	Console func(user, text string) Entry // an answer that somebody types at the network's own desk
	Say     func(user, text string) Entry
	Courier *Courier
	Lane    func(user string) *Lane // the way of one person's events
	Stats   func() any
	Run     string          // tells runs of the stand-in apart
	Context context.Context // of streams and waits; its end is theirs
}

// Routes serves the handles below control/.
func (h Handles) Routes(mux *http.ServeMux) {
	for pattern, f := range map[string]http.HandlerFunc{
		"GET /control/users":                Show(h.People),
		"POST /control/users":               h.person,
		"GET /control/users/{user}/chat":    h.chat,
		"GET /control/users/{user}/stream":  h.stream,
		"POST /control/users/{user}/faults": h.faults,
		"POST /control/users/{user}/{act}":  h.act,
		"POST /control/console":             h.console,
		"POST /control/burst":               h.burst,
		"POST /control/resend":              h.resend,
		"GET /control/stats":                Show(h.Stats),
	} {
		mux.HandleFunc(pattern, f)
	}
}

// Show answers with something.
func Show[T any](what func() T) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { Write(w, http.StatusOK, what()) }
}

// Set has a request change some of what is set, and answers with the whole. check tells what is wrong with it; nil takes anything.
func Set[T any](get func() T, check func(T) error, change func(func(*T)) T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := get()
		if !Read(w, r, &now) {
			return
		}
		if check != nil {
			if err := check(now); err != nil {
				Wrong(w, http.StatusBadRequest, err)
				return
			}
		}
		Write(w, http.StatusOK, change(func(set *T) { *set = now }))
	}
}

// Event has a request send an event as it is, of up to limit bytes.
func Event(limit int64, send func(body []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		if err == nil {
			err = send(body)
		}
		if err != nil {
			Wrong(w, http.StatusBadRequest, err)
			return
		}
		Write(w, http.StatusOK, struct{}{})
	}
}

// Name reads the name of somebody, or of something, that a request makes; in is the whole request. It is false when the request has been answered.
func Name(w http.ResponseWriter, r *http.Request, in any, name *string) bool {
	if !Read(w, r, in) {
		return false
	}
	if *name == "" || len(*name) > 200 {
		Wrong(w, http.StatusBadRequest, errors.New("name: 1 to 200 bytes"))
		return false
	}
	return true
}

func (h Handles) person(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	if Name(w, r, &in, &in.Name) {
		Write(w, http.StatusOK, h.Person(in.Name))
	}
}

// chat gives the entries after one, and waits up to wait seconds for the first.
func (h Handles) chat(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // none: from the start
	wait, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(min(max(wait, 0), 60))*time.Second)
	defer cancel()
	if wait > 0 {
		Endless(w)
	}
	Write(w, http.StatusOK, h.Wait(ctx, r.PathValue("user"), after))
}

// Wait gives the entries after one as soon as there are any; none when ctx or the stand-in ended first.
func (h Handles) Wait(ctx context.Context, user string, after int64) []Entry {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.Context, cancel)()
	return h.Chat(user).Await(ctx, func(e Entry) bool { return e.Seq > after })
}

func (h Handles) stream(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	h.Chat(user).Stream(h.Context, w, r, h.Run, h.Hello(user))
}

func (h Handles) faults(w http.ResponseWriter, r *http.Request) {
	lane := h.Lane(r.PathValue("user"))
	change := func(f func(*Webhooks)) Webhooks { return h.Courier.Break(lane, f) }
	Set(func() Webhooks { return h.Courier.Faults(lane) }, nil, change)(w, r)
}

// act has a person do something and answers with the entry that it makes in the chat, {} when it makes none.
func (h Handles) act(w http.ResponseWriter, r *http.Request) {
	d, ok := readDeed(w, r)
	if !ok {
		return
	}
	e, err := h.Act(r.PathValue("user"), r.PathValue("act"), d)
	switch {
	case errors.Is(err, ErrIncomplete):
		Wrong(w, http.StatusBadRequest, err)
	case err != nil:
		Wrong(w, http.StatusNotFound, err)
	case e.Seq == 0:
		Write(w, http.StatusOK, struct{}{})
	default:
		Write(w, http.StatusOK, e)
	}
}

func (h Handles) console(w http.ResponseWriter, r *http.Request) {
	var in struct {
		User string `json:"user"`
		Text string `json:"text"`
	}
	if !Read(w, r, &in) {
		return
	}
	if in.User == "" || in.Text == "" {
		Wrong(w, http.StatusBadRequest, errors.New("user and text are needed"))
		return
	}
	Write(w, http.StatusOK, h.Console(in.User, in.Text))
}

func (h Handles) resend(w http.ResponseWriter, _ *http.Request) {
	h.Courier.Resend()
	Write(w, http.StatusOK, h.Stats())
}

// ManyPeople is how many people a stand-in keeps.
const ManyPeople = 200_000

func (h Handles) burst(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Prefix string `json:"prefix"`
		People int    `json:"people"`
		Each   int    `json:"each"`
		Text   string `json:"text"`
	}{Prefix: "burst-", People: 1, Each: 1, Text: "{n}"}
	if !Read(w, r, &in) {
		return
	}
	if in.People < 1 || in.Each < 1 || in.People > ManyPeople || in.Each > manyPending/in.People {
		Wrong(w, http.StatusBadRequest, errors.New("too many or too few"))
		return
	}
	Write(w, http.StatusOK, map[string]int{"said": Burst(h.Say, in.Prefix, in.People, in.Each, in.Text)})
}

// Burst has many people say something each as often as asked, person by person in turn, and gives how many texts that were. In the text {n} stands for the
// running number of the text and {user} for the person's.
func Burst(say func(user, text string) Entry, prefix string, people, each int, text string) int {
	count := 0
	for range each {
		for i := range people {
			number := strconv.Itoa(i)
			say(prefix+number, strings.NewReplacer("{n}", strconv.Itoa(count), "{user}", number).Replace(text))
			count++
		}
	}
	return count
}
