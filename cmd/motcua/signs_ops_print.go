package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/internal/netcall"
	"github.com/motcua/motcua/internal/qrcode"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/miniapps/signs/platecode"
	"github.com/motcua/motcua/miniapps/signs/printsheet"
	"github.com/motcua/motcua/miniapps/signs/registry"
)

// maxLeftOut is how many plates without a code are named.
const maxLeftOut = 50

// Formats of files for the printer.
const (
	formatPDF = "pdf"
	formatSVG = "svg"
	formatZip = "zip" // of SVG: a file for each page
)

// printJob is a file for the printer before it is written.
type printJob struct {
	sheet  *printsheet.Sheet
	page   printsheet.Page
	format string
	plates []printsheet.Plate
	facts  admin.PrintSheet
}

func (o signOps) Print(ctx context.Context, order admin.PrintOrder, begin func(admin.PrintSheet) io.Writer) error {
	p, err := o.prepare(ctx, order)
	if err != nil {
		return o.inWords(err)
	}
	return p.write(ctx, begin(p.facts))
}

// prepare finds and measures everything, so that what is wrong is told before a byte is written.
func (o signOps) prepare(ctx context.Context, order admin.PrintOrder) (*printJob, error) {
	out := &printJob{format: order.Format}
	var err error
	if out.page, err = paperOf(order.Paper); err != nil {
		return nil, err
	}
	base, err := o.baseFor(order.Base)
	if err != nil {
		return nil, err
	}
	plates, err := o.chosen(ctx, order)
	if err != nil {
		return nil, err
	}
	if err := o.label(ctx, out, base, plates, order.Numbers != ""); err != nil {
		return nil, err
	}
	settings := printsheet.Settings{City: o.city.Name().In(message.Vietnamese), DistanceMetres: order.DistanceMetres, WidthMM: order.WidthMM, Invitation: []string{
		o.texts.Text(message.Vietnamese, "signprint.invitation", nil), o.texts.Text(message.English, "signprint.invitation", nil),
	}}
	if out.sheet, err = printsheet.New(settings); err != nil {
		return nil, err
	}
	return out, out.measure(settings)
}

// paperOf reads a size of paper.
func paperOf(s string) (printsheet.Page, error) {
	switch strings.ToUpper(s) {
	case "", "SINGLE":
		return printsheet.Single, nil
	case string(printsheet.A4), string(printsheet.A3):
		return printsheet.Page(strings.ToUpper(s)), nil
	}
	return "", invalid("there is no paper %q: give A4, A3 or single", s)
}

// baseFor gives what begins the addresses in the codes: what the operator says, else the city's own if that opens for years.
func (o signOps) baseFor(said string) (platecode.Base, error) {
	if said != "" {
		b, err := platecode.NewBase(said)
		if err != nil {
			return b, invalid("%w", err)
		}
		return b, nil
	}
	if o.base == (platecode.Base{}) {
		return o.base, invalid("the city's address is not known: set http.public_url, or say it with --base")
	}
	if o.lasting && !lasts(o.base) {
		return o.base, invalid("http.public_url is an address of development, which the plates would carry for years: set the real one, or say it with --base")
	}
	return o.base, nil
}

// lasts tells whether an address is one that phones reach from the street: https under a name that is not reserved for tests (RFC 2606, RFC 6761).
func lasts(b platecode.Base) bool {
	address := b.Link("")
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || netcall.Local(address) || net.ParseIP(u.Hostname()) != nil {
		return false
	}
	name := "." + u.Hostname()
	return strings.Count(name, ".") > 1 && !slices.ContainsFunc([]string{".example", ".test", ".invalid", ".localhost", ".local", ".internal"}, func(end string) bool {
		return strings.HasSuffix(name, end)
	})
}

// label puts plates into the printer's terms. One without a good code is left out, or refused where it was asked for by its number.
func (o signOps) label(ctx context.Context, out *printJob, base platecode.Base, plates []registry.Plate, named bool) error {
	works, err := o.works(ctx, plates)
	if err != nil {
		return err
	}
	for i := range plates {
		p := &plates[i]
		code, ok := p.Current()
		if !ok {
			out.facts.MoreLeftOut++
			if len(out.facts.LeftOut) < maxLeftOut {
				out.facts.LeftOut = append(out.facts.LeftOut, o.number(p.Number))
			}
			continue
		}
		name := p.Street
		if title := works[p.Story]; title != "" {
			name = title
		}
		out.plates = append(out.plates, printsheet.Plate{Number: o.number(p.Number), URL: base.URL(platecode.Code(code.Code)), Street: name})
	}
	if left := out.facts.MoreLeftOut; left > 0 && (named || len(out.plates) == 0) {
		return invalid("%d plates have no code that is good (%s): `motcua signs reissue` gives them one", left, strings.Join(out.facts.LeftOut, ", "))
	}
	out.facts.MoreLeftOut -= len(out.facts.LeftOut)
	out.facts.Base, out.facts.Local = strings.TrimSuffix(base.Link(""), "/s/"), !lasts(base)
	return nil
}

// works gives the names of the public works among the plates' stories: their plates bear those, not the street's beside them.
func (o signOps) works(ctx context.Context, plates []registry.Plate) (map[string]string, error) {
	var ids []string
	for _, p := range plates {
		ids = append(ids, p.Story)
	}
	slices.Sort(ids)
	out := map[string]string{}
	for part := range slices.Chunk(slices.Compact(ids), store.MaxPage) {
		stories, err := o.registry.StoriesByID(ctx, part)
		if err != nil {
			return nil, err
		}
		for id, s := range stories {
			if s.Kind == registry.Work {
				_, words := s.In(registry.Vietnamese)
				out[id] = words.Title
			}
		}
	}
	return out, nil
}

// measure tells how large everything comes out, and refuses what does not fit the format.
func (p *printJob) measure(s printsheet.Settings) error {
	f := &p.facts
	var err error
	if f.PerPage, f.WidthMM, f.HeightMM, err = p.sheet.PerPage(p.page, p.plates[0]); err != nil {
		return err
	}
	squares, err := qrcode.Squares(p.plates[0].URL)
	if err != nil {
		return err
	}
	f.CodeMM, f.DistanceMetres = s.WidthMM, printsheet.DistanceFor(s.WidthMM, len(squares))
	if s.WidthMM == 0 {
		f.DistanceMetres = s.DistanceMetres
		if f.DistanceMetres == 0 {
			f.DistanceMetres = 1
		}
		f.CodeMM = printsheet.SizeFor(f.DistanceMetres, len(squares))
	}
	f.Plates = len(p.plates)
	f.Pages = (f.Plates + f.PerPage - 1) / f.PerPage
	switch p.format {
	case "":
		p.format = formatPDF
	case formatPDF, formatZip:
	case formatSVG:
		if f.Pages > 1 {
			return invalid("an SVG file is one page, and these are %d: take format zip or pdf", f.Pages)
		}
	default:
		return invalid("there is no format %q: give pdf, svg or zip", p.format)
	}
	return nil
}

func (p *printJob) write(ctx context.Context, w io.Writer) error {
	switch p.format {
	case formatSVG:
		return p.svg(w, p.plates)
	case formatZip:
		return p.archive(ctx, w)
	}
	return p.sheet.PDF(w, p.page, p.plates)
}

// svg writes one page.
func (p *printJob) svg(w io.Writer, plates []printsheet.Plate) error {
	if p.page == printsheet.Single {
		return p.sheet.SVG(w, plates[0])
	}
	return p.sheet.PageSVG(w, p.page, plates)
}

// archive writes a file for each page: by the number of its plate, or of the page where there are several plates on it. The same plates give the same bytes.
func (p *printJob) archive(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	page := 0
	for plates := range slices.Chunk(p.plates, p.facts.PerPage) {
		if err := ctx.Err(); err != nil {
			return err
		}
		page++
		name := plates[0].Number + ".svg"
		if p.page != printsheet.Single {
			name = fmt.Sprintf("page-%04d.svg", page)
		}
		f, err := z.Create(name)
		if err != nil {
			return err
		}
		if err := p.svg(f, plates); err != nil {
			return err
		}
	}
	return z.Close()
}
