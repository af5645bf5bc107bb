package audit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// parameter is where a template of a path has a parameter: {id} in an API document, {id:[0-9]+} in some, <int:id> in Flask.
var parameter = regexp.MustCompile(`\{[^{}/]*(?:\{[^{}]*\}[^{}/]*)*\}|<[^<>/]*>`)

// route is an operation, or a route of source, in a form in which the two can be compared.
type route struct {
	methods []string // none: any
	path    string
}

func parseRoute(text string) (r route, ok bool) {
	methods, path, found := strings.Cut(strings.TrimSpace(text), " ")
	if !found {
		methods, path = "", methods
	}
	if path = strings.TrimSpace(path); !strings.HasPrefix(path, "/") {
		return r, false
	}
	for m := range strings.FieldsFuncSeq(methods, func(r rune) bool { return r == ',' || r == '|' }) {
		if m = strings.ToUpper(m); m == "ANY" || m == "*" {
			r.methods = nil
			break
		}
		r.methods = append(r.methods, m)
	}
	r.path = plainTemplate(path)
	return r, true
}

// plainTemplate is a path in which all parameters are called the same, without a slash at its end: Flask redirects from one to the other.
func plainTemplate(path string) string {
	path = parameter.ReplaceAllString(path, "{}")
	if path = strings.TrimRight(path, "/"); path == "" {
		return "/"
	}
	return path
}

// sameRoute reports whether an operation of a scan is the route of a finding in source. bases are paths under which the API's document
// has its operations, and which are a part of the routes in source.
func sameRoute(inSource, operation string, bases []string) bool {
	a, ok := parseRoute(inSource)
	if !ok {
		return false
	}
	b, ok := parseRoute(operation)
	if !ok || !sameMethod(a.methods, b.methods) {
		return false
	}
	if a.path == b.path {
		return true
	}
	return slices.ContainsFunc(bases, func(base string) bool {
		base = strings.TrimRight(plainTemplate(base), "/")
		return base != "" && a.path == base+b.path || base != "" && b.path == "/" && a.path == base
	})
}

func sameMethod(inSource, tested []string) bool {
	if len(inSource) == 0 || len(tested) == 0 {
		return true
	}
	return slices.ContainsFunc(tested, func(m string) bool {
		return slices.Contains(inSource, m) || m == "HEAD" && slices.Contains(inSource, "GET") // which Flask answers with every GET
	})
}

// What a line that breaks a rule of the auditor may have a scan prove, what it has it prove most likely first.
var (
	stored = []*finding.Rule{
		finding.CrossIdentityReuse, finding.AnonymousReuse, finding.InvalidTokenReuse, finding.ScopeReuse, finding.CacheDeception, finding.UnkeyedInput,
		finding.ErrorPoisoning, finding.ConditionalLeak, finding.CookieInStoredResponse,
	}
	declared = append([]*finding.Rule{finding.StorableAuthenticatedResponse, finding.MissingVary}, stored...)
	proves   = map[*finding.Rule][]*finding.Rule{
		finding.FlaskUnkeyedCache: stored, finding.FlaskCacheBeforeAuth: stored, finding.FlaskMemoizeWithoutIdentity: stored,
		finding.FlaskManualCacheWithoutIdentity: stored, finding.FlaskPublicCacheControl: declared, finding.FlaskTokenInURL: {finding.TokenInURL},
		finding.NginxUnkeyedAuthorization: stored, finding.NginxIgnoresCacheControl: stored, finding.VarnishHashIgnoresAuthorization: stored,
		finding.VarnishStripsAuthorization: stored, finding.ApacheUnkeyedAuthorization: stored,
	}
)

// Beside puts what an audit found beside what a scan of the same API proved: each finding of the scan is given the lines that may be its
// cause, and what has a route and was not proven is listed with the reason. bases are paths under which the document has its operations.
func Beside(scan, source *finding.Report, bases []string) {
	scan.SourceRead = true
	for _, s := range source.Findings {
		if s.Operation == "" {
			continue
		}
		proven := false
		for i := range scan.Findings {
			f := &scan.Findings[i]
			if !slices.Contains(proves[s.Rule], f.Rule) || !sameRoute(s.Operation, f.Operation, bases) {
				continue
			}
			proven = true
			f.Causes = append(f.Causes, finding.Cause{Rule: s.Rule, Root: s.Source.Root, Place: finding.Place{File: s.Source.File, Line: s.Source.Line, Note: s.Summary}, Symbol: s.Source.Symbol})
		}
		if !proven {
			scan.Unproven = append(scan.Unproven, finding.Unproven{Finding: s, Reason: unproven(s, scan, bases)})
		}
	}
}

// unproven is why a scan did not prove what stands in the source.
func unproven(s finding.Finding, scan *finding.Report, bases []string) string {
	if proves[s.Rule] == nil {
		return "no answer of the API could show it"
	}
	reason := "the operation is not in the document"
	for _, op := range scan.Operations {
		if !sameRoute(s.Operation, op.Operation, bases) {
			continue
		}
		switch {
		case op.Status != finding.StatusTested:
			reason = "not tested: " + op.Reason
		case op.Undecided:
			return "tested and undecided: " + op.Reason
		case slices.Contains(op.Open, proves[s.Rule][0]):
			return "tested, but " + proves[s.Rule][0].ID + ", by which it would show, came to no verdict"
		case slices.ContainsFunc(scan.Findings, func(f finding.Finding) bool { return f.Operation == op.Operation }):
			return "tested, and something else was found there"
		default:
			return fmt.Sprintf("tested and clean (%d requests): a cache may be off in this deployment, or its entries too short-lived", op.Requests)
		}
	}
	return reason
}
