package flask

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

var (
	refusalName   = words(`(?i)(unauthori[sz]|forbid|denied|deny|_?error$|^error|abort|refus|reject|not_?allowed|not_?logged|no_?permission|login_?required|^fail|http_?(401|403|404))`)
	refusalText   = regexp.MustCompile(`(?i)(token (is )?(missing|invalid|expired|required)|missing token|invalid token|unauthori[sz]ed|unauthenticated|forbidden|denied|not allowed|permission|log ?in|must be logged|authenticat|authori[sz]ation|credential|access token|not authori[sz]ed|api key)`)
	refusalStatus = regexp.MustCompile(`(401|403|404|UNAUTHORI[SZ]ED|FORBIDDEN)`)
)

// refuses reports whether a block ends with an answer that lets the caller not pass: an exception, abort, a redirection, a status of
// 400 and more.
func (fr *frame) refuses(list []python.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch n := list[len(list)-1].(type) {
	case *python.Raise:
		return true
	case *python.ExprStmt:
		return fr.aborts(n.Value)
	case *python.Return:
		if n.Value == nil {
			return false
		}
		return fr.refusal(n.Value, 4)
	}
	for _, stmt := range list {
		if e, ok := stmt.(*python.ExprStmt); ok && fr.aborts(e.Value) {
			return true
		}
	}
	return false
}

// aborts reports whether a call never returns.
func (fr *frame) aborts(e python.Expr) bool {
	c, ok := e.(*python.Call)
	if !ok {
		return false
	}
	switch v := fr.p.resolve(c.Func, fr.scope); v.kind {
	case isExternal:
		return strings.HasSuffix(v.name, ".abort") || v.name == "abort" || v.name == "sys.exit"
	case isFunction:
		return fr.p.summarize(v.fn).always
	case isUnknown:
		return calleeName(c) == "abort"
	}
	return false
}

// calleeName is the last name of what is called.
func calleeName(c *python.Call) string {
	switch f := c.Func.(type) {
	case *python.Name:
		return f.ID
	case *python.Attribute:
		return f.Attr
	}
	return ""
}

func (fr *frame) refusal(e python.Expr, depth int) bool {
	if depth == 0 {
		return false
	}
	switch n := e.(type) {
	case *python.Tuple:
		for _, x := range n.Elts[min(1, len(n.Elts)):] {
			if status(x) >= 300 {
				return true
			}
		}
		return false
	case *python.Call:
		name := calleeName(n)
		if v := fr.p.resolve(n.Func, fr.scope); v.kind == isFunction && v.fn != fr.fn {
			if e := resultOf(v.fn); e != nil && (&frame{p: fr.p, module: v.fn.module, fn: v.fn, scope: v.fn.scope}).refusal(e, depth-1) {
				return true
			}
		}
		if name == "redirect" || strings.HasPrefix(name, "redirect_") || refusalName.MatchString(name) {
			return true
		}
		for _, k := range n.Keywords {
			if strings.Contains(k.Name, "status") && status(k.Value) >= 300 || k.Name == "code" && status(k.Value) >= 300 {
				return true
			}
		}
		for i, a := range n.Args {
			if i > 0 && status(a) >= 300 {
				return true
			}
			if fr.refusal(a, depth-1) {
				return true
			}
			if c, ok := a.(*python.Constant); ok && c.Kind == python.Str && len(c.Text) < 200 && refusalText.MatchString(c.Text) {
				return true
			}
		}
		for _, k := range n.Keywords {
			if c, ok := k.Value.(*python.Constant); ok && c.Kind == python.Str && len(c.Text) < 200 && refusalText.MatchString(c.Text) {
				return true
			}
		}
	case *python.Dict:
		for i, k := range n.Keys {
			c, ok := n.Values[i].(*python.Constant)
			if ok && c.Kind == python.Str && len(c.Text) < 200 && refusalText.MatchString(c.Text) {
				return true
			}
			if key, ok := k.(*python.Constant); ok && (key.Text == "error" || key.Text == "errors") {
				return true
			}
		}
	case *python.Constant:
		return n.Kind == python.Str && len(n.Text) < 200 && refusalText.MatchString(n.Text)
	}
	return false
}

// status is a number of a response's status, however written; 0 where it is none.
func status(e python.Expr) int {
	switch n := e.(type) {
	case *python.Constant:
		if n.Kind == python.Int {
			code, err := strconv.Atoi(n.Text)
			if err == nil && code >= 100 && code < 600 {
				return code
			}
		}
	case *python.Attribute:
		if refusalStatus.MatchString(n.Attr) {
			return 401
		}
		if n.Attr == "value" {
			return status(n.Value)
		}
	case *python.Name:
		if refusalStatus.MatchString(n.ID) {
			return 401
		}
	}
	return 0
}

// alwaysLeaves reports whether nothing behind a block is reached through it.
func alwaysLeaves(list []python.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch n := list[len(list)-1].(type) {
	case *python.Return, *python.Raise:
		return true
	case *python.If:
		return len(n.Else) > 0 && alwaysLeaves(n.Body) && alwaysLeaves(n.Else)
	case *python.With:
		return alwaysLeaves(n.Body)
	case *python.Try:
		if !alwaysLeaves(n.Body) {
			return false
		}
		for _, h := range n.Handlers {
			if !alwaysLeaves(h.Body) {
				return false
			}
		}
		return true
	}
	return false
}
