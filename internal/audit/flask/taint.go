package flask

import "github.com/bearcache/bearcache/internal/finding"

// mark says what a value is made of.
type mark uint32

const (
	// caller: who asks changes it. The name, the id, the role, the rows of the current user.
	caller mark = 1 << iota
	// secret: it holds a credential that somebody could use: a token, an Authorization field.
	secret
	// fields: all fields of the request, and so the credential.
	fields
	// query: it holds the whole query of the request, or the URL with it.
	query
	// fromQuery: the caller in it was read from the query alone, which a key by the whole query holds.
	fromQuery
	// wrapped: it is the result of the function that a decorator was put on.
	wrapped
	// opaque: it is made by something that is not known.
	opaque
	// stored: it was read from a cache.
	stored
	// named: that it is a secret is known by its name alone.
	named
	// unvaried: the caller in it is known by a field of which caches, and Flask's sessions, know nothing: a cookie, an API key.
	unvaried
	// unverified: the caller in it is what a token says that nobody has verified.
	unverified
	// fromBody: the caller in it was named in the body of the request.
	fromBody
	// body: it holds the whole body of the request.
	body
	// added: it was read from a cache, and something of this request was put into it: what several callers write together.
	added
	// claimed: the caller in it is what a field says that whoever asks may set.
	claimed
	// mixed: more than one thing is known of the caller in it, such as an id and a scope.
	mixed
	// sometimes: on some ways the caller is in it, on others not, and not because there is none.
	sometimes
	// present: an argument that is given, and not None.
	present
	// omitted: an argument that some call leaves out, or gives as None.
	omitted
	// small: what it gives away of the caller is small: a flashed message, a CSRF token.
	small
)

// taint is what a value depends on: marks, and parameters of the function that is looked at, one bit for each.
type taint struct {
	marks  mark
	attrs  attrs // which parts of the caller it depends on
	params uint64
	// without are parameters: the caller is in it only where one of them was not given, as in user or current_user.
	without uint64
	// copies are those of params whose text may be a part of it: a secret that is passed there would be in it.
	copies uint64
	onlyIf string  // the caller is in it only where this parameter of a decorator is set
	why    *origin // where the caller, or the secret, came in
}

// attrs are parts of the caller, as far as they are told apart.
type attrs uint8

const (
	whole    attrs = 1 << iota // the id, the name, the token: no two callers have the same
	part                       // a role, a tenant, a scope, a language: many callers have the same
	presence                   // whether there is one
)

// origin is one step of how a value came to depend on the caller, the newest first.
type origin struct {
	place finding.Place
	from  *origin
}

func (t taint) has(m mark) bool { return t.marks&m != 0 }

func (t taint) and(other taint) taint {
	if t.has(caller) && other.has(caller) {
		if t.why != other.why && t.why.root() != other.why.root() {
			t.marks |= mixed
		}
		if !t.has(sometimes) || !other.has(sometimes) {
			t.marks &^= sometimes
			other.marks &^= sometimes
		}
	}
	if t.why == nil || t.marks&(caller|secret|fields) == 0 && other.marks&(caller|secret|fields) != 0 {
		t.why = other.why
	}
	// From the query alone is what all of it is.
	fromQueryOnly := t.callerFromQuery() && other.callerFromQuery()
	claimedOnly := (t.marks&caller == 0 || t.has(claimed)) && (other.marks&caller == 0 || other.has(claimed))
	fromBodyOnly := (t.marks&caller == 0 || t.has(fromBody)) && (other.marks&caller == 0 || other.has(fromBody))
	switch {
	case t.marks&caller == 0:
		t.without, t.onlyIf = other.without, other.onlyIf
	case other.marks&caller != 0:
		t.without &= other.without
		if t.onlyIf != other.onlyIf {
			t.onlyIf = ""
		}
	}
	// Small is what all of it is.
	onlySmall := (t.marks&caller == 0 || t.has(small)) && (other.marks&caller == 0 || other.has(small))
	if t.has(small) && !onlySmall {
		t.why = other.why
	}
	t.marks |= other.marks
	if !onlySmall {
		t.marks &^= small
	}
	if t.marks&caller != 0 && !fromQueryOnly {
		t.marks &^= fromQuery
	}
	if t.marks&caller != 0 && !fromBodyOnly {
		t.marks &^= fromBody
	}
	if t.marks&caller != 0 && !claimedOnly {
		t.marks &^= claimed
	}
	t.params |= other.params
	t.copies |= other.copies
	t.attrs |= other.attrs
	return t
}

// callerFromQuery: there is no caller in it, or one that was read from the query.
func (t taint) callerFromQuery() bool { return t.marks&caller == 0 || t.marks&fromQuery != 0 }

// drop drops marks.
func (t taint) drop(m mark) taint {
	t.marks &^= m
	return t
}

// only keeps marks, and what goes with them.
func (t taint) only(m mark) taint {
	t.marks &= m
	t.params, t.copies = 0, 0
	return t
}

// told is what remains of a taint in an answer about the value that is not its text: a row found by a token, the claims in it.
func (t taint) told() taint {
	if t.has(secret|fields) && !t.has(named) {
		t.marks |= caller
		t.attrs |= whole
	}
	t.marks &^= secret | fields | named
	t.copies = 0
	return t
}

// grown is a value after something was put into it.
func (t taint) grown() taint {
	if t.has(stored) {
		t.marks |= added
	}
	return t
}

// through adds a step to the way that a value came.
func (t taint) through(place finding.Place) taint {
	if t.marks&(caller|secret|fields) == 0 {
		return t
	}
	t.why = &origin{place, t.why}
	return t
}

func param(i int) taint {
	if i < 0 || i >= 64 {
		return taint{}
	}
	return taint{params: 1 << i, copies: 1 << i}
}

// root is what an origin says of where the value came in.
func (o *origin) root() string {
	if o == nil {
		return ""
	}
	for o.from != nil {
		o = o.from
	}
	return o.place.Note
}

// seldom is a value that has the caller in it on some ways only.
func (t taint) seldom() taint {
	if t.has(caller) {
		t.marks |= sometimes
	}
	return t
}

// shared is a part of a value that others have as well.
func (t taint) shared() taint {
	if t.has(caller) && t.attrs&whole != 0 {
		t.attrs = t.attrs&^whole | part
	}
	return t
}

// asked is what the answer to a question about a value tells: no more than whether there is somebody.
func (t taint) asked() taint {
	t = t.told().drop(wrapped)
	if t.attrs&whole != 0 {
		t.attrs = t.attrs&^whole | presence
	}
	return t
}

// steps are the places of an origin, where the value comes from last.
func (o *origin) steps() (list []finding.Place) {
	for at := o; at != nil && len(list) < 8; at = at.from {
		list = append(list, at.place)
	}
	return list
}
