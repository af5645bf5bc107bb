package httpfield

import (
	"slices"
	"strings"
)

// longest is how many bytes of a field are worth reading for what they mean. A request may bring a
// megabyte, which would be read for every response that it is held against: longer ones are compared as they
// are.
const longest = 1024

// Selecting is the form in which request fields nominated by Vary are compared (RFC 9111 §4.1): the
// lines of the field name (canonical) as one list, without the white space that may stand at its
// commas. Where RFC 9110 gives the order and case of members no meaning, they have none here. An
// absent field matches only an absent one, so present tells it from an empty one.
//
// A single line that is in this form already comes back as it is.
func Selecting(name string, values []string) (value string, present bool) {
	if len(values) == 0 {
		return "", false
	}
	length := 0
	for _, line := range values {
		length += len(line)
	}
	if length > longest {
		return strings.Join(values, ","), true
	}
	switch name {
	case "Accept-Language":
		// RFC 9110 §12.5.4: some origins take the order of ranges with one weight for a preference,
		// which "cannot be relied upon". We do not rely on it.
		if value, ok := preferences(values, isLanguageRange); ok {
			return value, true
		}
	case "Accept-Encoding", "Accept-Charset": // §12.5.3, §12.5.2; §8.4.1 and §8.3.2 for the case
		if value, ok := preferences(values, IsToken); ok {
			return value, true
		}
	}
	// Accept stays as it is: its parameters have values whose case may matter.
	return combined(values), true
}

// combined joins the lines of a field (RFC 9110 §5.3) and drops white space at its ends and around
// commas outside quoted-strings.
func combined(values []string) string {
	value := values[0]
	if len(values) > 1 {
		var b strings.Builder
		for i, v := range values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strings.Trim(v, " \t")) // no part of the line's value (RFC 9110 §5.5)
		}
		value = b.String()
	}
	if tight(value) {
		return value
	}
	var b strings.Builder
	for more := true; more; {
		var member string
		member, value, more, _ = cutMember(value)
		b.WriteString(strings.Trim(member, " \t"))
		if more {
			b.WriteByte(',')
		}
	}
	return b.String()
}

// tight reports whether no member of a list has white space around it.
func tight(list string) bool {
	for more := true; more; {
		var member string
		member, list, more, _ = cutMember(list)
		if member != strings.Trim(member, " \t") {
			return false
		}
	}
	return true
}

// preferences is the normal form of a list of weighted choices (RFC 9110 §12.4): lower case,
// sorted, weights in their shortest spelling, empty members gone. ok is false if some member is no
// such thing; what its sender meant by case and order is then unknown.
func preferences(values []string, valid func(string) bool) (list string, ok bool) {
	if len(values) == 1 && settled(values[0], valid) {
		return values[0], true
	}
	var members []string
	for _, line := range values {
		for member := range strings.SplitSeq(line, ",") {
			if member = strings.Trim(member, " \t"); member == "" {
				continue
			}
			p, ok := parsePreference(member, valid)
			if !ok {
				return "", false
			}
			members = append(members, p.String())
		}
	}
	slices.Sort(members)
	return strings.Join(members, ","), true
}

// settled reports whether list is in the form that preferences gives it.
func settled(list string, valid func(string) bool) bool {
	before := ""
	for list != "" {
		member, rest, more := strings.Cut(list, ",")
		p, ok := parsePreference(member, valid)
		if !ok || !p.is(member) || member < before || more && rest == "" {
			return false
		}
		before, list = member, rest
	}
	return true
}

// preference is one choice and its weight in thousandths.
type preference struct {
	choice string
	weight int
}

// is reports whether member is p.String(), without printing it.
func (p preference) is(member string) bool {
	for i := 0; i < len(member); i++ {
		if c := member[i]; c == ' ' || c == '\t' || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	switch weight := member[len(p.choice):]; {
	case p.weight == 1000:
		return weight == ""
	case p.weight == 0:
		return weight == ";q=0"
	default:
		return weight[len(weight)-1] != '0'
	}
}

func (p preference) String() string {
	choice := strings.ToLower(p.choice)
	switch p.weight {
	case 1000:
		return choice
	case 0:
		return choice + ";q=0"
	}
	digits := [3]byte{byte('0' + p.weight/100), byte('0' + p.weight/10%10), byte('0' + p.weight%10)}
	return choice + ";q=0." + strings.TrimRight(string(digits[:]), "0")
}

// parsePreference reads choice [ OWS ";" OWS "q=" qvalue ].
func parsePreference(member string, valid func(string) bool) (p preference, ok bool) {
	choice, weight, weighted := strings.Cut(member, ";")
	p = preference{strings.TrimRight(choice, " \t"), 1000}
	if !weighted {
		return p, valid(choice)
	}
	weight = strings.TrimLeft(weight, " \t")
	if len(weight) < 2 || weight[0]|0x20 != 'q' || weight[1] != '=' || !valid(p.choice) {
		return p, false
	}
	p.weight, ok = qvalue(weight[2:])
	return p, ok
}

// qvalue reads a weight (RFC 9110 §12.4.2) in thousandths.
func qvalue(s string) (thousandths int, ok bool) {
	if s == "" || len(s) > len("0.000") || s[0] != '0' && s[0] != '1' || len(s) > 1 && s[1] != '.' {
		return 0, false
	}
	thousandths = int(s[0]-'0') * 1000
	unit := 100
	for i := 2; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		thousandths += int(s[i]-'0') * unit
		unit /= 10
	}
	return thousandths, thousandths <= 1000
}

// isLanguageRange reports whether s is a basic language range (RFC 4647 §2.1).
func isLanguageRange(s string) bool { return s == "*" || isLanguageTag(s) }

// isLanguageTag reports whether s has the shape of a language tag: 1*8ALPHA *("-" 1*8alphanum).
func isLanguageTag(s string) bool {
	subtag := 0
	first := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '-' && subtag > 0:
			subtag, first = 0, false
			continue
		case c|0x20 >= 'a' && c|0x20 <= 'z', !first && c >= '0' && c <= '9':
			subtag++
		default:
			return false
		}
		if subtag > 8 {
			return false
		}
	}
	return subtag > 0
}

// PrefersLanguage reports whether an Accept-Language field (RFC 9110 §12.5.4) prefers language, one
// whole tag, to everything else it lists. A tie is no preference, and neither is a field with any
// member that cannot be read.
func PrefersLanguage(values []string, language string) bool {
	if !isLanguageTag(language) {
		return false
	}
	var best preference
	tied := false
	length := 0
	for _, line := range values {
		if length += len(line); length > longest {
			return false
		}
		for member := range strings.SplitSeq(line, ",") {
			if member = strings.Trim(member, " \t"); member == "" {
				continue
			}
			p, ok := parsePreference(member, isLanguageRange)
			if !ok {
				return false
			}
			switch {
			case p.weight > best.weight:
				best, tied = p, false
			case p.weight == best.weight:
				tied = true
			}
		}
	}
	return best.weight > 0 && !tied && strings.EqualFold(best.choice, language)
}
