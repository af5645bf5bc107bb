package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// window is the length of the shortest part of a known secret that is recognised, in bytes.
const window = 8

// known finds parts of given secrets in text, one map look-up per byte of it.
type known struct {
	windows map[[window]byte]string // to the mark of the secret it is a part of
	short   []string                // secrets under the length of a window, each followed by its mark
	first   [256]bool               // bytes that some window begins with
}

// learn adds a secret in all its spellings.
func (k *known) learn(secret, mark string) {
	if len(secret) < window {
		k.short = append(k.short, secret, mark)
		return
	}
	if k.windows == nil {
		k.windows = make(map[[window]byte]string)
	}
	forms := forms(secret)
	slices.Sort(forms)
	for _, form := range slices.Compact(forms) {
		for i := 0; i+window <= len(form); i++ {
			k.windows[[window]byte([]byte(form[i:i+window]))] = mark
			k.first[form[i]] = true
		}
	}
}

// forms are the spellings of a secret. Base64 has three, as the secret begins at the first, second or
// third byte of a group; digits that depend on what stands around it are cut off.
func forms(secret string) []string {
	escaped := url.QueryEscape(secret)
	all := encodeAll(secret)
	hexed := hex.EncodeToString([]byte(secret))
	spaced := fmt.Sprintf("% x", secret)
	list := []string{secret, escaped, url.PathEscape(secret), lowerHex(escaped), all, lowerHex(all), hexed, strings.ToUpper(hexed),
		spaced, strings.ToUpper(spaced), strings.Trim(fmt.Sprint([]byte(secret)), "[]"), html.EscapeString(secret), htmlAll(secret)}
	for _, once := range []string{escaped, url.PathEscape(secret), lowerHex(escaped), all, lowerHex(all)} {
		list = append(list, strings.ReplaceAll(once, "%", "%25"))
	}
	for _, escape := range []string{`\/`, `\u002f`, `\u002F`} { // JSON's
		list = append(list, strings.ReplaceAll(secret, "/", escape))
	}
	if quoted, err := json.Marshal(secret); err == nil {
		list = append(list, strings.Trim(string(quoted), `"`))
	}
	list = append(list, strings.Trim(strconv.Quote(secret), `"`), strings.Trim(strconv.QuoteToASCII(secret), `"`))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			padded := append(make([]byte, shift), secret...)
			digits := encoding.EncodeToString(padded)
			// Each group of 3 bytes is 4 digits; a partial group at either end is not the secret's alone.
			from, to := (shift*8+5)/6, len(padded)*8/6
			list = append(list, digits[from:to])
		}
	}
	return list
}

// htmlAll writes what is no letter or digit as html/template does, in decimal.
func htmlAll(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c < 0x80 && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-._~ ", c) {
			fmt.Fprintf(&b, "&#%d;", c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// encodeAll percent-encodes every byte.
func encodeAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte('%')
		b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{s[i]})))
	}
	return b.String()
}

// lowerHex writes percent-encodings with small letters.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
			i += 2
		}
	}
	return string(b)
}

// replace puts marks in the place of every part of a known secret.
func (k *known) replace(s string) string {
	if len(k.short) > 0 {
		s = strings.NewReplacer(k.short...).Replace(s)
	}
	if k.windows == nil || len(s) < window {
		return s
	}
	var b strings.Builder
	done := 0 // s[:done] is written
	for i := 0; i+window <= len(s); {
		mark, end := k.match(s, i)
		if end == 0 {
			i++
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString(mark)
		i, done = end, end
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// match is the mark for the part of a secret that begins at i, and where it ends; 0 if there is none.
func (k *known) match(s string, i int) (mark string, end int) {
	for ; i+window <= len(s) && k.first[s[i]]; i++ {
		m, ok := k.windows[[window]byte([]byte(s[i:i+window]))]
		if !ok {
			break
		}
		mark, end = m, i+window
	}
	return mark, end
}
