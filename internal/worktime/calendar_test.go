package worktime_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/motcua/motcua/internal/worktime"
)

const zone = "Asia/Ho_Chi_Minh"

// config is a week of eight-hour days with a few holidays of 2026.
func config() worktime.Config {
	holiday := func(y int, m time.Month, d int) worktime.Holiday {
		return worktime.Holiday{Date: worktime.Date{Year: y, Month: m, Day: d}}
	}
	return worktime.Config{
		Zone:  zone,
		Week:  []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
		Hours: []worktime.Period{{From: 7*time.Hour + 30*time.Minute, To: 11*time.Hour + 30*time.Minute}, {From: 13 * time.Hour, To: 17 * time.Hour}},
		Holidays: []worktime.Holiday{
			holiday(2026, 1, 1), holiday(2026, 1, 2), holiday(2026, 4, 26), holiday(2026, 4, 27), holiday(2026, 4, 30), holiday(2026, 5, 1),
			holiday(2026, 8, 31), holiday(2026, 9, 1), holiday(2026, 9, 2),
		},
		Workdays: []worktime.Date{{Year: 2026, Month: 1, Day: 10}, {Year: 2026, Month: 8, Day: 22}},
	}
}

func calendar(t testing.TB) *worktime.Calendar {
	t.Helper()
	c, err := worktime.New(config())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at reads a time on the city's clock.
func at(t testing.TB, c *worktime.Calendar, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, c.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAdd(t *testing.T) {
	t.Parallel()
	c := calendar(t)
	tests := []struct {
		name, from string
		work       time.Duration
		want       string
	}{
		{"within the morning", "2026-03-02 08:00", 2 * time.Hour, "2026-03-02 10:00"},
		{"over lunch", "2026-03-02 11:00", time.Hour, "2026-03-02 13:30"},
		{"to the very end of the morning", "2026-03-02 07:30", 4 * time.Hour, "2026-03-02 11:30"},
		{"to the very end of the day", "2026-03-02 07:30", 8 * time.Hour, "2026-03-02 17:00"},
		{"one minute more is the next morning", "2026-03-02 07:30", 8*time.Hour + time.Minute, "2026-03-03 07:31"},
		{"before opening", "2026-03-02 05:00", time.Hour, "2026-03-02 08:30"},
		{"in the lunch break", "2026-03-02 12:15", time.Hour, "2026-03-02 14:00"},
		{"after closing", "2026-03-02 22:00", time.Hour, "2026-03-03 08:30"},
		{"over a weekend", "2026-03-06 16:00", 2 * time.Hour, "2026-03-09 08:30"},
		{"on a Saturday", "2026-03-07 09:00", 8 * time.Hour, "2026-03-09 17:00"},
		{"over a holiday on Sunday and its day in lieu", "2026-04-24 16:00", 2 * time.Hour, "2026-04-28 08:30"},
		{"over two holidays and a weekend", "2026-04-29 16:30", time.Hour, "2026-05-04 08:00"},
		{"a Saturday worked in exchange", "2026-08-21 16:30", time.Hour, "2026-08-22 08:00"},
		{"an exchanged Monday off", "2026-08-28 16:30", time.Hour, "2026-09-03 08:00"},
		{"two working weeks", "2026-03-02 07:30", 80 * time.Hour, "2026-03-13 17:00"},
		{"nothing", "2026-03-07 09:00", 0, "2026-03-07 09:00"},
		{"less than nothing", "2026-03-07 09:00", -time.Hour, "2026-03-07 09:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, want := c.Add(at(t, c, tt.from), tt.work), at(t, c, tt.want)
			if !got.Equal(want) {
				t.Errorf("got %s, want %s", got.In(c.Zone()), want)
			}
			if got.Location() != time.UTC {
				t.Errorf("got it in %s, want UTC", got.Location())
			}
		})
	}
}

func TestAddCountsInTheCitysZone(t *testing.T) {
	t.Parallel()
	c := calendar(t)
	// 23:00 UTC on Sunday is 06:00 on Monday in Hải Phòng.
	got := c.Add(time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), time.Hour)
	if want := time.Date(2026, 3, 2, 1, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIsWorkday(t *testing.T) {
	t.Parallel()
	c := calendar(t)
	tests := []struct {
		day  string
		want bool
	}{
		{"2026-03-02", true}, {"2026-03-07", false}, {"2026-03-08", false}, {"2026-01-01", false}, {"2026-01-02", false}, {"2026-01-10", true},
		{"2026-08-22", true}, {"2026-08-31", false}, {"2026-09-03", true},
	}
	for _, tt := range tests {
		if got := c.IsWorkday(at(t, c, tt.day+" 23:59")); got != tt.want {
			t.Errorf("%s: got %v", tt.day, got)
		}
	}
	if c.IsWorkday(time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)) { // Saturday 01:00 in the city
		t.Error("the day is not taken in the city's zone")
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	c := calendar(t)
	tests := []struct {
		a, b string
		want time.Duration
	}{
		{"2026-03-02 08:00", "2026-03-02 10:00", 2 * time.Hour},
		{"2026-03-02 11:00", "2026-03-02 13:30", time.Hour},
		{"2026-03-02 12:00", "2026-03-02 12:30", 0},
		{"2026-03-02 00:00", "2026-03-03 00:00", 8 * time.Hour},
		{"2026-03-06 16:00", "2026-03-09 08:30", 2 * time.Hour},
		{"2026-03-09 08:30", "2026-03-06 16:00", -2 * time.Hour},
		{"2026-04-24 17:00", "2026-04-28 07:30", 0},
		{"2026-03-01 00:00", "2026-04-01 00:00", 22 * 8 * time.Hour},
	}
	for _, tt := range tests {
		if got := c.Between(at(t, c, tt.a), at(t, c, tt.b)); got != tt.want {
			t.Errorf("%s to %s: got %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestAddAndBetweenAgree(t *testing.T) {
	t.Parallel()
	c := calendar(t)
	start := time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		from := start.Add(time.Duration(rapid.Int64Range(0, int64(400*24*time.Hour)).Draw(t, "from")))
		work := time.Duration(rapid.Int64Range(1, int64(300*time.Hour)).Draw(t, "work"))
		due := c.Add(from, work)
		if got := c.Between(from, due); got != work {
			t.Fatalf("%s + %s = %s, but %s lies between", from, work, due, got)
		}
		if early := c.Between(from, due.Add(-time.Nanosecond)); early >= work {
			t.Fatalf("%s + %s = %s is later than it need be", from, work, due)
		}
		if !c.IsWorkday(due) {
			t.Fatalf("%s is due on %s, which is no working day", from, due)
		}
		middle := from.Add(time.Duration(rapid.Int64Range(0, int64(due.Sub(from))).Draw(t, "middle")))
		if sum := c.Between(from, middle) + c.Between(middle, due); sum != work {
			t.Fatalf("the parts on both sides of %s add up to %s, not %s", middle, sum, work)
		}
	})
}

func TestHolidays(t *testing.T) {
	t.Parallel()
	c := calendar(t)
	all := c.Holidays()
	if len(all) != len(config().Holidays) {
		t.Fatalf("got %d holidays", len(all))
	}
	for i := 1; i < len(all); i++ {
		if all[i-1].Date.Compare(all[i].Date) >= 0 {
			t.Errorf("%s comes before %s", all[i-1].Date, all[i].Date)
		}
	}
	if h, ok := c.Holiday(at(t, c, "2026-09-02 10:00")); !ok || h.Date.String() != "2026-09-02" {
		t.Errorf("got %v, %v", h, ok)
	}
	if _, ok := c.Holiday(at(t, c, "2026-09-03 10:00")); ok {
		t.Error("3 September is a holiday")
	}
}

func TestNewNamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := worktime.New(worktime.Config{
		Zone:     "Mars/Olympus",
		Week:     []time.Weekday{9},
		Hours:    []worktime.Period{{From: 9 * time.Hour, To: 8 * time.Hour}, {From: 7 * time.Hour, To: 25 * time.Hour}},
		Holidays: []worktime.Holiday{{Date: worktime.Date{Year: 2026, Month: 1, Day: 1}}, {Date: worktime.Date{Year: 2026, Month: 1, Day: 1}}},
		Workdays: []worktime.Date{{Year: 2026, Month: 1, Day: 1}, {Year: 2026, Month: 1, Day: 1}},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"Mars/Olympus", "9 is no day", "period 1", "period 2", "2026-01-01 is there twice", "also a holiday"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	_, err = worktime.New(worktime.Config{})
	for _, want := range []string{"zone", "week", "hours"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-09-02", "2024-02-29", "2023-02-29", "", "02/09/2026", "2026-9-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := worktime.ParseDate(s)
		if err != nil {
			return
		}
		if d.String() != s {
			t.Errorf("%q reads as %s", s, d)
		}
		if d.Next().Compare(d) <= 0 {
			t.Errorf("%s comes after %s", d, d.Next())
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	c := calendar(b)
	from := time.Date(2026, 4, 24, 3, 0, 0, 0, time.UTC)
	for b.Loop() {
		c.Add(from, 40*time.Hour)
	}
}
