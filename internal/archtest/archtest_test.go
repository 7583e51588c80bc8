// Package archtest holds the directions in which packages may import each other, each with its reason.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/motcua/motcua/"

// ban forbids imports from one folder (and what lies below it) to another.
type ban struct {
	from   string // folder; "*" inside stands for one name
	to     string // import path: of ours without the module's name, or of a library
	except string // files that may, by the beginnings or ends of their paths, apart by blanks; "" for none
	reason string
}

var bans = []ban{
	{from: ".", to: "cmd", reason: "cmd wires everything; whoever imports it would depend on everything"},
	{from: "internal/fault", to: "internal", reason: "a leaf: every package may import it"},
	{from: "internal/fault", to: "miniapps", reason: "a leaf: every package may import it"},
	{from: "internal/message", to: "internal", reason: "a leaf: every package may import it"},
	{from: "internal/message", to: "miniapps", reason: "a leaf: every package may import it"},
	{from: "internal/once", to: "internal/store", reason: "keys and ids are computed; keeping them is the aggregate's part"},
	{from: "internal", to: "graph", reason: "GraphQL is one face among several; what they share must not know it"},
	{from: "internal", to: "miniapps/*", except: "", reason: "the core knows the contract of mini-apps and no single one"},
	{from: "internal/store", to: "internal/account", reason: "the store does not know what a document means"},
	{from: "internal/store", to: "miniapps", reason: "the store does not know what a document means"},
	{from: "internal/casework", to: "channels", reason: "a case knows no network"},
	{from: "miniapps", to: "channels", reason: "no mini-app knows a channel"},
	{from: "miniapps", to: "graph", reason: "no mini-app knows a face"},
	{from: "miniapps", to: "github.com/gofiber/fiber/v2", reason: "no mini-app knows HTTP"},
	{from: "miniapps", to: "internal/store/sqlite", reason: "engines are chosen by cmd"},
	{from: "miniapps", to: "internal/store/mongo", reason: "engines are chosen by cmd"},
	{from: "miniapps/*", to: "internal/store", except: "/store.go", reason: "store.go is the only file of a mini-app that touches the store"},
	{from: "miniapps/*", to: "internal/redisx", reason: "what Redis holds may vanish; a mini-app's truth lives in the store"},
	{from: "channels", to: "miniapps", reason: "no channel knows a mini-app"},
	{from: "channels", to: "graph", reason: "a channel is a face of its own"},
	{from: "channels", to: "internal/store", reason: "channels keep nothing; the core stores before it acknowledges"},
	{from: "channels", to: "internal/outbox", reason: "retry belongs to the core"},
	{from: "channels", to: "internal/account", reason: "a network does not know who somebody is to the city"},
	{from: "channels", to: "internal/grant", reason: "tokens are handed to it"},
	{from: "channels", to: "internal/conversation", reason: "a network does not know what is talked about"},
	{from: "channels", to: "internal/chat", reason: "what a network brings is handed on by cmd"},
	{from: "channels", to: "internal/inbox", reason: "what a network brings is handed on by cmd"},
	{from: "channels", to: "internal/notify", reason: "who is to be told, and by which network, is decided above"},
	{from: "channels", to: "internal/redisx", reason: "channels keep nothing"},
	{from: "internal/conversation", to: "internal/store", reason: "a step is pure: it keeps nothing"},
	{from: "internal/conversation", to: "internal/outbox", reason: "a step is pure: it sends nothing"},
	{from: "internal/conversation", to: "internal/inbox", reason: "a step is pure: it takes what it is given"},
	{from: "internal/conversation", to: "internal/chat", reason: "the driver knows the dialogue, not the other way about"},
	{from: "internal/conversation", to: "internal/fit", reason: "the dialogue knows no network's limits"},
	{from: "internal/conversation", to: "channels", reason: "the dialogue knows no network"},
	{from: "internal/conversation", to: "log/slog", reason: "a step is pure; what it hears is nobody's to log"},
	{from: "internal/conversation", to: "net/http", reason: "a step is pure"},
	{from: "internal/field", to: "internal/store", reason: "declarations in, meanings out"},
	{from: "internal/field", to: "channels", reason: "what is declared is the same on every network"},
	{from: "internal/intent", to: "internal/store", reason: "words in, meanings out"},
	{from: "internal/intent", to: "internal/conversation", reason: "words in, meanings out"},
	{from: "internal/intent", to: "channels", reason: "words in, meanings out"},
	{from: "internal/fit", to: "internal/store", reason: "limits are data, fitting is pure"},
	{from: "internal/fit", to: "internal/conversation", reason: "limits are data, fitting is pure"},
	{from: "internal/fit", to: "miniapps", reason: "limits are data, fitting is pure"},
	{from: "internal/inbox", to: "internal/chat", reason: "it does not know what events mean"},
	{from: "internal/inbox", to: "internal/conversation", reason: "it does not know what events mean"},
	{from: "internal/inbox", to: "internal/account", reason: "it does not know who people are"},
	{from: "internal/inbox", to: "internal/media", reason: "what a file is, whoever takes it says"},
	{from: "internal/inbox", to: "internal/outbox", reason: "parking is handed to it"},
	{from: "internal/inbox", to: "miniapps", reason: "it does not know what events mean"},
	{from: "internal/chat", to: "internal/outbox", reason: "a relay's terms are met without knowing it"},
	{from: "internal/chat", to: "internal/httpapi", reason: "events come to it; it knows no face"},
	{from: "internal/chat", to: "internal/casework", reason: "notices are handed to it in words"},
	{from: "internal/chat", to: "internal/notify", reason: "notices are handed to it in words"},
	{from: "internal/grant", to: "channels", reason: "how a pair is exchanged is handed to it"},
	{from: "internal", to: "channels/*", except: "internal/fakecity/ internal/bench/", reason: "the core knows the contract of networks and no single one; the gathering of the stand-ins and the bench do"},
	{from: "graph", to: "internal/store/sqlite", reason: "engines are chosen by cmd"},
	{from: "graph", to: "internal/store/mongo", reason: "engines are chosen by cmd"},
	{from: "graph", to: "channels", reason: "the gateway knows no network"},
	{from: "graph", to: "internal/redisx", reason: "the gateway gets its cache and counters through small interfaces"},
	{from: ".", to: "internal/store/memory", except: "internal/store/storetest/", reason: "an engine for tests: it keeps nothing"},
	{from: ".", to: "go.mongodb.org/mongo-driver/v2/mongo", except: "internal/store/mongo/", reason: "one engine knows the driver; everyone else uses the store"},
	{from: ".", to: "modernc.org/sqlite", except: "internal/store/sqlite/", reason: "one engine knows the driver; everyone else uses the store"},
	{from: ".", to: "database/sql", except: "internal/store/sqlite/", reason: "one engine knows the driver; everyone else uses the store"},
	{from: ".", to: "go.mongodb.org/mongo-driver/mongo", reason: "version 1 of the driver is there only for the wire server used in tests"},
}

// imported is one import of one file.
type imported struct{ file, path string }

func TestImportsPointOneWay(t *testing.T) {
	all := imports(t, "../..")
	if len(all) < 100 {
		t.Fatalf("found %d imports: the walk is broken", len(all))
	}
	for _, i := range all {
		for _, b := range bans {
			if b.hits(i) {
				t.Errorf("%s imports %s: %s", i.file, i.path, b.reason)
			}
		}
	}
}

// TestOneAppDoesNotImportAnother keeps "delete the folder and the service is gone" true; likewise for networks.
func TestNeighboursDoNotImportEachOther(t *testing.T) {
	for _, i := range imports(t, "../..") {
		for _, parent := range []string{"miniapps/", "channels/"} {
			from, to := child(i.file, parent), child(i.path, parent)
			if from == "" || to == "" || from == to || strings.HasSuffix(to, "test") || shared(from, to) {
				continue
			}
			t.Errorf("%s imports %s: each folder below %s stands alone", i.file, i.path, parent)
		}
	}
}

// shared tells whether a folder below channels/ holds what others there have in common: stand-ins of networks, the two channels that call Zalo.
func shared(from, to string) bool {
	return to == "channelfake" || to == "zaloapi" && (from == "zalo" || from == "zns")
}

// TestHelpersServeTests looks that a package whose name ends in "test" is imported only by tests, by other such packages, and by the bench, which drives the
// program as they do.
func TestHelpersServeTests(t *testing.T) {
	for _, i := range imports(t, "../..") {
		if strings.HasSuffix(i.path, "test") && !strings.Contains(path.Dir(i.file)+"/", "test/") && !below(path.Dir(i.file), "internal/bench") {
			t.Errorf("%s imports %s: it is for tests", i.file, i.path)
		}
	}
}

// TestBansBite shows that the table can fail.
func TestBansBite(t *testing.T) {
	tests := []struct {
		in   imported
		want bool
	}{
		{imported{"miniapps/feedback/report.go", "internal/store"}, true},
		{imported{"miniapps/feedback/store.go", "internal/store"}, false},
		{imported{"miniapps/runner.go", "internal/store"}, false},
		{imported{"channels/sms/sms.go", "miniapps/feedback"}, true},
		{imported{"channels/web/web.go", "miniapps"}, true},
		{imported{"channels/zns/zns.go", "internal/account"}, true},
		{imported{"miniapps/feedback/feedback.go", "channels/zalo"}, true},
		{imported{"miniapps/feedback/feedback.go", "channels"}, true},
		{imported{"internal/notify/notify.go", "channels"}, false},
		{imported{"internal/notify/notify.go", "channels/web"}, true},
		{imported{"internal/notify/notify.go", "channels/fcm"}, true},
		{imported{"internal/device/device.go", "channels/webpush"}, true},
		{imported{"internal/chat/chat.go", "channels/messenger"}, true},
		{imported{"internal/chat/chat.go", "channels/zns"}, true},
		{imported{"internal/chat/chat.go", "channels/channelfake"}, true},
		{imported{"internal/fakecity/fakecity.go", "channels/zalo/zalofake"}, false},
		{imported{"internal/outbox/outbox.go", "miniapps/feedback"}, true},
		{imported{"internal/outbox/outbox.go", "miniapps"}, false},
		{imported{"internal/store/mongo/mongo.go", "go.mongodb.org/mongo-driver/v2/mongo"}, false},
		{imported{"internal/account/a.go", "go.mongodb.org/mongo-driver/v2/mongo/options"}, true},
		{imported{"cmd/motcua/app.go", "internal/store/mongo"}, false},
		{imported{"graph/a.go", "cmd/motcua"}, true},
		{imported{"cmd/motcua/engines.go", "internal/store/memory"}, true},
	}
	for _, tt := range tests {
		got := false
		for _, b := range bans {
			got = got || b.hits(tt.in)
		}
		if got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.in, got, tt.want)
		}
	}
}

func (b ban) hits(i imported) bool {
	for may := range strings.FieldsSeq(b.except) {
		if strings.HasSuffix(i.file, may) || strings.HasPrefix(i.file, may) {
			return false
		}
	}
	return below(path.Dir(i.file), b.from) && below(i.path, b.to)
}

// below tells whether name is folder or lies inside it.
func below(name, folder string) bool {
	if folder == "." {
		return true
	}
	parts, want := strings.Split(name, "/"), strings.Split(folder, "/")
	if len(parts) < len(want) {
		return false
	}
	for i, w := range want {
		if w != "*" && w != parts[i] {
			return false
		}
	}
	return true
}

func child(name, parent string) string {
	rest, ok := strings.CutPrefix(name, parent)
	if !ok {
		return ""
	}
	first, _, deeper := strings.Cut(rest, "/")
	if !deeper && strings.HasSuffix(first, ".go") {
		return ""
	}
	return first
}

// imports reads the imports of every Go file that is not a test.
func imports(t *testing.T, root string) []imported {
	t.Helper()
	var out []imported
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && d.Name() != "../.." || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			out = append(out, imported{filepath.ToSlash(rel), strings.TrimPrefix(p, module)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
