package flask

import (
	"bytes"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// findParsed notes where the parsers of Flask-RESTful and Flask-RESTX look for what they are to find:
// parser.add_argument("apikey", location="headers").
func (p *project) findParsed() {
	for _, m := range p.modules {
		if !bytes.Contains(m.file.Text, []byte("add_argument")) {
			continue
		}
		p.inCalls(m, func(c *python.Call, _ *scope) {
			name := firstText(c)
			if calleeName(c) != "add_argument" || name == "" {
				return
			}
			location := "values"
			if e, ok := keywordOf(c, "location"); ok {
				if list := stringsIn(e); len(list) > 0 {
					location = list[0]
				}
			}
			if e, ok := keywordOf(c, "dest"); ok {
				if dest, ok := stringOf(e); ok {
					p.parsed[dest] = parsed{name, location}
				}
			}
			p.parsed[name] = parsed{name, location}
		})
	}
}

// parsed is a field of a request that a parser finds.
type parsed struct{ name, location string }

// isParsed reports whether a library's name is what such a parser found.
func isParsed(name string) bool {
	return strings.HasPrefix(name, "flask_restful.") && (strings.HasSuffix(name, "RequestParser().parse_args()") || strings.HasSuffix(name, ".parser().parse_args()"))
}

// parsedField is args["apikey"], or args.apikey.
func (fr *frame) parsedField(key string, at python.Node) (taint, bool) {
	from, ok := fr.p.parsed[key]
	if !ok {
		return taint{}, false
	}
	in := map[string]string{"headers": "headers", "cookies": "cookies", "json": "json", "form": "form"}[from.location]
	if in == "" {
		in = "args"
	}
	return fr.field(external("flask.request."+in), from.name, true, at)
}
