package flask

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// remedy says how to mend the site, with the edit where it can be computed.
func (s *site) remedy(f *finding.Finding) {
	l := s.layer
	switch {
	case f.Rule == finding.FlaskMemoizeWithoutIdentity:
		switch {
		case s.isIgnored():
			f.Source.Fix = "Take the argument that says who asks out of args_to_ignore."
		case s.view != nil:
			f.Source.Fix = "Keep what is the same for everybody in a function of its own, and memoize that; or give that function the caller's id as an argument."
		case l.library == "flask_caching" && !l.memo:
			f.Source.Fix = fmt.Sprintf("Give @%s a make_cache_key that returns the verified caller's id: of cached, arguments are not in the key. Or memoize %s, with the id as an argument.", l.name, s.fn.name)
		default:
			f.Source.Fix = fmt.Sprintf("Let whoever calls %s give it the caller's id as an argument, and ask for that id in it: arguments are the key.", s.fn.name)
		}
		return
	case l.library == "flask_caching" && !l.memo:
		f.Source.Fix = fmt.Sprintf("Key it by the verified caller, below what checks: give @%s a make_cache_key that returns the path and the caller's id; or do not cache it.", l.name)
	default:
		f.Source.Fix = "Put the verified caller into the key of the decorator, and put it below what checks; or do not cache it."
	}
	switch {
	case f.Rule == finding.FlaskCacheBeforeAuth && !s.inBody():
		f.Source.Fix = fmt.Sprintf("Move @%s below the decorators that check.", l.name)
		s.move(f)
	case f.Rule == finding.FlaskUnkeyedCache && len(s.checks) == 0:
		s.key(f)
	}
}

// move is the edit that puts the line of the cache below those of the checks. It changes nothing else where every decorator has lines of
// its own and nothing but checks stands between.
func (s *site) move(f *finding.Finding) {
	l := s.layer
	if l.module != s.fn.module || l.module.translated || !slices.Contains(s.fn.decorators, l.expr) {
		return
	}
	at := slices.Index(s.fn.decorators, l.expr)
	last := -1
	for i := at + 1; i < len(s.fn.decorators); i++ {
		for _, in := range s.inner {
			if in.kind == layerAuth && in.expr == s.fn.decorators[i] {
				last = i
			}
		}
	}
	if last < 0 || s.p.forgetsViews() {
		return
	}
	start, end, ok := s.lines(s.fn.decorators[at])
	if !ok {
		return
	}
	_, into, ok := s.lines(s.fn.decorators[last])
	if !ok || into <= end {
		return
	}
	text := s.fn.module.file.Text
	f.Source.Edits = []finding.Edit{
		{File: l.module.path, Start: start, End: end},
		{File: l.module.path, Start: into, End: into, Text: string(text[start:end])},
	}
	// The order of checks among themselves stays, and a hit passes them now.
	f.Source.Safe = true
	for i := at + 1; i <= last; i++ {
		known := false
		for _, in := range s.inner {
			known = known || in.expr == s.fn.decorators[i] && in.kind == layerAuth && !in.guessed && len(in.checks) == 0
		}
		if !known {
			f.Source.Safe = false
		}
	}
}

// lines are the offsets of the whole lines of a decorator; ok is false where something else stands in them.
func (s *site) lines(e python.Expr) (start, end int, ok bool) {
	text := s.fn.module.file.Text
	r := e.Range()
	start, end = int(r.Start), int(r.End)
	for start > 0 && text[start-1] != '\n' {
		start--
	}
	if strings.TrimSpace(string(text[start:r.Start])) != "@" {
		return 0, 0, false
	}
	for end < len(text) && text[end] != '\n' {
		end++
	}
	if rest := strings.TrimSpace(string(text[r.End:end])); rest != "" && !strings.HasPrefix(rest, "#") {
		return 0, 0, false
	}
	if end == len(text) {
		return 0, 0, false
	}
	return start, end + 1, true
}

// key is the edit that keys Flask-Caching's decorator by the caller: where it has no key of its own, and the module has the names for one. The
// decorator stands below what checks, so that the caller is known; keyed by the caller it answers as the view would.
func (s *site) key(f *finding.Finding) {
	l := s.layer
	c, ok := l.expr.(*python.Call)
	if !ok || l.library != "flask_caching" || l.memo || l.guessed || l.module != s.fn.module || l.module.translated || !slices.Contains(s.fn.decorators, l.expr) {
		return
	}
	if len(c.Args) > 1 {
		return
	}
	for _, k := range c.Keywords {
		if k.Name != "timeout" && k.Name != "unless" && k.Name != "response_filter" && k.Name != "cache_none" {
			return
		}
	}
	who := s.callerExpression()
	if s.value.has(mixed) || s.value.attrs&part != 0 || s.p.oldCaching || s.p.forgetsViews() {
		return
	}
	if who == "" || s.named("flask.request") != "request" {
		return
	}
	text := s.fn.module.file.Text
	end := int(c.End) - 1 // the closing bracket
	if end < 0 || text[end] != ')' {
		return
	}
	before := strings.TrimRight(string(text[c.Start:end]), " \t\r\n")
	if strings.Contains(lastLine(before), "#") {
		return // a comment would swallow it
	}
	comma := ", "
	if strings.HasSuffix(before, "(") || strings.HasSuffix(before, ",") {
		comma = ""
	}
	at := int(c.Start) + len(before)
	if strings.HasSuffix(before, ",") {
		comma = " "
	}
	f.Source.Edits = []finding.Edit{{File: l.module.path, Start: at, End: at,
		Text: comma + "make_cache_key=lambda *args, **kwargs: f'{request.full_path}#{" + who + "}'"}}
	f.Source.Safe = true
	f.Source.Fix = fmt.Sprintf("Key it by the caller: @%s(…, make_cache_key=lambda *args, **kwargs: f'{request.full_path}#{%s}').", l.name, who)
}

// viewWords are in programs that name the keys of views, forget them, or use what Flask-Caching hangs on a view.
var viewWords = [][]byte{[]byte("view/"), []byte("cache.delete("), []byte("cache.delete_many("), []byte(".uncached"), []byte(".cache_timeout"), []byte(".make_cache_key")}

// forgetsViews reports whether the project may mean by a view's key, or by what hangs on it, what an edit would change.
func (p *project) forgetsViews() bool {
	if p.forgets != nil {
		return *p.forgets
	}
	found := false
	p.forgets = &found
	for _, m := range p.modules {
		for _, word := range viewWords {
			found = found || bytes.Contains(m.file.Text, word)
		}
	}
	return found
}

func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// callerExpression is what gives the caller in this module, of the sort that the answer was seen to depend on; "" where there is none.
func (s *site) callerExpression() string {
	steps := s.value.why.steps()
	if len(steps) == 0 {
		return ""
	}
	switch source := steps[len(steps)-1].Note; {
	case source == "current_user" && s.named("flask_login.current_user") == "current_user":
		return "current_user.get_id()"
	case source == "get_jwt_identity" && s.named("flask_jwt_extended.get_jwt_identity") == "get_jwt_identity":
		return "get_jwt_identity()"
	}
	return ""
}

// named is the name that the module has for something of a library; "" where it has none, or another meaning for it.
func (s *site) named(what string) string {
	name := what[strings.LastIndexByte(what, '.')+1:]
	list := s.fn.module.scope.names.of(name)
	if len(list) != 1 {
		return ""
	}
	if v := s.p.bound(list[0], maxSteps); v.kind == isExternal && v.name == what {
		return name
	}
	return ""
}
