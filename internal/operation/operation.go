// Package operation lists what an API can be asked, as far as a document says so: an OpenAPI 3.0 or
// 3.1 or a Swagger 2.0 document, a recording (HAR), a Postman collection, lines of curl, or single
// METHOD:PATH lines. It hides those formats, their references and their traps, and turns an operation into
// the target of a request.
//
// The author of a document is an attacker here (THREAT-MODEL A8). Nothing is opened or fetched,
// nothing that YAML can repeat by reference is expanded but the example of a body, up to what a body may
// have, every loop over the document has a bound, and no document chooses the origin that a request goes to: that is the base URL's alone, and
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
	// Alternatives are the sets of credentials that the operation takes, as its document's security schemes
	// say: any one set suffices, and all schemes of a set are needed together. Empty: the document says
	// nothing. The set without schemes, by which a document calls them optional, is not among them: Security
	// says so. Operations share the slices; they are not to be changed.
	Alternatives [][]Scheme
	// Parameters are those of the path with those of the operation over them, references resolved.
	// A {name} of the template that nobody declared is not among them; Fill asks for it all the same.
	Parameters []Parameter
	// Body is the content of the request. nil: there is none, or the method has no use for it. Operations
	// share what it points at; it is not to be changed.
	Body *Body
	// Accept is what a recorded request said in the field of this name, which no parameter sets. Fill sends it.
	Accept string
	// Origin is where a recorded request went, http://host:port, and its Path begins there. Empty: Path begins
	// at any of the document's servers. Fill never looks at it.
	Origin string
	// ID is the name by which a document refers to the operation (OpenAPI 3.1 §4.8.10, operationId).
	ID string
	// Links are the OpenAPI links of its responses.
	Links []Link
	// Answers are the media types of its good responses, in lower case, where a document has more than one.
	Answers []string
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
	// Made are values that the schema allows and nobody stated, for a required parameter without Candidates.
	// The same document always makes the same. An object that one of them names probably does not exist.
	Made []string
}

// Body is the content of a request.
type Body struct {
	Media   string // for Content-Type
	Content []byte
}

// Scheme is one way to send a credential.
type Scheme struct {
	// Name is what the document calls it.
	Name string
	Kind SchemeKind
	// In is header, query or cookie, and Field the name there. Both are empty unless Kind is APIKey.
	In, Field string
}

// SchemeKind is how a credential is sent.
type SchemeKind uint8

const (
	Unsupported SchemeKind = iota // mutual TLS, digest, a field that no document may name
	Bearer                        // RFC 6750 §2.1: HTTP bearer, OAuth 2, OpenID Connect
	Basic                         // RFC 7617
	APIKey                        // a field, a query parameter or a cookie
)

func (k SchemeKind) String() string {
	return [...]string{"unsupported", "bearer", "basic", "apiKey"}[k&3]
}

// Link says that a response of an operation holds values for parameters of another.
type Link struct {
	// To is the ID of the other operation, or its method and path: "GET /orders/{id}".
	To string
	// Names are the names of members of the response, by the parameter they are for.
	Names map[string]string
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
