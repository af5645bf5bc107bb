package flask

import (
	"regexp"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// paramNamed: a parameter that is called after a credential is one.
func (fr *frame) paramNamed(name string) taint {
	if tokenName.MatchString(name) || bareToken.MatchString(name) && fr.isAuthority() {
		return taint{marks: secret | named, why: &origin{place: fr.place(fr.fn.node, "the parameter "+name)}}
	}
	return taint{}
}

var knowsTokens = regexp.MustCompile(`(?i)(auth|login|log_?in|session|jwt|oauth|access_?token|bearer|token_?cache|credential|current_user|requires?_\w*key|key_required)`)

// isAuthority reports whether a function is one of those that know tokens: by its name, its class or its file.
func (fr *frame) isAuthority() bool {
	if fr.fn == nil || fr.forOneUse() {
		return false
	}
	text := fr.fn.name
	for f := fr.fn.outer; f != nil; f = f.outer {
		text += " " + f.name
	}
	text += " " + fr.module.path[strings.LastIndexByte(fr.module.path, '/')+1:]
	if fr.fn.class != nil {
		text += " " + fr.fn.class.name
	}
	return knowsTokens.MatchString(text)
}

// tokenResponse are names for what an authorization server answers.
var tokenResponse = words(`(?i)^(oauth_?|access_?)?token_?(resp|response|res|result|json|data)$`)

// iterated: what a loop calls api_key is one, unless it goes through what is written there.
func (fr *frame) iterated(target, over python.Expr) {
	if several, ok := target.(*python.Tuple); ok {
		for _, e := range several.Elts {
			fr.iterated(e, over)
		}
		return
	}
	name, ok := target.(*python.Name)
	if !ok || !tokenName.MatchString(name.ID) || isDisplay(over) || fr.env[name.ID].has(secret) || fr.env[name.ID].params != 0 {
		return
	}
	fr.env[name.ID] = fr.env[name.ID].and(taint{marks: secret | named, why: &origin{place: fr.place(name, name.ID)}})
}

// isDisplay: a list, a tuple, a set or a dict that is written there.
func isDisplay(e python.Expr) bool {
	switch e.(type) {
	case *python.List, *python.Tuple, *python.Set, *python.Dict:
		return true
	}
	return false
}

// asNamed: what is called access_token and comes from nowhere that is known is one.
func (fr *frame) asNamed(name string, t taint, value python.Expr, at python.Node) taint {
	if t.has(secret) && (userName.MatchString(name) || shortName.MatchString(name)) && !tokenName.MatchString(name) {
		return t.told() // whoever it is called after, it is no token any more
	}
	if t.marks&^(caller|opaque|stored) == 0 && tokenResponse.MatchString(name) {
		if c, ok := value.(*python.Call); ok && (calleeName(c) == "post" || calleeName(c) == "json" || calleeName(c) == "fetch_token") {
			return t.and(taint{marks: secret | named, why: &origin{fr.place(at, name), t.why}})
		}
	}
	if value == nil || t.marks&^(caller|opaque|stored|fromBody|fromQuery|named|body|query) != 0 || t.params != 0 && !isIssued(value) || !mayHold(value) || !tokenName.MatchString(name) && !(bareToken.MatchString(name) && fr.isAuthority() && isDrawn(value)) {
		return t
	}
	t.marks |= secret | named
	t.why = &origin{fr.place(at, name), t.why}
	return t
}

// isDrawn: a call that draws something that nobody can guess.
func isDrawn(e python.Expr) bool {
	found := false
	python.Inspect(e, func(n python.Node) bool {
		if c, ok := n.(*python.Call); ok {
			switch calleeName(c) {
			case "uuid4", "token_hex", "token_urlsafe", "token_bytes", "urandom", "encode":
				found = true
			default:
				found = found || issuing.MatchString(calleeName(c))
			}
		}
		return !found
	})
	return found
}

// issuing are functions that give a new token.
var issuing = words(`(?i)^_?(generate|create|issue|mint|sign|make|new|get)_?(\w+_)?token$`)

func isIssued(e python.Expr) bool {
	c, ok := e.(*python.Call)
	return ok && issuing.MatchString(calleeName(c))
}

// mayHold reports whether an expression can be a credential at all: not a number, a comparison or a fixed text.
func mayHold(e python.Expr) bool {
	switch n := e.(type) {
	case *python.Call:
		switch f := n.Func.(type) {
		case *python.Name:
			return !hashingName.MatchString(f.ID) && f.ID != "len" && f.ID != "bool" && f.ID != "int" && f.ID != "HTTPTokenAuth" && !strings.HasSuffix(f.ID, "Auth") && f.ID != "Field" && f.ID != "Column"
		case *python.Attribute:
			return !hashingName.MatchString(f.Attr) && f.Attr != "Column" && f.Attr != "String" && f.Attr != "query" && !strings.HasSuffix(f.Attr, "Auth") && !strings.HasSuffix(f.Attr, "Field") && f.Attr != "first" && f.Attr != "count" && f.Attr != "all"
		}
		return true
	case *python.Attribute, *python.Subscript, *python.BinOp, *python.JoinedStr, *python.IfExp, *python.BoolOp, *python.Await:
		return true
	}
	return false
}

// shortName are other names for somebody.
var shortName = words(`(?i)^(name|sub|subject|email|login|client|caller|owner)$`)
