package httpfield

import (
	"net/http"
	"net/textproto"
	"strings"
	"time"
)

// Vary lists the field names that a Vary field nominates (RFC 9110 §12.5.5), canonical and without
// repetition. ok is false where the answer is unusable for selection: a "*" or a member that is no
// field name.
func Vary(h http.Header) (names []string, ok bool) {
	for _, line := range h["Vary"] {
		for member := range strings.SplitSeq(line, ",") {
			member = strings.Trim(member, " \t")
			switch {
			case member == "":
				continue
			case member == "*" || !IsToken(member):
				return nil, false
			}
			member = textproto.CanonicalMIMEHeaderKey(member)
			if !contains(names, member) {
				names = append(names, member)
			}
		}
	}
	return names, true
}

// Connection lists the field names that a Connection field nominates as hop-by-hop (RFC 9110
// §7.6.1), canonical.
func Connection(h http.Header) []string {
	var names []string
	for _, line := range h["Connection"] {
		for member := range strings.SplitSeq(line, ",") {
			if member = strings.Trim(member, " \t"); member != "" {
				names = append(names, textproto.CanonicalMIMEHeaderKey(member))
			}
		}
	}
	return names
}

// afterDay is a date without the name of its day, which is nothing to go by and often wrong.
func afterDay(s string) string {
	return strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// Canonical reports whether name is a field name in the one spelling under which net/http and this
// module look fields up. A handler may set another, and net/http keeps a name with a trailing space
// as it came: such a field is there, and no look-up sees it.
func Canonical(name string) bool {
	first := true // of a word
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !tokenChar[c] || first && c >= 'a' && c <= 'z' || !first && c >= 'A' && c <= 'Z' {
			return false
		}
		first = c == '-'
	}
	return name != ""
}

// Surrogate reports whether only surrogates and CDNs read the field (RFC 9213 and what came before
// it); each overrides Cache-Control there.
func Surrogate(name string) bool {
	return strings.HasSuffix(name, "-Cache-Control") || strings.HasSuffix(name, "Surrogate-Control") ||
		name == "Edge-Control" || name == "X-Accel-Expires"
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// Age is the value of the Age field (RFC 9111 §5.1). Of a list in one line the first counts. Two lines, and
// two that a proxy joined ("0, 0"; RFC 9110 §5.3), are the words of two caches, of which neither can be
// trusted: ok is false, as it is for what is no number. That is stricter than the RFC, which would take the
// first of the one and ignore the other.
func Age(h http.Header) (age time.Duration, ok bool) {
	lines := h["Age"]
	if len(lines) == 0 {
		return 0, true
	}
	v, rest, _ := strings.Cut(strings.Trim(lines[0], " \t"), ",")
	if len(lines) > 1 || v == "" || strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\t") || strings.Trim(v, "0123456789") != "" {
		return 0, false
	}
	return deltaSeconds(v), true
}

// Date parses the HTTP-date (RFC 9110 §5.6.7) in the field name, in any case (RFC 9111 §4.2). ok is false
// if the field is absent, repeated, or no date in one of the three formats to the letter: time.Parse takes
// more spaces and fewer digits than there have to be, and what is no date has to be in the past.
func Date(h http.Header, name string) (t time.Time, ok bool) {
	lines := h[name]
	if len(lines) != 1 {
		return time.Time{}, false
	}
	s := lines[0]
	if n := len(s) - len("GMT"); n > 0 && strings.EqualFold(s[n:], "GMT") {
		s = s[:n] + "GMT"
	}
	for _, layout := range [...]string{http.TimeFormat, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC()
			if layout == time.RFC850 {
				layout = "Monday, 02-Jan-06 15:04:05 GMT"
			}
			return t, strings.EqualFold(afterDay(t.Format(layout)), afterDay(s))
		}
	}
	return time.Time{}, false
}
