package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/account"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps"
)

// topics tells phones by topic, in memory. Phones follow at once what their owners are to follow, until it is told to be slow.
type topics struct {
	city *city

	mu     sync.Mutex
	told   []string            // "<topics> <title>"
	fate   Fate                // of what is published; zero means sent
	wanted map[string][]string // by subject
	joined map[string][]string // likewise
	slow   bool
	down   bool
	during func() // runs within Follow, before anything changes
	amid   func() // runs within Publish
}

func (x *topics) Publish(_ context.Context, names []string, l Letter) (Fate, error) {
	if amid := x.amid; amid != nil {
		x.amid = nil
		amid()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.told = append(x.told, strings.Join(names, ",")+" "+l.Title)
	if x.fate.State == "" {
		return Fate{State: Sent}, nil
	}
	return x.fate, nil
}

func (x *topics) Follow(_ context.Context, to Person, names []string) error {
	if during := x.during; during != nil {
		x.during = nil
		during()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.down {
		return fault.New(fault.Unavailable, "")
	}
	x.wanted[to.Subject] = names
	if !x.slow {
		x.joined[to.Subject] = names
	}
	return nil
}

func (x *topics) Following(_ context.Context, to Person, names []string) (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	devices := x.city.push[to.Subject]
	phones := !slices.ContainsFunc(devices, func(d string) bool { return !strings.HasPrefix(d, "fcm") })
	return phones && len(devices) > 0 && slices.ContainsFunc(names, func(t string) bool { return slices.Contains(x.joined[to.Subject], t) }), nil
}

// withTopics is a world whose network has topics.
func withTopics(t *testing.T, w *world, cfg Config) (*world, *topics) {
	t.Helper()
	x := &topics{city: w.city, wanted: map[string][]string{}, joined: map[string][]string{}}
	s, err := NewSender(t.Context(), w.engine, cfg, Deps{
		Inbox: w.inbox, Urgency: urgencyOf, People: w.city, Carriers: w.city.carriers(allChannels...), Topics: x,
		Bulletins: map[string][]string{"feedback": {"storm", "moved"}}, Texts: w.texts, Now: time.Now, Log: w.log, Reg: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	return &world{Sender: s, t: t, city: w.city, engine: w.engine, texts: w.texts}, x
}

func TestBroadcastByTopic(t *testing.T) {
	for name, fate := range map[string]Fate{"taken": {}, "refused": {State: Refused, Reason: "bad_topic"}, "put off for long": {State: Pending, Retry: time.Minute}, "in vain": {State: Pending, Unsure: true}} {
		t.Run(name, func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				c := crowdedCity()
				c.push[person(9)] = []string{"webpush:9"}
				c.push[person(11)] = append(c.push[person(11)], "webpush:11")
				c.phone[person(0)] = true
				w.city = c
				w, x := withTopics(t, w, Config{})
				x.fate = fate
				w.settleCrowd()
				w.sweep()
				b := storm(1)
				b.Topic = true
				require.NoError(t, w.Announce(t.Context(), b))
				began := time.Now()
				for w.try(t.Context()) != nil {
					time.Sleep(time.Second)
				}
				require.LessOrEqual(t, time.Since(began), topicPatience, "nobody waits for long")
				p, err := w.Progress(t.Context(), "b1")
				require.NoError(t, err)
				require.Equal(t, []any{136, 14, true}, []any{p.Sent, p.Failed, p.Done})
				if fate.State != "" {
					require.Len(t, c.sent, 137, "the devices get letters as everybody else")
					require.Empty(t, c.topics(), "that do not count on topics")
					return
				}
				require.Equal(t, []string{"ward-1,ward-2 Bão 1"}, x.told, "to each device once, though it follows both")
				took := c.took()
				slices.Sort(took)
				require.Len(t, took, 33, "no letter beside the topic, but to whose devices do not all follow, and to those who read another language")
				require.Equal(t, []string{"webpush Bão 1", "webpush Bão 1"}, took[31:])
				require.Equal(t, "fcm Storm 1", took[1])
				require.Equal(t, []string{"ward-1,ward-2"}, c.topics(), "a device that has it can tell")
				for _, s := range c.sent {
					require.Equal(t, s.Title == "Bão 1", s.Topics != "", "topics speak one language: whoever reads another gets the letter all the same")
				}
			})
		})
	}
}

// TestWhoIsToldByTopic has devices follow topics when a letter would come to the same, and no others.
func TestWhoIsToldByTopic(t *testing.T) {
	off, on := false, true
	en := message.English
	areas, interests, none := []string{"1", "2"}, []string{"weather"}, []string{}
	for name, tt := range map[string]struct {
		patch Patch
		want  []string
	}{
		"nothing chosen":           {Patch{}, []string{"city"}},
		"wards and interests":      {Patch{Areas: &areas, Interests: &interests}, []string{"city", "interest-weather", "ward-1", "ward-2"}},
		"unfollowed":               {Patch{Areas: &none}, []string{"city"}},
		"another language":         {Patch{Areas: &areas, Lang: &en}, nil},
		"no pushes of bulletins":   {Patch{Areas: &areas, Rules: []RulePatch{{Kind: "feedback", Channel: "push", On: &off}}}, nil},
		"no pushes of one of them": {Patch{Areas: &areas, Rules: []RulePatch{{Kind: "feedback.storm", Channel: "push", On: &off}}}, nil},
		"nothing at all":           {Patch{Areas: &areas, Rules: []RulePatch{{Kind: "*", Channel: "*", On: &off}}}, nil},
		"nothing but bulletins": {Patch{Areas: &areas, Rules: []RulePatch{{Kind: "*", Channel: "*", On: &off}, {Kind: "feedback", Channel: "push", On: &on}}},
			[]string{"city", "ward-1", "ward-2"}},
		"no pushes of other things": {Patch{Areas: &areas, Rules: []RulePatch{{Kind: "feedback.news", Channel: "push", On: &off}, {Kind: "transit", Channel: "*", On: &off}}},
			[]string{"city", "ward-1", "ward-2"}},
		"hours of their own": {Patch{Areas: &areas, Quiet: &QuietHours{Quiet: Quiet{"20:00", "09:00"}}}, nil},
		"no quiet hours":     {Patch{Areas: &areas, Quiet: &QuietHours{Off: true}}, []string{"city", "ward-1", "ward-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				w, x := withTopics(t, w, Config{})
				w.want(guest("an"), tt.patch)
				got, err := w.TopicsOf(t.Context(), guest("an"))
				require.NoError(t, err)
				require.Equal(t, tt.want, got, "for a device that registers")
				w.sweep()
				require.Equal(t, tt.want, x.wanted["an"], "for those that are there")
				nothingWaits(t, w)
			})
		})
	}
	inCity(t, func(t *testing.T, w *world) {
		w, _ = withTopics(t, w, Config{})
		got, err := w.TopicsOf(t.Context(), account.Viewer{Subject: "gone"})
		require.NoError(t, err)
		require.Empty(t, got)
		w, _ = withTopics(t, w, Config{NoTopics: true})
		got, err = w.TopicsOf(t.Context(), guest("an"))
		require.NoError(t, err)
		require.Empty(t, got, "topics are switched off")
		w, _ = withTopics(t, w, Config{Order: []string{"zalo", "push"}})
		got, err = w.TopicsOf(t.Context(), guest("an"))
		require.NoError(t, err)
		require.Empty(t, got, "pushes do not come first")
	})
}

// TestJoinedDevicesFollow has the devices of somebody who joined an account follow what that account's owner chose.
func TestJoinedDevicesFollow(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w, x := withTopics(t, w, Config{})
		nam := account.Viewer{Account: "nam", Subject: "nam", Subjects: []string{"nam"}, Lang: "vi"}
		w.want(nam, Patch{Areas: &[]string{"1"}})
		w.want(guest("chat"), Patch{Areas: &[]string{"2"}})
		w.sweep()
		require.Equal(t, []string{"city", "ward-1"}, x.wanted["nam"])
		clear(x.wanted)
		person := Person{Account: "nam", Subject: "nam", Subjects: []string{"nam", "chat"}, Lang: "vi"}
		w.city.who["nam"], w.city.who["chat"] = person, person
		require.NoError(t, w.Refollow(t.Context(), person))
		w.sweep()
		require.Equal(t, []string{"city", "ward-1"}, x.wanted["nam"], "of all its subjects")
		nothingWaits(t, w)
		require.NoError(t, w.Refollow(t.Context(), Person{Subject: "nobody", Subjects: []string{"nobody"}}))
		nothingWaits(t, w)
	})
}

// TestWhatIsToldByTopic publishes bulletins to topics when letters would go to the same people.
func TestWhatIsToldByTopic(t *testing.T) {
	many := []string{"1", "2", "3", "4", "5", "6"}
	for name, tt := range map[string]struct {
		change func(b *Broadcast)
		cfg    Config
		want   []string
	}{
		"wards":                           {func(b *Broadcast) {}, Config{}, []string{"ward-1", "ward-2"}},
		"the city":                        {func(b *Broadcast) { b.Areas = nil }, Config{}, []string{"city"}},
		"as many wards as one push takes": {func(b *Broadcast) { b.Areas = many[:5] }, Config{}, []string{"ward-1", "ward-2", "ward-3", "ward-4", "ward-5"}},
		"more wards":                      {func(b *Broadcast) { b.Areas = many }, Config{}, nil},
		"wards, by day":                   {func(b *Broadcast) { b.Urgency = miniapps.Normal }, Config{}, []string{"ward-1", "ward-2"}},
		"the city, not urgent":            {func(b *Broadcast) { b.Areas, b.Urgency = nil, miniapps.Normal }, Config{}, nil},
		"switched off":                    {func(b *Broadcast) {}, Config{NoTopics: true}, nil},
		"without":                         {func(b *Broadcast) { b.Topic = false }, Config{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inCity(t, func(t *testing.T, w *world) {
				w, x := withTopics(t, w, tt.cfg)
				b := storm(1)
				b.Topic = true
				tt.change(&b)
				require.NoError(t, w.Announce(t.Context(), b))
				w.sweep()
				var want []string
				if tt.want != nil {
					want = []string{strings.Join(tt.want, ",") + " Bão 1"}
				}
				require.Equal(t, want, x.told)
			})
		})
	}
}

// TestTopicsByNight has only what is urgent leave then.
func TestTopicsByNight(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.push["an"] = []string{"fcm:1"}
		w, x := withTopics(t, w, Config{})
		areas := []string{"1"}
		w.want(guest("an"), Patch{Areas: &areas})
		w.sweep()
		at(23, 0)
		b := storm(1)
		b.Topic, b.Urgency = true, miniapps.Normal
		require.NoError(t, w.Announce(t.Context(), b))
		w.pass(7*time.Hour+29*time.Minute, 20*time.Minute)
		require.Empty(t, x.told)
		b = storm(1)
		b.ID, b.Topic = "b2", true
		require.NoError(t, w.Announce(t.Context(), b))
		w.sweep()
		require.Len(t, x.told, 1)
		w.pass(10*time.Minute, time.Minute)
		require.Len(t, x.told, 2)
		require.Empty(t, w.city.sent, "and nobody hears it twice")
	})
}

// TestUnsureTopics sends a letter to whoever's phone is not known to follow yet.
func TestUnsureTopics(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.push["an"], w.city.push["binh"] = []string{"fcm:1"}, []string{"fcm:2"}
		w, x := withTopics(t, w, Config{})
		areas := []string{"1"}
		w.want(guest("an"), Patch{Areas: &areas})
		w.sweep()
		x.slow = true
		w.want(guest("binh"), Patch{Areas: &areas})
		w.sweep()
		b := storm(1)
		b.Topic = true
		require.NoError(t, w.Announce(t.Context(), b))
		w.sweep()
		require.Len(t, w.city.sent, 1)
		require.Equal(t, "binh", w.city.sent[0].Subject)
	})
}

// TestTopicsOutliveTrouble shows that what devices are to follow is not lost when it cannot be handed on, and that the last word wins.
func TestTopicsOutliveTrouble(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w, x := withTopics(t, w, Config{})
		one, two := []string{"1"}, []string{"2"}
		x.down = true
		w.want(guest("an"), Patch{Areas: &one})
		require.Error(t, w.try(t.Context()))
		n, since, err := topicer{w.Sender}.Waiting(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, time.Now().UTC(), since)
		x.down = false
		x.during = func() { w.want(guest("an"), Patch{Areas: &two}) } // in the middle, in the same millisecond
		w.sweep()
		require.Equal(t, []string{"city", "ward-2"}, x.wanted["an"])
		n, _, err = topicer{w.Sender}.Waiting(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, n)
		w, x = withTopics(t, w, Config{})
		x.during = func() { // another worker is faster, and done
			w.want(guest("an"), Patch{Areas: &one})
			require.NoError(t, topicer{w.Sender}.Carry(t.Context(), "an"))
		}
		w.want(guest("an"), Patch{Areas: &two})
		w.sweep()
		require.Equal(t, []string{"city", "ward-1"}, x.wanted["an"])
	})
}

// TestLaterRevisionByTopic takes the place of the one before, on phones as in letters.
func TestLaterRevisionByTopic(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.push["an"] = []string{"fcm:1"}
		w, x := withTopics(t, w, Config{})
		areas := []string{"1"}
		w.want(guest("an"), Patch{Areas: &areas})
		w.sweep()
		for i := range 3 {
			b := storm(i + 1)
			b.Topic = true
			require.NoError(t, w.Announce(t.Context(), b))
			w.sweep()
		}
		require.Equal(t, []string{"ward-1,ward-2 Bão 1", "ward-1,ward-2 Bão 2", "ward-1,ward-2 Bão 3"}, x.told)
		require.Empty(t, w.city.sent)
		p, err := w.Progress(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, Progress{Revision: 3, Total: 1, Posted: 1, Sent: 1, Done: true}, p)
	})
}

// TestRevisionWhileTopicsAreTold comes between the network's answer and its record: the topics are told the later one too.
func TestRevisionWhileTopicsAreTold(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w, x := withTopics(t, w, Config{})
		first, second := storm(1), storm(2)
		first.Topic, second.Topic = true, true
		x.amid = func() { require.NoError(t, w.Announce(t.Context(), second)) }
		require.NoError(t, w.Announce(t.Context(), first))
		w.sweep()
		require.Equal(t, []string{"ward-1,ward-2 Bão 1", "ward-1,ward-2 Bão 2"}, x.told)
		b, err := w.inbox.bulletins.Get(t.Context(), "b1")
		require.NoError(t, err)
		require.Equal(t, []any{2, true}, []any{b.Revision, b.Published})
	})
}

// TestOrderOfRevisions holds an update back while the warning is under way to the same person, and drops a warning that comes behind it.
func TestOrderOfRevisions(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		x := newTurns()
		leave, ok := x.enter(t.Context(), "b1", "an", 1)
		require.True(t, ok)
		other, ok := x.enter(t.Context(), "b1", "binh", 1)
		require.True(t, ok, "who waits for somebody else's letter")
		other()
		second := make(chan bool)
		go func() {
			leave, ok := x.enter(t.Context(), "b1", "an", 2)
			if ok {
				leave()
			}
			second <- ok
		}()
		time.Sleep(time.Second)
		_, ok = x.enter(t.Context(), "b1", "binh", 1)
		require.False(t, ok, "a later one is known")
		select {
		case <-second:
			t.Fatal("it overtook the one under way")
		default:
		}
		leave()
		require.True(t, <-second)
		_, ok = x.enter(t.Context(), "b1", "an", 1)
		require.False(t, ok)
		ctx, cancel := context.WithCancel(t.Context())
		leave, ok = x.enter(ctx, "b1", "an", 2)
		require.True(t, ok)
		time.AfterFunc(time.Second, cancel)
		_, ok = x.enter(ctx, "b1", "an", 2)
		require.False(t, ok, "the program stops")
		leave()
		require.Empty(t, x.busy)
		for i := range maxLatest {
			x.saw(fmt.Sprint("b", i), 1)
		}
		require.LessOrEqual(t, len(x.latest), maxLatest)
	})
}

// TestUpdateDoesNotOvertake announces an update while a slow network has the warning in hand.
func TestUpdateDoesNotOvertake(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := crowdedCity()
		c.latency = 3 * time.Second
		w = replica(t, w.engine, c, w.texts, Config{})
		w.settleCrowd()
		require.NoError(t, w.Announce(t.Context(), storm(1)))
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 700 * time.Millisecond)
				if i == 3 {
					if err := w.Announce(t.Context(), storm(2)); err != nil {
						t.Error(err)
					}
				}
				carryAll(t, w)
			})
		}
		wg.Wait()
		w.pass(time.Minute, time.Second)
		last := map[string]string{}
		twice := 0
		for _, s := range c.sent {
			require.False(t, strings.HasSuffix(last[s.Subject], "2") && strings.HasSuffix(s.Title, "1"), "%s has the warning after the update", s.Subject)
			twice += bit(last[s.Subject] != "")
			last[s.Subject] = s.Title
		}
		require.Len(t, last, 135)
		require.Positive(t, twice, "some had the warning before")
		nothingWaits(t, w)
	})
}
