package main

import (
	"context"
	"io"

	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/fault"
	"github.com/motcua/motcua/internal/message"
	"github.com/motcua/motcua/miniapps/signs"
	"github.com/motcua/motcua/miniapps/signs/intake"
)

func (o signOps) Import(ctx context.Context, files []admin.SignFile, in admin.SignImport, p admin.Progress) (admin.SignReport, error) {
	lists, shown := split(files)
	by := operatorNamed(in.By)
	found, rows, err := o.intake.Check(ctx, lists, by, shown...)
	if err != nil || in.DryRun || found.Faulty() > 0 && !in.SkipFaulty {
		return o.report(found), o.inWords(err)
	}
	done, err := o.intake.Apply(ctx, rows, intake.Options{By: by, SkipFaulty: in.SkipFaulty, Progress: p})
	done.Faults, done.More = append(found.Faults, done.Faults...), done.More+found.More
	done.Unused = found.Unused
	out := o.report(done)
	out.Stored = out.Plates.Rows+out.Stories.Rows > out.Plates.Faulty+out.Stories.Faulty
	return out, o.inWords(err)
}

func (o signOps) report(r intake.Report) admin.SignReport {
	shown := r.Faults[:min(len(r.Faults), intake.MaxFaults)]
	out := admin.SignReport{
		Plates: admin.SignCounts(r.Plates), Stories: admin.SignCounts(r.Stories), Unwritten: r.Unwritten, Unread: r.Unread,
		Unused: r.Unused, Faults: make([]admin.SignFault, len(shown)), More: r.More + len(r.Faults) - len(shown),
	}
	for i, f := range shown {
		out.Faults[i] = admin.SignFault{
			File: f.File, Line: f.Line, Column: f.Column, Value: f.Value, Key: f.Key, Reason: o.texts.Field(message.English, f.Field()),
		}
	}
	return out
}

// split parts lists from pictures and recordings.
func split(files []admin.SignFile) (lists []intake.File, shown []intake.Media) {
	for _, f := range files {
		if f.Kept == nil {
			lists = append(lists, intake.File{Name: f.Name, Data: f.Data})
			continue
		}
		m := intake.Media{Name: f.Name, Kept: make(map[string]intake.Kept, len(f.Kept))}
		for story, k := range f.Kept {
			m.Kept[story] = intake.Kept(k)
		}
		shown = append(shown, m)
	}
	return lists, shown
}

// Keep stores a picture or recording as a part of the story: it lives while the story shows it.
func (o signOps) Keep(ctx context.Context, k admin.SignKeep, body io.Reader) (admin.SignKept, error) {
	keep := o.media.Keep
	if k.DryRun {
		keep = o.media.Try
	}
	it, err := keep(ctx, signs.ID, k.Story, body)
	if f := fault.Of(err); f != nil && f.Code == fault.Invalid && f.Key != "" {
		return admin.SignKept{Key: f.Key, Params: f.Params}, nil
	}
	if err != nil {
		return admin.SignKept{}, err
	}
	return admin.SignKept{ID: it.ID, Kind: string(it.Kind)}, nil
}
