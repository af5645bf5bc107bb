package scan

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

// Identity is a bearer that the scan may ask as.
type Identity struct {
	Name     string
	Token    redact.Secret // zero: no credentials
	Variable string        // the environment variable that stands for the token in curl lines
	Markers  []string      // text that only this identity may ever see
	// Renew gets the token anew; nil: it is what it is. The time is when the new one ends, zero: not known.
	Renew func(context.Context) (redact.Secret, time.Time, error)
	// Ends is when Token does; zero: not known.
	Ends time.Time
	// Credentials are for schemes of the document, by their names, that want something else than Token.
	Credentials map[string]redact.Secret
	// Narrows names the identity of the same user that has more scope; "": none, or the tokens themselves say so.
	Narrows string

	public  bool      // the token is of our own making and opens nothing
	speaker *Identity // who says something in its requests; nil: nothing is said
	// An asker may be a reader who says something more: this goes with each of its requests.
	header http.Header
	query  string
	set    setting    // and this instead of what others say there
	mu     sync.Mutex // guards Token and Ends once the scan runs
}

// token is the present one.
func (id *Identity) token() redact.Secret {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.Token
}

// saying is id with something more in each request, under another name.
func (id *Identity) saying(what string, header http.Header, query string) *Identity {
	return &Identity{
		Name: id.Name + " with " + what, Token: id.token(), Variable: id.Variable, Credentials: id.Credentials, public: id.public, header: header, query: query, speaker: id.reader(),
	}
}

// reader is who asks, without what is said.
func (id *Identity) reader() *Identity {
	if id.speaker != nil {
		return id.speaker
	}
	return id
}

// credential is a secret and where it goes in a request.
type credential struct {
	in     string // header, query or cookie
	field  string
	before string // in the value, before the secret: "Bearer "
	secret string
	shown  string // what stands for the secret where the request is shown
	basic  bool   // the secret is a user and password, to be encoded
}

func (c credential) value() string {
	if c.basic {
		return c.before + base64.StdEncoding.EncodeToString([]byte(c.secret))
	}
	return c.before + c.secret
}

// presents lists what id sends where an operation takes one of sets, any of which suffices. Of those the first
// is taken that id has all secrets for; without one the token goes as RFC 6750 §2.1 has it.
func (id *Identity) presents(sets [][]operation.Scheme) []credential {
	token := id.token().Reveal()
	if token == "" && len(id.Credentials) == 0 {
		return nil
	}
next:
	for _, set := range sets {
		var list []credential
		for _, scheme := range set {
			c, ok := id.presentsAs(scheme, len(set) == 1)
			if !ok {
				continue next
			}
			list = append(list, c)
		}
		if len(list) > 0 {
			return list
		}
	}
	if token == "" {
		return nil
	}
	return []credential{{in: "header", field: "Authorization", before: "Bearer ", secret: token, shown: "$" + id.Variable}}
}

// presentsAs is the secret that id has for a scheme. The identity's own token is meant for a bearer, and for
// whatever else is wanted alone.
func (id *Identity) presentsAs(s operation.Scheme, alone bool) (credential, bool) {
	secret, own := id.Credentials[s.Name]
	c := credential{secret: secret.Reveal(), shown: "$" + variableOf(id.Name, s.Name)}
	if !own {
		if c.secret, c.shown = id.token().Reveal(), "$"+id.Variable; c.secret == "" || s.Kind != operation.Bearer && !alone {
			return c, false
		}
	}
	switch s.Kind {
	case operation.Bearer:
		c.in, c.field, c.before = "header", "Authorization", "Bearer "
	case operation.Basic:
		if !strings.Contains(c.secret, ":") {
			return c, false
		}
		c.in, c.field, c.before, c.basic = "header", "Authorization", "Basic ", true
	case operation.APIKey:
		c.in, c.field = s.In, s.Field
	default:
		return c, false
	}
	return c, true
}

// variableOf is the name of a shell variable for a credential.
func variableOf(identity, scheme string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, identity+"_"+scheme)
}

// forgery is id with secrets that were never issued, yet begin like the true ones, have their length, and are the
// same to whoever does not look at the case of letters: keys made of a part of the token, of claims that nobody
// verified or of the folded token take them for id's.
func forgery(id *Identity) *Identity {
	f := &Identity{Name: "forged", Token: redact.NewSecret(forged(id.token().Reveal())), Variable: "FORGED_TOKEN", public: true}
	for name, secret := range id.Credentials {
		if f.Credentials == nil {
			f.Credentials = make(map[string]redact.Secret)
		}
		f.Credentials[name] = redact.NewSecret(forged(secret.Reveal()))
	}
	return f
}

// recipe is a line of shell that makes such a token of id's.
func recipe(id *Identity) string {
	token, v := id.token().Reveal(), id.Variable
	switch {
	case !strings.ContainsFunc(forged(token), unicode.IsLetter) || v == "":
		return "FORGED_TOKEN=$(openssl rand -hex 24)"
	case half(token) > len(token)/2:
		return `FORGED_TOKEN="${` + v + `%.*}.$(printf %s "${` + v + `##*.}" | tr A-Za-z a-zA-Z)"`
	}
	return `FORGED_TOKEN=$(printf %s "$` + v + `" | head -c ` + strconv.Itoa(half(token)) + `)$(printf %s "$` + v + `" | tail -c +` + strconv.Itoa(half(token)+1) + ` | tr A-Za-z a-zA-Z)`
}

// half is where the part of a secret begins that a forgery has otherwise.
func half(secret string) int {
	if i := strings.LastIndexByte(secret, '.'); strings.Count(secret, ".") == 2 && i < len(secret)-8 {
		return i + 1
	}
	return len(secret) / 2
}

// forged changes the signature of a JWT, and the second half of anything else.
func forged(secret string) string {
	if secret == "" {
		return ""
	}
	from := half(secret)
	swap := func(r rune) rune {
		switch {
		case unicode.IsLower(r):
			return unicode.ToUpper(r)
		case unicode.IsUpper(r):
			return unicode.ToLower(r)
		}
		return r
	}
	tail := strings.Map(swap, secret[from:])
	if tail == secret[from:] { // digits only
		tail = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '0' + (r-'0'+5)%10
			}
			return r
		}, tail)
	}
	if tail == secret[from:] {
		tail = newSalt() + newSalt()
	}
	return secret[:from] + tail
}

// addQuery is u with pairs, which are encoded already, behind its query.
func addQuery(u *url.URL, pairs string) *url.URL {
	if pairs == "" {
		return u
	}
	v := *u
	if v.RawQuery != "" {
		v.RawQuery += "&"
	}
	v.RawQuery += pairs
	return &v
}
