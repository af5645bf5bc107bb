package scan

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// echo is a place in a response at which a credential of its request stands.
type echo struct {
	where string // "body", or the name of a field
	form  string // how it is written: "as it is", "percent-encoded", …
	inURL bool   // as a part of a URL
	hash  bool   // only a hash without a key stands there
}

// leastEcho is the length from which on a secret is looked for: what is shorter stands anywhere.
const leastEcho = 12

// echoesOf looks for what was presented, in the spellings in which programs repeat it.
func echoesOf(presented []credential, body []byte, h http.Header) (list []echo) {
	for _, p := range presented {
		if len(p.secret) < leastEcho {
			continue
		}
		for _, f := range formsOf(p.secret) {
			if i := bytes.Index(body, []byte(f.text)); i >= 0 && !ourOwn(body[max(0, i-500):i]) {
				list = append(list, echo{"body", f.name, inURL.Match(body[max(0, i-200):i]), f.hash})
			}
			for _, name := range sortedKeys(h) {
				for _, v := range h[name] {
					if i := strings.Index(v, f.text); i >= 0 {
						list = append(list, echo{name, f.name, linking[name] || inURL.MatchString(v[:i]), f.hash})
					}
				}
			}
			if len(list) > 0 {
				return list
			}
		}
	}
	return nil
}

// linking fields hold URLs.
var linking = map[string]bool{"Location": true, "Content-Location": true, "Link": true, "Refresh": true}

// inURL matches text after which a parameter or a segment of a URL follows.
var inURL = regexp.MustCompile(`(?i)(https?://[^\s"'<>]{0,200}|(^|[\s"'(=<>])/[^\s"'<>]{0,200})[/?&;#][\w.~%-]*=?$`)

// ourOwn reports whether what stands before a token is a URL that the scan made: a log of requests shows it.
func ourOwn(before []byte) bool {
	return bytes.Contains(before[bytes.LastIndexAny(before, " \t\r\n\"'<>")+1:], []byte("bearcache="))
}

type form struct {
	name, text string
	hash       bool
}

func formsOf(secret string) []form {
	b := []byte(secret)
	sha, old, older := sha256.Sum256(b), sha1.Sum(b), md5.Sum(b)
	list := []form{
		{"as it is", secret, false},
		{"percent-encoded", url.QueryEscape(secret), false},
		{"in base64", strings.TrimRight(base64.StdEncoding.EncodeToString(b), "="), false},
		{"in base64url", base64.RawURLEncoding.EncodeToString(b), false},
		{"in hex", hex.EncodeToString(b), false},
		{"as its SHA-256", hex.EncodeToString(sha[:]), true},
		{"as its SHA-1", hex.EncodeToString(old[:]), true},
		{"as its MD5", hex.EncodeToString(older[:]), true},
	}
	return list
}
