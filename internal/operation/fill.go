package operation

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// MissingError says which values a request needs and nobody gave.
type MissingError struct{ Parameters []Parameter }

func (e *MissingError) Error() string {
	var names, flags []string
	for _, p := range e.Parameters {
		names = append(names, printable(p.Name)+" ("+p.In+")")
		flags = append(flags, "--param "+printable(p.Name)+"=…")
	}
	noun := "a value"
	if len(names) > 1 {
		noun = "values"
	}
	return "needs " + noun + " for " + strings.Join(names, ", ") + ", give " + strings.Join(flags, " ")
}

// Asked are the parameters that Fill asks a value for: those that are declared, but not those that no
// parameter may set, and those that the template names and nobody declared. Of an operation with a Problem
// they are what could be read.
func (o Operation) Asked() []Parameter {
	t, _ := parseTemplate(o.Path)
	return o.parameters(t)
}

// Fill makes the URL and the header fields of a request to o at base. It takes each parameter from value,
// which may decline, and otherwise, if it is required, from the first of its Candidates or, without any, the
// first that was Made; Operation.Made tells which those are. The origin of the URL is base's, whatever the
// document says. The Body is the caller's to send.
//
// The error is a *MissingError where values are missing, or says what makes the request impossible.
func (o Operation) Fill(base *url.URL, value func(Parameter) (string, bool)) (*url.URL, http.Header, error) {
	if o.Problem != "" {
		return nil, nil, errors.New(o.Problem)
	}
	t, err := parseTemplate(o.Path)
	if err != nil {
		return nil, nil, err
	}
	f := filler{value: value, header: make(http.Header)}
	if fieldValue(o.Accept) && o.Accept != "" {
		f.header.Set("Accept", o.Accept)
	}
	inPath := make(map[string]string)
	for _, p := range o.parameters(t) {
		f.add(p, inPath)
	}
	switch {
	case f.err != nil:
		return nil, nil, f.err
	case f.missing != nil:
		return nil, nil, &MissingError{f.missing}
	}
	path, query, err := t.fill(func(name string) string { return inPath[name] })
	if err != nil {
		return nil, nil, err
	}
	if name := reservedIn(query); name != "" {
		return nil, nil, fmt.Errorf("the path %s sets %s, by which some servers do something else than the method says", quote(o.Path), quote(name))
	}
	u := *base
	u.User, u.Fragment, u.RawFragment, u.Opaque, u.ForceQuery = nil, "", "", "", false
	u.RawPath = strings.TrimRight(base.EscapedPath(), "/") + path
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return nil, nil, fmt.Errorf("the path %s: %w", quote(path), err)
	}
	u.RawQuery = strings.Join(slices.DeleteFunc(append([]string{query}, f.query...), func(s string) bool { return s == "" }), "&")
	return &u, f.header, nil
}

// parameters are o's without the reserved, and those that its template names and nobody declared.
func (o Operation) parameters(t template) []Parameter {
	list := slices.DeleteFunc(slices.Clone(o.Parameters), Parameter.reserved)
	for i, p := range list {
		if p.personal() {
			list[i].Candidates, list[i].Made = nil, nil
		}
	}
	for _, name := range t.names {
		same := func(p Parameter) bool { return p.Name == name && p.In == "path" }
		if !slices.ContainsFunc(list, same) {
			list = append(list, Parameter{Name: name, In: "path", Required: true})
		}
	}
	return list
}

// Made are the parameters for which Fill would take a value that was made.
func (o Operation) Made(value func(Parameter) (string, bool)) []Parameter {
	return slices.DeleteFunc(o.Asked(), func(p Parameter) bool {
		if _, given := value(p); given {
			return true
		}
		return !p.Required || len(p.Candidates) > 0 || len(p.Made) == 0
	})
}

// Insisting is o with optional fields required of which its document states a value, and with query the optional query
// parameters too. It reports whether that makes a difference. What a client says of caches it only says where the user does: it
// would lead past what is stored.
func (o Operation) Insisting(query bool) (Operation, bool) {
	more := false
	list := o.Asked()
	for i, p := range list {
		if !p.Required && len(p.Candidates) > 0 && (p.In == "header" && !p.ofCaches() || p.In == "query" && query) {
			list[i].Required, more = true, true
		}
	}
	o.Parameters = list
	return o, more
}

// filler collects the parameters of one request.
type filler struct {
	value   func(Parameter) (string, bool)
	query   []string
	header  http.Header
	missing []Parameter
	err     error
}

func (f *filler) add(p Parameter, inPath map[string]string) {
	v, ok := f.value(p)
	switch {
	case ok:
	case !p.Required:
		return
	case len(p.Candidates) > 0:
		v = p.Candidates[0]
	case len(p.Made) > 0:
		v = p.Made[0]
	default:
		f.missing = append(f.missing, p)
		return
	}
	switch p.In {
	case "path":
		if v == "" {
			f.err = fmt.Errorf("the value of %s (path) is empty, which makes another path", printable(p.Name))
		}
		inPath[p.Name] = v
	case "query":
		f.query = append(f.query, url.QueryEscape(p.Name)+"="+url.QueryEscape(v))
	case "header", "cookie":
		f.field(p, v)
	}
}

func (f *filler) field(p Parameter, v string) {
	if !isToken(p.Name) || !fieldValue(v) {
		f.err = fmt.Errorf("parameter %s (%s) does not fit into a header field", quote(p.Name), p.In)
		return
	}
	if p.In == "header" {
		f.header.Set(p.Name, v)
		return
	}
	pair := p.Name + "=" + url.QueryEscape(v)
	if before := f.header.Get("Cookie"); before != "" {
		pair = before + "; " + pair
	}
	f.header.Set("Cookie", pair)
}

// fieldValue is true for what fits into a field (RFC 9110 §5.5).
func fieldValue(v string) bool {
	return !strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// isToken is RFC 9110 §5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}

// ParseLine reads METHOD:PATH, as in GET:/api/orders/{id}?page=2. Its errors repeat nothing but a path,
// and that without credentials.
func ParseLine(line string) (Operation, error) {
	const example = "write METHOD:PATH, such as GET:/api/profile"
	method, path, ok := strings.Cut(line, ":")
	o := Operation{Method: strings.ToUpper(strings.TrimSpace(method)), Path: strings.TrimSpace(path)}
	switch {
	case !ok || !slices.Contains(methods, o.Method):
		return Operation{}, errors.New("it begins with no method and colon; " + example)
	case !strings.HasPrefix(o.Path, "/"):
		return Operation{}, errors.New("the path does not begin with /; " + example)
	}
	if _, err := parseTemplate(o.Path); err != nil {
		return Operation{}, err
	}
	return o, nil
}
