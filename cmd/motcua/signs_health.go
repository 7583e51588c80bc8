package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
)

const eventHead = "EVENT\tCOUNT\tFIRST\tLAST\tSTATE\tABOUT"

func eventCells(e admin.SignEvent) []string {
	state := "open"
	if !e.Open {
		state = "settled by " + e.By + ": " + e.Note
	}
	return []string{e.ID, strconv.Itoa(e.Count), moment(e.First), moment(e.Last), state, e.About}
}

func (c signCommands) events() *cobra.Command {
	var (
		f admin.EventFilter
		l listing
	)
	cmd := &cobra.Command{
		Use: "events", Short: "List what is strange: scans of unknown, revoked and invented codes, plates scanned or told to be at the wrong place, plates told to be pasted over with fakes, impossible rates", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				page, err := pages(l, func(part admin.Slice) (admin.Page[admin.SignEvent], error) {
					f.Slice = part
					return s.Events(ctx, f)
				})
				if err != nil {
					return err
				}
				return printPage(c, l, page, eventHead, eventCells)
			})
		},
	}
	cmd.Flags().BoolVar(&f.All, "all", false, "also those that were settled, after the others")
	return l.flags(cmd)
}

func (c signCommands) settle() *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "settle EVENT", Short: "End an event with a note. It opens again when it happens ten times as often on its day", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				e, err := s.Settle(ctx, admin.Settlement{ID: args[0], Note: note})
				if err != nil {
					return err
				}
				return c.table(eventHead, []string{row(eventCells(e)...)})
			})
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "what was found out, and done")
	return required(cmd, "note")
}

func (c signCommands) silent() *cobra.Command {
	var (
		f admin.SilentFilter
		l listing
	)
	cmd := &cobra.Command{
		Use: "silent", Short: "List plates that hang and that nobody has scanned for long, the longest first: gone, hidden or out of order", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				page, err := pages(l, func(part admin.Slice) (admin.Page[admin.SilentPlate], error) {
					f.Slice = part
					return s.Silent(ctx, f)
				})
				if err != nil {
					return err
				}
				return printPage(c, l, page, "NUMBER\tDAYS\tLAST SCAN\tSTREET\tADDRESS\tWARD\tUNIT", func(p admin.SilentPlate) []string {
					return []string{p.Number, strconv.Itoa(p.Days), ifElse(p.Last.IsZero(), "never", moment(p.Last)), p.Street, p.Address, p.Ward, p.Unit}
				})
			})
		},
	}
	cmd.Flags().IntVar(&f.Days, "days", 0, "without a scan for so many days; signs.scans.silent_days when not given")
	return l.flags(cmd)
}

func (c signCommands) heat() *cobra.Command {
	var (
		f      admin.HeatFilter
		asJSON bool
	)
	cmd := &cobra.Command{
		Use: "heat", Short: "Count scans by the hours of the day: ward by ward, or of one ward day by day", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				lines, err := s.Heat(ctx, f)
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(lines)
				}
				return c.printHeat(lines, f.Ward == "")
			})
		},
	}
	cmd.Flags().StringVar(&f.Ward, "ward", "", "code of a ward, to see its days")
	cmd.Flags().IntVar(&f.Days, "days", 0, "up to today, 1 to 92; 7 when not given")
	return withJSON(cmd, &asJSON)
}

// printHeat prints a line for each ward or day. Wards without a scan are left out: there are many.
func (c signCommands) printHeat(list []admin.HeatLine, byWard bool) error {
	head := ifElse(byWard, "WARD", "DAY") + "\tSCANS\tVISITORS"
	for hour := range 24 {
		head += fmt.Sprintf("\t%02d", hour)
	}
	var lines []string
	for _, h := range list {
		if byWard && h.Ward != "" && h.Scans == 0 {
			continue
		}
		cells := []string{ifElse(byWard, ifElse(h.Ward == "", "all", h.Ward), h.Day), strconv.Itoa(h.Scans), strconv.Itoa(h.Visitors)}
		for _, n := range h.Hours {
			cells = append(cells, ifElse(n == 0, ".", strconv.Itoa(n)))
		}
		lines = append(lines, row(cells...))
	}
	return c.table(head, lines)
}
