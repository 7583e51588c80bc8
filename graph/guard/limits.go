package guard

import "github.com/motcua/motcua/internal/setting"

// Limits bound what one operation may ask for. They hold for every operation, whoever sends it.
type Limits struct {
	Tokens     int `koanf:"tokens"`      // words and signs of a document; validation takes time with the square of them
	Depth      int `koanf:"depth"`       // levels of fields, fragments counted where they are used
	Aliases    int `koanf:"aliases"`     // fields given another name, so that a limited action cannot be tried many times in one request
	RootFields int `koanf:"root_fields"` // fields of the query or mutation itself
	Repeats    int `koanf:"repeats"`     // fields written again in the same selection, whose merging takes time with their square
	Directives int `koanf:"directives"`  // directives in the whole document
	Cost       int `koanf:"cost"`        // objects that an answer may hold, plus the weights of the fields (@cost, @listSize)
	Errors     int `koanf:"errors"`      // errors told in one answer
}

// Validate reports every limit that is not positive.
func (l Limits) Validate() error {
	var faults setting.Faults
	for _, f := range []struct {
		key   string
		value int
	}{
		{"tokens", l.Tokens}, {"depth", l.Depth}, {"aliases", l.Aliases}, {"root_fields", l.RootFields},
		{"repeats", l.Repeats}, {"directives", l.Directives}, {"cost", l.Cost}, {"errors", l.Errors},
	} {
		faults.Refuse(f.value < 1, f.key, "must be positive")
	}
	return faults.Err()
}
