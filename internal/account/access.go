package account

import (
	"context"
	"time"
)

// Access is one look at a citizen's personal data. The citizen can see it.
type Access struct {
	ID      string    // the same for a repeat of the same look; "" makes one
	Subject string    // whose data
	Actor   string    // account of the member of staff, or name of the app, who looked
	Unit    string    // unit of that member of staff; "" for none
	App     string    // mini-app on whose behalf; "" for none
	Purpose string    // why, in words
	Claims  []string  // what was seen: "name", "phone"
	Case    string    // id of the case it was for; "" for none
	At      time.Time // UTC
}

// AccessLog keeps the record of looks. audit.Trail is one.
type AccessLog interface {
	// Record stores the look. Data may be shown only after it has returned without an error.
	Record(ctx context.Context, a Access) error
}
