package flask

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// sink is a place where a parameter is logged, or put into a URL.
type sink struct {
	rule   *finding.Rule
	copies uint64
	node   python.Node
	module *module
	fn     *function
}

var (
	logMethod   = map[string]bool{"debug": true, "info": true, "warning": true, "warn": true, "error": true, "critical": true, "exception": true, "log": true, "fatal": true, "trace": true, "success": true, "msg": true, "notice": true}
	logFunction = words(`(?i)^_?(log_(error|info|debug|warn|warning|message|exception|event|msg|request)|(structured|write|json|debug|app)_log)$`)
	logBase     = words(`(?i)(^|[._])(log(ger|ging|s|uru)?|_logger|app_log|audit_log)(\(\))?$`)
	sentryCall  = words(`^(sentry_sdk|raven)\..*(capture_message|set_extra|set_context|set_tag|set_user|add_breadcrumb|extra_context)$`)
	inURL       = regexp.MustCompile(`(?i)[?&](access_?token|auth_?token|id_?token|token|api_?key|apikey|jwt|bearer|authorization|session_?token|x-access-token|auth)=$`)
	inURLOne    = regexp.MustCompile(`(?i)[?&](access_?token|auth_?token|id_?token|token|api_?key|apikey|jwt|bearer|authorization|session_?token)=(\{[^}]*\}|%s|%\([a-z_]+\)s)`)
	// callersToken are names of tokens of somebody, and not of keys that a program has for services elsewhere.
	callersToken = words(`^_?(access|auth|id|refresh|session|bearer|jwt|user)_?(token|jwt)$|^jwt$`)
	accessToken  = regexp.MustCompile(`(?i)[?&](access_?token|auth_?token|id_?token)=`)
	apiKey       = regexp.MustCompile(`(?i)[?&]api_?key=`)
	authUse      = regexp.MustCompile(`(jwt\.decode|decode_token|decode_auth_token|verify_\w*(token|jwt)|check_\w*token|validate_\w*(token|jwt)|authenticate|load_user|[Aa]uthorization|token_required|get_user_by_token|user_from_token|verify_id_token|login_user|g\.user|g\.current_user|x-access-token|api_key|from_token|check_auth|loads\(|filter_by\(\w*(token|api_key)=|by_(\w+_)?(token|api_key)\b|compare_digest|\b40[13]\b|[Uu]nauthori)`)
)

// isLog reports whether a call writes to a log.
func (fr *frame) isLog(n *python.Call, callee value) bool {
	name := calleeName(n)
	switch {
	case callee.kind == isExternal && (callee.name == "print" || callee.name == "pprint.pprint" || callee.name == "sys.stdout.write" || callee.name == "sys.stderr.write"):
		return fr.fn != nil && !fr.isCommand()
	case callee.kind == isExternal && sentryCall.MatchString(callee.name):
		return true
	case callee.kind == isExternal && strings.HasPrefix(callee.name, "logging.") && logMethod[name]:
		return true
	case logFunction.MatchString(name) && (callee.kind == isUnknown || callee.kind == isFunction):
		return true
	case !logMethod[name]:
		return false
	}
	a, ok := n.Func.(*python.Attribute)
	if !ok {
		return false
	}
	if callee.kind == isExternal && (strings.Contains(callee.name, ".logger.") || strings.HasPrefix(callee.name, "loguru.") || strings.HasPrefix(callee.name, "structlog.")) {
		return true
	}
	path := dottedPathOf(a.Value)
	if path == "" {
		path = calleeName(&python.Call{Func: a.Value})
		if c, ok := a.Value.(*python.Call); ok {
			path = calleeName(c)
		}
	}
	return logBase.MatchString(path) || path == "getLogger" || path == "get_logger"
}

// isCommand: a function of the command line prints to who runs it.
func (fr *frame) isCommand() bool {
	for f := fr.fn; f != nil; f = f.outer {
		if f.name == "main" {
			return true
		}
		for _, d := range f.decorators {
			text := fr.module.file.Source(d)
			if strings.Contains(text, "command") || strings.HasPrefix(text, "click.") || strings.Contains(text, ".cli") {
				return true
			}
		}
	}
	return false
}

func (fr *frame) loggingSink(n *python.Call, callee value, g given) {
	if !fr.isLog(n, callee) {
		return
	}
	fr.sunk(finding.FlaskTokenInLog, n, g.all)
}

// sunk reports a secret that comes to a place where it must not, or notes that a parameter does.
func (fr *frame) sunk(rule *finding.Rule, n python.Node, t taint) {
	if fr.dry || fr.module.test {
		return
	}
	if t.has(secret | fields) {
		fr.p.addSink(rule, sink{rule: rule, node: n, module: fr.module, fn: fr.fn}, t)
	}
	if t.copies != 0 && len(fr.sum.sinks) < 32 {
		for _, s := range fr.sum.sinks {
			if s.node == n {
				return
			}
		}
		fr.sum.sinks = append(fr.sum.sinks, sink{rule: rule, copies: t.copies, node: n, module: fr.module, fn: fr.fn})
	}
}

// passedToSink: what a call gives is logged by the function that is called.
func (fr *frame) passedToSink(s sink, f *function, args []taint, sum *summary, at python.Node) {
	if fr.dry || fr.module.test {
		return
	}
	t := fr.substitute(taint{params: s.copies, copies: s.copies}, f, args, sum, at)
	if t.has(secret | fields) {
		fr.p.addSink(s.rule, s, t.through(fr.place(at, f.qualified()+" is called with it")))
	}
	if t.copies != 0 && len(fr.sum.sinks) < 32 {
		for _, known := range fr.sum.sinks {
			if known.node == s.node && known.copies == t.copies {
				return
			}
		}
		s.copies = t.copies
		fr.sum.sinks = append(fr.sum.sinks, s)
	}
}

func (p *project) addSink(rule *finding.Rule, s sink, t taint) {
	f := finding.Finding{Rule: rule, Severity: rule.Severity, Confidence: sure(t)}
	src := &finding.Source{Place: finding.Place{File: s.module.path, Line: s.module.line(s.node)}, Key: shown(s.module.file.Source(s.node))}
	src.EndLine = s.module.endLine(s.node)
	if s.fn != nil {
		src.Symbol, src.EndLine = s.fn.qualified(), s.module.endLine(s.fn.node)
	}
	src.Trace = reversed(t.why.steps())
	what := "a credential"
	if len(src.Trace) > 0 {
		what = src.Trace[0].Note
	}
	switch rule {
	case finding.FlaskTokenInLog:
		f.Summary = "A credential of the request is written to a log."
		switch {
		case t.has(secret):
		case strings.HasPrefix(what, "request.cookies"):
			f.Summary = "All cookies of the request, those of sessions among them, are written to a log."
		default:
			f.Summary = "All fields of the request, the Authorization field among them, are written to a log."
		}
		f.Detail = "What is logged holds " + what + ": whoever reads the log, or its copies, can use it."
		src.Fix = "Log whose token it is, or a keyed digest of it, and not the token; of the fields log those by name that are no credentials."
	default:
		f.Summary = "A token is put into a URL."
		f.Detail = "The URL holds " + what + ": it stands in logs, histories, caches and the Referer field of other requests."
		src.Fix = "Send it in the Authorization field, or in the body of a POST."
	}
	f.Source = src
	p.add(f, s.fn)
}

// urlSink looks for ?token= before a credential, in text that is put together.
func (fr *frame) urlSink(e python.Expr, _ taint) {
	switch n := e.(type) {
	case *python.JoinedStr:
		for i, v := range n.Values {
			c, ok := v.(*python.Constant)
			if !ok || i+1 >= len(n.Values) || !inURL.MatchString(c.Text) {
				continue
			}
			if f, ok := n.Values[i+1].(*python.FormattedValue); ok {
				fr.putIntoURL(n, f.Value, c.Text)
			}
		}
	case *python.BinOp:
		switch n.Op {
		case python.Add:
			if text := endOf(n.Left); inURL.MatchString(text) {
				fr.putIntoURL(n, n.Right, text)
			}
		case python.Mod:
			if text, ok := stringOf(n.Left); ok && inURLOne.MatchString(text) {
				fr.putIntoURL(n, n.Right, text)
			}
		}
	}
}

// endOf is the text that an expression ends with, as far as it is written there.
func endOf(e python.Expr) string {
	switch n := e.(type) {
	case *python.Constant:
		if n.Kind == python.Str {
			return n.Text
		}
	case *python.BinOp:
		return endOf(n.Right)
	case *python.JoinedStr:
		if len(n.Values) > 0 {
			return endOf(n.Values[len(n.Values)-1])
		}
	}
	return ""
}

// putIntoURL judges what is put behind ?token= in a URL. A parameter that is called access_token is one, whatever it is filled with.
func (fr *frame) putIntoURL(at python.Node, e python.Expr, text string) {
	t := fr.eval(e)
	if _, fixed := e.(*python.Constant); !t.has(secret) && !fixed && (accessToken.MatchString(text) || fr.fn != nil && apiKey.MatchString(text)) {
		t = t.and(taint{marks: secret | named, why: &origin{place: fr.place(e, "what is called a token")}})
	}
	if !t.has(secret) && callersToken.MatchString(lastName(e)) {
		t = t.and(taint{marks: secret | named, why: &origin{place: fr.place(e, lastName(e))}})
	}
	if t.has(secret) && !fr.sendsLinks() {
		fr.sunk(finding.FlaskTokenInURL, at, t)
	}
}

func lastName(e python.Expr) string {
	switch n := e.(type) {
	case *python.Name:
		return n.ID
	case *python.Attribute:
		return n.Attr
	case *python.Subscript:
		s, _ := stringOf(n.Slice)
		return s
	}
	return ""
}

// urlCall is url_for(…, token=t), requests.get(url, params={"access_token": t}), "…?token={}".format(t).
func (fr *frame) urlCall(n *python.Call, callee value, g given) {
	if callee.kind == isExternal && callee.name == "flask.url_for" {
		for i, k := range n.Keywords {
			if (tokenName.MatchString(k.Name) || bareToken.MatchString(k.Name)) && g.keywords[i].has(secret) && !fr.sendsLinks() && !inLinks.MatchString(firstText(n)) {
				fr.sunk(finding.FlaskTokenInURL, n, g.keywords[i])
			}
		}
		return
	}
	if a, ok := n.Func.(*python.Attribute); ok && a.Attr == "format" {
		if text, ok := stringOf(a.Value); ok && inURLOne.MatchString(text) && g.all.has(secret) && !fr.sendsLinks() {
			fr.sunk(finding.FlaskTokenInURL, n, g.all)
		}
		return
	}
	if callee.kind == isExternal && (strings.HasPrefix(callee.name, "requests.") || strings.HasPrefix(callee.name, "httpx.")) {
		e, ok := keywordOf(n, "params")
		if !ok {
			return
		}
		d, ok := e.(*python.Dict)
		if !ok {
			return
		}
		for i, key := range d.Keys {
			if name, ok := stringOf(key); ok && (tokenName.MatchString(name) || bareToken.MatchString(name)) {
				fr.putIntoURL(n, d.Values[i], "")
			}
		}
	}
}

func firstText(n *python.Call) string {
	if len(n.Args) == 0 {
		return ""
	}
	s, _ := stringOf(n.Args[0])
	return s
}

// forOneUse: the function is about tokens that are good once, and are sent in links by their nature.
func (fr *frame) forOneUse() bool { return fr.isAbout(oneOff) }

// sendsLinks: the function makes links to be sent by mail.
func (fr *frame) sendsLinks() bool { return fr.isAbout(inLinks) }

// ofCredential are names of functions that verify what is good for more than once.
var ofCredential = words(`(?i)^_?(verify|confirm|accept)_\w*(api_?key|jwt|access_token|bearer)$`)

func (fr *frame) isAbout(oneOff *regexp.Regexp) bool {
	for f := fr.fn; f != nil; f = f.outer {
		if oneOff.MatchString(f.name) && !ofCredential.MatchString(f.name) {
			return true
		}
		for _, v := range fr.p.views[f] {
			for _, rule := range v.rules {
				if oneOff.MatchString(rule) {
					return true
				}
			}
		}
		for _, d := range f.decorators {
			if c, ok := d.(*python.Call); ok && oneOff.MatchString(firstText(c)) {
				return true
			}
		}
	}
	return false
}

// authenticates reports whether a function does something with a token that one does with a credential.
func (fr *frame) authenticates() bool {
	return fr.fn != nil && !fr.forOneUse() && (authUse.MatchString(fr.module.file.Source(fr.fn.node)) || fr.isAuthority())
}

// queryArguments are names for what a function was given of a query.
var queryArguments = words(`^(args|params|query(_?(params|args|string))?)$`)

// tokenAmongArguments: args["apikey"], of the parameters of a request that a function was given.
func (fr *frame) tokenAmongArguments(base python.Expr, key string, at python.Node) {
	name, ok := base.(*python.Name)
	if !ok || fr.fn == nil || fr.fn.param(name.ID) < 0 || !queryArguments.MatchString(name.ID) || !tokenName.MatchString(key) || isCSRF(key) || !fr.authenticates() {
		return
	}
	for _, v := range fr.p.views[fr.fn] {
		if len(v.methods) > 0 && !slices.Contains(v.methods, "GET") {
			return
		}
	}
	fr.tokenRead(key, at, finding.Likely)
}

// tokenFromQuery: a credential is read from the query.
func (fr *frame) tokenFromQuery(key string, at python.Node) {
	strong := tokenName.MatchString(key) || secretField.MatchString(key) && !bareToken.MatchString(key)
	if fr.dry || fr.module.test || !strong && fr.forOneUse() || strong && fr.sendsLinks() || fr.fn == nil {
		return
	}
	confidence := finding.Confirmed
	if bareToken.MatchString(key) || sessionParameter.MatchString(key) {
		confidence = finding.Likely
	}
	fr.tokenRead(key, at, confidence)
}

func (fr *frame) tokenRead(key string, at python.Node, confidence finding.Confidence) {
	if fr.dry || fr.module.test {
		return
	}
	src := &finding.Source{Place: finding.Place{File: fr.module.path, Line: fr.module.line(at)}, EndLine: fr.module.endLine(fr.fn.node), Symbol: fr.fn.qualified(),
		Key: shown(fr.module.file.Source(at)), Fix: "Read the token from the Authorization field alone."}
	f := finding.Finding{Rule: finding.FlaskTokenInURL, Severity: finding.FlaskTokenInURL.Severity, Confidence: confidence,
		Summary: "A token is read from the query of the request.",
		Detail:  "With the parameter " + shown(key) + " in the URL the token stands in logs, histories, caches and the Referer field of other requests.", Source: src}
	fr.p.add(f, fr.fn)
}
