package conversation

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// keysInCode gives the keys of texts that the code writes out: the first argument of say and text.
func keysInCode(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if key := keyOf(n); key != "" {
				out = append(out, key)
			}
			return true
		})
	}
	if len(out) < 50 {
		t.Fatalf("found %d keys: the walk is broken", len(out))
	}
	return out
}

func keyOf(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ""
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	lit, isLit := call.Args[0].(*ast.BasicLit)
	if !ok || !isLit || f.Sel.Name != "say" && f.Sel.Name != "text" {
		return ""
	}
	key, _ := strconv.Unquote(lit.Value)
	return key
}
