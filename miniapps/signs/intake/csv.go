package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// plain gives the text of a file without its byte order mark, or the reason why it is not UTF-8.
func plain(data []byte) (text []byte, reason string) {
	data, marked := bytes.CutPrefix(data, byteOrderMark)
	switch {
	case !marked && (bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))):
		return nil, "utf16"
	case !utf8.Valid(data):
		return nil, "encoding"
	}
	return data, ""
}

// readCSV reads a list of plates with a line of column names, apart by commas, semicolons or tabs.
func (c *checking) readCSV(f File) {
	text, reason := plain(f.Data)
	if reason != "" {
		c.unread(f.Name, 0, "", reason, nil)
		return
	}
	if !bytes.ContainsRune(text, '\n') {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n")) // lines as an old Macintosh ends them
	}
	skipped := 0
	if first, rest, ok := bytes.Cut(text, []byte("\n")); ok && bytes.HasPrefix(bytes.ToLower(first), []byte("sep=")) { // Excel says so what separates
		text, skipped = rest, 1
	}
	if line := tooWide(text); line > 0 { // the reader would make millions of cells of it
		c.unread(f.Name, line+skipped, "", "line_long", map[string]any{"max": maxLine >> 10})
		return
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.FieldsPerRecord = separator(text), -1
	t := table{checking: c, file: f.Name, skipped: skipped}
	for len(c.rows) <= MaxRows {
		cells, err := in.Read()
		if err == io.EOF {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			c.unread(f.Name, broken.StartLine+skipped, "", "quote", nil)
			if t.header == nil { // what follows has no names
				return
			}
			continue
		}
		line, _ := in.FieldPos(0)
		if !t.line(line+skipped, cells) {
			return
		}
	}
	if t.rows == 0 {
		c.unread(f.Name, 0, "", "file_empty", nil)
	}
}

// maxLine is the longest line of a list, in bytes: all columns at their limits take a tenth of it.
const maxLine = 64 << 10

// tooWide gives the number of the first line that is longer than maxLine; 0 when none is.
func tooWide(text []byte) int {
	for line := 1; ; line++ {
		first, rest, more := bytes.Cut(text, []byte("\n"))
		if len(first) > maxLine {
			return line
		}
		if !more {
			return 0
		}
		text = rest
	}
}

// separator gives what stands most often in the first line.
func separator(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(first, []byte(","))
	for _, r := range ";\t" {
		if n := bytes.Count(first, []byte(string(r))); n > most {
			best, most = r, n
		}
	}
	return best
}

// table reads the lines of a CSV.
type table struct {
	*checking
	file    string
	skipped int
	header  []string // nil before the first line; "" for a column that is left out
	rows    int
}

// line takes one line. It is false when the others make no sense any more.
func (t *table) line(n int, cells []string) bool {
	if !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return true // nothing but separators
	}
	if t.header == nil {
		return t.names(n, cells)
	}
	t.rows++
	for len(cells) > len(t.header) && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) != len(t.header) {
		t.unread(t.file, n, "", "cells", map[string]any{"got": len(cells), "want": len(t.header)})
		return true
	}
	values := make(map[string]string, len(cells))
	for i, name := range t.header {
		if name != "" {
			values[name] = cells[i]
		}
	}
	t.plate(Row{File: t.file, Line: n}, values)
	return true
}

// names takes the line with the names of the columns. It is false when one is missing, or when two hold the same thing: no row is read as either says.
func (t *table) names(n int, cells []string) bool {
	t.header = make([]string, len(cells))
	said := map[string]string{} // columns by what a plate has there
	whole := true
	for i, s := range cells {
		name := columnOf(s)
		switch before, twice := said[name]; {
		case left(name):
		case !slices.Contains(columns[:], name):
			t.unread(t.file, n, excerpt(s), "column_unknown", map[string]any{"column": excerpt(s)})
		case twice && columnName(s) == columnName(before):
			t.unread(t.file, n, name, "column_twice", map[string]any{"column": name})
			whole = false
		case twice:
			t.unread(t.file, n, excerpt(s), "column_same", map[string]any{"column": excerpt(s), "other": excerpt(before)})
			whole = false
		default:
			t.header[i], said[name] = name, s
		}
	}
	for _, name := range columns[:neededColumns] {
		if !slices.Contains(t.header, name) {
			t.unread(t.file, n, name, "column_missing", map[string]any{"column": name})
			whole = false
		}
	}
	return whole
}
