package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bearcache/bearcache/internal/operation"
)

// description is an API document, or the operations of --url, and where it came from.
type description struct {
	*operation.Document
	asked    *url.URL // the URL that the user gave; nil: a file, or no document at all
	answered *url.URL // the URL that answered in the end, after redirects
}

func (f *scanFlags) document(ctx context.Context) (description, error) {
	switch {
	case len(f.URL) > 0 && f.OpenAPI != "":
		return description{}, errors.New("give --openapi or --url, not both")
	case len(f.URL) > 0:
		return f.lines()
	case f.OpenAPI == "":
		return description{}, problem("there is nothing to scan", "give --openapi FILE, or --url GET:/path")
	}
	d, data, err := readDocument(ctx, f.OpenAPI, f.Timeout)
	if err != nil {
		return d, fmt.Errorf("cannot read the OpenAPI document: %w", err)
	}
	d.Document, err = operation.Parse(documentName(f.OpenAPI), data)
	return d, err
}

// lines are the operations of --url.
func (f *scanFlags) lines() (description, error) {
	d := description{Document: new(operation.Document)}
	for i, line := range f.URL {
		op, err := operation.ParseLine(line)
		if err != nil {
			return d, fmt.Errorf("--url%s: %w", which(i, len(f.URL)), err)
		}
		d.Operations = append(d.Operations, op)
	}
	return d, nil
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
		file, err := os.Open(name)
		if err != nil {
			return d, nil, plainPath(err)
		}
		defer file.Close()
		data, err = io.ReadAll(io.LimitReader(file, operation.MaxDocument+1))
		return d, data, plainPath(err)
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
// taken only if it is on this machine, or if the user named its origin by asking there for the document.
func (f *scanFlags) target(d description) (*url.URL, error) {
	switch {
	case f.Target != "":
		return baseURL("--target", f.Target)
	case f.OpenAPI == "":
		return nil, problem("there is no document that names a server", "give --target URL")
	}
	var foreign *url.URL
	for _, u := range d.servers() {
		if loopbackHost(u.Hostname()) || d.asked != nil && sameOrigin(u, d.asked) {
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
	return nil, problem("the document names no server with an absolute URL", "give --target URL")
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
