package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// content is what a body says, taken apart so that answers can be compared: its leaf values, and the
// names they stand under where the body is JSON.
type content struct {
	sum    [sha256.Size]byte
	leaves map[string]string // value → name; "" where it has none
	text   string            // all values, for marks that stand inside a value
}

// maxLeaves bounds the values that are compared of one body. What lies beyond is compared as bytes.
const maxLeaves = 20_000

func newContent(body []byte, sum [sha256.Size]byte) *content {
	c := &content{sum: sum, leaves: make(map[string]string)}
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&value); err == nil && !moreTokens(d) {
		var b strings.Builder
		c.add("", value, &b)
		c.text = b.String()
		return c
	}
	c.text = html.UnescapeString(string(body))
	for word := range strings.FieldsFuncSeq(c.text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`"'<>(){}[],;=`, r)
	}) {
		if len(c.leaves) >= maxLeaves {
			break
		}
		c.leaves[strings.TrimRight(word, ".:")] = ""
	}
	return c
}

func moreTokens(d *json.Decoder) bool {
	_, err := d.Token()
	return err != io.EOF
}

func (c *content) add(name string, value any, text *strings.Builder) {
	if len(c.leaves) >= maxLeaves {
		return
	}
	leaf := func(s string) {
		c.leaves[s] = name
		text.WriteString(s)
		text.WriteByte('\n')
	}
	switch v := value.(type) {
	case string:
		leaf(v)
	case json.Number:
		leaf(v.String())
	case []any:
		for _, e := range v {
			c.add(name, e, text)
		}
	case map[string]any:
		for k, e := range v {
			c.add(k, e, text)
		}
	}
}

// holds reports whether value stands in the content as a word of its own, not inside another word.
func (c *content) holds(value string) bool {
	if _, ok := c.leaves[value]; ok {
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

// common lists the leaves that all of in hold and none of out does: with in and out taken in turns,
// what is common follows the reader and not the clock.
func common(in, out []*content) map[string]string {
	if len(in) == 0 {
		return nil
	}
	leaves := make(map[string]string)
next:
	for value, name := range in[0].leaves {
		for _, c := range in[1:] {
			if _, ok := c.leaves[value]; !ok {
				continue next
			}
		}
		for _, c := range out {
			if _, ok := c.leaves[value]; ok {
				continue next
			}
		}
		if !timely.MatchString(value) {
			leaves[value] = name
		}
	}
	return leaves
}

// timely matches values that change by themselves: dates, times of day, seconds since 1970 and the like.
var timely = regexp.MustCompile(`^(\d{4}-\d\d-\d\d([T ].*)?|\d\d:\d\d(:\d\d.*)?|1[5-9]\d{8}(\.\d+|\d{3}|\d{6}|\d{9})?|(Mon|Tue|Wed|Thu|Fri|Sat|Sun), .*)$`)

// marks are values that only one identity may see, with where they are known from.
type marks map[string]string

// in lists the marks that c holds, and whether a strong one is among them: one that names a person,
// not merely something that only this person was shown.
func (m marks) in(c *content) (found []string, strong bool) {
	for value, source := range m {
		if c.holds(value) {
			found = append(found, value)
			strong = strong || source != learned || strings.Contains(value, "@")
		}
	}
	return found, strong
}

const (
	learned = "seen only by this identity on other operations"
	claimed = "a claim of this identity's token"
	given   = "given with --marker"
)

// identifying reports whether a leaf value is peculiar enough to recognise its owner by on another
// operation. Short values, single words and plain numbers are not: they turn up in public data too.
func identifying(value, name string) bool {
	if len(value) < 5 || len(value) > 512 || timely.MatchString(value) {
		return false
	}
	letters, digits := 0, 0
	for _, r := range value {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		}
	}
	switch {
	case strings.Contains(value, "@") && letters > 0:
		return true
	case len(value) >= 10 && letters > 0 && digits >= 3 && !strings.ContainsAny(value, " /"):
		return true // an identifier: a UUID, an account number, a key
	case personalNames[strings.ToLower(name)]:
		return letters > 0 || digits >= 6
	}
	return false
}

var personalNames = map[string]bool{
	"account": true, "account_id": true, "account_number": true, "address": true, "customer_id": true, "display_name": true,
	"displayname": true, "email": true, "first_name": true, "full_name": true, "fullname": true, "iban": true,
	"last_name": true, "login": true, "phone": true, "preferred_username": true, "ssn": true, "sub": true, "user": true,
	"user_id": true, "user_name": true, "userid": true, "username": true,
}

// claimsOf lists the text claims of a token that has the shape of a JWT. It verifies nothing: the
// claims are only looked for in answers.
func claimsOf(token string) map[string]bool {
	values := make(map[string]bool)
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return values
	}
	payload, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		return values
	}
	var claims map[string]any
	if json.Unmarshal(payload, &claims) != nil {
		return values
	}
	var walk func(name string, value any)
	walk = func(name string, value any) {
		if impersonal[name] {
			return
		}
		switch v := value.(type) {
		case string:
			if len(v) >= 5 && len(v) <= 512 && !timely.MatchString(v) {
				values[v] = true
			}
		case []any:
			for _, e := range v {
				walk(name, e)
			}
		case map[string]any:
			for k, e := range v {
				walk(k, e)
			}
		}
	}
	walk("", claims)
	return values
}

// impersonal claims say what somebody may do or through what, which many may have in common.
var impersonal = map[string]bool{
	"acr": true, "amr": true, "aud": true, "azp": true, "client_id": true, "iss": true, "jti": true, "nonce": true,
	"permissions": true, "plan": true, "realm_access": true, "resource_access": true, "role": true, "roles": true,
	"scope": true, "scp": true, "sid": true, "groups": true, "typ": true, "tid": true, "tenant": true, "org": true,
}
