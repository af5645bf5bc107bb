package nginx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// logs reports formats that write secrets of requests, where a log is written in them.
func (t *tree) logs(roots []*root, found *collection) {
	for _, r := range roots {
		for _, s := range r.all {
			for _, d := range s.byName["log_format"] {
				if len(d.words) > 2 && t.written(d, r, roots) {
					t.judgeFormat(d, r, found)
				}
			}
		}
		t.judgeCombined(r, found)
	}
}

// judgeCombined reports logs in nginx's own format, which has the request line with its query, of locations that take a token from that.
func (t *tree) judgeCombined(r *root, found *collection) {
	bearer := &request{who: 1, with: byArgument, address: 1, method: "GET", path: "/page", host: "example.com"}
	takers := r.tokenTakers(t)
	for _, s := range r.all {
		d := takers[s]
		if d == nil || !t.spend(1) {
			continue
		}
		logs := s.list("access_log")
		if len(logs) == 0 && r.whole { // one is written all the same
			r.reportCombined(d, d, s, found)
		}
		if slices.ContainsFunc(logs, func(l *directive) bool { return l.arg(1) == "off" }) {
			continue
		}
		for _, l := range logs {
			if format := l.arg(2); format != "" && format != "combined" || l.arg(1) == "/dev/null" || !t.logged(l, r, bearer) {
				continue
			}
			r.reportCombined(l, d, s, found)
		}
	}
}

// logged reports whether a request is, as far as access_log has a condition.
func (t *tree) logged(l *directive, r *root, q *request) bool {
	for _, arg := range l.args() {
		if when, is := strings.CutPrefix(arg, "if="); is {
			holds, sure := t.evaluation(r, q).text(when).truth()
			return holds && sure
		}
	}
	return true
}

// tokenTakers are the blocks that take a token from the query, each with the directive by which it does. A location that is only asked
// by auth_request writes no log: the one that asks does.
func (r *root) tokenTakers(t *tree) map[*scope]*directive {
	made := map[string]bool{} // variables that maps make of such a token
	for name, d := range r.defined {
		made[name] = d.name() == "map" && takesQueryToken(d, nil)
	}
	takers := map[*scope]*directive{}
	for _, s := range r.all {
		for _, d := range s.items {
			if !t.spend(1) || d.opens && d.name() != "if" || tokenAside(d) || !takesQueryToken(d, made) {
				continue
			}
			for _, by := range r.asking(t, s) {
				takers[by] = d
			}
			break
		}
	}
	return takers
}

// asking are the blocks of which the requests come to one: itself, or, where that is internal, those that have it asked.
func (r *root) asking(t *tree, s *scope) (list []*scope) {
	_, pattern := locationOf(s)
	if len(s.byName["internal"]) == 0 || s.node == nil {
		return []*scope{s}
	}
	for _, other := range r.all {
		if !t.spend(1) {
			break
		}
		if d := other.byName["auth_request"]; len(d) > 0 && d[0].arg(1) == pattern && other.server() == s.server() {
			list = append(list, other)
		}
	}
	return list
}

// reportCombined blames a line: the access_log, or what takes the token where no access_log says where to.
func (r *root) reportCombined(blamed, takes *directive, s *scope, found *collection) {
	rule := finding.NginxTokenInLog
	log := at(blamed, "a log is written in the format combined: its $request is the request line, with the query")
	if blamed == takes {
		log = at(blamed, "no access_log says otherwise: nginx writes one in the format combined, whose $request has the query")
	}
	found.add(blamed, blamed.line(), finding.Finding{
		Rule: rule, Severity: rule.Severity, Confidence: finding.Likely,
		Summary: "The access log has the request line with its query, in which " + s.symbol() + " takes a token.",
		Detail:  "Whoever may read the log, or what it is shipped to, can act as the bearers whose requests are in it, for as long as their tokens and sessions last.",
		Source: &finding.Source{EndLine: blamed.endLine, Symbol: s.symbol(), Trace: []finding.Place{at(takes, "tokens are taken from the query"), log},
			Fix: "Write the log in a log_format with $uri in place of $request, or take the token from the Authorization field."},
	})
}

// written reports whether a log is written in a format.
func (t *tree) written(format *directive, r *root, roots []*root) bool {
	if r.writes(t, format.arg(1)) {
		return true
	}
	if r.whole {
		return false
	}
	anyUse := false
	for _, other := range roots { // fragments that are loaded side by side, as it seems
		if other != r && !other.defines(format.arg(1)) && other.writes(t, format.arg(1)) {
			return true
		}
		anyUse = anyUse || other.whole
	}
	return !anyUse && !slices.ContainsFunc(roots, func(o *root) bool { return o.logsAtAll() })
}

func (r *root) defines(name string) bool {
	return slices.ContainsFunc(r.all, func(s *scope) bool {
		return slices.ContainsFunc(s.byName["log_format"], func(d *directive) bool { return d.arg(1) == name })
	})
}

func (r *root) logsAtAll() bool {
	return slices.ContainsFunc(r.all, func(s *scope) bool { return len(s.byName["access_log"]) > 0 })
}

// writes reports whether some block has an access_log in the format that is on.
func (r *root) writes(t *tree, name string) bool {
	for _, s := range r.all {
		list := s.byName["access_log"]
		if !t.spend(1) || slices.ContainsFunc(list, func(d *directive) bool { return d.arg(1) == "off" }) {
			continue
		}
		if slices.ContainsFunc(list, func(d *directive) bool { return d.arg(2) == name && !slices.Contains(d.args(), "if=0") }) {
			return true
		}
	}
	return false
}

// judgeFormat reports the lines of a format on which a bearer's secret would be written.
func (t *tree) judgeFormat(d *directive, r *root, found *collection) {
	bearer := &request{who: 1, with: anyCredentials | byArgument, address: 1, method: "GET", path: "/page", host: "example.com"}
	plain := *bearer
	plain.with = anyCredentials
	queries := r.takesTokenFromQuery()
	for _, w := range d.words[2:] {
		for _, name := range slices.Compact(variables(w.text)) {
			if !t.spend(10) {
				return
			}
			q := plain
			if strings.HasPrefix(name, "arg_") || queries != nil {
				q = *bearer
			}
			v := t.evaluation(r, &q).variable(name)
			set := setCookie[name]
			if !set && (v.state != known || !strings.Contains(v.text, q.secret()) || harmlessInLog(name)) {
				continue
			}
			sure := finding.Confirmed
			var trace []finding.Place
			line, start, end := where(d, w, name)
			trace = append(trace, finding.Place{File: d.file.path, Line: line, Note: "$" + name + " comes to the log as it was sent"})
			if def := r.defined[name]; def != nil {
				trace = append(trace, at(def, "$"+name+" is made of it here"))
			}
			switch name {
			case "request", "request_uri", "args", "query_string":
				sure = finding.Likely
				trace = append(trace, at(queries, "tokens are taken from the query"))
			}
			t.reportLog(d, r, name, line, trace, sure, finding.Edit{File: d.file.path, Start: start, End: end, Text: "-"}, found)
		}
	}
}

var setCookie = setOf("sent_http_set_cookie upstream_http_set_cookie sent_http_authorization upstream_http_authorization")

// harmlessInLog are variables that hold a secret here only because every request of ours has one under every name.
func harmlessInLog(name string) bool {
	switch {
	case name == "http_cookie" || name == "http_authorization":
		return false
	case strings.HasPrefix(name, "http_"):
		return !isSecret(name[5:])
	case strings.HasPrefix(name, "cookie_"):
		return !isSecret(name[7:]) && !sessionCookie.MatchString(name)
	}
	return false
}

var sessionCookie = regexp.MustCompile(`(?i)sess|sid$|wordpress_(?:logged|sec)|remember`)

// takesTokenFromQuery is where the configuration shows that tokens come in the query, or nil.
func (r *root) takesTokenFromQuery() *directive {
	for _, s := range r.all {
		for _, d := range s.items {
			if !(d.opens && d.name() != "map" && d.name() != "if") && !tokenAside(d) && takesQueryToken(d, nil) {
				return d
			}
		}
	}
	return nil
}

// tokenAside reports whether a directive is none by which a token is checked or passed on, whichever variables it has.
func tokenAside(d *directive) bool {
	return strings.HasPrefix(d.name(), "secure_link") || d.name() == "log_format" || d.name() == "limit_req_zone"
}

// takesQueryToken reports whether a directive has a variable that is a token of the query, or one of those.
func takesQueryToken(d *directive, made map[string]bool) bool {
	return slices.ContainsFunc(variables(strings.Join(d.args(), " ")), func(name string) bool {
		rest, is := strings.CutPrefix(name, "arg_")
		return made[name] || is && queryToken[strings.ToLower(rest)]
	})
}

var queryToken = setOf("token access_token api_key apikey jwt auth_token id_token session_token session auth_key authtoken accesstoken bearer")

// where finds a variable in the file: its line, and its bytes.
func where(d *directive, w word, name string) (line, start, end int) {
	raw := string(d.file.text[w.start:w.end])
	for _, spelling := range []string{"${" + name + "}", "$" + name} {
		for from := 0; ; {
			i := strings.Index(raw[from:], spelling)
			if i < 0 {
				break
			}
			i += from
			stop := i + len(spelling)
			if spelling[1] == '{' || stop == len(raw) || !isNameByte(raw[stop]) {
				return w.line + strings.Count(raw[:i], "\n"), w.start + i, w.start + stop
			}
			from = stop
		}
	}
	return w.line, w.start, w.start
}

func (t *tree) reportLog(d *directive, r *root, name string, line int, trace []finding.Place, sure finding.Confidence, edit finding.Edit, found *collection) {
	rule := finding.NginxTokenInLog
	format := printable([]string{d.arg(1)})[0]
	var edits []finding.Edit
	if edit.Start < edit.End {
		edits = []finding.Edit{edit}
	}
	if use := r.use(d.arg(1)); use != nil {
		trace = append(trace, at(use, "a log is written in this format"))
	}
	found.add(d, line, finding.Finding{
		Rule: rule, Severity: rule.Severity, Confidence: sure,
		Summary: fmt.Sprintf("log_format %s writes $%s to the access log.", format, name),
		Detail:  "Whoever may read the log, or what it is shipped to, can act as the bearers whose requests are in it, for as long as their tokens and sessions last.",
		Source: &finding.Source{EndLine: d.endLine, Symbol: "log_format " + format, Trace: trace,
			Fix: "Leave $" + name + " out of the format, or write whether it was there: map $" + name + " to 0 or 1.", Edits: edits, Safe: len(edits) > 0 && !d.file.template && sure == finding.Confirmed},
	})
}

func (r *root) use(name string) *directive {
	for _, s := range r.all {
		for _, d := range s.byName["access_log"] {
			if d.arg(2) == name {
				return d
			}
		}
	}
	return nil
}
