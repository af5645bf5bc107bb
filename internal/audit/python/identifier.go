package python

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// checkIdentifier makes a token illegal that is no identifier, because of characters that are not ASCII.
func (p *parser) checkIdentifier(at, end int) {
	for i, r := range p.src[at:end] {
		if r < utf8.RuneSelf {
			continue
		}
		if !identifierRune(r, i == 0) {
			p.illegal(at, end, "invalid character in an identifier")
			return
		}
	}
}

// identifierRune reports whether an identifier may begin with the character, or else hold it: XID_Start and XID_Continue of Unicode.
func identifierRune(r rune, first bool) bool {
	if !continues(r) || first && !starts(r) {
		return false
	}
	s := norm.NFKC.String(string(r))
	for i, r := range s {
		if !continues(r) || first && i == 0 && !starts(r) {
			return false
		}
	}
	return true
}

func starts(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) && !unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space)
}

func continues(r rune) bool {
	return starts(r) || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
}

// normal is an identifier as Python compares it.
func normal(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return norm.NFKC.String(s)
		}
	}
	return s
}
