package flask

import (
	"bytes"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
	"github.com/bearcache/bearcache/internal/finding"
)

// settings visits every value that a module gives a setting: as a name, an attribute, a key of a dict, an argument.
func settings(m *module, visit func(name string, value python.Expr, at python.Node)) {
	for _, stmt := range m.file.Body {
		python.Inspect(stmt, func(n python.Node) bool {
			switch n := n.(type) {
			case *python.Assign:
				for _, t := range n.Targets {
					switch t := t.(type) {
					case *python.Name:
						visit(t.ID, n.Value, n)
					case *python.Attribute:
						visit(t.Attr, n.Value, n)
					case *python.Subscript:
						if s, ok := stringOf(t.Slice); ok {
							visit(s, n.Value, n)
						}
					}
				}
			case *python.AnnAssign:
				if t, ok := n.Target.(*python.Name); ok && n.Value != nil {
					visit(t.ID, n.Value, n)
				}
			case *python.Dict:
				for i, k := range n.Keys {
					if s, ok := stringOf(k); ok {
						visit(s, n.Values[i], k)
					}
				}
			case *python.Call:
				for _, k := range n.Keywords {
					visit(k.Name, k.Value, k)
				}
			case *python.ClassDef: // class TestConfig: CACHE_TYPE = "null" is for tests alone
				if strings.HasPrefix(n.Name, "Test") {
					return false
				}
			}
			return true
		})
	}
}

// findCacheTypes notes which caches the configuration names; one that is not written there is another.
func (p *project) findCacheTypes() {
	for _, m := range p.modules {
		if m.test {
			continue
		}
		settings(m, func(name string, value python.Expr, _ python.Node) {
			if name != "CACHE_TYPE" {
				return
			}
			if s, ok := stringOf(value); ok {
				p.cacheTypes = append(p.cacheTypes, strings.ToLower(s))
			} else {
				p.cacheTypes = append(p.cacheTypes, "")
			}
		})
		p.inCalls(m, func(c *python.Call, s *scope) {
			if calleeName(c) != "init_app" {
				return
			}
			if e, ok := keywordOf(c, "config"); ok {
				if d, ok := e.(*python.Dict); ok {
					for i, k := range d.Keys {
						if name, _ := stringOf(k); name == "CACHE_TYPE" {
							text, _ := stringOf(d.Values[i])
							p.initTypes = append(p.initTypes, strings.ToLower(text))
						}
					}
				}
			}
		})
	}
	if len(p.initTypes) > 0 {
		p.cacheTypes = p.initTypes
	}
}

// written are the findings that follow from the text of a module alone.
func (p *project) written() []finding.Finding {
	return append(p.judgeConfiguration(), p.judgeTexts()...)
}

// judgeConfiguration finds settings that switch tokens in URLs on.
func (p *project) judgeConfiguration() (list []finding.Finding) {
	for _, m := range p.modules {
		if m.test {
			continue
		}
		settings(m, func(name string, value python.Expr, at python.Node) {
			if name != "JWT_TOKEN_LOCATION" && name != "locations" {
				return
			}
			for _, s := range stringsIn(value) {
				if s != "query_string" {
					continue
				}
				list = append(list, finding.Finding{
					Rule: finding.FlaskTokenInURL, Severity: finding.FlaskTokenInURL.Severity, Confidence: finding.Confirmed,
					Summary: "Tokens are accepted in the query of requests.",
					Detail:  name + " has query_string: whoever sends the token so leaves it in logs, histories, caches and the Referer field of other requests.",
					Source: &finding.Source{Place: finding.Place{File: m.path, Line: m.line(at)}, EndLine: m.endLine(at), Symbol: name, Key: name,
						Fix: "Leave query_string out: JWT_TOKEN_LOCATION = [\"headers\"]."},
				})
			}
		})
	}
	return list
}

// findFileLifetime notes where the configuration gives files that are sent a lifetime: Flask calls them public then.
func (p *project) findFileLifetime() {
	for _, m := range p.modules {
		if m.test || !bytes.Contains(m.file.Text, []byte("SEND_FILE_MAX_AGE_DEFAULT")) {
			continue
		}
		settings(m, func(name string, value python.Expr, at python.Node) {
			if name == "SEND_FILE_MAX_AGE_DEFAULT" && p.filesLive == nil && positive(value) {
				p.filesLive = &finding.Place{File: m.path, Line: m.line(at), Note: "SEND_FILE_MAX_AGE_DEFAULT makes files that are sent public"}
			}
		})
	}
}

// judgeTexts finds addresses that are written with a place for an access token in their query.
func (p *project) judgeTexts() (list []finding.Finding) {
	for _, m := range p.modules {
		if m.test {
			continue
		}
		for _, stmt := range m.file.Body {
			python.Inspect(stmt, func(n python.Node) bool {
				switch n := n.(type) {
				case *python.ExprStmt: // a docstring
					_, text := n.Value.(*python.Constant)
					return !text
				case *python.JoinedStr:
					return false
				case *python.Constant:
					if n.Kind != python.Str || len(n.Text) > 2000 || !accessToken.MatchString(n.Text) || !inURLOne.MatchString(n.Text) {
						return false
					}
					list = append(list, finding.Finding{
						Rule: finding.FlaskTokenInURL, Severity: finding.FlaskTokenInURL.Severity, Confidence: finding.Likely,
						Summary: "An address has a place for an access token in its query.",
						Detail:  "Whatever token is put there stands in logs, histories, caches and the Referer field of other requests.",
						Source: &finding.Source{Place: finding.Place{File: m.path, Line: m.line(n)}, EndLine: m.endLine(n), Key: shown(m.file.Source(n)),
							Fix: "Send it in the Authorization field, or in the body of a POST."},
					})
				}
				return true
			})
		}
	}
	return list
}
