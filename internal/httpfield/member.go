package httpfield

// cutMember splits a list (RFC 9110 §5.6.1) after its first member: at the first comma outside a
// quoted-string. more is false if there was none; closed is false if a quote is still open then.
func cutMember(list string) (member, rest string, more, closed bool) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ',':
			return list[:i], list[i+1:], true, true
		}
	}
	return list, "", false, !quoted
}
