package sqlite_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/sqlite"
)

// benched opens a store with n cases in it, as an officer's queue and a citizen's search would find them.
func benched(b *testing.B, n int) *store.Collection[bson.M] {
	b.Helper()
	e, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	c, err := store.Define[bson.M](b.Context(), e, store.Kind{Name: "cases", Owned: true, Indexes: []store.Index{
		{Name: "queue", Equal: []string{"unit", "status"}, Order: "due"},
		{Name: "mine", Equal: []string{"owner"}, Order: "created"},
		{Name: "words", Equal: []string{"words"}, Many: "words", Order: "created"},
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(8)
	var next atomic.Int64
	done := make(chan error)
	for range 32 {
		go func() {
			for {
				i := next.Add(1)
				if i > int64(n) {
					done <- nil
					return
				}
				if err := c.Insert(b.Context(), benchCase(int(i))); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range 32 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func benchCase(i int) bson.M {
	at := time.Unix(1_800_000_000+int64(i), 0)
	return bson.M{
		"_id": benchID(i), "owner": fmt.Sprint(i % 500), "unit": fmt.Sprintf("ward-%d", i%114), "status": []string{"received", "assigned", "closed"}[i%3],
		"due": at.Add(72 * time.Hour), "created": at, "text": strings.Repeat("ổ gà ", 100), "words": []string{fmt.Sprint(i % 97), fmt.Sprint(i % 89), "o", "ga"},
	}
}

func benchID(i int) string { return fmt.Sprintf("%d/%08d", i%500, i) }

const benchSize = 20_000

func BenchmarkInsert(b *testing.B) {
	c := benched(b, 1000)
	var n atomic.Int64
	n.Store(1_000_000)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := c.Insert(b.Context(), benchCase(int(n.Add(1)))); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	c := benched(b, benchSize)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Get(b.Context(), benchID(1+int(n.Add(7919))%benchSize)); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	c := benched(b, benchSize)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(7919)
			if _, err := c.Update(b.Context(), benchID(1+int(i)%benchSize), func(m *bson.M) error { (*m)["n"] = i; return nil }); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkQueuePage(b *testing.B) {
	c := benched(b, benchSize)
	q, err := c.Query("queue")
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			page, err := c.Page(b.Context(), 50, "", q.Where(fmt.Sprintf("ward-%d", i%114), []string{"received", "assigned", "closed"}[i%3]))
			if err != nil || len(page.Items) == 0 {
				b.Error(len(page.Items), err)
			}
		}
	})
}
