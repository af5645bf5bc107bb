// Package operation lists what an API can be asked, as far as a document says so: an OpenAPI 3.0 or
// 3.1 or a Swagger 2.0 document, or single METHOD:PATH lines. It hides those formats, their
// references and their traps, and turns an operation into the target of a request.
//
// The author of a document is an attacker here (THREAT-MODEL A8). Nothing is opened or fetched,
// nothing that YAML can repeat by reference is ever expanded, every loop over the document has a
// bound, and no document chooses the origin that a request goes to: that is the base URL's alone, and
// whoever makes that of a document's servers judges them first.
package operation

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/redact"
)

// Document is what was found in an API description.
type Document struct {
	Title string
	// Servers are the base URLs the document names for all operations, absolute or relative, their
	// variables replaced by the defaults. They are a suggestion of the document's author, who may be after
	// the tokens that would go there: Fill never looks at them.
	Servers []string
	// Operations are in the order of the document's paths, and of methods GET HEAD POST PUT PATCH
	// DELETE OPTIONS TRACE within a path. Those that the document mentions and hides or spells wrong come
	// before the others of the paths, or of their path, and have a Problem.
	Operations []Operation
}

// Operation is one method on one path.
type Operation struct {
	// Method is empty where the document hides it: behind a reference that leads nowhere, or by a second
	// path of the same name. Such an operation has a Problem.
	Method string
	// Path is the template exactly as the document has it: "/api/orders/{id}".
	Path     string
	Security Security
	// Parameters are those of the path with those of the operation over them, references resolved.
	// A {name} of the template that nobody declared is not among them; Fill asks for it all the same.
	Parameters []Parameter
	// Problem says why the operation cannot be requested, and where in the document the reason is.
	// The others of its document are not affected. Fill returns it as its error.
	Problem string
}

// String is the operation as reports name it: "GET /api/orders/{id}". A path that could play tricks
// on a terminal is quoted.
func (o Operation) String() string {
	return strings.TrimPrefix(o.Method+" "+printable(o.Path), " ")
}

// Parameter is a part of the request that the caller chooses.
type Parameter struct {
	Name string
	// In is path, query, header or cookie.
	In       string
	Required bool
	// Candidates are values that the document itself states, the best first: example, examples,
	// default, const, enum, then the schema's; last, for path and query, its minimum and the two
	// booleans. Operations share the slice; it is not to be changed.
	Candidates []string
}

// key tells parameters apart: by name and place (OpenAPI 3.1 §4.8.12), a field's name in any case.
func (p Parameter) key() [2]string {
	if p.In == "header" {
		return [2]string{strings.ToLower(p.Name), p.In}
	}
	return [2]string{p.Name, p.In}
}

// printable is s, quoted if it holds anything that does not show.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(s)
	}
	return s
}

// quote is s in quotes, short enough for an error and without what looks like a credential.
func quote(s string) string {
	const enough = 1024 // to see what a token is, even if it is cut off
	return strconv.Quote(short(redact.New(nil).URL(s[:min(len(s), enough)])))
}

// short is the begin of s.
func short(s string) string {
	const most = 100
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
