package httpfield

import "strings"

// readerParts mark a name wherever they stand in it; readerWords as a whole word of it, with
// or without "id" at its end; readerPairs as two words in a row, where each alone is harmless.
var (
	readerParts = []string{"auth", "token", "session", "secret", "passw", "cookie", "credential", "apikey", "jwt"}
	readerWords = map[string]bool{
		"key": true, "sid": true, "user": true, "username": true, "uid": true, "uuid": true, "upn": true,
		"tenant": true, "account": true, "org": true, "organization": true, "organisation": true, "workspace": true,
		"customer": true, "identity": true, "principal": true, "subject": true, "sub": true, "bearer": true, "assertion": true,
		"cert": true, "certificate": true, "dn": true, "signature": true, "login": true, "email": true, "role": true, "roles": true,
		"group": true, "groups": true, "scope": true, "scopes": true, "impersonate": true, "behalf": true,
		"consumer": true, "ticket": true, "pin": true, "otp": true, "totp": true, "mfa": true, "pwd": true, "pass": true, "passcode": true,
		"team": true, "member": true, "actor": true, "act": true, "sudo": true, "runas": true, "actas": true, "saml": true,
	}
	readerPairs = map[[2]string]bool{
		{"client", "id"}: true, {"client", "verify"}: true, {"client", "serial"}: true, {"client", "fingerprint"}: true,
		{"client", "issuer"}: true, {"ssl", "client"}: true, {"tls", "client"}: true, {"run", "as"}: true,
	}
)

// TellsReader reports whether a field's name suggests that it tells who asks. Any character that
// is no letter or digit ends a word: X_Api_Key and X-Api-Key are one variable to a CGI or WSGI origin.
func TellsReader(name string) bool {
	name = strings.ToLower(name)
	for _, part := range readerParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	name = strings.Replace(name, "user-agent", "agent", 1) // a program, not a person
	before := ""
	for word := range strings.FieldsFuncSeq(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}) {
		if readerWords[word] || readerWords[strings.TrimSuffix(word, "id")] || word == "clientid" || readerPairs[[2]string{before, word}] {
			return true
		}
		before = word
	}
	return false
}

// requestWords name a request among others, orderWords its place among them; fillers may stand beside them.
var (
	requestWords = map[string]bool{"req": true, "request": true, "trace": true, "span": true, "correlation": true, "attempt": true, "retry": true, "retries": true}
	orderWords   = map[string]bool{"id": true, "num": true, "number": true, "no": true, "nr": true, "seq": true, "sequence": true, "count": true, "attempt": true, "time": true, "timestamp": true, "start": true}
)

// NumbersRequest reports whether a field's name says that it tells one request from the next: Req-Num,
// X-Correlation-Id, X-Retry-Count. Such a field says nothing about who asks, and no two requests have
// the same.
func NumbersRequest(name string) bool {
	var request, order bool
	for i, word := range strings.Split(strings.ToLower(name), "-") {
		switch {
		case i == 0 && word == "x":
		case requestWords[word]:
			request, order = true, order || request // Retry-Attempt
		case orderWords[word]:
			order = true
		default:
			return false
		}
	}
	return request && order
}
