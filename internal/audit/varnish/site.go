package varnish

import (
	"slices"
	"strings"
)

const field = "req.http.authorization"

// site is what a program says, as a whole, of what it stands before. Few programs say that an answer depends on who asks; most leave the
// sessions of a shop or a blog alone, and no request to it has an Authorization field. A finding there would be right and useless.
type site struct {
	*program
	reads map[string]bool
	// knows: the field means something here. It is asked for, moved or removed, not only where a part of the site is passed or hashed by it.
	knows bool
	// mention is a place where it does.
	mention *statement
	// sessions: those with a session's cookie are passed.
	sessions bool
	// patterns of URLs that are an API's, by the spelling of the condition.
	apis map[string]bool
	// host: a backend is called so.
	host bool
	// files: a backend has nothing but what is the same for everybody.
	files bool
	// cookies is what withCookies found, once it was asked.
	cookies map[*statement]bool
}

func survey(p *program) *site {
	s := &site{program: p, reads: map[string]bool{}, apis: map[string]bool{}}
	parts := partsOnly(p)
	for _, sub := range p.order {
		s.block(sub.body, parts[sub.name])
	}
	for _, appended := range [...]*program{builtin(), builtinFastly()} {
		for _, sub := range appended.order {
			everything(sub.body, func(e *expression) { s.reading(e) })
		}
	}
	for _, name := range p.backend {
		for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
			s.host = s.host || apiWords[w] && w != "json"
			s.files = s.files || storeWords[w]
		}
	}
	return s
}

// everything calls f for each expression of a block.
func everything(list []*statement, f func(*expression)) {
	for _, st := range list {
		if st.value != nil {
			st.value.walk(f)
		}
		for _, a := range st.arms {
			if a.when != nil {
				a.when.walk(f)
			}
			everything(a.body, f)
		}
	}
}

func (s *site) reading(e *expression) {
	if e.op == variable && len(s.reads) < 10000 {
		s.reads[e.text] = true
	}
}

// block looks at what is written; narrowed says that it is about a part of the site.
func (s *site) block(list []*statement, narrowed bool) {
	for _, st := range list {
		if st.value != nil {
			s.expression(st.value)
			if st.value.mentions(field) && !narrowed {
				s.know(st)
			}
		}
		if st.op == unset && st.name == field {
			s.know(st)
		}
		for _, a := range st.arms {
			s.arm(st, a, narrowed)
		}
	}
}

func (s *site) know(st *statement) {
	if !s.knows {
		s.knows, s.mention = true, st
	}
}

// partsOnly are the subroutines that are called for a part of the site alone.
func partsOnly(p *program) map[string]bool {
	called := map[string]bool{} // by name, whether all calls are
	var look func(list []*statement, narrowed bool)
	look = func(list []*statement, narrowed bool) {
		for _, st := range list {
			if st.op == call {
				before, known := called[st.name]
				called[st.name] = narrowed && (before || !known)
			}
			for _, a := range st.arms {
				look(a.body, narrowed || a.isPart())
			}
		}
	}
	for _, sub := range p.order {
		look(sub.body, false)
	}
	return called
}

// isPart reports whether the arm is about a part of the site.
func (a arm) isPart() bool {
	return a.when != nil && a.when.mentions("req.url", "req.http.host", "req.method", "req.url.path")
}

// hashes reports whether all that the arm does is to add to the hash.
func (a arm) hashes() bool {
	return !slices.ContainsFunc(a.body, func(st *statement) bool {
		return st.op != evaluate || st.value.op != invoke || st.value.text != "hash_data"
	})
}

func (s *site) arm(st *statement, a arm, narrowed bool) {
	passes := slices.ContainsFunc(a.body, func(b *statement) bool { return b.op == leave && passing[b.name] })
	inside := narrowed
	if a.when != nil {
		s.expression(a.when)
		inside = narrowed || a.isPart()
		if a.when.mentions(field) && !((passes || a.hashes()) && inside) && !onePassword(a.when) {
			s.know(st)
		}
		s.sessions = s.sessions || passes && a.when.mentions("req.http.cookie")
	}
	s.block(a.body, inside)
}

// onePassword reports whether all that a condition asks of the field is whether it is a password that the program has: one for a whole
// site, which is not open yet.
func onePassword(when *expression) bool {
	asked, password := 0, 0
	when.walk(func(e *expression) {
		if e.op == variable && e.text == field {
			asked++
		}
		if e.op == compare && e.args[0].text == field && e.args[1].op == literal && strings.Contains(strings.ToLower(e.args[1].text), "basic ") &&
			len(e.args[1].text) > len("^(?i)basic ") {
			password++
		}
	})
	return asked == password
}

var passing = wordSet("pass pipe hit_for_pass")

// expression notes what is read, which patterns are an API's, and fields that browsers are told they may send.
func (s *site) expression(e *expression) {
	e.walk(func(in *expression) {
		s.reading(in)
		switch {
		case in.op == compare && len(in.args) == 2 && isURL(in.args[0].text) && in.args[1].isString():
			if k := standingOf(in.args[1].text, strings.HasSuffix(in.text, "~")); k == api && len(s.apis) < 100 {
				key, _ := (*machine)(nil).key(in)
				s.apis[key] = true
			}
		}
	})
}

var storeWords = wordSet(`archive assets blog cdn cgit docs drupal downloads fonts ghost images image img imgproxy joomla magento mediawiki minio mirror
	photos s3 static thumbor tiles typo3 video wordpress wp`)

func isURL(variable string) bool { return variable == "req.url" || variable == "req.url.path" }
