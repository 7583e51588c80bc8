package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
)

func (c signCommands) print() *cobra.Command {
	var (
		o     admin.PrintOrder
		out   string
		force bool
	)
	cmd := &cobra.Command{
		Use: "print", Short: "Write a file for the printer: QR code, number and name of each plate, with crop marks",
		Long: "Write a file for the printer: QR code, number and name of each plate, with crop marks unless each plate has a page of its own.\n\n" +
			"The QR code is as large as phones need to read it from --distance metres, or --width millimetres wide.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Format == "" {
				o.Format = formatOf(out)
			}
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				sheet, err := c.printTo(ctx, s, o, out, force)
				if err != nil {
					return err
				}
				c.tell(out, sheet)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&o.Batch, "batch", "", "the plates of this batch")
	cmd.Flags().StringVar(&o.Numbers, "numbers", "", "the plates with these numbers: 1-20,35,HP-00123-7")
	cmd.Flags().BoolVar(&o.Unordered, "unordered", false, "the plates that no batch has been given to")
	cmd.Flags().StringVar(&out, "out", "", "file to write")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file when it exists")
	cmd.Flags().StringVar(&o.Format, "format", "", "pdf, svg (one page) or zip (of SVG, one for each page); by the file's name when not given")
	cmd.Flags().StringVar(&o.Paper, "page", "single", "A4, A3, or single: a page for each plate, as large as the plate")
	cmd.Flags().Float64Var(&o.DistanceMetres, "distance", 0, "metres from which a phone reads the code without zoom, 0.2 to 10; 1 when neither this nor --width is given")
	cmd.Flags().Float64Var(&o.WidthMM, "width", 0, "millimetres that the code is wide, without its white border, 20 to 2000")
	cmd.Flags().StringVar(&o.Base, "base", "", "begins the addresses in the codes, https://city.example; http.public_url when not given")
	cmd.MarkFlagsOneRequired("batch", "numbers", "unordered")
	cmd.MarkFlagsMutuallyExclusive("batch", "numbers", "unordered")
	cmd.MarkFlagsMutuallyExclusive("distance", "width")
	return required(cmd, "out")
}

// formatOf gives the format that a file's name asks for.
func formatOf(file string) string {
	switch end := strings.ToLower(strings.TrimPrefix(filepath.Ext(file), ".")); end {
	case formatSVG, formatZip:
		return end
	}
	return formatPDF
}

// printTo writes the file, which appears whole or not at all.
func (c signCommands) printTo(ctx context.Context, s admin.Signs, o admin.PrintOrder, out string, force bool) (sheet admin.PrintSheet, err error) {
	if err := mayWrite(out, force); err != nil {
		return sheet, err
	}
	part := out + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return sheet, err
	}
	bar := c.bar(-1, "printing", progressbar.OptionShowBytes(true))
	w := bufio.NewWriter(f)
	err = s.Print(ctx, o, func(p admin.PrintSheet) io.Writer {
		sheet = p
		return io.MultiWriter(w, bar)
	})
	_ = bar.Clear() // a bar that cannot be drawn is no error
	if err = errors.Join(err, w.Flush(), f.Sync(), f.Close()); err != nil {
		return sheet, errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, out); err != nil {
		return sheet, errors.Join(err, os.Remove(part))
	}
	return sheet, nil
}

// tell says what was written, for whoever orders the plates.
func (c signCommands) tell(out string, s admin.PrintSheet) {
	fmt.Fprintf(c.stdout, "%s written: %s on %s\n", out, amount(s.Plates, "plate"), amount(s.Pages, "page"))
	fmt.Fprintf(c.stdout, "Each plate is %.1f × %.1f mm, its QR code %.1f mm wide: phones read it from %.2g m without zoom\n", s.WidthMM, s.HeightMM, s.CodeMM, s.DistanceMetres)
	fmt.Fprintf(c.stdout, "The codes open %s/s/…\n", s.Base)
	if n := len(s.LeftOut) + s.MoreLeftOut; n > 0 {
		fmt.Fprintf(c.stdout, "%s left out, which have no code that is good: %s%s\n", amount(n, "plate"), strings.Join(s.LeftOut, ", "), ifElse(s.MoreLeftOut > 0, ", …", ""))
	}
	if s.Local {
		fmt.Fprintln(c.stderr, "warning: phones in the street cannot open this address: these plates are for trying out")
	}
}

// amount gives a number with its noun.
func amount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
