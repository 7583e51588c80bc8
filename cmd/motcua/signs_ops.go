package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/city"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/locale"
	"github.com/motcua/motcua/internal/media"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs/intake"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/registry"
	"github.com/motcua/motcua/miniapps/signs/scans"
)

// signParts are what operators' work on street signs stands on. All are needed.
type signParts struct {
	registry *registry.Registry
	intake   *intake.Intake
	media    *media.Media
	codes    *platecode.Codes
	base     platecode.Base // zero while the city has no public address
	scans    *scans.Scans
	texts    *locale.Catalogue
	city     *city.City
	now      func() time.Time
	lasting  bool // real citizens live here, so that what is printed must open for years
}

// signOps carries out operators' work on street signs.
type signOps struct{ signParts }

func newSignOps(p signParts) admin.Signs { return signOps{p} }

// operator is who did what a command does, as histories name it.
const operator = "operator"

// operatorNamed is an operator who said a name. It is no account's id.
func operatorNamed(name string) string {
	if name = strings.TrimSpace(name); name == "" {
		return operator
	}
	return operator + "/" + name
}

func (o signOps) inWords(err error) error { return inEnglish(o.texts, err) }

// inEnglish puts an error that is meant for people into English, which is what operators read.
func inEnglish(texts *locale.Catalogue, err error) error {
	f := fault.Of(err)
	if f == nil || f.Key == "" && f.Public == "" && len(f.Fields) == 0 {
		return err
	}
	var lines []string
	for _, field := range f.Fields {
		lines = append(lines, strings.Join(field.Path, ".")+": "+texts.Field(message.English, field))
	}
	if f.Key != "" || f.Public != "" {
		lines = []string{texts.Fault(message.English, f)}
	}
	return fault.Wrap(f.Code, errors.New(strings.Join(lines, "; ")))
}

// find gives the plate that an operator names, and what the code is worth by which it was named; "" when it was none.
func (o signOps) find(ctx context.Context, name string) (registry.Plate, registry.CodeState, error) {
	if n, ok := plainNumber(name); ok {
		p, err := o.registry.PlateByNumber(ctx, n)
		return p, "", err
	}
	found, ok := o.codes.FromText(name, o.base)
	if !ok {
		return registry.Plate{}, registry.Invented, notFound("%q is no plate's number, and no code that was made with the city's keys: it is mistyped or a fake", name)
	}
	if found.Code == "" {
		p, err := o.registry.PlateByNumber(ctx, found.Number)
		return p, "", err
	}
	c, err := o.registry.PlateByCode(ctx, string(found.Code))
	if err == nil && c.State == registry.Unknown {
		err = notFound("the code %s was made with the city's keys, but no plate has it", found.Code.Grouped())
	}
	return c.Plate, c.State, err
}

func notFound(format string, args ...any) error {
	return fault.Wrap(fault.NotFound, fmt.Errorf(format, args...))
}

func invalid(format string, args ...any) error {
	return fault.Wrap(fault.Invalid, fmt.Errorf(format, args...))
}

// plainNumber reads a plate's number without prefix and check digit.
func plainNumber(s string) (int, bool) {
	s = strings.TrimSpace(s)
	n, err := strconv.Atoi(s)
	return n, err == nil && len(s) <= len(registry.PlateID(registry.MaxNumber)) && s[0] != '+' && s[0] != '-'
}

// number gives a plate's number as it is printed.
func (o signOps) number(n int) string { return cmp.Or(o.codes.Numbers().Format(n), strconv.Itoa(n)) }

// local gives a time on the city's clocks; zero stays zero.
func (o signOps) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(o.city.Calendar().Zone())
}

// nextOf gives the cursor behind a page.
func nextOf[T any](p registry.Page[T]) string {
	if !p.HasNext || len(p.Cursors) == 0 {
		return ""
	}
	return string(p.Cursors[len(p.Cursors)-1])
}
