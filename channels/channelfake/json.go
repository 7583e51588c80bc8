// Package channelfake holds what stand-ins of chat networks have in common: the chat as people see it and its stream, the courier of webhooks with its
// repeats, doubles and swaps, files, faults, sums, and the handles by which a test or a page moves them.
//
// It knows no network. What a message may be, and what is refused, is each stand-in's own.
package channelfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// MaxControl is the largest request of the handles, in bytes: one with pictures.
const MaxControl = 32 << 20

// Read decodes a request's JSON onto what is there already; an empty body changes nothing. It is false when the request has been answered.
func Read(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxControl))
	if err == nil && len(data) > 0 {
		err = decode(data, into)
	}
	if err != nil {
		Wrong(w, http.StatusBadRequest, err)
	}
	return err == nil
}

// decode reads one JSON value and nothing behind it.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// Write answers with JSON.
func Write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(Compact(body)) // a client that has left needs no answer
}

// Wrong answers what is wrong with a request to the handles.
func Wrong(w http.ResponseWriter, status int, err error) {
	Write(w, status, map[string]string{"error": err.Error()})
}

// Compact is JSON without blanks, letters unescaped.
func Compact(body any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic("channelfake: " + err.Error()) // only a stand-in's own types come here
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Endless lets a request last longer than the server's read deadline.
func Endless(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a recorder in a test has none
}
