package scan

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// marks are values that only one identity may see, with where they are known from.
type marks map[string]string

// in lists the marks that c holds, and whether a strong one is among them: one that names a person,
// not merely something that only this person was shown.
func (m marks) in(c *content) (found []string, strong bool) {
	for value, source := range m {
		if c.holds(value) {
			found = append(found, value)
			strong = strong || source != learned || strings.Contains(value, "@")
		}
	}
	return found, strong
}

// beside is m without what stands in the URL that was asked for: an answer that repeats it says nothing of who may see it.
func (m marks) beside(u *url.URL) marks {
	if u == nil {
		return m
	}
	asked, _ := url.QueryUnescape(u.RawQuery)
	asked = u.Path + "?" + asked
	var kept marks
	for value := range m {
		if strings.Contains(asked, value) {
			if kept == nil {
				kept = maps.Clone(m)
			}
			delete(kept, value)
		}
	}
	if kept != nil {
		return kept
	}
	return m
}

const (
	learned = "seen only by this identity on other operations"
	claimed = "a claim of this identity's token"
	given   = "given with --marker"
)

// learn gives every trial the marks of each reader: from tokens, from --marker, and from operations
// on which the readers got answers of their own.
func (s *scanner) learn() {
	all := make(map[string]marks)
	for _, id := range s.cast.readers {
		m := marks{}
		for _, p := range s.probes {
			for _, other := range s.cast.readers {
				if other == id || !p.differed(id, other) {
					continue
				}
				for _, value := range p.namesOf(id, other) {
					m[value] = learned
				}
			}
		}
		for value := range s.cast.claims[id] {
			m[value] = claimed
		}
		for _, value := range id.Markers {
			m[value] = given
		}
		all[id.Name] = m
	}
	s.disown(all)
	hints := s.hints()
	for _, p := range s.probes {
		p.Marks, p.hints = all, hints
	}
}

// name gives every trial what names each reader, and has those asked again whom a single answer, and nothing that is known of them, tells apart, or
// of whom that would be held against a response's own fields: a page that shows members by lot may show two their own.
func (s *scanner) name(ctx context.Context) error {
	names := s.names()
	var doubtful []*probe
	for _, p := range s.probes {
		before := p.err == nil && p.answeredApart() && p.tellsApart((*Trial).differed)
		if p.names = names; before && (p.incriminating() || !p.tellsApart((*Trial).differed)) {
			doubtful = append(doubtful, p)
		}
	}
	return s.each(ctx, doubtful, s.Concurrency, func(ctx context.Context, p *probe) error {
		p.turn.Lock()
		defer p.turn.Unlock()
		rounds := 1
		switch named := p.tellsApart((*Trial).nameThemselves); {
		case p.incriminating() && !named:
			rounds = chanceRounds
		case p.incriminating():
			rounds = chanceRounds / 2
		}
		for i := 0; i < rounds && p.separate() && p.round(ctx); i++ {
		}
		return s.fatal(p.err)
	})
}

// tellsApart reports whether all readers are told apart, two by two.
func (t *Trial) tellsApart(by func(t *Trial, a, b *Identity) bool) bool {
	for i, a := range t.Readers {
		for _, b := range t.Readers[i+1:] {
			if !by(t, a, b) {
				return false
			}
		}
	}
	return true
}

// nameThemselves reports whether what a and b were each given, and the other was not, says whose it is.
func (t *Trial) nameThemselves(a, b *Identity) bool {
	as, bs := contents(of(a, t.Natural)), contents(of(b, t.Natural))
	return t.namesItself(a, as, bs) && t.namesItself(b, bs, as)
}

// names are, by reader, the claims of its token, and the addresses that it, and no other, was told on several operations each time.
func (s *scanner) names() map[*Identity]map[string]bool {
	all := make(map[*Identity]map[string]bool)
	for _, id := range s.cast.readers {
		told, others := make(map[string]map[int]bool), make(map[string]bool)
		for _, p := range s.probes {
			for _, f := range common(contents(of(id, p.Natural)), nil) {
				if strings.Contains(f.value, "@") && identifying(f.value, "") {
					if told[f.value] == nil {
						told[f.value] = make(map[int]bool)
					}
					told[f.value][p.index] = true
				}
			}
			for _, e := range p.Natural {
				if e.as == id || !p.isReader(e.as) || !e.ok() {
					continue
				}
				for f := range e.content.facts {
					if strings.Contains(f.value, "@") {
						others[f.value] = true
					}
				}
			}
		}
		all[id] = maps.Clone(s.cast.claims[id])
		if all[id] == nil {
			all[id] = make(map[string]bool)
		}
		for value, where := range told {
			if len(where) > 1 && !others[value] {
				all[id][value] = true
			}
		}
	}
	return all
}

// mostHints are the values, at most, that hint at one reader.
const mostHints = 500

// hints are, by reader, what stands in answers of its own on some operation, and in none of another's there: a name, a city, a plain number. They mark
// nobody, for public data may hold them; they say that it is worth while to find out.
func (s *scanner) hints() map[*Identity]map[string]bool {
	all := make(map[*Identity]map[string]bool)
	for _, id := range s.cast.readers {
		mine := make(map[string]bool)
		for _, p := range s.probes {
			for _, other := range s.cast.readers {
				if other == id || !p.differed(id, other) {
					continue
				}
				for _, f := range common(contents(of(id, p.Natural)), contents(of(other, p.Natural))) {
					if len(mine) < mostHints && hinting(f) {
						mine[f.value] = true
					}
				}
			}
		}
		all[id] = mine
	}
	for _, id := range s.cast.readers {
		for value := range all[id] {
			for _, other := range s.cast.readers {
				if other != id && s.ownHolds(other, id, value) {
					delete(all[id], value)
				}
			}
		}
	}
	return all
}

// hinting reports whether a fact is a text or a number, and no single character.
func hinting(f fact) bool {
	kind := f.at[max(len(f.at)-1, 0):]
	return len(f.value) >= 3 && len(f.value) <= 512 && f.at != "=" && kind != "?" && kind != "[" && kind != "{" && !timely.MatchString(f.value)
}

// hinted is a value in what the observer of s was given that hints at the victim, where none hints at the observer; "": there is none.
func (t *Trial) hinted(s suspicion) string {
	found := func(id *Identity) string {
		for _, value := range sortedKeys(t.hints[id]) {
			if s.seen.content.holds(value) {
				return value
			}
		}
		if len(id.Name) >= 3 && regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(id.Name)+`\b`).MatchString(s.seen.content.text) {
			return id.Name
		}
		return ""
	}
	if found(s.observer) != "" {
		return ""
	}
	return found(s.victim)
}

// disown takes from everybody what more than one reader has: claims that tokens share, and values
// that another reader was given in an answer of its own.
func (s *scanner) disown(all map[string]marks) {
	type owned struct{ name, value string }
	var shared []owned
	for _, id := range s.cast.readers {
		for value, source := range all[id.Name] {
			for _, other := range s.cast.readers {
				if other != id && source != given && (all[other.Name][value] != "" || s.cast.claims[other][value] ||
					source == learned && s.ownHolds(other, id, value)) {
					shared = append(shared, owned{id.Name, value})
				}
			}
		}
	}
	for _, o := range shared {
		delete(all[o.name], o.value)
	}
}

// ownHolds reports whether value stands in an answer that other got of its own, apart from id's.
func (s *scanner) ownHolds(other, id *Identity, value string) bool {
	for _, p := range s.probes {
		if !p.differed(id, other) {
			continue
		}
		for _, c := range contents(of(other, p.Natural)) {
			if _, ok := c.named(value); ok {
				return true
			}
		}
	}
	return false
}

// identifying reports whether a leaf value is peculiar enough to recognise its owner by on another
// operation. Short values, single words and plain numbers are not: they turn up in public data too.
func identifying(value, name string) bool {
	if len(value) < 5 || len(value) > 512 || timely.MatchString(value) {
		return false
	}
	letters, digits := 0, 0
	for _, r := range value {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		}
	}
	switch {
	case strings.Contains(value, "@") && letters > 0:
		return true
	case len(value) >= 10 && letters > 0 && digits >= 3 && !strings.ContainsAny(value, " /"):
		return true // an identifier: a UUID, an account number, a key
	case personalNames[strings.ToLower(name)]:
		return letters > 0 || digits >= 6
	}
	return false
}

// person is a value that names the one person a content is about: the only address in it, or what stands under the name of
// such a thing; "" if there is none, or more than one.
func (c *content) person() string {
	who := ""
	for value, name := range c.values {
		if strings.Contains(value, "@") && identifying(value, "") || naming[strings.ToLower(name)] && len(value) >= 5 && !timely.MatchString(value) {
			if strings.Contains(value, "@") && strings.Contains(who, "@") {
				return ""
			}
			if who == "" || strings.Contains(value, "@") {
				who = value
			}
		}
	}
	return who
}

// naming are names under which an API says who somebody is.
var naming = map[string]bool{
	"email": true, "username": true, "user_name": true, "login": true, "sub": true, "full_name": true, "fullname": true, "display_name": true, "phone": true, "iban": true, "ssn": true,
	"account_number": true, "holder": true,
}

var personalNames = map[string]bool{
	"account": true, "account_id": true, "account_number": true, "address": true, "customer_id": true, "display_name": true,
	"displayname": true, "email": true, "first_name": true, "full_name": true, "fullname": true, "iban": true,
	"last_name": true, "login": true, "phone": true, "preferred_username": true, "ssn": true, "sub": true, "user": true,
	"user_id": true, "user_name": true, "userid": true, "username": true,
}

// claimsOf lists the text claims of a token that has the shape of a JWT. It verifies nothing: the
// claims are only looked for in answers.
func claimsOf(token string) map[string]bool {
	values := make(map[string]bool)
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return values
	}
	payload, err := base64.RawURLEncoding.DecodeString(part[1])
	if err != nil {
		return values
	}
	var claims map[string]any
	if json.Unmarshal(payload, &claims) != nil {
		return values
	}
	var walk func(name string, value any)
	walk = func(name string, value any) {
		switch v := value.(type) {
		case string:
			if personalClaim(name) && len(v) >= 5 && len(v) <= 512 && !timely.MatchString(v) && !(singleWords[lastPart(name)] && !strings.ContainsAny(v, " @0123456789")) {
				values[v] = true
			}
		case []any:
			for _, e := range v {
				walk(name, e)
			}
		case map[string]any:
			for k, e := range v {
				walk(k, e)
			}
		}
	}
	walk("", claims)
	return values
}

// personalClaims are claims, registered or common, that name who the token is about. Others say what
// somebody may do, or through what, or in which language, which many have in common.
var personalClaims = map[string]bool{
	"email": true, "id": true, "login": true, "name": true, "oid": true, "phone_number": true, "preferred_username": true, "sub": true,
	"subject": true, "uid": true, "unique_name": true, "upn": true, "user": true, "user_id": true, "user_name": true, "userid": true, "username": true,
}

// singleWords are claims whose values may be words that stand in other people's answers too.
var singleWords = map[string]bool{"name": true, "user": true}

func personalClaim(name string) bool { return personalClaims[lastPart(name)] }

// lastPart is the claim's name without the namespace that some issuers put before it.
func lastPart(name string) string {
	return strings.ToLower(name[strings.LastIndexAny(name, "/:")+1:])
}
