package bearer

import (
	"net/http"
	"strings"
)

// DefaultMaxLength bounds a token in bytes. JWTs with many claims have one or two thousand.
const DefaultMaxLength = 4096

// Requests that carry no bearer token. RFC 6750 §3.1: their challenge has no error code.
var (
	// ErrNoCredentials is returned where there is no Authorization field.
	ErrNoCredentials = &Error{Status: http.StatusUnauthorized, Description: "this resource wants a bearer token in the Authorization field"}
	// ErrOtherScheme is returned where the Authorization field holds credentials of another scheme.
	ErrOtherScheme = &Error{Status: http.StatusUnauthorized, Description: "this resource wants the scheme Bearer in the Authorization field"}
)

const prefix = "Bearer "

// Syntax is what a token may look like.
type Syntax struct {
	// MaxLength bounds a token in bytes. Zero means DefaultMaxLength.
	MaxLength int
}

// Token is Syntax{}.Token.
func Token(r *http.Request) (string, error) { return Syntax{}.Token(r) }

// Token returns the bearer token of a request, RFC 6750 §2.1: exactly one Authorization field, the scheme
// in any case, one space, and a b64token. Every error is an *Error:
//
//   - ErrNoCredentials and ErrOtherScheme, 401 without a code, for a request that has no bearer token;
//   - 400 invalid_request for one whose credentials could be read in several ways: two Authorization
//     fields, several credentials in one, no credentials after the scheme, anything but one space between
//     the two, control characters;
//   - 401 invalid_token for a token that no one can have issued: characters outside b64token, too long.
//
// Token does not allocate, unless it returns an error.
func (s Syntax) Token(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	switch {
	case len(values) == 0:
		return "", ErrNoCredentials
	case len(values) > 1:
		return "", badRequest("there is more than one Authorization field")
	}
	field := values[0]
	// Nearly every request: one pass decides it. What does not fit goes the long way, to learn why.
	if len(field) > len(prefix) && strings.EqualFold(field[:len(prefix)], prefix) {
		if token := field[len(prefix):]; len(token) <= s.maxLength() && isB64token(token) {
			return token, nil
		}
	}
	if i := strings.IndexFunc(field, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }); i >= 0 {
		return "", badRequest("the Authorization field holds a control character")
	}
	field = strings.Trim(field, " \t") // RFC 9110 §5.5: not a part of the value
	if field == "" {
		return "", badRequest("the Authorization field is empty")
	}
	scheme, rest := field, ""
	if i := strings.IndexAny(field, " \t,"); i >= 0 {
		scheme, rest = field[:i], field[i:]
	}
	if !strings.EqualFold(scheme, "Bearer") {
		if hidesBearer(rest) {
			return "", badRequest("the Authorization field holds several credentials")
		}
		return "", ErrOtherScheme
	}
	if rest == "" {
		return "", badRequest("there is no token after the scheme Bearer")
	}
	token := rest[1:]
	switch {
	case rest[0] == ',' || strings.Contains(token, ","):
		return "", badRequest("the Authorization field holds several credentials")
	case rest[0] != ' ' || token[0] == ' ' || token[0] == '\t':
		return "", badRequest("between the scheme and the token there must be exactly one space")
	case strings.ContainsAny(token, " \t"):
		return "", badRequest("the Authorization field holds several credentials")
	case len(token) > s.maxLength():
		return "", badToken("the token is too long")
	case !isB64token(token):
		return "", badToken("the token holds characters that a bearer token cannot have")
	}
	return token, nil
}

func (s Syntax) maxLength() int {
	if s.MaxLength <= 0 {
		return DefaultMaxLength
	}
	return s.MaxLength
}

// hidesBearer finds bearer credentials behind those of another scheme: "Basic YQ==, Bearer abc". What
// reads the first and what reads the last would see two readers.
func hidesBearer(rest string) bool {
	for {
		_, after, more := strings.Cut(rest, ",")
		if !more {
			return false
		}
		rest = strings.TrimLeft(after, " \t")
		if len(rest) >= 7 && strings.EqualFold(rest[:6], "Bearer") && (rest[6] == ' ' || rest[6] == '\t') {
			return true
		}
	}
}

// isB64token is RFC 6750 §2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=".
func isB64token(token string) bool {
	body := strings.TrimRight(token, "=")
	for i := range len(body) {
		if !b64[body[i]] {
			return false
		}
	}
	return body != ""
}

var b64 = func() (set [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/" {
		set[c] = true
	}
	return set
}()

func badRequest(description string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Description: description}
}

func badToken(description string) *Error {
	return &Error{Status: http.StatusUnauthorized, Code: InvalidToken, Description: description}
}
