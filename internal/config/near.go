package config

// nearly is true for a path that is not the pattern's but may be to the origin. Many routers ignore
// the case of letters, decode before they compare, take a path with and without a trailing slash
// for the same, or read an extension as a format: then /API/Admin, /api/%40me, /api/admin/ and
// /api/admin.json are the origin's /api/admin, /api/@me, /api/admin and /api/admin. It is asked of
// paths without ambiguity only, whose percent-encoding is sound.
func (p *Pattern) nearly(path string) bool {
	if p.written == "" {
		return false
	}
	named := p.segments // without the empty one of a trailing slash
	if n := len(named); n > 0 && named[n-1] == (segment{}) {
		named = named[:n-1]
	}
	for i := range named {
		if path == "" {
			return false
		}
		var one string
		if one, path = next(path); named[i].any {
			if one == "" {
				return false
			}
			continue
		}
		tail, ok := cutAlike(one, named[i].literal)
		extension := tail != "" && tail[0] == '.' && i == len(named)-1 && (path == "" || path == "/")
		if !ok || tail != "" && !extension {
			return false
		}
	}
	return p.rest || path == "" || path == "/"
}

// cutAlike cuts from the start of s what says prefix in any case and encoding.
func cutAlike(s, prefix string) (rest string, ok bool) {
	for prefix != "" {
		if s == "" {
			return "", false
		}
		var a, b byte
		a, s = letter(s)
		b, prefix = letter(prefix)
		if a != b {
			return "", false
		}
	}
	return s, true
}

// loosened appends up to max bytes of s as cutAlike compares them.
func loosened(to []byte, s string, max int) []byte {
	for s != "" && len(to) < max {
		var c byte
		c, s = letter(s)
		to = append(to, c)
	}
	return to
}

// mayNearly is false for most patterns that nearly is false for. path is loosened, perhaps in part.
func (p *Pattern) mayNearly(path []byte) bool {
	n := min(len(path), len(p.loosePrefix))
	return (n == len(p.loosePrefix) || n == looseBytes) && string(path[:n]) == p.loosePrefix[:n]
}

// looseBytes of a path are compared before nearly is asked; they fit on the stack.
const looseBytes = 128

// letter is the first byte of s, decoded and in lower case, and what follows it.
func letter(s string) (byte, string) {
	c, n := s[0], 1
	if c == '%' {
		c, n = byte(unhex(s[1])<<4|unhex(s[2])), 3
	}
	if c >= 'A' && c <= 'Z' {
		c |= 0x20
	}
	return c, s[n:]
}
