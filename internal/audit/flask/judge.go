package flask

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// site is one caching decorator on one function.
type site struct {
	p     *project
	fn    *function
	view  *view // nil for a function that answers no request itself
	layer *layer
	outer []layer
	inner []layer

	value  taint   // what the stored answer depends on
	checks []check // that a hit skips
	guard  *hook   // that is passed on every request
}

// judgeAll judges every caching decorator, and every value that is kept by hand.
func (p *project) judgeAll() {
	for _, m := range p.modules {
		if m.test {
			continue
		}
		for _, f := range m.everyFunction() {
			views := p.views[f]
			for _, v := range views {
				p.judge(f, v, v.layers)
			}
			if len(views) == 0 {
				p.judgeHelper(f)
			}
		}
	}
	for _, s := range p.inPlace {
		if s.guard = p.guarded(nil); !s.layer.module.test {
			s.see()
			s.report()
		}
	}
	p.judgeAnswers()
	for i := range p.manual {
		p.judgeManual(&p.manual[i])
	}
}

// judgeHelper judges a function that is no view. What Flask-Caching keeps of one that stands in a view is the view's answer.
func (p *project) judgeHelper(f *function) {
	layers := p.decoratorsOf(f)
	if f.outer != nil {
		for _, v := range p.views[f.outer] {
			if slices.ContainsFunc(layers, func(l layer) bool { return l.kind == layerCache && l.library == "flask_caching" && !l.memo }) {
				p.judge(f, v, slices.Concat(v.layers, layers))
				return
			}
		}
	}
	p.judge(f, nil, layers)
}

func (p *project) judge(f *function, v *view, layers []layer) {
	for i := range layers {
		l := &layers[i]
		if l.kind != layerCache {
			continue
		}
		s := &site{p: p, fn: f, view: v, layer: l, outer: layers[:i], inner: layers[i+1:], guard: p.guarded(v)}
		s.see()
		s.report()
	}
}

// see gathers what is stored, and what a hit skips.
func (s *site) see() {
	sum := s.p.summarize(s.fn)
	s.value = sum.ret
	outerLogin := s.guard != nil
	for _, l := range s.outer {
		outerLogin = outerLogin || l.kind == layerAuth
	}
	for _, l := range s.inner {
		s.value = s.value.and(onlyMarks(l.ret))
		if l.kind != layerAuth || l.strength == optional {
			continue
		}
		if outerLogin && l.strength == login {
			continue // somebody is logged in, this one asks for no more
		}
		s.checks = append(s.checks, check{taint{marks: caller, attrs: whole}, l.place, l.strength})
	}
	for _, c := range sum.checks {
		if outerLogin && c.strength == login || !c.why.has(caller|secret|fields) || c.why.has(fromQuery|fromBody) && !c.why.has(secret) {
			continue
		}
		s.checks = append(s.checks, c)
	}
	if s.layer.memo && s.alwaysGiven(s.value.without) {
		s.value = s.value.drop(caller)
	}
	byName := s.value.has(named)
	if s.value = s.value.told(); byName && s.value.has(caller) {
		s.value.marks |= named
	}
}

// alwaysGiven reports whether all who call the function give one of these arguments, which is in the key: then that is who it is about.
func (s *site) alwaysGiven(params uint64) bool {
	for i, t := range s.p.passed[s.fn] {
		if i < 64 && params&(1<<i) != 0 && !t.has(omitted) && !slices.Contains(s.layer.ignores, s.fn.params[i]) && (!s.layer.chosen || s.layer.keyed&(1<<i) != 0) {
			return true
		}
	}
	return false
}

// keyed reports whether the key holds who asks, as far as the answer depends on it.
func (s *site) keyed() bool {
	key := s.layer.key
	if s.layer.spares || key.has(opaque) || covers(key, s.value) {
		return true
	}
	if !s.value.has(caller) && key.has(caller) && key.attrs&(whole|part) != 0 && !key.has(sometimes|fromQuery|fromBody|claimed) {
		return true // what is asked of the caller, the key tells apart, as far as can be seen
	}
	if s.layer.memo && s.layer.bySelf && s.reprOmits() {
		return false
	}
	return s.byArguments()
}

// byArguments reports whether the caller is among the arguments that are in the key.
func (s *site) byArguments() bool {
	if s.layer.memo && !s.isIgnored() {
		for i, t := range s.p.passed[s.fn] { // whoever calls it gives the caller as an argument
			if t.has(caller) && t.attrs&whole != 0 && i < len(s.fn.params) && (!s.layer.chosen || s.layer.keyed&(1<<min(i, 63)) != 0) && !slices.Contains(s.layer.ignores, s.fn.params[i]) {
				return true
			}
		}
		for _, l := range s.outer { // arguments that decorators around the cache give are arguments
			for _, c := range l.inner {
				for _, t := range c.positional {
					if t.has(caller) {
						return true
					}
				}
				for _, t := range c.keywords {
					if t.has(caller) {
						return true
					}
				}
			}
		}
	}
	return false
}

// reprOmits: the object that a memoized method belongs to is in the key by its __repr__, or __caching_id__, and that leaves out what the
// method reads of it.
func (s *site) reprOmits() bool {
	f := s.fn
	if f.class == nil || len(f.params) == 0 || isStatic(f) || isClassMethod(f) {
		return false
	}
	var repr *function
	for _, name := range []string{"__repr__", "__caching_id__"} {
		if b, _ := f.class.member(s.p, name); b != nil && b.fn != nil {
			repr = b.fn
		}
	}
	if repr == nil || len(repr.params) == 0 {
		return false
	}
	shownAttrs, readAttrs := selfAttributes(repr), selfAttributes(f)
	if len(shownAttrs) > 0 || len(readAttrs) == 0 {
		return false
	}
	for _, base := range f.class.bases(s.p) { // an object that is somebody
		if strings.HasSuffix(base, ".UserMixin") {
			return true
		}
	}
	return userName.MatchString(f.class.name)
}

// selfAttributes are the names of what a method reads of its object.
func selfAttributes(f *function) map[string]bool {
	read := map[string]bool{}
	for _, stmt := range f.body {
		python.Inspect(stmt, func(n python.Node) bool {
			if a, ok := n.(*python.Attribute); ok {
				if base, ok := a.Value.(*python.Name); ok && base.ID == f.params[0] && !strings.HasPrefix(a.Attr, "__") {
					read[a.Attr] = true
				}
			}
			return true
		})
	}
	return read
}

func (s *site) isIgnored() bool {
	for _, name := range s.layer.ignores {
		if userName.MatchString(name) {
			return true
		}
	}
	return false
}

func (s *site) report() {
	l := s.layer
	s.rawToken()
	s.value = s.value.and(s.leftOut())
	byCaller := s.value.has(caller) || l.memo && l.bySelf && s.reprOmits() || s.ignoredCaller()
	if s.keyed() {
		// The key has what the answer depends on. Does it also tell those apart who may not have it? Not if it is the query, and not if it
		// is what a token says that nobody has verified.
		told := l.spares || s.byArguments() || l.key.has(caller|secret|fields|opaque|wrapped)
		if s.view != nil && len(s.checks) > 0 && (!told || l.key.has(unverified)) {
			s.add(finding.FlaskCacheBeforeAuth)
		}
		return
	}
	memo := l.memo && l.library != "" || s.view == nil
	switch {
	case byCaller && memo:
		s.add(finding.FlaskMemoizeWithoutIdentity)
	case byCaller:
		s.add(finding.FlaskUnkeyedCache)
	}
	switch {
	case len(s.checks) == 0:
	case s.view != nil:
		s.add(finding.FlaskCacheBeforeAuth)
	case !byCaller:
		s.add(finding.FlaskMemoizeWithoutIdentity)
	}
}

// ignoredCaller: an argument that says who asks is left out of the key by args_to_ignore.
func (s *site) ignoredCaller() bool {
	if !s.layer.memo {
		return false
	}
	for _, name := range s.layer.ignores {
		if i := s.fn.param(name); i >= 0 && userName.MatchString(name) && s.p.summarize(s.fn).ret.params&(1<<min(i, 63)) != 0 {
			return true
		}
	}
	return false
}

// leftOut is what callers give for arguments that the key leaves out, and the answer depends on.
func (s *site) leftOut() taint {
	var t taint
	l := s.layer
	used := s.p.summarize(s.fn).ret.params
	if l.library == "flask_caching" && !l.memo { // the path is the key, or less
		for i, name := range s.fn.params {
			if i >= 64 || used&(1<<i) == 0 {
				continue
			}
			if s.view == nil && i < len(s.p.passed[s.fn]) {
				if given := s.p.passed[s.fn][i].told(); given.has(caller) {
					t = t.and(given)
				}
			}
			if l.key.marks&^query != 0 {
				continue
			}
			if l.fixed && s.view != nil && pathName.MatchString(name) {
				place := finding.Place{File: s.fn.module.path, Line: s.fn.module.line(s.fn.node), Note: "the parameter " + name + " of the path"}
				t = t.and(taint{marks: caller | named, attrs: whole, why: &origin{place: place}})
			}
		}
		return t
	}
	if !l.memo || !l.chosen && len(l.ignores) == 0 {
		return t
	}
	for i, given := range s.p.passed[s.fn] {
		if i >= 64 || used&(1<<i) == 0 {
			continue
		}
		if l.chosen && l.keyed&(1<<i) == 0 || slices.Contains(l.ignores, s.fn.params[i]) {
			t = t.and(given)
		}
	}
	return t
}

// inBody: a check stands in the function itself.
func (s *site) inBody() bool {
	for _, c := range s.checks {
		if c.why.why != nil {
			return true
		}
	}
	return false
}

func (s *site) add(rule *finding.Rule) {
	l := s.layer
	m := s.fn.module
	f := finding.Finding{Rule: rule, Severity: rule.Severity, Confidence: finding.Confirmed, Operation: s.p.route(s.view)}
	if l.guessed || s.value.has(named) {
		f.Confidence = finding.Likely
	}
	if s.value.has(small) && len(s.checks) == 0 {
		f.Severity, f.Confidence = finding.Low, finding.Likely
	}
	src := &finding.Source{
		Place:   finding.Place{File: l.module.path, Line: l.place.Line},
		EndLine: m.endLine(s.fn.node), Symbol: s.fn.qualified(), Key: "@" + l.name,
	}
	if l.module != m {
		src.EndLine = l.module.endLine(l.expr)
	}
	name := s.fn.qualified()
	var why []string
	if s.value.has(caller) {
		steps := s.value.why.steps()
		origin := "the caller"
		if len(steps) > 0 {
			last := steps[len(steps)-1]
			origin = last.Note + ", " + s.where(last)
			for i := len(steps) - 1; i >= 0; i-- {
				src.Trace = append(src.Trace, steps[i])
			}
		}
		why = append(why, fmt.Sprintf("The answer depends on the caller (%s); the key is %s.", origin, s.keyNote()))
	}
	if len(s.checks) > 0 {
		c := s.checks[0]
		place := c.place
		if place.Note == "" {
			place.Note = "the check that a hit skips"
		}
		what := "the check in " + s.where(c.place)
		for _, in := range s.inner {
			if in.kind == layerAuth && in.place == c.place {
				what = in.name
			}
		}
		src.Trace = append(src.Trace, place)
		switch {
		case rule == finding.FlaskCacheBeforeAuth:
			why = append(why, fmt.Sprintf("The cache stands outside %s: a hit skips it, and whoever asks is given what the first caller was.", what))
		case s.value.has(caller):
			why = append(why, fmt.Sprintf("Here the cache also stands outside %s: a hit skips it.", what))
		default:
			why = append(why, fmt.Sprintf("Whether there is an answer depends on who asks (%s); the key is %s.", s.where(c.place), s.keyNote()))
		}
	}
	src.Trace = append(src.Trace, finding.Place{File: l.module.path, Line: l.place.Line, Note: "the key is " + s.keyNote()})
	switch rule {
	case finding.FlaskCacheBeforeAuth:
		f.Summary = fmt.Sprintf("%s is cached outside of its authentication: a hit skips the check.", name)
	case finding.FlaskMemoizeWithoutIdentity:
		f.Summary = fmt.Sprintf("%s depends on the caller, and %s keeps one result of it for all.", name, l.name)
		if own := s.fn.positional; l.memo && (own > 1 || own == 1 && s.fn.class == nil) {
			f.Summary = fmt.Sprintf("%s depends on the caller, and %s keeps one result of it for all who give the same arguments.", name, l.name)
		}
	default:
		f.Summary = fmt.Sprintf("%s answers by who asks, and is cached under a key without it.", name)
	}
	f.Detail = strings.Join(why, " ")
	f.Source = src
	s.remedy(&f)
	s.p.add(f, s.fn)
}

// where is a line, with its file where that is another.
func (s *site) where(p finding.Place) string {
	if p.File == s.fn.module.path {
		return "line " + strconv.Itoa(p.Line)
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

func (s *site) keyNote() string {
	if s.layer.keyNote == "" {
		return "what " + s.layer.name + " makes of the request"
	}
	return s.layer.keyNote
}

// pathName are parameters of a path that name somebody.
var pathName = words(`(?i)^(\w+_)?(user|uid|account|customer|member|student|professional|patient|owner|employee)(_?(id|name|uuid|pk))?$|^(email|u_?id)$`)

// rawToken: the key holds a token as it is.
func (s *site) rawToken() {
	l := s.layer
	if l.library == "dogpile" || l.library == "" && l.memo { // arguments stand in the key as they are
		for i, t := range s.p.passed[s.fn] {
			if t.has(secret) || i < len(s.fn.params) && tokenName.MatchString(s.fn.params[i]) {
				l.key = l.key.and(t.drop(caller)).and(taint{marks: secret | named})
			}
		}
	}
	if !l.key.has(secret) {
		return
	}
	at := l.place
	f := finding.Finding{
		Rule: finding.FlaskRawTokenInKey, Severity: finding.FlaskRawTokenInKey.Severity, Confidence: sure(l.key), Operation: s.p.route(s.view),
		Summary: fmt.Sprintf("The key of %s holds a token in the clear.", s.fn.qualified()),
		Detail:  "Whoever reads the keys of the cache, its dumps or its slow log, can use the token.",
		Source: &finding.Source{Place: finding.Place{File: at.File, Line: at.Line}, EndLine: max(at.Line, s.fn.module.endLine(s.fn.node)), Symbol: s.fn.qualified(), Key: "@" + l.name,
			Trace: reversed(l.key.why.steps()), Fix: "Key by the subject of the verified token, or by an HMAC of the token."},
	}
	s.p.add(f, s.fn)
}

func sure(t taint) finding.Confidence {
	if t.has(named) {
		return finding.Likely
	}
	return finding.Confirmed
}

func reversed(list []finding.Place) []finding.Place {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// keyHolds reports a token in the key of a store.
func (p *project) keyHolds(op *operation) {
	if !op.key.has(secret) || op.module.test || op.dict {
		return
	}
	at := op.at
	symbol, end := "", op.at.Line
	if op.fn != nil {
		symbol, end = op.fn.qualified(), op.module.endLine(op.fn.node)
	}
	p.add(finding.Finding{
		Rule: finding.FlaskRawTokenInKey, Severity: finding.FlaskRawTokenInKey.Severity, Confidence: sure(op.key),
		Summary: "A token stands in the key of a cache in the clear.",
		Detail:  "Whoever reads the keys of the cache, its dumps or its slow log, can use the token.",
		Source: &finding.Source{Place: finding.Place{File: at.File, Line: at.Line}, EndLine: max(end, at.Line), Symbol: symbol, Key: shown(op.keyText),
			Trace: reversed(op.key.why.steps()), Fix: "Key by the subject of the verified token, or by an HMAC of the token."},
	}, op.fn)
}

func (p *project) judgeManual(op *operation) {
	if op.module.test || !op.read && !p.reads[op.keyText] {
		return
	}
	f := finding.Finding{Rule: finding.FlaskManualCacheWithoutIdentity, Severity: finding.FlaskManualCacheWithoutIdentity.Severity, Confidence: finding.Confirmed}
	if !op.literal || op.value.has(named) {
		f.Confidence = finding.Likely
	}
	src := &finding.Source{Place: finding.Place{File: op.at.File, Line: op.at.Line}, EndLine: op.at.Line, Key: shown(op.keyText)}
	if op.fn != nil {
		src.Symbol, src.EndLine = op.fn.qualified(), op.module.endLine(op.fn.node)
	}
	if op.view != nil {
		f.Operation = p.route(op.view)
	}
	steps := op.value.why.steps()
	origin := "the caller"
	if len(steps) > 0 {
		last := steps[len(steps)-1]
		origin = fmt.Sprintf("%s, %s:%d", last.Note, last.File, last.Line)
	}
	src.Trace = append(reversed(steps), finding.Place{File: op.at.File, Line: op.at.Line, Note: "kept under " + shown(op.keyText)})
	if op.within != nil {
		src.Trace = append(src.Trace, *op.within)
	}
	which := "which is the same for all"
	switch {
	case op.key.has(sometimes):
		which = "which does not hold the caller each time"
	case op.key.has(caller) && op.key.attrs&whole == 0:
		which = "which many callers have in common"
	}
	f.Summary = fmt.Sprintf("A value that depends on the caller is kept under %s, %s.", shown(op.keyText), which)
	f.Detail = fmt.Sprintf("What is stored depends on the caller (%s); the key does not hold who that is.", origin)
	src.Fix = "Put the id of the verified user into the key, or keep under it only what is the same for everybody."
	f.Source = src
	p.add(f, op.fn)
}

// add keeps a finding, once. Its route, where it has none of its own, is one that leads to the function it is in.
func (p *project) add(f finding.Finding, in *function) {
	at := f.Rule.ID + "\x00" + f.Source.File + "\x00" + strconv.Itoa(f.Source.Line)
	if p.found[at] {
		return
	}
	p.found[at] = true
	p.findings, p.foundIn = append(p.findings, f), append(p.foundIn, in)
}
