package admin

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Signs gives the operations on street signs as the city carries them out. An import that is cut off may be repeated as it was.
func (c *Client) Signs() Signs { return remoteSigns{c} }

type remoteSigns struct{ c *Client }

func (s remoteSigns) Import(ctx context.Context, files []SignFile, o SignImport, p Progress) (SignReport, error) {
	body, err := pack(files)
	if err != nil {
		return SignReport{}, err
	}
	answer, err := s.c.send(ctx, http.MethodPost, importPath+"?"+o.values().Encode(), "application/zip", body)
	if err != nil {
		return SignReport{}, err
	}
	last, err := follow(answer.Body, p)
	if err == nil && last.Signs == nil {
		err = errCutOff
	}
	if err != nil {
		return SignReport{}, err
	}
	return *last.Signs, nil
}

// pack puts files into one archive, no more than the city takes: an answer to what was not read whole may never arrive.
func pack(files []SignFile) (*bytes.Buffer, error) {
	size := 0
	for _, f := range files {
		size += len(f.Data)
	}
	if len(files) > maxImportFiles {
		return nil, tooMany()
	}
	if size > maxImport {
		return nil, tooLarge()
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		if err := packFile(z, f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	err := z.Close()
	if err == nil && out.Len() > maxImport {
		err = tooLarge()
	}
	return &out, err
}

func packFile(z *zip.Writer, f SignFile) error {
	head, data := zip.FileHeader{Name: f.Name, Method: zip.Deflate}, f.Data
	if f.Kept != nil {
		var err error
		if data, err = json.Marshal(f.Kept); err != nil {
			return err
		}
		head.Comment = keptMark
	}
	w, err := z.CreateHeader(&head)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func (s remoteSigns) Keep(ctx context.Context, k SignKeep, body io.Reader) (SignKept, error) {
	q := url.Values{"story": {k.Story}}
	if k.DryRun {
		q.Set("dry_run", "1")
	}
	var out SignKept
	res, err := s.c.send(ctx, http.MethodPost, keepPath+"?"+q.Encode(), "application/octet-stream", body)
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	return out, json.NewDecoder(res.Body).Decode(&out)
}

func (s remoteSigns) Print(ctx context.Context, o PrintOrder, begin func(PrintSheet) io.Writer) error {
	order, err := json.Marshal(o)
	if err != nil {
		return err
	}
	answer, err := s.c.send(ctx, http.MethodPost, "/v1/signs/print", "application/json", bytes.NewReader(order))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var sheet PrintSheet
	head, err := url.QueryUnescape(answer.Header.Get(sheetHeader))
	if err != nil {
		return fmt.Errorf("the answer says what it holds in no way known here: %w", err)
	}
	if err := json.Unmarshal([]byte(head), &sheet); err != nil {
		return fmt.Errorf("the answer says what it holds in no way known here: %w", err)
	}
	_, err = io.Copy(begin(sheet), answer.Body)
	return err
}

// ask carries out one of the other operations.
func ask[Out any](ctx context.Context, s remoteSigns, what string, in any) (Out, error) {
	var out Out
	return out, s.c.call(ctx, http.MethodPost, "/v1/signs/"+what, in, &out)
}

func (s remoteSigns) Plates(ctx context.Context, f PlateFilter) (Page[PlateLine], error) {
	return ask[Page[PlateLine]](ctx, s, "plates", f)
}

func (s remoteSigns) Plate(ctx context.Context, name string) (PlateDetail, error) {
	return ask[PlateDetail](ctx, s, "plate", name)
}

func (s remoteSigns) Batches(ctx context.Context, part Slice) (Page[SignBatch], error) {
	return ask[Page[SignBatch]](ctx, s, "batches", part)
}

func (s remoteSigns) Reissue(ctx context.Context, a PlateAct) (PlateLine, error) {
	return ask[PlateLine](ctx, s, "reissue", a)
}

func (s remoteSigns) Revoke(ctx context.Context, a PlateAct) (PlateLine, error) {
	return ask[PlateLine](ctx, s, "revoke", a)
}

func (s remoteSigns) SetCondition(ctx context.Context, a PlateAct) (PlateLine, error) {
	return ask[PlateLine](ctx, s, "condition", a)
}

func (s remoteSigns) Stories(ctx context.Context, f StoryFilter) (Page[StoryLine], error) {
	return ask[Page[StoryLine]](ctx, s, "stories", f)
}

func (s remoteSigns) Story(ctx context.Context, id string) (StoryDetail, error) {
	return ask[StoryDetail](ctx, s, "story", id)
}

func (s remoteSigns) Review(ctx context.Context, r StoryReview) (StoryLine, error) {
	return ask[StoryLine](ctx, s, "review", r)
}

func (s remoteSigns) Events(ctx context.Context, f EventFilter) (Page[SignEvent], error) {
	return ask[Page[SignEvent]](ctx, s, "events", f)
}

func (s remoteSigns) Settle(ctx context.Context, in Settlement) (SignEvent, error) {
	return ask[SignEvent](ctx, s, "settle", in)
}

func (s remoteSigns) Silent(ctx context.Context, f SilentFilter) (Page[SilentPlate], error) {
	return ask[Page[SilentPlate]](ctx, s, "silent", f)
}

func (s remoteSigns) Heat(ctx context.Context, f HeatFilter) ([]HeatLine, error) {
	return ask[[]HeatLine](ctx, s, "heat", f)
}
