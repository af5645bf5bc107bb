package python

// single are the tokens of one character, when nothing that belongs to them follows.
var single = [256]kind{
	0:   endOfFile,
	'(': leftParenthesis, ')': rightParenthesis, '[': leftBracket, ']': rightBracket, '{': leftBrace, '}': rightBrace,
	',': comma, ':': colon, ';': semicolon, '.': dot, '@': at, '=': equal, '!': exclamation,
	'+': plus, '-': minus, '*': star, '/': slash, '%': percent, '|': bar, '^': caret, '&': ampersand, '~': tilde,
	'<': less, '>': greater,
}

// withEqual are the tokens of a character and = behind it.
var withEqual = [256]kind{
	':': colonEqual, '@': atEqual, '=': equalEqual, '!': notEqual, '+': plusEqual, '-': minusEqual, '*': starEqual, '/': slashEqual,
	'%': percentEqual, '|': barEqual, '^': caretEqual, '&': ampersandEqual, '<': lessEqual, '>': greaterEqual,
}

// operatorToken is the longest token that begins with c, and its length.
func operatorToken(c, one, two byte) (k kind, n int) {
	if one == '=' && withEqual[c] != 0 {
		return withEqual[c], 2
	}
	switch {
	case c == '.' && one == '.' && two == '.':
		return ellipsis, 3
	case c == '-' && one == '>':
		return arrow, 2
	case c == one && (c == '*' || c == '/' || c == '<' || c == '>'):
		return doubled(c, two)
	}
	if k = single[c]; k == endOfFile && c != 0 {
		k = illegal
	}
	return k, 1
}

func doubled(c, two byte) (k kind, n int) {
	var assign kind
	switch c {
	case '*':
		k, assign = doubleStar, doubleStarEqual
	case '/':
		k, assign = doubleSlash, doubleSlashEqual
	case '<':
		k, assign = leftShift, leftShiftEqual
	default:
		k, assign = rightShift, rightShiftEqual
	}
	if two == '=' {
		return assign, 3
	}
	return k, 2
}
