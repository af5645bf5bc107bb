package flask

import (
	"slices"

	"github.com/bearcache/bearcache/internal/audit/python"
)

// attributeStore is what an operation has for its store that is an attribute.
const attributeStore = "attribute"

// kept is the name of what base.attr keeps for all requests: an attribute of the application, of a function, of a class, or of an object
// that a module has; "" where it is none of these, or nothing that a request assigns.
func (fr *frame) kept(of python.Expr, attr string) string {
	if fr.fn == nil || fr.dry {
		return ""
	}
	if root := rootName(of); fr.isLocal(root) && (fr.fn.class == nil || len(fr.fn.params) == 0 || root != fr.fn.params[0]) {
		return ""
	}
	switch v := fr.p.resolve(of, fr.scope); v.kind {
	case isExternal:
		if v.name == "flask.Flask()" || v.name == "flask.current_app" {
			return "app." + attr
		}
	case isFunction:
		return v.fn.qualified() + "." + attr
	case isModule:
		return v.module.path + ":" + attr
	case isClass:
		return v.class.name + "." + attr
	case isInstance:
		if fr.p.singletons[v.class] {
			return v.class.name + "." + attr
		}
	}
	return ""
}

func (fr *frame) readAttribute(n *python.Attribute) {
	if len(fr.p.assignedG[n.Attr]) == 0 && !fr.assignsOwn(n.Attr) {
		return
	}
	if name := fr.kept(n.Value, n.Attr); name != "" {
		fr.operate(operation{store: attributeStore, dict: true, node: n, fn: fr.fn, module: fr.module, at: fr.place(n, ""), keyText: name})
	}
}

// assignsOwn reports whether a method of the class that this one belongs to assigns an attribute of its object, when that is made already.
func (fr *frame) assignsOwn(attr string) bool {
	if fr.fn == nil || fr.fn.class == nil {
		return false
	}
	return slices.ContainsFunc(fr.fn.class.self[attr], func(b *binding) bool { return b.scope.fn != nil && b.scope.fn.name != "__init__" })
}

// writeAttribute is base.attr = value. What an attribute had before may be a part of it: what several callers write together is none's. And
// a credential that a program keeps so is one of its own, for a service elsewhere.
func (fr *frame) writeAttribute(n *python.Attribute, t taint) {
	if name := fr.kept(n.Value, n.Attr); name != "" && !t.has(stored|secret) {
		fr.operate(operation{write: true, store: attributeStore, dict: true, node: n, fn: fr.fn, module: fr.module, at: fr.place(n, ""), keyText: name, value: t})
	}
}
