package flask

import (
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// judgeAnswers judges hooks that keep whole answers: after_request stores them, and before_request gives them out, before any decorator of the
// view is asked.
func (p *project) judgeAnswers() {
	for i := range p.hooks {
		h := &p.hooks[i]
		if !h.after || h.fn.module.test {
			continue
		}
		response := 0
		if h.fn.class != nil && !isStatic(h.fn) {
			response = 1
		}
		for _, op := range p.summarize(h.fn).ops {
			if op.write && !op.nobody && op.value.params&(1<<response) != 0 && p.givenOut(&op) {
				p.judgeAnswer(h, op)
			}
		}
	}
}

// givenOut reports whether a hook before the requests reads what is kept.
func (p *project) givenOut(op *operation) bool {
	for _, h := range p.hooks {
		if h.after {
			continue
		}
		for _, o := range p.summarize(h.fn).ops {
			if !o.write && o.keyText == op.keyText {
				return true
			}
		}
	}
	return false
}

// judgeAnswer reports the first view whose answers one caller would be given of another.
func (p *project) judgeAnswer(h *hook, op operation) {
	some := strings.Contains(h.fn.module.file.Source(h.fn.node), "endpoint") || strings.Contains(h.fn.module.file.Source(h.fn.node), "startswith")
	for _, m := range p.modules {
		for _, f := range m.everyFunction() {
			for _, v := range p.views[f] {
				if !h.concerns(p, v) || some && !h.leavesOut(p, v) {
					continue
				}
				value, note := p.summarize(f).ret.told(), v.fn.qualified()+" answers by who asks"
				if !value.has(caller) {
					if !p.checks(v) {
						continue
					}
					value, note = taint{marks: caller, attrs: whole}, v.fn.qualified()+" answers after a check"
				}
				if covers(op.key, value) || op.key.has(caller|secret|fields) {
					continue
				}
				value.why = &origin{finding.Place{File: m.path, Line: m.line(f.node), Note: note}, value.why}
				op.value, op.read, op.view = value, true, v
				p.judgeManual(&op)
				return
			}
		}
	}
}

// checks reports whether a view refuses some, itself or by its decorators.
func (p *project) checks(v *view) bool {
	for _, l := range v.layers {
		if l.kind == layerAuth && l.strength != optional {
			return true
		}
	}
	return len(byCaller(p.summarize(v.fn).checks)) > 0
}
