// Package configs carries the default configuration, the cities' data, the message catalogues and the words that people use inside the program.
package configs

import "embed"

// Files holds motcua.yaml, cities/, locales/ and phrasings/.
//
//go:embed motcua.yaml all:cities all:locales all:phrasings
var Files embed.FS
