package bearcache_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/bearcache/bearcache"

// floors lists every package of the module and what of the module it may import. A package imports
// from floors below only. Above all: scan may not import the cache, since the prosecutor shares no
// code with the defendant.
var floors = []map[string][]string{
	{ // vocabulary
		"internal/httpfield": nil,
		"internal/texts":     nil,
		"redact":             nil,
		// A second reading of RFC 9111, for the tests of the first: it must not share a line with it.
		"internal/rfc9111/naive": nil,
		"internal/finding":       nil,
		"internal/audit/python":  nil,
		"internal/demo":          nil,
		"docs/rules":             nil,
		// A store is named by the library's interfaces only, which have standard types.
		"redisstore":       nil,
		"storetest":        nil,
		"test/programtest": nil,
		"test/rawtest":     nil,
	},
	{ // decisions
		"internal/rfc9111":   {"internal/httpfield", "internal/texts"},
		"internal/seal":      {"internal/texts"},
		"bearer":             {"redact", "internal/texts"},
		"internal/config":    {"redact"},
		"internal/operation": {"redact"},
		"internal/grant":     {"redact"},
		"test/redistest":     {"test/programtest"},
		// The labs see the scanner from outside, as its users do.
		"labs": {"test/programtest"},
		// So do the pages of rules: what they show is what the binary says.
		"test/rulepages": {"test/programtest"},
	},
	{ // how nodes tell each other what all must know
		"internal/nodelog": {"internal/seal"},
	},
	{ // the cache and the engines
		"":                {"internal/rfc9111", "internal/httpfield", "internal/nodelog", "internal/seal", "internal/texts", "redact"},
		"internal/report": {"internal/finding"},
		"internal/audit":  {"internal/finding"},
	},
	{ // products
		"internal/gateway":       {"", "bearer", "internal/httpfield", "internal/nodelog", "internal/seal", "internal/texts", "redact"},
		"internal/scan":          {"internal/finding", "internal/operation", "internal/httpfield", "redact"},
		"internal/audit/flask":   {"internal/audit", "internal/audit/python", "internal/finding", "internal/httpfield"},
		"internal/audit/nginx":   {"internal/audit", "internal/finding", "internal/httpfield"},
		"internal/audit/varnish": {"internal/audit", "internal/finding", "internal/httpfield"},
		"internal/audit/apache":  {"internal/audit", "internal/finding", "internal/httpfield"},
	},
	{ // wiring
		"cmd/bearcache": {"*"},
		"labs/run":      {"labs"},
	},
}

// thirdParty lists who may import which module from elsewhere. Importing the library must not pull
// in what the binary needs.
var thirdParty = map[string][]string{
	"github.com/maypok86/otter/v2":        {"", "bearer"},
	"github.com/golang-jwt/jwt/v5":        {"bearer"},
	"github.com/MicahParks/jwkset":        {"bearer"},
	"github.com/dunglas/httpsfv":          {"internal/httpfield"},
	"github.com/goccy/go-yaml":            {"internal/config"},
	"github.com/invopop/jsonschema":       {"internal/config"},
	"go.yaml.in/yaml/v3":                  {"internal/operation", "labs"},
	"github.com/prometheus/client_golang": {"internal/gateway"},
	"golang.org/x/time":                   {"", "internal/gateway", "internal/scan"},
	"golang.org/x/oauth2":                 {"internal/grant"},
	"golang.org/x/sync":                   {"internal/scan"},
	"golang.org/x/term":                   {"cmd/bearcache"},
	"golang.org/x/text":                   {"internal/audit/python"},
	"github.com/alecthomas/kong":          {"cmd/bearcache"},
	"github.com/redis/rueidis":            {"redisstore"},
	"github.com/sony/gobreaker/v2":        {"redisstore"},
}

// closed packages open no file and no socket: what they decide is values in, values out.
var closed = []string{"internal/httpfield", "internal/texts", "internal/finding", "internal/rfc9111", "internal/config", "internal/operation", "redact",
	"internal/audit/python", "internal/audit/flask", "internal/audit/nginx", "internal/audit/varnish", "internal/audit/apache"}

func TestLayers(t *testing.T) {
	floorOf := map[string]int{}
	allowed := map[string][]string{}
	for i, floor := range floors {
		for pkg, imports := range floor {
			floorOf[pkg], allowed[pkg] = i, imports
		}
	}
	for pkg, imports := range importsByPackage(t) {
		if _, ok := floorOf[pkg]; !ok {
			t.Errorf("package %q stands on no floor: add it to the table, with what it may import", pkg)
			continue
		}
		for _, imported := range imports {
			switch inside, ours := strings.CutPrefix(imported, module); {
			case ours:
				inside = strings.TrimPrefix(inside, "/")
				if !slices.Contains(allowed[pkg], inside) && !slices.Contains(allowed[pkg], "*") {
					t.Errorf("%q imports %q, which is not listed for it", pkg, inside)
				}
				if floorOf[inside] >= floorOf[pkg] {
					t.Errorf("%q (floor %d) imports %q (floor %d): imports go down", pkg, floorOf[pkg], inside, floorOf[inside])
				}
			case strings.Contains(imported, "."):
				if !licensed(imported, pkg) {
					t.Errorf("%q imports %s, which is not listed for it", pkg, imported)
				}
			case slices.Contains(closed, pkg) && (imported == "os" || imported == "net" && pkg != "internal/config" || imported == "io/ioutil" || imported == "os/exec" || imported == "syscall"):
				t.Errorf("%q imports %s: it should open nothing", pkg, imported)
			}
		}
	}
}

func licensed(imported, pkg string) bool {
	for mod, users := range thirdParty {
		if imported == mod || strings.HasPrefix(imported, mod+"/") {
			return slices.Contains(users, pkg)
		}
	}
	return false
}

// importsByPackage reads the imports of every Go file that is no test.
func importsByPackage(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string]map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(file))
		if pkg == "." {
			pkg = ""
		}
		if found[pkg] == nil {
			found[pkg] = map[string]bool{}
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[pkg][imported] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for pkg, set := range found {
		imports[pkg] = slices.Sorted(maps.Keys(set))
	}
	return imports
}
