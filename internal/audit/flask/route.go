package flask

import (
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// routeTo is the route of a view that leads to a function; "" where none was seen to.
func (p *project) routeTo(f *function) string {
	for range maxDepth {
		if f == nil {
			break
		}
		for _, v := range p.views[f] {
			if route := p.route(v); route != "" {
				return route
			}
		}
		f = p.callers[f]
	}
	return ""
}

// route is how a report calls the view: "GET /orders/{id}".
func (p *project) route(v *view) string {
	if v == nil || len(v.rules) == 0 {
		return ""
	}
	method := "GET"
	if len(v.methods) > 0 {
		method = strings.ToUpper(v.methods[0])
		if slices.Contains(v.methods, "GET") || slices.Contains(v.methods, "get") {
			method = "GET"
		}
	}
	if method == "INDEX" || method == "DISPATCH_REQUEST" {
		method = "GET"
	}
	path := p.prefix(v.owner, 4) + v.rules[0]
	path = converter.ReplaceAllString(path, "{$1}")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return method + " " + strings.ToValidUTF8(path, "?")
}

// prefix is the url_prefix that a blueprint, an Api or a namespace has where it is made and where it is registered.
func (p *project) prefix(owner *binding, depth int) string {
	if owner == nil || depth == 0 {
		return ""
	}
	own := ""
	if c, ok := owner.value.(*python.Call); ok {
		for _, name := range []string{"url_prefix", "prefix", "path"} {
			if e, ok := keywordOf(c, name); ok {
				if s, ok := stringOf(e); ok {
					own = s
				}
			}
		}
		if name := calleeName(c); own == "" && (name == "Namespace" || name == "namespace") { // of Flask-RESTX: its name
			if text := firstText(c); text != "" {
				own = "/" + text
			}
		}
		if a, ok := c.Func.(*python.Attribute); ok && a.Attr == "namespace" { // ns = api.namespace("orders")
			if made := p.object(a.Value, owner.scope, 8); made != nil && made != owner {
				own = p.prefix(made, depth-1) + own
			}
		}
		if len(c.Args) > 0 { // Api(blueprint)
			if inner := p.object(c.Args[0], owner.scope, 8); inner != nil && inner != owner {
				own = p.prefix(inner, depth-1) + own
			}
		}
	}
	r, ok := p.registered[owner]
	if !ok {
		return own
	}
	if r.prefix != nil {
		own = *r.prefix
	}
	return p.prefix(r.into, depth-1) + own
}

// registration is app.register_blueprint(bp, url_prefix="/x").
type registration struct {
	prefix *string
	into   *binding
}

func (p *project) findRegistrations() {
	for _, m := range p.modules {
		p.inCalls(m, func(c *python.Call, s *scope) {
			attr, ok := c.Func.(*python.Attribute)
			if !ok || (attr.Attr != "register_blueprint" && attr.Attr != "add_namespace") || len(c.Args) == 0 {
				return
			}
			made := p.object(c.Args[0], s, 8)
			if made == nil {
				return
			}
			if _, known := p.registered[made]; known {
				return
			}
			r := registration{into: p.object(attr.Value, s, 8)}
			if r.into == made {
				r.into = nil
			}
			for _, name := range []string{"url_prefix", "path"} {
				if e, ok := keywordOf(c, name); ok {
					if text, ok := stringOf(e); ok {
						r.prefix = &text
					}
				}
			}
			if attr.Attr == "add_namespace" && len(c.Args) > 1 {
				if text, ok := stringOf(c.Args[1]); ok {
					r.prefix = &text
				}
			}
			p.registered[made] = r
		})
	}
}
