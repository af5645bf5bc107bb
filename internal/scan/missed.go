package scan

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// missed is the error of a target that is not where the document's paths begin: what says so is that next to nothing is
// found there, and that the two paths overlap, or that the target lacks the path of the document's server.
func (s *scanner) missed() error {
	asked, lost := s.notFound(func(p *probe) bool { return !strings.Contains(p.Operation.Path, "{") })
	if asked == 0 { // an object that is not there is no news
		asked, lost = s.notFound(func(*probe) bool { return true })
	}
	found := 0
	for _, p := range s.probes {
		if len(contents(p.Natural)) > 0 {
			found++
		}
	}
	if lost == 0 || lost*4 < asked*3 || found*4 > len(s.probes) {
		return nil
	}
	what := fmt.Sprintf("%d of %s answered 404", lost, counted(asked, "operation"))
	if why := s.misplaced(); why != "" {
		return &Failure{what + ": " + why}
	}
	if found == 0 && lost == asked {
		return &Failure{"no operation gave an answer that could be compared: " + what + "; is " + s.Target.Redacted() + " where the paths of the API begin?"}
	}
	return nil
}

// inCommon ends a sentence with the reason that all operations which gave no answer have.
func inCommon(operations []finding.Tested) string {
	reason := ""
	for _, op := range operations {
		switch {
		case op.Status != finding.StatusFailed:
		case reason != "" && reason != op.Reason:
			return "; the report has the reason of each"
		default:
			reason = op.Reason
		}
	}
	return ": " + reason
}

// sentAway says where a redirect leads: to a login, or to where the API is in truth.
func (p *probe) sentAway(e *exchange) string {
	if e == nil || e.err != nil || e.status < 300 || e.status > 399 {
		return ""
	}
	to, err := e.url.Parse(e.header.Get("Location"))
	if err != nil || e.header.Get("Location") == "" || to.Host == "" {
		return ""
	}
	if to.Scheme == e.url.Scheme && to.Host == e.url.Host {
		return "; it sends to " + excerpt(p.redactor.URL(to.EscapedPath()), 80)
	}
	where := url.URL{Scheme: to.Scheme, Host: to.Host}
	return "; it sends to " + excerpt(p.redactor.URL(where.String()), 80) + ": if that is the API, give it as --target"
}

// notFound counts the probes of a kind that were answered, and those that were answered 404.
func (s *scanner) notFound(kind func(*probe) bool) (asked, lost int) {
	for _, p := range s.probes {
		if e := first(p.Readers[0], p.Natural); e != nil && e.err == nil && kind(p) {
			asked++
			if e.status == http.StatusNotFound {
				lost++
			}
		}
	}
	return asked, lost
}

// misplaced says how the target's path does not fit the document, and which would; "" where nothing is known.
func (s *scanner) misplaced() string {
	base := strings.TrimRight(s.Target.EscapedPath(), "/")
	for i := 0; i < len(base); i++ {
		if tail := base[i:]; base[i] == '/' && s.mostBegin(tail) {
			return fmt.Sprintf("paths of the document begin with %s, and so ends --target, which makes it twice; give --target %s", tail, s.at(base[:i]))
		}
	}
	here := func(path string) bool { return strings.HasSuffix(base, strings.TrimRight(path, "/")) }
	if len(s.ServerPaths) == 0 || slices.ContainsFunc(s.ServerPaths, here) {
		return ""
	}
	path := strings.TrimRight(s.ServerPaths[0], "/")
	return fmt.Sprintf("the document says that its paths begin at %s, and --target does not end so; give --target %s", excerpt(s.courier.redactor.URL(path), 100), s.at(path))
}

// mostBegin reports whether most paths begin with the segments of prefix. There may be others, such as /healthz.
func (s *scanner) mostBegin(prefix string) bool {
	n := 0
	for _, p := range s.probes {
		if strings.HasPrefix(p.Operation.Path+"/", prefix+"/") {
			n++
		}
	}
	return n*2 > len(s.probes)
}

// at is the target with another path.
func (s *scanner) at(path string) string {
	u := url.URL{Scheme: s.Target.Scheme, Host: s.Target.Host}
	return excerpt(s.courier.redactor.URL(u.String()+path), 200)
}
