package webform

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/motcua/motcua/internal/limit"
)

// BenchmarkReportForm shows the form of a report, whose kinds a service gives: as it begins, with all kinds, and when somebody sends hundreds of values for one.
func BenchmarkReportForm(b *testing.B) {
	w, _ := newReports(b)
	w.forms.cfg.Shows = limit.Rule{Max: 1 << 40, Per: time.Hour}
	ticket := w.show().ticket(b)
	run := func(name string, request func() *http.Request) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				b.StopTimer()
				r := request()
				b.StartTimer()
				size = len(w.do(r).body)
			}
			b.ReportMetric(float64(size), "page-B")
		})
	}
	run("new", func() *http.Request { return httptest.NewRequest(http.MethodGet, "/form", nil) })
	run("all kinds", func() *http.Request {
		return sheet{ticket: ticket, do: "find"}.with("page/category", "8").request(b)
	})
	run("hundreds of values", func() *http.Request {
		s := sheet{ticket: ticket, do: "find"}
		for i := range 700 {
			s = s.with("f/category", "kind-"+strconv.Itoa(i))
		}
		return s.request(b)
	})
}
