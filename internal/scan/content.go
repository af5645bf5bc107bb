package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"unicode"
)

// content is what a body says, taken apart so that answers can be compared.
type content struct {
	sum   [sha256.Size]byte
	facts map[fact]struct{}
	// values are the texts and numbers among the facts that stand under names: with words, what a mark of a reader
	// may be.
	values map[string]string
	text   string // all values, for marks that stand inside a value
}

// fact is one thing that a body says. In JSON it is a leaf and where it stands, without positions in
// lists; elsewhere a word. The body as a whole is a fact too: it alone tells [] from what is not.
type fact struct{ at, value string }

const (
	maxFacts = 10_000    // of one body; what lies beyond is compared as part of the whole
	maxText  = 128 << 10 // bytes of one body's text
	maxWords = 64 << 10  // and of one that is no JSON
)

// newContent takes a response apart. With brief it keeps the digest of the body only.
func newContent(body []byte, h http.Header, sum [sha256.Size]byte, brief bool) *content {
	c := &content{sum: sum, facts: map[fact]struct{}{{"=", hex.EncodeToString(sum[:])}: {}}, values: make(map[string]string)}
	if brief {
		return c
	}
	c.fields(h, len(body) == 0)
	if len(body) == 0 {
		return c
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if json.Valid(body) && d.Decode(&value) == nil { // which takes room for what it reads, valid or not
		var b strings.Builder
		c.add("", "", value, &b)
		c.text = c.text + b.String()
		return c
	}
	fields := len(c.text)
	c.text += html.UnescapeString(string(body[:min(len(body), maxWords)]))
	text := c.text[fields:] // words are parts of it, and take no room of their own
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`"'<>(){}[],;=`, r)
	}) {
		if word = strings.TrimRight(word, ".:"); !c.full() && word != "" {
			c.facts[fact{"", word}] = struct{}{}
		}
	}
	return c
}

// fields adds what response fields say: to the text that marks are looked for in, and, where there is no body, to
// the facts. Those that speak of the exchange and not of what was asked for are left out.
func (c *content) fields(h http.Header, facts bool) {
	var b strings.Builder
	for _, name := range sortedKeys(h) {
		if technical.MatchString(name) {
			continue
		}
		for _, v := range h[name] {
			if len(v) > 1<<10 || b.Len() > 16<<10 || name == "Content-Length" && v == "0" {
				continue
			}
			b.WriteString(v)
			b.WriteByte('\n')
			if facts {
				c.facts[fact{name + ":", v}] = struct{}{}
				c.values[v] = name
			}
		}
	}
	c.text = b.String()
}

// technical fields differ from one exchange to the next, or are the same for all.
var technical = regexp.MustCompile(`(?i)^(date|age|expires|connection|keep-alive|server|via|vary|cache-control|pragma|content-type|content-encoding|` +
	`transfer-encoding|accept-ranges|allow|retry-after|strict-transport-security|content-security-policy.*|referrer-policy|permissions-policy|set-cookie|` +
	`cross-origin-.*|access-control-(allow-(methods|headers|credentials)|max-age|expose-headers)|x-(content-type-options|frame-options|xss-protection|powered-by|cache.*|varnish|served-by|runtime|timer|` +
	`response-time|.*request-id|.*trace.*|.*correlation.*)|.*ratelimit.*|.*rate-limit.*|request-id|traceparent|server-timing|cf-.*|cache-status|nel|report-to|alt-svc)$`)

func (c *content) full() bool { return len(c.facts) >= maxFacts }

// add takes apart the value that stands at a path, under a name.
func (c *content) add(at, name string, value any, text *strings.Builder) {
	if c.full() || len(at) > 512 {
		return
	}
	leaf := func(kind, s string) {
		c.facts[fact{at + kind, s}] = struct{}{}
	}
	switch v := value.(type) {
	case string:
		leaf("", v)
		c.say(name, v, text)
	case json.Number:
		leaf("#", v.String())
		c.say(name, v.String(), text)
	case bool:
		leaf("?", map[bool]string{true: "true", false: "false"}[v])
	case nil:
		leaf("?", "null")
	case []any:
		if len(v) == 0 {
			leaf("[", "")
		}
		for _, e := range v {
			c.add(at, name, e, text)
		}
	case map[string]any:
		if len(v) == 0 {
			leaf("{", "")
		}
		for _, k := range sortedKeys(v) { // in order, so that equal bodies are cut off alike
			c.add(at+"/"+k, k, v[k], text)
		}
	}
}

func (c *content) say(name, s string, text *strings.Builder) {
	c.values[s] = name
	if text.Len()+len(s) < maxText {
		text.WriteString(s)
		text.WriteByte('\n')
	}
}

// named reports whether value is one of the content's, and the name that it stands under. Words have none.
func (c *content) named(value string) (name string, ok bool) {
	if name, ok = c.values[value]; !ok {
		_, ok = c.facts[fact{"", value}]
	}
	return name, ok
}

// holds reports whether value stands in the content as a word of its own, not inside another word.
func (c *content) holds(value string) bool {
	if _, ok := c.named(value); ok {
		return true
	}
	for from := 0; ; {
		i := strings.Index(c.text[from:], value)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(value)
		if (start == 0 || !wordByte(c.text[start-1])) && (end == len(c.text) || !wordByte(c.text[end])) {
			return true
		}
		from = start + 1
	}
}

func wordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80
}

// common lists the facts that all of in state and none of out does: with in and out taken by turns,
// what is common follows the reader and not the clock.
func common(in, out []*content) []fact {
	if len(in) == 0 {
		return nil
	}
	var list []fact
next:
	for f := range in[0].facts {
		if timely.MatchString(f.value) {
			continue
		}
		for _, c := range in[1:] {
			if _, ok := c.facts[f]; !ok {
				continue next
			}
		}
		for _, c := range out {
			if _, ok := c.facts[f]; ok {
				continue next
			}
		}
		list = append(list, f)
	}
	return list
}

// timely matches values that change by themselves: dates, times of day, seconds since 1970 and the like.
var timely = regexp.MustCompile(`^(\d{4}-\d\d-\d\d([T ].*)?|\d\d:\d\d(:\d\d.*)?|1[5-9]\d{8}(\.\d+|\d{3}|\d{6}|\d{9})?|(Mon|Tue|Wed|Thu|Fri|Sat|Sun), .*)$`)
