package operation

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/redact"
)

// recorded is a request that somebody made, with his credentials in it. They are not ours to send or to
// show: of a part that holds one, an operation keeps the name at most, for --param to give a value to.
type recorded struct {
	method string
	url    *url.URL // absolute
	fields [][2]string
	media  string // of the body; the field Content-Type goes before it
	body   []byte
}

// dull are fields that a client adds by itself, or that say how to answer and not what: with some of them a
// cache would not do what it does for others.
var dull = []string{
	"user-agent", "referer", "origin", "dnt", "priority", "pragma", "cache-control", "accept-encoding", "accept-charset", "keep-alive",
	"save-data", "date", "via", "from", "max-forwards", "downlink", "rtt", "ect", "device-memory", "viewport-width", "width", "dpr", "postman-token",
	"purpose", "x-client-data",
}

const maxFields = 64 // of a recorded request

// operation is the request as an operation. Its path is literal.
func (q recorded) operation(c *censor) Operation {
	o := Operation{Method: strings.ToUpper(q.method), Origin: originOf(q.url)}
	path, err := c.withoutCredentials(cmp.Or(q.url.RawPath, q.url.EscapedPath(), "/")) // as it was written, where Go would write it otherwise
	query, bad := o.keepQuery(c, q.url.RawQuery)
	o.Path = path + query
	o.keepFields(c, q.fields, &q.media)
	err = cmp.Or(err, bad, o.keepBody(c, q.media, q.body))
	if _, bad := parseTemplate(o.Path); bad != nil {
		o.Path, err = short(o.Path), bad
	}
	if !slices.Contains(methods, o.Method) {
		o.Method, err = "", errors.New("its method is none of "+strings.Join(methods, ", "))
	}
	if err != nil {
		o.Problem = err.Error()
	}
	return o
}

// originOf is scheme, host and port of u, which has no other parts.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return strings.ToLower(u.Scheme) + "://" + host
}

// absolute parses an http URL. The error does not repeat it: it may hold a credential.
func absolute(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxPath:
		return nil, fmt.Errorf("its URL has more than %d bytes", maxPath)
	case err != nil:
		return nil, errors.New("its URL cannot be read")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(u.Host, "{}"):
		return nil, errors.New("its URL does not begin with http:// or https:// and a host")
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || n == 0) {
		return nil, errors.New("its URL has a port that is not between 1 and 65535")
	}
	return u, nil
}

// maxSearched bounds what is searched for credentials in a recording, in bytes: that takes longer than reading.
const maxSearched = 16 << 20

// censor knows credentials when it sees them, and counts what it has seen.
type censor struct {
	redactor *redact.Redactor
	searched int
}

func newCensor() *censor { return &censor{redactor: redact.New(nil)} }

// carries reports whether s, a name and a value if it is both, holds a credential.
func (c *censor) carries(s string) bool {
	c.searched += len(s)
	return c.redactor.URL(s) != s
}

// withoutCredentials is a literal path as a template with a parameter for each segment that holds a
// credential: /reset/{credential}.
func (c *censor) withoutCredentials(path string) (string, error) {
	path = escaped(path)
	if !c.carries(path) {
		return path, nil
	}
	segments := strings.Split(path, "/")
	if len(segments) > maxFields {
		return "/?", fmt.Errorf("its path holds credentials, among more than %d segments", maxFields)
	}
	n := 0
	for i, segment := range segments {
		if !c.carries("/"+segment) && !(i > 0 && c.carries(segments[i-1]+"/"+segment)) {
			continue
		}
		n++
		segments[i] = "{credential}"
		if n > 1 {
			segments[i] = fmt.Sprintf("{credential%d}", n)
		}
	}
	if path = strings.Join(segments, "/"); c.carries(path) {
		return "/?", errors.New("its path holds credentials; write it with {names} in their place, in --url METHOD:PATH")
	}
	return path, nil
}

// keepQuery is what is kept of a query, with its question mark. A pair that holds a credential becomes a
// parameter without a value.
func (o *Operation) keepQuery(c *censor, query string) (string, error) {
	pairs := strings.FieldsFunc(query, func(c rune) bool { return c == '&' })
	if len(pairs) == 0 {
		return "", nil
	}
	plain := make([]string, len(pairs))
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		plain[i] = unescaped(name) + "=" + unescaped(value)
	}
	if !c.carries("/?"+query) && !c.carries("/?"+strings.Join(plain, "&")) {
		return "?" + escaped(query), nil
	}
	if len(pairs) > maxFields {
		return "", fmt.Errorf("its query holds credentials, among more than %d parameters", maxFields)
	}
	var kept []string
	for i, pair := range pairs {
		name, _, _ := strings.Cut(plain[i], "=")
		switch {
		case !c.carries(pair) && !c.carries(plain[i]):
			kept = append(kept, escaped(pair))
		case name != "" && len(name) <= maxName && !c.carries(name):
			o.keep(Parameter{Name: name, In: "query"})
		}
	}
	if kept == nil {
		return "", nil
	}
	if query = "?" + strings.Join(kept, "&"); c.carries("/" + query) {
		return "", errors.New("its query holds credentials")
	}
	return query, nil
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// keep adds p, unless there is one of the kind.
func (o *Operation) keep(p Parameter) {
	if !slices.ContainsFunc(o.Parameters, func(q Parameter) bool { return q.key() == p.key() }) {
		o.Parameters = append(o.Parameters, p)
	}
}

// keepFields keeps of the fields what the API may want to know: the field Accept, languages, what is not
// standard. Of Authorization it keeps the scheme.
func (o *Operation) keepFields(c *censor, fields [][2]string, media *string) {
	for _, f := range fields[:min(len(fields), maxFields)] {
		name, value := strings.TrimSpace(f[0]), strings.TrimSpace(f[1])
		lower := strings.ToLower(name)
		p := Parameter{Name: name, In: "header"}
		switch {
		case !isToken(name) || len(name) > maxName || len(value) > maxCandidate || !fieldValue(value) || c.carries(name):
		case lower == "accept":
			if !c.carries(value) {
				o.Accept = cmp.Or(o.Accept, value)
			}
		case lower == "content-type":
			*media = value
		case lower == "authorization":
			scheme, _, _ := strings.Cut(value, " ")
			o.Alternatives = [][]Scheme{{httpScheme("Authorization", scheme)}}
		case p.reserved() || slices.Contains(dull, lower) || strings.HasPrefix(lower, "sec-") || strings.HasPrefix(lower, "if-") ||
			strings.HasPrefix(lower, "access-control-"):
		case p.personal() || value == "" || c.carries(name+": "+value) || c.carries(value):
			o.keep(p)
		default:
			p.Required, p.Candidates = true, []string{value}
			o.keep(p)
		}
	}
}

// keepBody keeps a body that holds no credential. A login is not repeated.
func (o *Operation) keepBody(c *censor, media string, content []byte) error {
	switch {
	case len(content) == 0 || !takesBody(o.Method):
		return nil
	case len(content) > maxBody:
		return fmt.Errorf("its body has more than %d KiB, and is not sent", maxBody>>10)
	case !fieldValue(media) || len(media) > maxName || c.carries(media):
		return errors.New("the media type of its body cannot be read")
	case c.carries(string(content)) || c.carries(unescaped(string(content))):
		return errors.New("its body holds a credential, which is not sent; a document with an example can describe the operation")
	}
	o.Body = &Body{media, bytes.Clone(content)}
	return nil
}

// collector makes a Document of operations that were recorded one by one.
type collector struct {
	*censor
	name string
	doc  Document
	seen map[string]bool
}

func newCollector(name string) *collector {
	return &collector{censor: newCensor(), name: name, seen: make(map[string]bool)}
}

// add keeps the first operation of a method, an origin and a path.
func (c *collector) add(o Operation) error {
	if c.searched > maxSearched {
		return fmt.Errorf("%s: has more than %d MiB in URLs, fields and bodies; scan it in parts", c.name, maxSearched>>20)
	}
	key := o.Method + " " + o.Origin + o.Path + " " + o.Problem
	if c.seen[key] {
		return nil
	}
	c.seen[key] = true
	if o.Origin != "" && !slices.Contains(c.doc.Servers, o.Origin) && len(c.doc.Servers) < maxList {
		c.doc.Servers = append(c.doc.Servers, o.Origin)
	}
	if c.doc.Operations = append(c.doc.Operations, o); len(c.doc.Operations) > maxOperations {
		return fmt.Errorf("%s: has more than %d operations; scan it in parts", c.name, maxOperations)
	}
	return nil
}

// ParseURL is the operation GET of an absolute URL. Who writes {id} in it means a parameter, as in ParseLine.
func ParseURL(text string) (Operation, error) {
	u, err := absolute(strings.TrimSpace(text))
	if err != nil {
		return Operation{}, fmt.Errorf("%w; write for example http://127.0.0.1:5000/api/profile", err)
	}
	o := recorded{method: "GET", url: u}.operation(newCensor())
	if strings.Contains(text, "{") {
		o.Path = strings.NewReplacer("%7B", "{", "%7D", "}").Replace(o.Path)
		if _, err := parseTemplate(o.Path); err != nil {
			return Operation{}, err
		}
	}
	if o.Problem != "" {
		return Operation{}, errors.New(o.Problem)
	}
	return o, nil
}
