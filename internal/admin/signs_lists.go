package admin

import "time"

// PlateFilter says which plates are listed; a zero field asks for nothing.
type PlateFilter struct {
	Slice
	Text      string `json:"text,omitempty"` // words of the names, former names, street, address or number
	Ward      string `json:"ward,omitempty"`
	Batch     string `json:"batch,omitempty"`
	Unordered bool   `json:"unordered,omitempty"` // those that no batch has been given to
	Unit      string `json:"unit,omitempty"`
	Condition string `json:"condition,omitempty"`
}

// PlateLine is a plate in a list. Its code is not in it.
type PlateLine struct {
	Number    string    `json:"number"` // as printed
	Story     string    `json:"story"`
	Street    string    `json:"street"`
	Address   string    `json:"address"`
	Side      string    `json:"side"`
	Lat       float64   `json:"lat"` // degrees, WGS 84
	Lon       float64   `json:"lon"`
	Ward      string    `json:"ward"`
	Unit      string    `json:"unit"`
	Batch     string    `json:"batch,omitempty"`
	Condition string    `json:"condition"`
	Installed string    `json:"installed,omitempty"` // day, "2022-11-15"
	Seen      time.Time `json:"seen,omitzero"`
	HasCode   bool      `json:"has_code"` // one that is good
}

// PlateDetail is all that is known of a plate.
type PlateDetail struct {
	PlateLine
	Asked   string       `json:"asked,omitempty"` // state of the code that was asked for: current or revoked; "" when none was
	Codes   []PlateCode  `json:"codes"`           // oldest first
	History []SignChange `json:"history"`         // oldest first
	Dropped int          `json:"dropped"`         // older changes that are no longer kept
	Scans   PlateScans   `json:"scans"`
}

// PlateCode is one code that was printed for a plate.
type PlateCode struct {
	Code    string    `json:"code"`
	Link    string    `json:"link,omitempty"` // "" while the city has no public address
	Batch   string    `json:"batch,omitempty"`
	At      time.Time `json:"at"`
	Revoked time.Time `json:"revoked,omitzero"` // zero while it is good
	Reason  string    `json:"reason,omitempty"`
}

// SignChange is one entry of a history.
type SignChange struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Kind   string    `json:"kind"`
	Reason string    `json:"reason,omitempty"`
	Fields []string  `json:"fields,omitempty"` // "condition: good → worn"
}

// PlateScans says how often a plate is scanned.
type PlateScans struct {
	Day      int       `json:"day"`      // in the last 24 hours
	Month    int       `json:"month"`    // in the last 30 days
	Visitors int       `json:"visitors"` // in the last 30 days: who comes back within ten minutes is one
	Old      int       `json:"old"`      // scans of its revoked codes in the last 30 days
	Last     time.Time `json:"last,omitzero"`
}

// PlateAct changes a plate.
type PlateAct struct {
	Plate     string `json:"plate"`
	Reason    string `json:"reason,omitempty"`
	Batch     string `json:"batch,omitempty"`     // of a new code
	Condition string `json:"condition,omitempty"` // good, worn, damaged or missing
}

// SignBatch is one order of plates.
type SignBatch struct {
	Name   string    `json:"name"`
	Plates int       `json:"plates"` // whose newest code belongs to it
	At     time.Time `json:"at"`
	By     string    `json:"by"`
}

// StoryFilter says which stories are listed; a zero field asks for nothing. Text and Kind do not go together.
type StoryFilter struct {
	Slice
	Text string `json:"text,omitempty"`
	Kind string `json:"kind,omitempty"` // street or work
}

// StoryLine is a story in a list.
type StoryLine struct {
	ID        string      `json:"id"`
	Kind      string      `json:"kind"`
	Title     string      `json:"title"`
	Sample    bool        `json:"sample"`
	Languages []StoryText `json:"languages"`
}

// StoryText is a story in one language; in a list without its words.
type StoryText struct {
	Lang       string `json:"lang"`
	State      string `json:"state"` // draft or reviewed; unwritten while there is no text, which counts as a draft
	Revision   int    `json:"revision"`
	ReviewedBy string `json:"reviewed_by,omitempty"`
	Title      string `json:"title,omitempty"`
	NamedAfter string `json:"named_after,omitempty"`
	Dates      string `json:"dates,omitempty"`
	Text       string `json:"text,omitempty"`
}

// StoryDetail is a story with its words, for whoever reviews them.
type StoryDetail struct {
	StoryLine
	Former  []string     `json:"former,omitempty"`
	Sources []string     `json:"sources,omitempty"`
	History []SignChange `json:"history"`
}

// StoryReview approves words.
type StoryReview struct {
	Story    string `json:"story"`
	Lang     string `json:"lang"`
	Revision int    `json:"revision"` // that was read
	By       string `json:"by"`       // name of who read them
}

// EventFilter says which events are listed.
type EventFilter struct {
	Slice
	All bool `json:"all,omitempty"` // also those that were settled
}

// SignEvent is something strange about scans on one day.
type SignEvent struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"`
	Plate string    `json:"plate,omitempty"` // number as printed
	Ward  string    `json:"ward,omitempty"`
	About string    `json:"about"` // in words
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Open  bool      `json:"open"`
	By    string    `json:"by,omitempty"` // who settled it
	Note  string    `json:"note,omitempty"`
}

// Settlement ends an event.
type Settlement struct {
	ID   string `json:"id"`
	Note string `json:"note"`
}

// SilentFilter says what counts as silent.
type SilentFilter struct {
	Slice
	Days int `json:"days,omitempty"` // without a scan; 0 means as many as the settings say
}

// SilentPlate is a plate that nobody scans.
type SilentPlate struct {
	Number  string    `json:"number"`
	Street  string    `json:"street"`
	Address string    `json:"address"`
	Ward    string    `json:"ward"`
	Unit    string    `json:"unit"`
	Days    int       `json:"days"`          // since the last scan, or since it was put up and known
	Last    time.Time `json:"last,omitzero"` // scan; zero when there never was one
}

// HeatFilter says where and when scans are counted.
type HeatFilter struct {
	Ward string `json:"ward,omitempty"` // day by day in this ward; "" means ward by ward over all days, and the whole city last
	Days int    `json:"days,omitempty"` // up to today, 92 at most; 0 means 7
}

// HeatLine counts the scans of a ward by the hours of the day.
type HeatLine struct {
	Ward     string  `json:"ward,omitempty"` // "" for the whole city
	Day      string  `json:"day,omitempty"`  // "2026-11-16"; "" for all days together
	Scans    int     `json:"scans"`
	Visitors int     `json:"visitors"`
	Hours    [24]int `json:"hours"` // scans
}
