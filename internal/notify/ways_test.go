package notify

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/netgate"
)

// TestWhatIsFreeComesFirst has the city list a way that costs something before one that does not.
func TestWhatIsFreeComesFirst(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w = replica(t, w.engine, w.city, w.texts, Config{Order: []string{"sms", "zalo"}})
		w.city.phone["s1"] = true
		w.city.talked("s1", "zalo", time.Now())
		w.post("a", "s1", "moved")
		w.sweep()
		require.Equal(t, []string{"zalo Việc a"}, w.city.took())
	})
}

// TestACarrierThatNeverTells holds a letter up for as long as the letter has patience, and then no longer.
func TestACarrierThatNeverTells(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.phone["s1"] = true
		w.city.waysErr["zalo"] = fault.Wrap(fault.Unavailable, errors.New("away"))
		w.post("a", "s1", "moved")
		for range 59 {
			require.Error(t, w.try(t.Context()))
			time.Sleep(time.Minute)
		}
		require.Empty(t, w.city.took())
		time.Sleep(time.Minute)
		w.sweep()
		require.Equal(t, []string{"zns Việc a"}, w.city.took())
	})
}

// TestATroubledChannelIsLeftToItsLane keeps the worker that serves all channels from waiting for one of them.
func TestATroubledChannelIsLeftToItsLane(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.phone["s1"] = true
		w.gates["zns"].Fails(time.Now(), 0)
		w.post("a", "s1", "moved")
		d := w.letter("a", "s1")
		require.NoError(t, w.Sources()[relayName("normal")].Carry(t.Context(), d.ID))
		require.Equal(t, "normal/zns", w.letter("a", "s1").Lane)
		require.Empty(t, w.city.tries["zns"])
		w.sweep()
		require.Equal(t, []string{"zns Việc a"}, w.city.took())
	})
}

// TestAWayThatAskedForAnHourComesLast has an urgent letter go back to the way that can be tried sooner, of two that have had their time.
func TestAWayThatAskedForAnHourComesLast(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.push["s1"], c.phone["s1"] = []string{"fcm:1"}, true
		w.Sender = replica(t, w.engine, c, w.texts, Config{Order: []string{"push", "zns"}}).Sender
		c.fate = arrived
		began := time.Now()
		c.answers(func(way Way, _ Letter) Fate {
			switch {
			case way.Channel == "fcm":
				return Fate{State: Pending, Retry: time.Hour}
			case time.Since(began) < 10*time.Minute:
				return Fate{State: Pending, Retry: 30 * time.Second}
			}
			return Fate{State: Sent}
		})
		w.post("a", "s1", "storm")
		w.pass(12*time.Minute, 5*time.Second)
		require.Equal(t, []string{"zns Bão a"}, c.took())
	})
}

// TestTheWaitForAnArrivalBeginsWhenItLeft is an urgent letter that was put off before a network took it.
func TestTheWaitForAnArrivalBeginsWhenItLeft(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		c := w.city
		c.talked("s1", "zalo", time.Now())
		c.talked("s1", "messenger", time.Now())
		c.fate = func(Way, string) Fate { return Fate{State: Sent} }
		began := time.Now()
		c.answers(func(way Way, _ Letter) Fate {
			if way.Channel == "zalo" && time.Since(began) < 90*time.Second {
				return Fate{State: Pending, Retry: 30 * time.Second, Held: true}
			}
			return Fate{State: Sent}
		})
		w.post("a", "s1", "storm")
		w.sweep()
		w.pass(205*time.Second, time.Second)
		require.Equal(t, []string{"zalo Bão a"}, c.took())
		w.pass(10*time.Second, time.Second)
		require.Equal(t, []string{"zalo Bão a", "messenger Bão a"}, c.took())
	})
}

// TestACarrierKeepsTheOrderOfWhatItTook: a letter that a carrier has taken over holds up none to the same person.
func TestACarrierKeepsTheOrderOfWhatItTook(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.talked("s1", "zalo", time.Now())
		taken := Fate{State: Pending, Taken: true}
		w.city.answers(func(Way, Letter) Fate { return taken })
		w.city.fate = func(Way, string) Fate { return taken }
		w.post("a", "s1", "moved")
		w.sweep()
		w.post("b", "s1", "moved")
		w.sweep()
		require.Equal(t, []string{"zalo Việc a", "zalo Việc b"}, w.city.took())
	})
}

// TestNoLetterOvertakesOneThatHasNotChosen: of two to one person, the earlier waits before all channels and the later comes first to a worker.
func TestNoLetterOvertakesOneThatHasNotChosen(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.phone["s1"] = true
		w.post("a", "s1", "moved")
		w.post("b", "s1", "moved")
		d := w.letter("b", "s1")
		for _, lane := range []string{"normal", "normal/zns"} {
			require.NoError(t, w.Sources()[relayName(lane)].Carry(t.Context(), d.ID))
		}
		require.Empty(t, w.city.took())
		w.pass(time.Second, 100*time.Millisecond)
		require.Equal(t, []string{"zns Việc a", "zns Việc b"}, w.city.took())
	})
}

// TestOnlyWhoHoldsALetterSettlesIt: a worker whose lease is over changes nothing by a failure. That it sent the letter counts.
func TestOnlyWhoHoldsALetterSettlesIt(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.post("a", "s1", "moved")
		way := Way{Channel: "zns", Ground: Approved}
		held, err := w.letters.Update(t.Context(), w.letter("a", "s1").ID, func(d *dispatch) error {
			d.take([]Way{way}, time.Now())
			d.Claim, d.Lane, d.Due = "now", "normal/zns", instant(time.Now().Add(w.cfg.Lease))
			return nil
		})
		require.NoError(t, err)
		late := held
		late.Claim = "before"
		for _, f := range []Fate{{State: Refused, Reason: "blocked"}, {State: Pending, Retry: time.Hour}, {State: Pending, Taken: true}} {
			_, err = w.settle(t.Context(), late, late.Claim, []result{{way, f}})
			require.NoError(t, err)
			require.Equal(t, held, w.letter("a", "s1"))
		}
		_, err = w.settle(t.Context(), late, late.Claim, []result{{way, Fate{State: Sent}}})
		require.NoError(t, err)
		require.Equal(t, Sent, w.letter("a", "s1").State)
	})
}

// TestWhatArrivedIsNotSentAgain: a network puts a letter off, and then reports that it arrived.
func TestWhatArrivedIsNotSentAgain(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.phone["s1"] = true
		w.city.answers(func(Way, Letter) Fate { return Fate{State: Pending, Retry: time.Minute, Held: true} })
		w.post("a", "s1", "moved")
		w.sweep()
		require.NoError(t, w.Receipt(t.Context(), letterID(note("a", "s1", "")), Delivered))
		w.city.answers(nil)
		w.pass(10*time.Minute, time.Minute)
		require.Len(t, w.city.tries["zns"], 1)
		require.Equal(t, Delivered, w.letter("a", "s1").State)
	})
}

// TestManyLookForAnotherWay when their network has been away for as long as they can wait, not one after each of its pauses. Those that were tried meanwhile
// have waited for less.
func TestManyLookForAnotherWay(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w = replica(t, w.engine, w.city, w.texts, Config{Patience: 5 * time.Minute})
		const people, tried = 60, netgate.Tolerated + 20
		w.city.answers(func(way Way, _ Letter) Fate {
			if way.Channel == "zns" {
				return Fate{State: Pending}
			}
			return Fate{State: Sent}
		})
		for i := range people {
			w.city.phone[person(i)] = true
			w.post("a", person(i), "moved")
		}
		w.pass(w.cfg.Patience-10*time.Second, 10*time.Second)
		require.Empty(t, w.city.took())
		require.LessOrEqual(t, len(w.city.tries["zns"]), tried)
		w.pass(time.Minute, 10*time.Second)
		require.GreaterOrEqual(t, len(w.city.took()), people-tried)
	})
}

// TestTurnsAreTaken in the order of Post, however fast letters come.
func TestTurnsAreTaken(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		last := w.turn(time.Now())
		for range 5 {
			next := w.turn(time.Now())
			require.True(t, next.After(*last))
			last = next
		}
	})
}

// TestUntouched says what shows that somebody else has changed a letter.
func TestUntouched(t *testing.T) {
	t.Parallel()
	now, later := instant(time.Unix(1, 0)), instant(time.Unix(2, 0))
	seen := dispatch{Due: now, Claim: "a"}
	for name, tt := range map[string]struct {
		now  dispatch
		want bool
	}{
		"as it was":  {dispatch{Due: now, Claim: "a"}, true},
		"put off":    {dispatch{Due: later, Claim: "a"}, false},
		"ended":      {dispatch{Claim: "a"}, false},
		"let go of":  {dispatch{Due: now}, false},
		"taken over": {dispatch{Due: now, Claim: "b"}, false},
		"further":    {dispatch{Due: now, Claim: "a", Phase: waiting}, false},
	} {
		require.Equal(t, tt.want, tt.now.untouched(&seen), name)
	}
}

// TestOver says to the millisecond until when a letter may leave.
func TestOver(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_800_000_000, 0)
	for _, tt := range []struct {
		until, now time.Duration // after it began; 0 is no end
		want       string
	}{
		{time.Hour, time.Hour - time.Millisecond, ""},
		{time.Hour, time.Hour, reasonExpired},
		{0, 72 * time.Hour, ""},
		{0, 72*time.Hour + time.Millisecond, reasonGaveUp},
		{100 * time.Hour, 73 * time.Hour, reasonGaveUp},
	} {
		d := dispatch{Since: began}
		if tt.until > 0 {
			d.Until = instant(began.Add(tt.until))
		}
		require.Equal(t, tt.want, d.over(began.Add(tt.now), 72*time.Hour), "%+v", tt)
	}
}

// TestWhatLeftStaysNoted: that a way is closed now does not undo that the letter left by it.
func TestWhatLeftStaysNoted(t *testing.T) {
	t.Parallel()
	d := dispatch{}
	d.note(leg{Channel: "zalo", State: Pending})
	d.note(leg{Channel: "zalo", State: Sent})
	require.Len(t, d.Tries, 1)
	d.note(leg{Channel: "zalo", State: Refused, Reason: "window_closed"})
	require.Equal(t, Sent, d.best())
	require.Len(t, d.Tries, 2)
}

// TestNext is the first time at which the clocks show an hour, never the present one.
func TestNext(t *testing.T) {
	t.Parallel()
	five := time.Date(2026, 11, 22, 17, 0, 0, 0, zone)
	for now, want := range map[time.Time]time.Time{
		five.Add(-time.Second): five,
		five:                   five.AddDate(0, 0, 1),
		five.Add(time.Second):  five.AddDate(0, 0, 1),
	} {
		require.True(t, want.Equal(next(now, 17*60)), "%s", now)
	}
}

// TestDigestOfWhatIsStillOfUse leaves out what is over, and keeps what comes too late for the day's digest for the next.
func TestDigestOfWhatIsStillOfUse(t *testing.T) {
	inCity(t, func(t *testing.T, w *world) {
		w.city.push["s1"] = []string{"fcm:1"}
		short := note("short", "s1", "news")
		short.Until = time.Now().Add(time.Hour)
		require.NoError(t, w.Post(t.Context(), short))
		w.post("a", "s1", "news")
		w.sweep()
		at(17, 0)
		w.pass(10*time.Minute, time.Minute)
		require.Equal(t, []string{"fcm Bà con có 1 tin mới"}, w.city.took())
		evening := 20
		w.want(guest("s1"), Patch{DigestHour: &evening})
		w.post("b", "s1", "news")
		w.pass(4*time.Hour, 10*time.Minute)
		require.Len(t, w.city.took(), 1, "one digest a day")
		require.Equal(t, Pending, w.letter("b", "s1").State)
		w.pass(day, 10*time.Minute)
		require.Equal(t, []string{"fcm Bà con có 1 tin mới", "fcm Bà con có 1 tin mới"}, w.city.took())
	})
}
