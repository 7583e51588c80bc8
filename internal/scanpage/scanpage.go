// Package scanpage holds the words that the pages behind the codes of street signs, and those around the forms of the city's services, share with the port that
// sends them. It knows neither HTTP nor signs.
package scanpage

import "github.com/motcua/motcua/internal/message"

// Ask says which page somebody wants.
type Ask struct {
	Sign   string // a code or a number, as it stands in the address
	Lang   string // language that was chosen on the page; "" when none was
	Accept string // languages that the browser would like, as in Accept-Language
	Full   bool   // all of a text that was cut
}

// Page is a page as it is sent. It is shared by all who ask for it: nobody may change it.
type Page struct {
	Status     int    // as in HTTP: 200, 404 for a code or number that is nobody's, 410 for a code that was revoked; notices have others
	Body       []byte // HTML
	Zipped     []byte // the same with gzip; nil when that is not smaller
	ETag       string // weak, W/"…"; "" when the page is not to be kept
	Cache      string // Cache-Control
	Policy     string // Content-Security-Policy
	Lang       string // of the page: a tag of BCP 47
	RetryAfter int    // seconds; 0 means nothing is said

	// What was asked for.
	State    string  // of the code: current, revoked, unknown or invented; of a number current, or "" when no plate has it; "" for notices too
	Sign     string  // the code or number in its one spelling, as addresses have it; "" when it was invented
	Code     string  // as it is stored; "" for a number
	Plate    string  // id; "" when there is none
	Ward     string  // code
	Where    string  // the plate hangs, in words: street, spot and ward
	Lat, Lon float64 // of the plate, degrees
}

// The states of what was asked for.
const (
	Current  = "current"
	Revoked  = "revoked"
	Unknown  = "unknown"
	Invented = "invented"
)

// Form is a service that is about to be done by a form, where a plate hangs or anywhere, with what is known already.
type Form struct {
	App, Action string
	Input       map[string]any // at a plate the place, under the name that the action has for it
	Heading     string         // over the title: the plate's number, or the service
	Back        string         // path of the plate's page, or of the list of services
	Lang        message.Lang
	Self        string                  // path of the form
	InLangs     map[message.Lang]string // its paths in all its languages, to choose from; nil offers none
}

// Told is what somebody told the city by a tap, as the address of the page of thanks carries it. Without its proof it is what anybody can write into an address.
type Told struct {
	Kind  string // what was said
	Code  string // of the case about it; "" when there is none
	Proof string // that it was told just now, and came of what the address says
}

// Notice is a page that says why something is not done.
type Notice string

// The notices.
const (
	TooMany     Notice = "busy"         // codes and numbers that are nobody's, from one network
	TappedOften Notice = "tapped_often" // from one network
	Refused     Notice = "refused"      // a tap that came from no button of the page
	NoSign      Notice = "no_sign"      // what was typed for a number or code is neither
	NoPage      Notice = "no_page"      // an address that leads nowhere
	Unavailable Notice = "unavailable"  // the store is away for a while
	Broken      Notice = "broken"       // something of ours does not work
)
