package flask

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// lengthened: a text that a branch, which is not about who asks, puts the caller behind: key = "orders"; if mine: key += user. On the other
// way the text is there as well, without the caller.
func (fr *frame) lengthened(body []python.Stmt, after map[string]taint) {
	for _, stmt := range body {
		n, ok := stmt.(*python.AugAssign)
		if !ok || n.Op != python.Add {
			continue
		}
		if name, ok := n.Target.(*python.Name); ok && after[name.ID].has(caller) && !fr.env[name.ID].has(caller) {
			after[name.ID] = after[name.ID].seldom()
		}
	}
}

// asksSwitch reports whether a test asks how a decorator was made.
func (fr *frame) asksSwitch(test python.Expr) (found bool) {
	python.Inspect(test, func(n python.Node) bool {
		if name, ok := n.(*python.Name); ok {
			found = found || fr.isFreeParam(name.ID)
		}
		return !found
	})
	return found
}

// missing is the name that a test asks for having nothing: if not rows, if rows is None.
func missing(test python.Expr) string {
	switch n := test.(type) {
	case *python.UnaryOp:
		if name, ok := n.Operand.(*python.Name); ok && n.Op == python.Not {
			return name.ID
		}
	case *python.Compare:
		if name, ok := n.Left.(*python.Name); ok && len(n.Ops) == 1 && (n.Ops[0] == python.Is || n.Ops[0] == python.Eq) && isNone(n.Comparators[0]) {
			return name.ID
		}
	}
	return ""
}

// keptApart reports whether both ways of an if keep something, and under other keys.
func keptApart(n *python.If) bool {
	body, other := keysIn(n.Body), keysIn(n.Else)
	return len(body) > 0 && len(other) > 0 && !slices.ContainsFunc(body, func(key string) bool { return slices.Contains(other, key) })
}

// keysIn are the keys, written as texts, under which statements keep something.
func keysIn(list []python.Stmt) (keys []string) {
	for _, stmt := range list {
		python.Inspect(stmt, func(n python.Node) bool {
			if c, ok := n.(*python.Call); ok && firstText(c) != "" {
				if name := calleeName(c); writers[name] > 0 || strings.Contains(name, "set") {
					keys = append(keys, firstText(c))
				}
			}
			return true
		})
	}
	return keys
}

// onlyPresence: a test that asks whether somebody is logged in, and no more.
func (fr *frame) onlyPresence(test python.Expr) bool {
	switch n := test.(type) {
	case *python.BoolOp:
		for _, v := range n.Values {
			if !fr.onlyPresence(v) {
				return false
			}
		}
		return true
	case *python.UnaryOp:
		return n.Op == python.Not && fr.onlyPresence(n.Operand)
	case *python.Compare:
		if len(n.Ops) != 1 {
			return false
		}
		_, key := stringOf(n.Left)
		c, constant := n.Comparators[0].(*python.Constant)
		return key && (n.Ops[0] == python.In || n.Ops[0] == python.NotIn) || constant && (c.Kind == python.None || c.Kind == python.True || c.Kind == python.False)
	case *python.Attribute:
		return asksPresence(n.Attr) || !commonPart.MatchString(n.Attr) && !asksRights.MatchString(n.Attr)
	case *python.Subscript: // session["user_id"], and not user["verified"]
		key, constant := stringOf(n.Slice)
		return !constant || lastName(n.Value) == "session" && !commonPart.MatchString(key) && !asksRights.MatchString(key) || userName.MatchString(key) ||
			tokenName.MatchString(key) || shortName.MatchString(key) || key == "id"
	case *python.Name:
		return true
	case *python.Call:
		name := calleeName(n)
		return len(n.Args)+len(n.Keywords) == 0 && (asksPresence(name) || !asksRights.MatchString(name)) || name == "get" || name == "bool" || name == "len"
	}
	return false
}

// asksRights are names of questions about what somebody is, or may do.
var asksRights = words(`(?i)^_?(is|has|can|may)_`)

// asksPresence: a name that asks whether somebody is logged in.
func asksPresence(name string) bool {
	return strings.Contains(name, "authenticated") || strings.Contains(name, "anonymous") || strings.Contains(name, "logged") || strings.Contains(name, "active")
}

// presence reports whether a test asks if somebody is known at all, and whether it holds for those or for nobody.
func (fr *frame) presence(test python.Expr, t taint) (somebody, nobody bool) {
	if !t.has(caller) || t.has(stored|fromQuery|fromBody) { // that something is kept, or named, says nothing of who asks
		return false, false
	}
	if all, ok := test.(*python.BoolOp); ok {
		for _, v := range all.Values {
			_, nobody = fr.presence(v, fr.eval(v))
			if nobody && !all.Or {
				return false, true
			}
		}
		return false, false
	}
	if negated(test) {
		return false, true
	}
	switch n := test.(type) {
	case *python.Name, *python.Subscript:
		return true, false
	case *python.Attribute:
		return n.Attr == "is_authenticated" || dottedPathOf(n) != "" && !commonPart.MatchString(n.Attr), false
	case *python.Call:
		name := calleeName(n)
		return name == "get" || name == "is_authenticated" || name == "is_logged_in" || callerCall.MatchString(name), false
	case *python.Compare:
		if len(n.Ops) != 1 {
			return false, false
		}
		_, key := stringOf(n.Left)
		return n.Ops[0] == python.In && key || n.Ops[0] == python.IsNot && isNone(n.Comparators[0]), false
	}
	return false, false
}

func (fr *frame) refuse(t taint, n python.Node) {
	s := login
	if e, ok := n.(python.Expr); ok && !t.has(secret|fields) && (fr.rights || !fr.onlyPresence(e)) {
		s = rights
	}
	fr.check(check{t, fr.place(n, "a check by who asks"), s})
}

// forbids: a refusal that is about who asks.
var forbids = regexp.MustCompile(`(?i)40[13]|forbid|unauthori[sz]ed|unauthenticated|log_?in|permission|denied|not allowed|access`)

// wantsLogin: a refusal of who is not known.
var wantsLogin = regexp.MustCompile(`(?i)401|unauthori[sz]ed|unauthenticated|log_?in`)

// refusedHere: what is reached by who asks only, and refuses: if theirs: if not shared: abort(403).
func (fr *frame) refusedHere(n python.Node) {
	if text := fr.module.file.Source(n); fr.mute == 0 && fr.pc.has(caller) && forbids.MatchString(text) {
		s := rights
		if !fr.rights && wantsLogin.MatchString(text) {
			s = login
		}
		fr.check(check{fr.pc, fr.place(n, "a check by who asks"), s})
	}
}
