package admin

import (
	"context"
	"io"
)

// Signs is what operators do with the city's street signs. A plate is named by its number, as printed ("HP-00123-7") or plain ("123"), by its code, or by the
// address that its QR code says.
type Signs interface {
	// Import checks lists of plates and stories, and stores them row by row unless it is a trial or a row is faulty. Broken off it leaves every row as it was or as
	// it shall be, and a repeat carries on. What is wrong with rows is in the report; the error is INVALID for files that are too large or too many, or the store's.
	Import(ctx context.Context, files []SignFile, o SignImport, p Progress) (SignReport, error)
	// Keep stores a picture or recording for a story that names it, before the lists are brought; a trial only checks it. The same bytes for the same story are
	// stored once. One that no story comes to show is swept. The answer says when it is refused; the error is UNAVAILABLE, as when it cannot be stored now.
	Keep(ctx context.Context, k SignKeep, body io.Reader) (SignKept, error)
	// Print writes a file for the printer. It calls begin once, when all is known and right, and writes to what that gives; after an error behind it what was
	// written is worthless.
	Print(ctx context.Context, o PrintOrder, begin func(PrintSheet) io.Writer) error

	Plates(ctx context.Context, f PlateFilter) (Page[PlateLine], error)
	// Plate shows one plate. The cause of a NOT_FOUND says what a code is worth that none of the plates has.
	Plate(ctx context.Context, name string) (PlateDetail, error)
	Batches(ctx context.Context, s Slice) (Page[SignBatch], error)
	Reissue(ctx context.Context, a PlateAct) (PlateLine, error)
	Revoke(ctx context.Context, a PlateAct) (PlateLine, error)
	SetCondition(ctx context.Context, a PlateAct) (PlateLine, error)

	Stories(ctx context.Context, f StoryFilter) (Page[StoryLine], error)
	Story(ctx context.Context, id string) (StoryDetail, error)
	// Review approves the words of a story as they were read. FORBIDDEN for who wrote them, CONFLICT when they have changed since.
	Review(ctx context.Context, r StoryReview) (StoryLine, error)

	// Events gives what was strange about scans.
	Events(ctx context.Context, f EventFilter) (Page[SignEvent], error)
	Settle(ctx context.Context, s Settlement) (SignEvent, error)
	// Silent gives the plates that nobody has scanned for long.
	Silent(ctx context.Context, f SilentFilter) (Page[SilentPlate], error)
	// Heat counts scans by hour and ward.
	Heat(ctx context.Context, f HeatFilter) ([]HeatLine, error)
}

// Slice says which part of a list is asked for.
type Slice struct {
	First int    `json:"first,omitempty"` // at most so many; 0 means as many as the list gives at once
	After string `json:"after,omitempty"` // cursor
}
