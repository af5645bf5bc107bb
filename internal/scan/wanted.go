package scan

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/operation"
)

// Where an operation wants another credential than the bearer, a refusal is no news of a cache, and no fault of the token:
// the user has to be told what to give.

// lacks are the schemes of an operation that id has no credential of its own for; none where it has all of one set. An
// operation that takes nothing a scan can show lacks what its first set wants.
func (id *Identity) lacks(sets [][]operation.Scheme) []operation.Scheme {
	var best []operation.Scheme
	for _, set := range sets {
		missing := slices.DeleteFunc(slices.Clone(set), func(s operation.Scheme) bool {
			_, own := id.Credentials[s.Name]
			return own || s.Kind == operation.Bearer && id.token().Reveal() != ""
		})
		if len(missing) == 0 {
			return nil
		}
		if best == nil || unsupported(best) && !unsupported(missing) {
			best = missing
		}
	}
	return best
}

func unsupported(list []operation.Scheme) bool {
	return slices.ContainsFunc(list, func(s operation.Scheme) bool { return s.Kind == operation.Unsupported })
}

// remedy says what wants schemes, and how id is given a credential for them. Names are the document's, which may be any text.
func (r *redactor) remedy(id *Identity, schemes []operation.Scheme) string {
	const most = 3
	var wanted, flags []string
	for _, s := range schemes[:min(len(schemes), most)] {
		name := excerpt(r.Text(s.Name), 40)
		wanted = append(wanted, name+" ("+placeOf(s, excerpt(r.Text(s.Field), 40))+")")
		flags = append(flags, "--credential "+id.Name+"."+name+"=SOURCE")
	}
	text := "the document wants " + strings.Join(wanted, ", ") + " there"
	if unsupported(schemes) {
		return text + ", which a scan cannot show"
	}
	return text + ": if that is not " + id.Name + "'s token, give " + strings.Join(flags, " ")
}

func placeOf(s operation.Scheme, field string) string {
	switch {
	case s.Kind == operation.Bearer:
		return "a bearer token"
	case s.Kind == operation.Basic:
		return "user:password for Basic"
	case s.Kind != operation.APIKey:
		return "a scheme such as mutual TLS"
	case s.In == "cookie":
		return "the cookie " + field
	case s.In == "query":
		return "a key in the query parameter " + field
	}
	return "a key in the field " + field
}

// wanting is what an answer that hands nothing out may be for want of, as a part of a sentence; "": nothing is known.
func (t *Trial) wanting(e *exchange) string {
	if e == nil || e.err != nil || e.status != http.StatusBadRequest && !e.refused() {
		return ""
	}
	if missing := e.as.lacks(t.Operation.Alternatives); len(missing) > 0 {
		return t.redactor.remedy(e.as, missing)
	}
	return ""
}

// unequipped is why a reader's refusal says nothing: another has what the operation wants, and this one was given none.
func (t *Trial) unequipped() string {
	equipped := slices.ContainsFunc(t.Readers, func(id *Identity) bool {
		return len(t.Operation.Alternatives) > 0 && len(id.lacks(t.Operation.Alternatives)) == 0 && first(id, t.Natural).ok()
	})
	for _, id := range t.Readers {
		if e := first(id, t.Natural); equipped && t.wanting(e) != "" {
			return fmt.Sprintf("%s got %d, so what it would receive of others was not tested; %s", id.Name, e.status, t.wanting(e))
		}
	}
	return ""
}

// wantedOf is what the operations that refuse id want and it lacks; "" unless all of them lack something.
func (s *scanner) wantedOf(id *Identity) string {
	var schemes []operation.Scheme
	for _, p := range s.probes {
		e := first(id, p.Natural)
		if !e.refused() {
			continue
		}
		missing := id.lacks(p.Operation.Alternatives)
		if len(missing) == 0 {
			return ""
		}
		for _, scheme := range missing {
			if !slices.Contains(schemes, scheme) {
				schemes = append(schemes, scheme)
			}
		}
	}
	if len(schemes) == 0 {
		return ""
	}
	return s.courier.redactor.remedy(id, schemes)
}
