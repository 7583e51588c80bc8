package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
)

func (c signCommands) importLists() *cobra.Command {
	var (
		o      admin.SignImport
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "import PATH…", Short: "Bring plates (CSV, GeoJSON) and stories (YAML) to what lists say, and tell what is wrong with them",
		Long: "Bring plates (CSV, GeoJSON) and stories (YAML) to what lists say. A PATH is a file, a folder, or a zip of such files, and of the pictures and recordings\n" +
			"that the stories name (file: pictures/le-chan.jpg, counted from the story's own folder or from any that is given).\n\n" +
			"Columns of plates: number (Số biển), story (Mã câu chuyện), street (Đường), address (Vị trí), side (Phía), lat (Vĩ độ), lon (Kinh độ), and if need be\n" +
			"ward (Phường, xã), unit (Đơn vị), batch (Lô in), installed (Ngày lắp), condition (Tình trạng). Places are in degrees of WGS 84.\n\n" +
			"All rows are checked before any is stored. A row that is wrong is told as FILE:LINE: COLUMN: REASON, and then nothing is stored, unless --skip-faulty is given.\n" +
			"What was broken off, by Ctrl-C or otherwise, has left each row as it was or as the list says: the same command again carries on.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := readGiven(args)
			if err != nil {
				return err
			}
			defer g.close()
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error { return c.bring(ctx, s, g, o, asJSON) })
		},
	}
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "check only, and tell what would be stored")
	cmd.Flags().BoolVar(&o.SkipFaulty, "skip-faulty", false, "store the good rows although there are faulty ones")
	cmd.Flags().StringVar(&o.By, "by", "", "name of who brings the lists, for the history; whoever wrote a story's words does not review them")
	return withJSON(cmd, &asJSON)
}

// bring carries out an import and prints what came of it. Faulty rows that were not to be skipped make the command fail, and so does one that stored nothing
// for them.
func (c signCommands) bring(ctx context.Context, s admin.Signs, g *given, o admin.SignImport, asJSON bool) error {
	files, err := c.keep(ctx, s, g, o)
	if err != nil {
		return brokenOff(ctx, err, o)
	}
	bar := c.bar(-1, "checking")
	report, err := s.Import(ctx, files, o, func(done, total int) {
		if int(bar.GetMax()) != total {
			bar.ChangeMax(total)
			bar.Describe("storing")
		}
		_ = bar.Set(done) // a bar that cannot be drawn is no error
	})
	_ = bar.Clear()
	if err != nil {
		return brokenOff(ctx, err, o)
	}
	if asJSON {
		err = c.printJSON(report)
	} else {
		err = c.printReport(report, o)
	}
	if n := report.Faulty(); n > 0 && err == nil {
		switch {
		case !report.Stored:
			err = fmt.Errorf("nothing was stored, because of %s", amount(n, "faulty row"))
		case !o.SkipFaulty:
			err = fmt.Errorf("%s went wrong while the others were stored: run the command again", amount(n, "row"))
		}
	}
	return err
}

// brokenOff says how things stand after an import that did not come to its end.
func brokenOff(ctx context.Context, err error, o admin.SignImport) error {
	if o.DryRun || fault.CodeOf(err) == fault.Invalid || fault.CodeOf(err) == fault.NotFound {
		return err
	}
	if ctx.Err() != nil {
		err = errors.New("stopped")
	}
	return fmt.Errorf("broken off (%w). Each row is as it was or as the list says; the same command again carries on", err)
}

// printReport prints the faults, then the counts.
func (c signCommands) printReport(r admin.SignReport, o admin.SignImport) error {
	for _, f := range r.Faults {
		fmt.Fprintln(c.stdout, faultLine(f))
	}
	if r.More > 0 {
		fmt.Fprintf(c.stdout, "… and %d more\n", r.More)
	}
	counts := func(what string, n admin.SignCounts) string {
		return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%d", what, n.Rows, n.New, n.Changed, n.Same, n.Faulty)
	}
	lines := []string{counts("plates", r.Plates), counts("stories", r.Stories)}
	if r.Unread > 0 {
		lines = append(lines, counts("unread", admin.SignCounts{Rows: r.Unread, Faulty: r.Unread}))
	}
	if err := c.table("\tROWS\tNEW\tCHANGED\tSAME\tFAULTY", lines); err != nil {
		return err
	}
	for _, name := range r.Unused {
		fmt.Fprintln(c.stdout, visible(name)+": no story names this file")
	}
	if r.Unwritten > 0 {
		fmt.Fprintf(c.stdout, "Stories without a text yet: %d. Their pages say that they are being written\n", r.Unwritten)
	}
	switch {
	case o.DryRun:
		fmt.Fprintln(c.stdout, "A trial: nothing was stored")
	case r.Stored && r.Faulty() > 0:
		fmt.Fprintln(c.stdout, "Stored, but for the faulty rows")
	case r.Stored:
		fmt.Fprintln(c.stdout, "Stored")
	}
	return nil
}

// faultLine prints a fault in the way in which editors and compilers do: FILE:LINE: COLUMN: REASON.
func faultLine(f admin.SignFault) string {
	var b strings.Builder
	b.WriteString(f.File + ":")
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:", f.Line)
	}
	if f.Column != "" {
		b.WriteString(" " + f.Column + ":")
	}
	b.WriteString(" " + f.Reason)
	if f.Value != "" {
		fmt.Fprintf(&b, " (%q)", f.Value)
	}
	return visible(b.String())
}
