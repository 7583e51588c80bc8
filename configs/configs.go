// Package configs carries the default configuration, the cities' data, the message catalogues and the mini-apps' icons inside the program.
package configs

import "embed"

// Files holds motcua.yaml, cities/, icons/ and locales/.
//
//go:embed motcua.yaml all:cities all:icons all:locales
var Files embed.FS
