package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/internal/admin"
)

const plateHead = "NUMBER\tSTREET\tADDRESS\tWARD\tUNIT\tBATCH\tCONDITION\tSEEN"

func plateCells(p admin.PlateLine) []string {
	condition := p.Condition
	if !p.HasCode {
		condition += ", no code"
	}
	return []string{p.Number, p.Street, p.Address, p.Ward, p.Unit, p.Batch, condition, moment(p.Seen)}
}

func (c signCommands) list() *cobra.Command {
	var (
		f admin.PlateFilter
		l listing
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List plates, by number", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				page, err := pages(l, func(part admin.Slice) (admin.Page[admin.PlateLine], error) {
					f.Slice = part
					return s.Plates(ctx, f)
				})
				if err != nil {
					return err
				}
				return printPage(c, l, page, plateHead, plateCells)
			})
		},
	}
	cmd.Flags().StringVar(&f.Ward, "ward", "", "in the ward of this code")
	cmd.Flags().StringVar(&f.Text, "text", "", "with these words in names, former names, street, address or number; diacritics may be left out")
	cmd.Flags().StringVar(&f.Batch, "batch", "", "of this batch")
	cmd.Flags().BoolVar(&f.Unordered, "unordered", false, "that no batch has been given to")
	cmd.Flags().StringVar(&f.Unit, "unit", "", "that this unit looks after (see motcua check --units)")
	cmd.Flags().StringVar(&f.Condition, "condition", "", "good, worn, damaged or missing")
	cmd.MarkFlagsMutuallyExclusive("batch", "unordered")
	return l.flags(cmd)
}

func (c signCommands) show() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show NUMBER|CODE", Short: "Show a plate by its number, its code or the address in it: place, codes, scans and history", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				p, err := s.Plate(ctx, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return c.printJSON(p)
				}
				return c.printPlate(p)
			})
		},
	}
	return withJSON(cmd, &asJSON)
}

func (c signCommands) printPlate(p admin.PlateDetail) error {
	err := c.table("PLATE\t"+p.Number, []string{
		row("street", p.Street), row("place", fmt.Sprintf("%s (%s), %.6f, %.6f", p.Address, p.Side, p.Lat, p.Lon)), row("ward", p.Ward), row("unit", p.Unit),
		row("story", p.Story), row("batch", p.Batch), row("installed", p.Installed), row("seen", moment(p.Seen)), row("condition", p.Condition),
		row("scans", scansLine(p.Scans)),
	})
	if err != nil {
		return err
	}
	if p.Asked == "revoked" {
		fmt.Fprintln(c.stdout, "\nThe code that was asked for is revoked")
	}
	var codes, changes []string
	for _, code := range p.Codes {
		line := code.Code + "  since " + moment(code.At) + ifElse(code.Batch == "", ", not ordered", ", batch "+code.Batch)
		if !code.Revoked.IsZero() {
			line += ", revoked " + moment(code.Revoked) + ": " + code.Reason
		} else if code.Link != "" {
			line += "  " + code.Link
		}
		codes = append(codes, line)
	}
	for _, h := range p.History {
		changes = append(changes, changeLine(h))
	}
	if p.Dropped > 0 {
		changes = append([]string{fmt.Sprintf("%d older changes are no longer kept", p.Dropped)}, changes...)
	}
	paragraph(c.stdout, "Codes", codes...)
	paragraph(c.stdout, "History", changes...)
	return nil
}

func changeLine(h admin.SignChange) string {
	line := moment(h.At) + "  " + h.Kind + " by " + h.By
	if h.Reason != "" {
		line += " (" + h.Reason + ")"
	}
	if len(h.Fields) > 0 {
		line += ": " + strings.Join(h.Fields, "; ")
	}
	return line
}

func (c signCommands) batches() *cobra.Command {
	var l listing
	return l.flags(&cobra.Command{
		Use: "batches", Short: "List the orders of plates, by name", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				page, err := pages(l, func(part admin.Slice) (admin.Page[admin.SignBatch], error) { return s.Batches(ctx, part) })
				if err != nil {
					return err
				}
				return printPage(c, l, page, "BATCH\tPLATES\tSINCE\tBY", func(b admin.SignBatch) []string {
					return []string{b.Name, strconv.Itoa(b.Plates), moment(b.At), b.By}
				})
			})
		},
	})
}

func (c signCommands) reissue() *cobra.Command {
	var batch string
	cmd := c.changing("reissue NUMBER", "Give a plate a new code, to be printed anew. The old one says from now on that it was replaced", 1,
		func(ctx context.Context, s admin.Signs, args []string, reason string) (admin.PlateLine, error) {
			return s.Reissue(ctx, admin.PlateAct{Plate: args[0], Reason: reason, Batch: batch})
		})
	cmd.Flags().StringVar(&batch, "batch", "", "order that the new plate is made in; none yet when not given")
	return required(cmd, "reason")
}

func (c signCommands) revoke() *cobra.Command {
	return required(c.changing("revoke NUMBER", "End a plate's code without giving it another: whoever scans it is told so", 1,
		func(ctx context.Context, s admin.Signs, args []string, reason string) (admin.PlateLine, error) {
			return s.Revoke(ctx, admin.PlateAct{Plate: args[0], Reason: reason})
		}), "reason")
}

func (c signCommands) condition() *cobra.Command {
	return c.changing("condition NUMBER good|worn|damaged|missing", "Note the state that somebody found a plate in", 2,
		func(ctx context.Context, s admin.Signs, args []string, reason string) (admin.PlateLine, error) {
			return s.SetCondition(ctx, admin.PlateAct{Plate: args[0], Condition: args[1], Reason: reason})
		})
}

// changing is a command that changes a plate and then shows its line.
func (c signCommands) changing(use, short string, args int, do func(ctx context.Context, s admin.Signs, args []string, reason string) (admin.PlateLine, error)) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(args),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.on(cmd.Context(), func(ctx context.Context, s admin.Signs) error {
				p, err := do(ctx, s, args, reason)
				if err != nil {
					return err
				}
				return c.table(plateHead, []string{row(plateCells(p)...)})
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the plate's history")
	return cmd
}

func scansLine(s admin.PlateScans) string {
	line := fmt.Sprintf("%d in 24 hours; %d by %d visitors in 30 days, %d of old codes; the last ", s.Day, s.Month, s.Visitors, s.Old)
	return line + ifElse(s.Last.IsZero(), "never", moment(s.Last))
}
