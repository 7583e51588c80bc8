// Package configs carries the default configuration, the cities' data and the message catalogues inside the program.
package configs

import "embed"

// Files holds motcua.yaml, cities/ and locales/.
//
//go:embed motcua.yaml all:cities all:locales
var Files embed.FS
