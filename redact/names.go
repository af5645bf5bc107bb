package redact

import "strings"

// names are the words that a name ends in, if what it names is a credential: letters and digits, in
// lower case. true: as a whole it names a token of OAuth's or its kin, which does not belong in a URL.
var names = map[string]bool{
	"accesstoken": true, "idtoken": true, "bearertoken": true, "authtoken": true, "oauthtoken": true, "refreshtoken": true,
	"apitoken": true, "token": true, "jwt": true, "bearer": true, "authorization": true, "apikey": true, "xapikey": true,
	"authenticationtoken": true,

	"secret": false, "password": false, "passwd": false, "passphrase": false, "passcode": false, "pwd": false,
	"secretkey": false, "accesskey": false, "privatekey": false, "signingkey": false, "encryptionkey": false, "authkey": false,
	"assertion": false, "credential": false, "credentials": false, "cookie": false, "cookie2": false,
	"session": false, "sessionid": false, "sessid": false, "sessionkey": false, "connectsid": false, "samlresponse": false,
}

// innocent are names that end like a credential's, and mark a place in a list.
var innocent = map[string]bool{"pagetoken": true, "nextpagetoken": true, "prevpagetoken": true, "nexttoken": true, "continuationtoken": true, "synctoken": true}

// lines are names of fields whose value goes on to the end of the line, blanks and commas included.
var lines = map[string]bool{"authorization": true, "proxyauthorization": true, "cookie": true, "cookie2": true, "setcookie": true, "setcookie2": true}

var longestName = func() (n int) {
	for name := range names {
		n = max(n, len(name))
	}
	return n
}()

// TokenName reports whether a URL parameter, field or member of this name carries a token: access_token
// (RFC 6750 §2.3), id_token, jwt, apiKey and others, however they are cased and divided. It does not know
// page_token, csrf_token and the like, which are no credentials.
func TokenName(name string) bool { return len(name) <= 64 && names[letters(name)] }

// telling reports whether what is called name is a credential of any kind: a token, a password, a
// cookie. Words before the last do not matter: X-Vault-Token, DB_PASSWORD.
func telling(name string) bool {
	if len(name) > 128 {
		name = name[len(name)-128:]
	}
	l := letters(name)
	if innocent[l] {
		return false
	}
	for n := min(len(l), longestName); n >= 3; n-- {
		if _, ok := names[l[len(l)-n:]]; ok {
			return true
		}
	}
	return l == "sid" || l == "xauth"
}

// letters are the letters and digits of a name, in lower case.
func letters(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1
	}, name)
}
