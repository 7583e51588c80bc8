package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/motcua/motcua/internal/store"
)

const (
	applicationID = 0x4d54_4355 // "MTCU": how `file` and we tell our files from others
	layout        = 1           // version of the tables' layout, kept as user_version
)

// expiryIndex is the name of the index over a kind's ExpiresAt. No declared index can have it.
const expiryIndex = "#expires"

// table is how a kind is kept. It is never changed; a new declaration makes a new one.
type table struct {
	name    string // of the SQL table, quoted
	kind    store.Kind
	indexes []index // all that are stored, also those that only an older or newer version of the program declares
	columns []string
	get     string
	getMany string
	insert  string
	replace string
	remove  string
}

// index is a declared index and how far it is built.
type index struct {
	store.Index
	ready bool // whether the rows that were there before it are in it
}

func (x index) many() bool { return x.Many != "" }

// prepareFile checks that the file is ours and makes the tables that describe the others.
func prepareFile(c *conn) error {
	found, err := c.ask("SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)")
	if err != nil {
		return err
	}
	app, version, tables := found.int(0), found.int(1), found.int(2)
	if app != applicationID && tables > 0 {
		return errors.New("the file belongs to another program")
	}
	if version > layout {
		return fmt.Errorf("the file has layout %d, this program knows up to %d: it was written by a newer version", version, layout)
	}
	if version == layout {
		return nil // nothing to write: a full disk keeps no reader out
	}
	return c.run(fmt.Sprintf(`BEGIN IMMEDIATE;
PRAGMA application_id = %d;
PRAGMA user_version = %d;
CREATE TABLE IF NOT EXISTS motcua_kinds (name TEXT PRIMARY KEY, owned INTEGER NOT NULL, expires TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS motcua_indexes (kind TEXT, name TEXT, definition TEXT NOT NULL, ready INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
COMMIT`, applicationID, layout))
}

// loadTables reads how the kinds of the file are kept.
func loadTables(c *conn) (map[string]*table, error) {
	indexes := map[string][]index{}
	for r, err := range c.rows("SELECT kind, definition, ready FROM motcua_indexes ORDER BY kind, name") {
		x := index{}
		if err == nil {
			x.ready = r.int(2) != 0
			err = json.Unmarshal([]byte(r.text(1)), &x.Index)
		}
		if err != nil {
			return nil, fmt.Errorf("store: read indexes: %w", err)
		}
		indexes[r.text(0)] = append(indexes[r.text(0)], x)
	}
	out := map[string]*table{}
	for r, err := range c.rows("SELECT name, owned, expires FROM motcua_kinds") {
		if err != nil {
			return nil, fmt.Errorf("store: read kinds: %w", err)
		}
		k := store.Kind{Name: r.text(0), Owned: r.int(1) != 0, ExpiresAt: r.text(2)}
		out[k.Name] = newTable(k, indexes[k.Name])
	}
	return out, nil
}

func newTable(k store.Kind, indexes []index) *table {
	t := &table{name: quote("k_" + k.Name), kind: k, indexes: indexes}
	for _, x := range indexes {
		for _, f := range fields(x.Index) {
			if !x.many() && !slices.Contains(t.columns, f) {
				t.columns = append(t.columns, f)
			}
		}
	}
	var names, marks, sets strings.Builder
	for _, f := range t.columns {
		names.WriteString(", " + column(f))
		marks.WriteString(", ?")
		sets.WriteString(", " + column(f) + " = ?")
	}
	t.get = "SELECT id, v, doc FROM " + t.name + " WHERE id = ?"
	t.getMany = "SELECT id, v, doc FROM " + t.name + " WHERE id IN (SELECT value FROM json_each(?))"
	t.remove = "DELETE FROM " + t.name + " WHERE id = ?"
	t.insert = "INSERT INTO " + t.name + " (id, v, doc" + names.String() + ") VALUES (?, 1, ?" + marks.String() + ") ON CONFLICT (id) DO NOTHING"
	t.replace = "UPDATE " + t.name + " SET v = v + 1, doc = ?" + sets.String() + " WHERE id = ? AND v = ?"
	return t
}

// fields gives the fields of an index in the order of its columns.
func fields(x store.Index) []string {
	out := slices.Clone(x.Equal)
	if x.Order != "" {
		out = append(out, x.Order)
	}
	return out
}

func quote(name string) string { return `"` + name + `"` }

// column gives the column of a field. SQL names ignore case and fields do not, so capitals are marked.
func column(path string) string {
	var b strings.Builder
	b.WriteString(`"f_`)
	for _, r := range path {
		switch {
		case r == '.':
			b.WriteByte('$')
		case r >= 'A' && r <= 'Z':
			b.WriteByte('^')
			b.WriteRune(r - 'A' + 'a')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// side gives the name of the table of an index over an array.
func (t *table) side(x store.Index) string { return quote("m_" + t.kind.Name + "/" + x.Name) }

// index gives the name of the SQL index of an index.
func (t *table) sqlIndex(x store.Index) string { return quote("i_" + t.kind.Name + "/" + x.Name) }

// sideColumns gives the columns of a side table behind which the id follows: e0, e1 … and o.
func sideColumns(x store.Index) []string {
	var out []string
	for i := range x.Equal {
		out = append(out, fmt.Sprintf("e%d", i))
	}
	if x.Order != "" {
		out = append(out, "o")
	}
	return out
}

// values gives the columns' values for a document.
func (t *table) values(doc bson.Raw) ([]any, error) {
	out := make([]any, 0, len(t.columns)+3)
	for _, f := range t.columns {
		v, err := store.Value(doc, f)
		if err != nil {
			return nil, err
		}
		out = append(out, bind(v))
	}
	_, err := store.Expiry(t.kind, doc)
	return out, err
}

// entries gives the rows that the document has in the side table of x, each without the id.
func entries(x store.Index, doc bson.Raw) ([][]any, error) {
	elements, err := store.Elements(doc, x.Many)
	if err != nil || len(elements) == 0 {
		return nil, err
	}
	row := make([]any, 0, len(x.Equal)+1)
	at := 0
	for i, f := range x.Equal {
		if f == x.Many {
			at = i
			row = append(row, nil)
			continue
		}
		v, err := store.Value(doc, f)
		if err != nil {
			return nil, err
		}
		row = append(row, present(bind(v)))
	}
	if x.Order != "" {
		v, err := store.Value(doc, x.Order)
		if err != nil || v == nil {
			return nil, err // a document without Order is not in the index
		}
		row = append(row, bind(v))
	}
	out := make([][]any, len(elements))
	for i, el := range elements {
		out[i] = slices.Clone(row)
		out[i][at] = bind(el)
	}
	return out, nil
}
