package nginx

import (
	"hash/fnv"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// maxText bounds a value: variables that hold each other twice would double it with every step.
const maxText = 1 << 14

// evaluation is one request on its way through one location.
type evaluation struct {
	t        *tree
	r        *root
	q        *request
	set      map[string]value // by the directives of the rewrite phase, and auth_request_set
	memo     map[string]value
	captures []string
	depth    int
}

func (t *tree) evaluation(r *root, q *request) *evaluation {
	return &evaluation{t: t, r: r, q: q, set: map[string]value{}, memo: map[string]value{}}
}

// text expands the variables in s.
func (e *evaluation) text(s string) value {
	if !strings.ContainsAny(s, "$\x01") {
		return text(s)
	}
	var b strings.Builder
	worst := known
	for len(s) > 0 {
		literal, name, rest := cutVariable(s)
		b.WriteString(literal)
		s = rest
		if name == "" {
			continue
		}
		v := e.variable(name)
		worst = max(worst, v.state)
		b.WriteString(v.text)
		if b.Len() > maxText {
			return value{state: personal}
		}
	}
	return value{b.String(), worst}
}

// cutVariable is the text before the first variable, its name, and what follows.
func cutVariable(s string) (before, name, after string) {
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '$' {
			continue
		}
		rest := s[i+1:]
		if rest[0] == '{' {
			if n := strings.IndexByte(rest, '}'); n > 1 && isName(rest[1:n]) {
				return s[:i], rest[1:n], rest[n+1:]
			}
			continue
		}
		n := 0
		for n < len(rest) && isNameByte(rest[n]) {
			n++
		}
		if rest[0] >= '0' && rest[0] <= '9' {
			n = 1
		}
		if n > 0 {
			return s[:i], rest[:n], rest[n:]
		}
	}
	return s, "", ""
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isName(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// variables are the names in a text.
func variables(s string) (names []string) {
	for s != "" {
		var name string
		if _, name, s = cutVariable(s); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// variable is the value of one variable now.
func (e *evaluation) variable(name string) value {
	if len(name) == 1 && name[0] >= '0' && name[0] <= '9' {
		if n := int(name[0] - '0'); n < len(e.captures) {
			return text(e.captures[n])
		}
		return text("")
	}
	if v, ok := e.set[name]; ok && !e.r.luaSets[name] {
		return v
	}
	if v, ok := e.memo[name]; ok {
		return v
	}
	if e.depth > 12 || !e.t.spend(1) {
		return value{state: personal}
	}
	e.depth++
	v := e.compute(name)
	e.depth--
	e.memo[name] = v
	return v
}

func (e *evaluation) compute(name string) value {
	if e.r.luaSets[name] {
		return value{state: personal}
	}
	if d := e.r.defined[name]; d != nil {
		switch {
		case d.name() == "map" && d.opens && len(d.words) > 2:
			return e.mapped(d)
		case d.name() == "geo" && d.opens:
			return e.located(d)
		case d.name() == "split_clients":
			return value{state: unknown}
		}
		return value{state: personal} // a script's
	}
	if v, is := e.q.builtin(name); is {
		return v
	}
	switch {
	case e.r.captured[name]:
		return value{text: "captured", state: known}
	case upperCase.MatchString(name): // envsubst puts it in before nginx starts
		return value{text: "<" + name + ">", state: unknown}
	}
	return value{state: personal} // of a file that we do not see
}

// mapped is what a map makes of its source: the first that matches of plain values, masks of host names, expressions, default.
func (e *evaluation) mapped(d *directive) value {
	from := e.text(d.arg(1))
	if from.state == personal {
		return from
	}
	saved := e.captures
	defer func() { e.captures = saved }()
	hostnames := false
	var fallback, byRegex *directive
	for _, entry := range d.block {
		if !e.t.spend(1) {
			return value{state: personal}
		}
		key := entry.name()
		switch {
		case key == "hostnames" && len(entry.words) == 1:
			hostnames = true
		case len(entry.words) < 2 || key == "include" || key == "volatile":
		case key == "default":
			fallback = entry
		case strings.HasPrefix(key, "~"):
			if byRegex != nil {
				continue
			}
			pattern, fold := key[1:], false
			if strings.HasPrefix(pattern, "*") {
				pattern, fold = pattern[1:], true
			}
			switch match, sure := e.match(from.text, pattern, fold); {
			case !sure:
				return value{state: personal}
			case match:
				byRegex = entry
				saved := e.captures
				defer func() { e.captures = saved }()
			}
		case strings.EqualFold(strings.TrimPrefix(key, `\`), from.text), hostnames && maskMatches(key, from.text):
			return e.text(entry.arg(1))
		}
	}
	switch {
	case byRegex != nil:
		return e.text(byRegex.arg(1))
	case fallback != nil:
		return e.text(fallback.arg(1))
	}
	return text("")
}

func maskMatches(mask, host string) bool {
	switch {
	case strings.HasPrefix(mask, "*."):
		return strings.HasSuffix(host, mask[1:])
	case strings.HasPrefix(mask, "."):
		return host == mask[1:] || strings.HasSuffix(host, mask)
	case strings.HasSuffix(mask, ".*"):
		return strings.HasPrefix(host, mask[:len(mask)-1])
	}
	return false
}

// located is what geo says of a client from anywhere: of the narrowest network that has its address.
func (e *evaluation) located(d *directive) value {
	address, err := netip.ParseAddr(e.q.ip())
	if err != nil {
		return value{state: unknown}
	}
	best, result := -1, ""
	for _, entry := range d.block {
		if !e.t.spend(1) {
			return value{state: personal}
		}
		if len(entry.words) < 2 {
			continue
		}
		if entry.name() == "default" && best < 0 {
			result = entry.arg(1)
		}
		if network, err := netip.ParsePrefix(entry.name()); err == nil && network.Contains(address) && network.Bits() > best {
			best, result = network.Bits(), entry.arg(1)
		}
	}
	return text(result)
}

// match tries an expression and keeps its groups. sure is false where nobody can tell here.
func (e *evaluation) match(s, pattern string, fold bool) (matches, sure bool) {
	if strings.IndexByte(pattern, output) >= 0 || len(pattern) > 4000 || !e.t.spend(1+len(pattern)+len(s)/8) {
		return false, false
	}
	re := e.t.compiled(pattern, fold)
	if re == nil {
		return false, false
	}
	groups := re.FindStringSubmatch(s)
	if groups == nil {
		return false, true
	}
	for i, name := range re.SubexpNames() {
		if name != "" {
			e.set[name] = text(groups[i])
		}
	}
	e.captures = groups
	return true, true
}

// compiled is an expression of PCRE's as Go has it, or nil where Go has none.
func (t *tree) compiled(pattern string, fold bool) *regexp.Regexp {
	if fold {
		pattern = "(?i)" + pattern
	}
	re, ok := t.regexes[pattern]
	if !ok {
		t.spend(20 * len(pattern))
		re, _ = regexp.Compile(pattern)
		t.regexes[pattern] = re
	}
	return re
}

// truth is of a condition: nginx takes "" and "0" for false.
func (v value) truth() (is, sure bool) {
	if v.state != known {
		return false, v.state == unknown // one that does not depend on who asks is taken to be off
	}
	return v.text != "" && v.text != "0", true
}

// condition decides an if, of which words are what stands between the parentheses.
func (e *evaluation) condition(words []string) (is, sure bool) {
	switch {
	case len(words) == 0:
		return false, false
	case len(words) == 1:
		return e.text(words[0]).truth()
	case strings.HasPrefix(words[0], "-") || strings.HasPrefix(words[0], "!-"):
		return false, true // whether a file is there: not for what an application answers
	case len(words) < 3:
		return false, false
	}
	left := e.text(words[0])
	if left.state != known {
		return false, left.state == unknown
	}
	switch words[1] {
	case "=", "!=":
		right := e.text(words[2])
		if right.state != known {
			return false, right.state == unknown
		}
		return (left.text == right.text) == (words[1] == "="), true
	case "~", "~*", "!~", "!~*":
		match, sure := e.match(left.text, words[2], strings.HasSuffix(words[1], "*"))
		if !match && sure && e.aboutCookies(words[0], words[2]) {
			return false, false // a cookie of this application's own, which we do not know
		}
		return match != strings.HasPrefix(words[1], "!"), sure
	}
	return false, false
}

// aboutCookies reports whether an expression looks for cookies that may tell who asks.
func (e *evaluation) aboutCookies(subject, pattern string) bool {
	if !e.q.has(byCookie) || subject != "$http_cookie" && subject != "${http_cookie}" {
		return false
	}
	for name := range strings.SplitSeq(pattern, "|") {
		if tells, sure := cookieTells(name); tells || !sure {
			return true
		}
	}
	return false
}

// conditionWords are the words of an if without its parentheses.
func conditionWords(d *directive) []string {
	words := d.args()
	if len(words) == 0 || !strings.HasPrefix(words[0], "(") {
		return nil
	}
	words[0] = words[0][1:]
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], ")")
	if words[last] == "" && last > 0 {
		words = words[:last]
	}
	if words[0] == "" && len(words) > 1 {
		words = words[1:]
	}
	return words
}

// outcome is what the rewrite phase makes of a request.
type outcome int

const (
	goesOn   outcome = iota
	broke            // goes on, past the directives that are left
	leaves           // for another location, or with an answer
	mayLeave         // depending on who asks
)

// run runs the directives of the rewrite phase in a block.
func (e *evaluation) run(s *scope) outcome {
	for _, step := range s.script {
		if !e.t.spend(1) {
			return mayLeave
		}
		if o := e.step(step.do, step.inner); o != goesOn {
			return o
		}
	}
	return goesOn
}

var rewriting = setOf("set if break return rewrite set_md5 set_sha1 set_if_empty set_escape_uri set_unescape_uri set_by_lua set_by_lua_block set_by_lua_file set_encode_base64 set_hmac_sha1 set_hmac_sha256")

func (e *evaluation) step(d *directive, inner *scope) outcome {
	switch d.name() {
	case "set":
		e.assign(d.arg(1), e.text(d.arg(2)))
	case "set_if_empty":
		if v := e.variable(strings.TrimPrefix(d.arg(1), "$")); v.text == "" && v.state == known {
			e.assign(d.arg(1), e.text(d.arg(2)))
		}
	case "set_md5", "set_sha1", "set_hmac_sha1", "set_hmac_sha256", "set_encode_base64":
		v := e.text(strings.Join(d.args()[min(1, len(d.words)-1):], " "))
		if len(d.words) == 2 {
			v = e.text(d.arg(1))
		}
		e.assign(d.arg(1), value{digest(v.text), v.state})
	case "set_escape_uri", "set_unescape_uri":
		e.assign(d.arg(1), e.text(d.words[len(d.words)-1].text))
	case "break":
		return broke
	case "return":
		return leaves
	case "rewrite":
		return e.rewrite(d)
	case "if":
		return e.branch(d, inner)
	default:
		e.assign(d.arg(1), value{state: personal})
	}
	return goesOn
}

func (e *evaluation) assign(name string, v value) {
	name = strings.TrimPrefix(name, "$")
	e.set[name] = v
	clear(e.memo) // maps may have been computed of what it was; nginx computes those once, unless they are volatile
}

func digest(s string) string {
	h := fnv.New64a()
	h.Write([]byte(s))
	return strconv.FormatUint(h.Sum64(), 16)
}

func (e *evaluation) rewrite(d *directive) outcome {
	match, sure := e.match(e.q.path, d.arg(1), false)
	if !match || !sure {
		return goesOn
	}
	switch flag := d.arg(3); {
	case flag == "last", flag == "redirect", flag == "permanent", flag == "" && strings.HasPrefix(d.arg(2), "http"):
		return leaves
	case flag == "break":
		return broke
	}
	return goesOn
}

// branch runs the block of an if. Where nobody can tell whether it is run, what it sets is unknown.
func (e *evaluation) branch(d *directive, inner *scope) outcome {
	if inner == nil {
		return goesOn
	}
	is, sure := e.condition(conditionWords(d))
	switch {
	case sure && !is:
		return goesOn
	case sure:
		return e.run(inner)
	}
	for _, item := range inner.items {
		switch item.name() {
		case "set":
			e.assign(item.arg(1), value{state: personal})
		case "return", "rewrite":
			return mayLeave
		}
	}
	return goesOn
}
