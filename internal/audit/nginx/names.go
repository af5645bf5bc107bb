package nginx

import (
	"regexp"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

var (
	namedGroup = regexp.MustCompile(`\(\?P?[<']([A-Za-z_][A-Za-z0-9_]*)[>']`)
	luaSet     = regexp.MustCompile(`ngx\.var\.([A-Za-z_][A-Za-z0-9_]*)\s*=[^=]|ngx\.var\[["']([A-Za-z_][A-Za-z0-9_]*)["']\]\s*=[^=]`)
	upperCase  = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	wordSplit  = regexp.MustCompile(`[^a-z0-9]+`)
)

// wordsOf are the words of a name, a path or an address, in small letters.
func wordsOf(name string) []string {
	return strings.Fields(wordSplit.ReplaceAllString(strings.ToLower(camel.ReplaceAllString(name, "$1-$2")), " "))
}

var camel = regexp.MustCompile(`([a-z])([A-Z])`)

func anyWord(set map[string]bool, names ...string) string {
	for _, name := range names {
		for _, w := range wordsOf(name) {
			if set[w] {
				return w
			}
		}
	}
	return ""
}

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// secretParts mark the name of a field, cookie or parameter whose value is as good as its bearer.
var secretParts = []string{"token", "session", "secret", "passw", "apikey", "api_key", "jwt", "authorization", "sessid", "auth_key", "access_key", "credential"}

var secretNames = setOf("sid auth jwt sess token session apikey bearer")

// harmlessSecrets look like secrets by their parts and are not: a token against forged requests is no token of access.
var harmlessSecrets = []string{"csrf", "xsrf", "type", "expires", "length", "nocache", "no_cache", "session_lang"}

// personWords make a name that of a person, who is no secret: X-Auth-Request-User.
var personWords = []string{"user", "email", "group", "role", "name"}

// isSecret reports whether a name says that its value is a bearer's secret.
func isSecret(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	for _, part := range harmlessSecrets {
		if strings.Contains(name, part) {
			return false
		}
	}
	for _, part := range secretParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	for _, part := range personWords {
		if strings.Contains(name, part) {
			return false
		}
	}
	return anyWord(secretNames, name) != ""
}

// plainCookies are names of cookies that say nothing about who asks.
var plainCookies = setOf("nocache no cache lang language locale theme currency country region device mobile desktop view layout consent ab variant test debug preview bypass refresh purge skip ga utm i18n timezone tz cookieconsent")

// cookieTells reports whether a cookie's name says that it tells who asks; sure is false where the name says neither.
func cookieTells(name string) (tells, sure bool) {
	switch {
	case isSecret(name) || loginCookie.MatchString(name):
		return true, true
	case anyWord(plainCookies, name) != "":
		return false, true
	case httpfield.TellsReader(name):
		return true, true
	}
	return false, false
}

var loginCookie = regexp.MustCompile(`(?i)logged_?in|sess|sid\b|auth|login|remember|user|wordpress_(?:logged|sec)|wp-postpass|comment_author|member|account|token`)

// fieldTells is cookieTells for the name of a field, as variables have it.
func fieldTells(name string) bool {
	switch name {
	case "cookie", "authorization", "proxy_authorization":
		return true
	}
	if strings.Contains(name, "csrf") || strings.Contains(name, "xsrf") || name == "user_agent" || strings.HasPrefix(name, "sec_") {
		return false
	}
	return httpfield.TellsReader(strings.ReplaceAll(name, "_", "-"))
}
