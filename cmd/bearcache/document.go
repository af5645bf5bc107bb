package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/operation"
)

// description is what can be asked: an API document, or what was recorded, and the operations of --url; and
// where it came from.
type description struct {
	*operation.Document
	name     string
	lines    []operation.Operation // of --url
	named    []*url.URL            // the origins of URLs among those, which the user gave
	asked    *url.URL              // the URL of the document that the user gave; nil: a file, or no document at all
	answered *url.URL              // the URL that answered in the end, after redirects
}

func (f *scanFlags) document(ctx context.Context) (description, error) {
	d, err := f.input(ctx)
	if err != nil {
		return d, err
	}
	for i, line := range f.URL {
		parse := operation.ParseLine
		if httpURL.MatchString(strings.TrimSpace(line)) {
			parse = operation.ParseURL
		}
		o, err := parse(line)
		if err != nil {
			return d, fmt.Errorf("--url%s: %w", which(i, len(f.URL)), err)
		}
		d.lines = append(d.lines, o)
		if u, err := url.Parse(o.Origin); err == nil && o.Origin != "" {
			d.named = append(d.named, u)
		}
	}
	return d, nil
}

// input reads what one of the flags names; --url may stand beside it, or alone.
func (f *scanFlags) input(ctx context.Context) (d description, err error) {
	var given []string
	for _, flag := range []struct {
		name string
		set  bool
	}{{"--openapi", f.OpenAPI != ""}, {"--har", f.HAR != ""}, {"--postman", f.Postman != ""}, {"--curl", len(f.Curl) > 0}} {
		if flag.set {
			given = append(given, flag.name)
		}
	}
	switch {
	case len(given) > 1:
		return d, errors.New("give " + strings.Join(given, " or ") + ", not both")
	case f.OpenAPI != "":
		return f.openAPI(ctx)
	case f.HAR != "":
		return recording(f.HAR, "HAR file", operation.MaxRecording, operation.ParseHAR)
	case f.Postman != "":
		return recording(f.Postman, "Postman collection", operation.MaxDocument, operation.ParsePostman)
	case len(f.Curl) > 0:
		return f.curl()
	case len(f.URL) == 0:
		return d, problem("there is nothing to scan", "give --openapi FILE, or --url GET:/path")
	}
	return description{Document: new(operation.Document)}, nil
}

func (f *scanFlags) openAPI(ctx context.Context) (description, error) {
	d, data, err := readDocument(ctx, f.OpenAPI, f.Timeout)
	if err != nil {
		return d, fmt.Errorf("cannot read the OpenAPI document: %w", err)
	}
	d.name = documentName(f.OpenAPI)
	d.Document, err = operation.Parse(d.name, data)
	return d, err
}

// recording reads a file of at most so many bytes.
func recording(path, kind string, most int64, parse func(string, []byte) (*operation.Document, error)) (d description, err error) {
	data, err := readStart(path, most)
	if err != nil {
		return d, fmt.Errorf("cannot read the %s: %w", kind, err)
	}
	d.name = documentName(path)
	d.Document, err = parse(d.name, data)
	return d, err
}

// curl reads lines of curl, or the files of them that are named behind an @.
func (f *scanFlags) curl() (description, error) {
	d := description{Document: new(operation.Document), name: "--curl"}
	for i, line := range f.Curl {
		one := description{name: "--curl" + which(i, len(f.Curl))}
		var err error
		if path, isFile := strings.CutPrefix(line, "@"); isFile {
			one, err = recording(path, "file of curl lines", operation.MaxDocument, operation.ParseCurl)
		} else {
			one.Document, err = operation.ParseCurl(one.name, []byte(line))
			if info, noFile := os.Stat(line); err != nil && noFile == nil && !info.IsDir() {
				err = problem(one.name+" is the name of a file", "write @ before it")
			}
		}
		if err != nil {
			return d, err
		}
		d.Operations = append(d.Operations, one.Operations...)
		d.Servers = append(d.Servers, one.Servers...)
	}
	return d, nil
}

// readStart is a file, or one byte more than most of it.
func readStart(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, plainPath(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	return data, plainPath(err)
}

// documentName is what errors and reports call the document. A URL may hold a token.
func documentName(name string) string {
	if strings.Contains(name, "://") {
		return harmlessURL(name)
	}
	return harmlessPath(name)
}

var httpURL = regexp.MustCompile(`(?i)^https?://`)

// readDocument reads a file or a URL. No credentials go along, and no more comes back than a document
// may be long.
func readDocument(ctx context.Context, name string, timeout time.Duration) (d description, data []byte, err error) {
	if !httpURL.MatchString(name) {
		data, err = readStart(name, operation.MaxDocument)
		return d, data, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err != nil {
		return d, nil, errors.New("its URL cannot be read")
	}
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return d, nil, unfinished{fmt.Errorf("%s: %w", harmlessURL(name), err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return d, nil, unfinished{fmt.Errorf("%s answered %d", harmlessURL(name), resp.StatusCode)}
	}
	d.asked, d.answered = r.URL, resp.Request.URL
	data, err = io.ReadAll(io.LimitReader(resp.Body, operation.MaxDocument+1))
	return d, data, err
}

// target is where tokens go. The author of a document may be after them, so a server of the document is
// taken only if it is on this machine, or if the user named its origin by asking there for the document, or
// for something else there.
func (f *scanFlags) target(d description) (*url.URL, error) {
	switch {
	case f.Target != "":
		return baseURL("--target", f.Target)
	case d.name == "" && d.named == nil:
		return nil, problem("there is no document that names a server", "give --target URL")
	}
	var foreign *url.URL
	for _, u := range d.servers() {
		isNamed := slices.ContainsFunc(d.named, func(named *url.URL) bool { return sameOrigin(u, named) })
		if isNamed || loopbackHost(u.Hostname()) || d.asked != nil && sameOrigin(u, d.asked) {
			return u, nil
		}
		if foreign == nil {
			foreign = u
		}
	}
	if foreign != nil {
		name := harmlessURL(foreign.String())
		return nil, problem("the document names the server "+name, "give --target "+name+" to send tokens there")
	}
	if d.named != nil {
		return d.named[0], nil
	}
	return nil, problem("the document names no server with an absolute URL", "give --target URL")
}

// aim leaves the operations that belong to target, with their paths below its own: what was recorded at
// other origins is somebody else's. If all of a recording is of one origin, the user's --target stands for
// that, as it stands for the server of a document.
func (d *description) aim(target *url.URL, chosen bool) error {
	origins := make(map[string]bool)
	here := false
	for _, o := range d.Operations {
		if o.Origin != "" {
			origins[o.Origin] = true
			here = here || atOrigin(o, target)
		}
	}
	moved := chosen && !here && len(origins) == 1
	operations := slices.DeleteFunc(slices.Clone(d.Operations), func(o operation.Operation) bool {
		return o.Origin != "" && !moved && !(atOrigin(o, target) && below(target, o.Path))
	})
	if len(operations) == 0 && len(d.Operations) > 0 {
		return problem(fmt.Sprintf("no request of %s goes to %s", d.name, harmlessURL(target.String())), "it has requests to "+some(origins)+"; give one of these as --target")
	}
	for i, o := range d.lines {
		if o.Origin != "" && !(atOrigin(o, target) && below(target, o.Path)) {
			return problem(fmt.Sprintf("--url%s goes to %s, but the target is %s", which(i, len(d.lines)), harmlessURL(o.Origin), harmlessURL(target.String())), "give the URL of another scan to another scan")
		}
	}
	for i, o := range operations {
		operations[i] = relative(o, target, moved)
	}
	for _, o := range d.lines {
		operations = append(operations, relative(o, target, false))
	}
	d.Operations = operations
	return nil
}

func atOrigin(o operation.Operation, target *url.URL) bool {
	u, err := url.Parse(o.Origin)
	return err == nil && sameOrigin(u, target)
}

// below reports whether a path of the origin is below the target's own.
func below(target *url.URL, path string) bool {
	return strings.HasPrefix(path, strings.TrimRight(target.EscapedPath(), "/")+"/")
}

// relative is o with its path as Fill wants it, which puts the target's own path before it.
func relative(o operation.Operation, target *url.URL, moved bool) operation.Operation {
	if o.Origin != "" && !moved {
		o.Path = strings.TrimPrefix(o.Path, strings.TrimRight(target.EscapedPath(), "/"))
	}
	return o
}

// some are a few origins, for an error.
func some(origins map[string]bool) string {
	return upTo(5, origins, harmlessURL)
}

// upTo lists names as they may be shown, and says how many more there are than so many.
func upTo(most int, set map[string]bool, show func(string) string) string {
	names := slices.Sorted(maps.Keys(set))
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	for i, name := range names {
		names[i] = show(name)
	}
	return strings.Join(names, ", ") + more
}

// servers are those of the document that are, or become at the document's own URL, absolute. Without
// any the server is "/" (OpenAPI 3.1 §4.8.1).
func (d description) servers() []*url.URL {
	names := d.Servers
	if len(names) == 0 && d.answered != nil {
		names = []string{"/"}
	}
	var list []*url.URL
	for _, name := range names {
		if relative, err := url.Parse(name); err == nil && d.answered != nil {
			name = d.answered.ResolveReference(relative).String()
		}
		if u, err := baseURL("", name); err == nil {
			list = append(list, u)
		}
	}
	return list
}

// serverPaths are the paths of the document's servers, wherever those are.
func (d description) serverPaths() (list []string) {
	for _, name := range d.Servers {
		if u, err := url.Parse(name); err == nil && strings.HasPrefix(u.Path, "/") {
			list = append(list, u.EscapedPath())
		}
	}
	return list
}

// sameOrigin is RFC 6454 §5.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func baseURL(flag, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsAny(text, "{}") {
		return nil, problem(flag+" must be an absolute http or https URL", "write for example http://127.0.0.1:5000")
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || n == 0) {
		return nil, problem(flag+" has a port that is not between 1 and 65535", "write for example http://127.0.0.1:5000")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New(flag + " must have no user name, query or fragment")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}
