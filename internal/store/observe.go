package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/motcua/motcua/internal/fault"
)

// observed measures an engine.
type observed struct {
	Engine
	seconds *prometheus.HistogramVec
	errors  *prometheus.CounterVec
	tracer  trace.Tracer
}

var (
	_ Engine = (*observed)(nil)
	_ Lister = (*observed)(nil)
)

// Observe gives e with its times, errors and spans: motcua_store_seconds by kind and operation, motcua_store_errors_total by kind, operation and code. Ids and
// documents go into neither. The time of Find is the engine's own, without what its reader does between two rows. Several engines may share one registerer.
func Observe(e Engine, reg prometheus.Registerer, tp trace.TracerProvider) Engine {
	return &observed{
		Engine: e,
		seconds: shared(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "motcua_store_seconds", Help: "Time that operations of the store took.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"kind", "op"})),
		errors: shared(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "motcua_store_errors_total", Help: "Operations of the store that ended in an error, by its code; CONFLICT is an id that was taken.",
		}, []string{"kind", "op", "code"})),
		tracer: tp.Tracer("github.com/motcua/motcua/internal/store"),
	}
}

// shared registers c, or gives the one of its name that is registered already.
func shared[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	var known prometheus.AlreadyRegisteredError
	if errors.As(reg.Register(c), &known) {
		if old, ok := known.ExistingCollector.(C); ok {
			return old
		}
	}
	return c
}

// Kinds gives the kinds of the engine inside.
func (o *observed) Kinds() []Kind {
	if l, ok := o.Engine.(Lister); ok {
		return l.Kinds()
	}
	return nil
}

// watch begins an operation. What it gives ends it.
func (o *observed) watch(ctx context.Context, kind, op string) (context.Context, func(time.Duration, error)) {
	ctx, span := o.tracer.Start(ctx, "store."+op, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("store.kind", kind)))
	return ctx, func(took time.Duration, err error) {
		o.seconds.WithLabelValues(kind, op).Observe(took.Seconds())
		if err != nil {
			code := string(fault.CodeOf(err))
			o.errors.WithLabelValues(kind, op, code).Inc()
			span.SetStatus(codes.Error, code)
		}
		span.End()
	}
}

func (o *observed) timed(ctx context.Context, kind, op string, f func(context.Context) error) error {
	ctx, end := o.watch(ctx, kind, op)
	began := time.Now() // a measurement, not a rule: the injected clock may stand still
	err := f(ctx)
	end(time.Since(began), err)
	return err
}

// Define is measured as define.
func (o *observed) Define(ctx context.Context, k Kind) error {
	return o.timed(ctx, k.Name, "define", func(ctx context.Context) error { return o.Engine.Define(ctx, k) })
}

// Insert is measured as insert.
func (o *observed) Insert(ctx context.Context, kind, id string, doc bson.Raw) error {
	return o.timed(ctx, kind, "insert", func(ctx context.Context) error { return o.Engine.Insert(ctx, kind, id, doc) })
}

// Get is measured as get.
func (o *observed) Get(ctx context.Context, kind string, ids ...string) (rows []Row, err error) {
	err = o.timed(ctx, kind, "get", func(ctx context.Context) error {
		rows, err = o.Engine.Get(ctx, kind, ids...)
		return err
	})
	return rows, err
}

// Replace is measured as replace; a lost race is counted as an error with the code CONFLICT.
func (o *observed) Replace(ctx context.Context, kind, id string, version int64, doc bson.Raw) (swapped bool, err error) {
	lost := fault.New(fault.Conflict, "")
	err = o.timed(ctx, kind, "replace", func(ctx context.Context) error {
		if swapped, err = o.Engine.Replace(ctx, kind, id, version, doc); err == nil && !swapped {
			return lost
		}
		return err
	})
	if errors.Is(err, lost) {
		err = nil
	}
	return swapped, err
}

// Delete is measured as delete.
func (o *observed) Delete(ctx context.Context, kind, id string) (there bool, err error) {
	err = o.timed(ctx, kind, "delete", func(ctx context.Context) error {
		there, err = o.Engine.Delete(ctx, kind, id)
		return err
	})
	return there, err
}

// Count is measured as count.
func (o *observed) Count(ctx context.Context, kind string, q Query, max int) (n int, err error) {
	err = o.timed(ctx, kind, "count", func(ctx context.Context) error {
		n, err = o.Engine.Count(ctx, kind, q, max)
		return err
	})
	return n, err
}

// Sweep is measured as sweep, with the kind "".
func (o *observed) Sweep(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = o.timed(ctx, "", "sweep", func(ctx context.Context) error {
		n, err = o.Engine.Sweep(ctx, now, limit)
		return err
	})
	return n, err
}

// Find is measured as find.
func (o *observed) Find(ctx context.Context, kind string, q Query) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		ctx, end := o.watch(ctx, kind, "find")
		var took time.Duration
		var failed error
		defer func() { end(took, failed) }()
		began := time.Now()
		for row, err := range o.Engine.Find(ctx, kind, q) {
			took += time.Since(began)
			failed = err
			if !yield(row, err) {
				return
			}
			began = time.Now()
		}
		took += time.Since(began)
	}
}
