package flask

import (
	"strings"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// hook is a function that runs before, or after, every request of an application or blueprint.
type hook struct {
	fn    *function
	owner *binding
	whole bool // of all requests
	after bool
}

// hookOf notes a function that is decorated as one before, or after, every request.
func (p *project) hookOf(f *function, s *scope) {
	for _, d := range f.decorators {
		if c, ok := d.(*python.Call); ok {
			d = c.Func
		}
		if a, ok := d.(*python.Attribute); ok {
			switch a.Attr {
			case "before_request", "before_app_request", "after_request", "after_app_request":
				p.addHook(f, a, s)
			}
		}
	}
}

// mostHooks bounds how many hooks are held against every view.
const mostHooks = 1000

func (p *project) addHook(f *function, a *python.Attribute, s *scope) {
	v := p.resolve(a.Value, s)
	app := v.kind == isExternal && (v.name == "flask.Flask()" || v.name == "flask.current_app")
	if v.kind == isUnknown {
		name := dottedPathOf(a.Value)
		app = name == "app" || name == "application" || strings.HasSuffix(name, ".app")
	}
	if v.kind == isInstance {
		for _, base := range v.class.bases(p) {
			app = app || base == "flask.Flask"
		}
	}
	if len(p.hooks) == mostHooks {
		return
	}
	p.hooks = append(p.hooks, hook{fn: f, owner: p.object(a.Value, s, 8), whole: app || strings.Contains(a.Attr, "_app_"), after: strings.HasPrefix(a.Attr, "after")})
}

// guarded is the hook that checks every request of a view before its decorators run; nil where there is none.
func (p *project) guarded(v *view) *hook {
	if v == nil {
		return p.guard(nil)
	}
	h, ok := p.guards[v]
	if !ok {
		h = p.guard(v)
		p.guards[v] = h
	}
	return h
}

func (p *project) guard(v *view) *hook {
	for i := range p.hooks {
		h := &p.hooks[i]
		if v != nil && h.whole {
			if of, here := p.area(h.fn.module), p.area(v.fn.module); of != "" && here != "" && of != here {
				continue // of another application
			}
		}
		if h.after || !h.whole && (v == nil || h.owner == nil || h.owner != v.owner) {
			continue
		}
		if v != nil && h.leavesOut(p, v) {
			continue
		}
		sum := p.summarize(h.fn)
		if len(byCaller(sum.checks)) > 0 {
			return h
		}
		for _, l := range p.decoratorsOf(h.fn) { // @bp.before_request @login_required def all(): pass
			if l.kind == layerAuth {
				return h
			}
		}
	}
	return nil
}

// leavesOut reports whether a hook names the view among those that it lets pass: if request.endpoint in OPEN: return.
func (h *hook) leavesOut(p *project, v *view) bool {
	text := h.fn.module.file.Source(h.fn.node)
	if !strings.Contains(text, "endpoint") && !strings.Contains(text, ".path") {
		return false
	}
	named := func(s string) bool {
		if s == v.fn.name || strings.HasSuffix(s, "."+v.fn.name) {
			return true
		}
		for _, rule := range v.rules {
			if s != "" && s != "/" && strings.HasPrefix(s, "/") && strings.HasPrefix(rule, s) || s == rule {
				return true
			}
		}
		return false
	}
	found := false
	for _, stmt := range h.fn.body {
		python.Inspect(stmt, func(n python.Node) bool {
			switch n := n.(type) {
			case *python.Constant:
				found = found || n.Kind == python.Str && named(n.Text)
			case *python.Name:
				if b := p.bindingOf(n, h.fn.scope); b != nil && b.value != nil && b.scope.fn == nil {
					for _, s := range stringsIn(b.value) {
						found = found || named(s)
					}
				}
			}
			return !found
		})
	}
	return found
}

// concerns reports whether a hook runs with the requests of a view.
func (h *hook) concerns(p *project, v *view) bool {
	if of, here := p.area(h.fn.module), p.area(v.fn.module); of != "" && here != "" && of != here {
		return false
	}
	return h.whole || h.owner != nil && h.owner == v.owner
}
