package httpapi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unpackers are the methods of fiber and fasthttp that unpack or spool a body of a stranger's without a limit. (*fiber.Ctx).Body is one, too; that of
// fasthttp's requests and answers is not.
var unpackers = []string{
	"BodyParser", "FormFile", "FormValue", "MultipartForm", "SaveFile", "SaveFileToStorage",
	"BodyGunzip", "BodyInflate", "BodyUnbrotli", "BodyUnzstd", "BodyUncompressed", "PostArgs",
}

// TestNobodyUnpacksBodies reads all that is built of the project: a few bytes of a stranger's must not become gigabytes.
func TestNobodyUnpacksBodies(t *testing.T) {
	t.Parallel()
	read := 0
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		found, ours, err := unpacking(path, nil)
		require.NoError(t, err)
		require.Empty(t, found, "use c.Request().Body(), or read the stream up to a limit")
		if ours {
			read++
		}
		return nil
	}))
	require.Greater(t, read, 10, "files that know fiber")

	for src, want := range map[string]int{"c.Body()": 1, "c.BodyParser(nil)": 1, "c.Request().MultipartForm()": 1, "c.Request().Body()": 0, "c.Response().Body()": 0} {
		found, _, err := unpacking("x.go", "package x\nimport \"github.com/gofiber/fiber/v2\"\nfunc f(c *fiber.Ctx) { "+src+" }")
		require.NoError(t, err)
		require.Len(t, found, want, src)
	}
}

// unpacking gives the places where a file calls an unpacker, and whether it knows fiber or fasthttp at all.
func unpacking(path string, src any) (found []string, ours bool, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, false, err
	}
	ours = slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		name, _ := strconv.Unquote(i.Path.Value)
		return strings.HasPrefix(name, "github.com/gofiber/fiber") || name == "github.com/valyala/fasthttp"
	})
	if !ours {
		return nil, false, nil
	}
	answers := fasthttpNames(file)
	ast.Inspect(file, func(n ast.Node) bool {
		call, _ := n.(*ast.CallExpr)
		if call == nil {
			return true
		}
		method, _ := call.Fun.(*ast.SelectorExpr)
		if method == nil {
			return true
		}
		of, named := method.X.(*ast.Ident)
		if slices.Contains(unpackers, method.Sel.Name) || method.Sel.Name == "Body" && named && !slices.Contains(answers, of.Name) {
			found = append(found, set.Position(call.Pos()).String())
		}
		return true
	})
	return found, true, nil
}

// fasthttpNames gives what a file calls fasthttp's own requests and answers, as in "r := fasthttp.AcquireResponse()" or "r *fasthttp.Response".
func fasthttpNames(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if star, ok := n.Type.(*ast.StarExpr); ok && fromFasthttp(star.X) {
				for _, name := range n.Names {
					names = append(names, name.Name)
				}
			}
		case *ast.AssignStmt:
			for i, right := range n.Rhs {
				call, _ := right.(*ast.CallExpr)
				if left, ok := n.Lhs[min(i, len(n.Lhs)-1)].(*ast.Ident); ok && call != nil && fromFasthttp(call.Fun) {
					names = append(names, left.Name)
				}
			}
		}
		return true
	})
	return names
}

func fromFasthttp(e ast.Expr) bool {
	s, _ := e.(*ast.SelectorExpr)
	if s == nil {
		return false
	}
	pkg, _ := s.X.(*ast.Ident)
	return pkg != nil && pkg.Name == "fasthttp"
}
