package miniapps

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// wellFormed refuses what JSON readers understand differently: names that are there twice, broken text, more than one value. The error names the line.
func wellFormed(data []byte) error {
	if len(data) > MaxManifest {
		return fmt.Errorf("longer than %d bytes", MaxManifest)
	}
	if i := brokenAt(data); i >= 0 {
		return fmt.Errorf("line %d: not UTF-8", lineOf(data, i))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := unique(d, maxNesting); err != nil {
		return fmt.Errorf("line %d: %w", lineOf(data, int(d.InputOffset())), err)
	}
	end := int(d.InputOffset())
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		rest := bytes.TrimLeft(data[end:], " \t\r\n")
		return fmt.Errorf("line %d: something follows the JSON value", lineOf(data, len(data)-len(rest)))
	}
	return nil
}

// brokenAt gives the place of the first byte that is not UTF-8; -1 when all are.
func brokenAt(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// lineOf gives the line of a place in a text, from 1.
func lineOf(data []byte, at int) int {
	return 1 + bytes.Count(data[:min(at, len(data))], []byte("\n"))
}

// unique reads one value and refuses objects with a name twice.
func unique(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if n, ok := t.(json.Number); ok {
		return boundedNumber(n.String())
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == 0 {
		return errUnbounded
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			key, _ := name.(string)
			if seen[key] {
				return fmt.Errorf("name %q is there twice", key)
			}
			seen[key] = true
		}
		if err := unique(d, depth-1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
