package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/bearcache/bearcache/bearer"
)

// retryAfter is in seconds: after so long somebody asks a verifier again that could not tell.
const retryAfter = "5"

// bearer refuses bearer tokens that are malformed, that the Verifier does not vouch for, or that were revoked, before
// anything is looked up: a hit passes the checks of a miss. No credentials and other schemes are the origin's to
// judge, unless RefuseAnonymous says that nothing else will do. What could not be told is refused as well, for as nobody's the request would be shown something else.
func (g *Gateway) bearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := entryOf(r.Context())
		token, err := g.options.Syntax.Token(r)
		switch {
		case err == nil:
			e.claims, err = g.vouch(r.Context(), token)
		case g.options.RefuseAnonymous: // whatever else says who asks, nobody vouches for
		case errors.Is(err, bearer.ErrOtherScheme), errors.Is(err, bearer.ErrNoCredentials):
			err = nil
		}
		if err != nil {
			g.unwanted(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// vouch is what the Verifier says of a token, nil where there is none, unless it was revoked. One that says nothing at all
// is an error of bearer.Remembering's.
func (g *Gateway) vouch(ctx context.Context, token string) (*bearer.Claims, error) {
	var claims *bearer.Claims
	if g.verifier != nil {
		var err error
		if claims, err = g.verifier.Verify(ctx, token); err != nil {
			return nil, err
		}
	}
	if g.revoked(claims, token) {
		return nil, &bearer.Error{Status: http.StatusUnauthorized, Code: bearer.InvalidToken, Description: "the token was revoked"}
	}
	return claims, nil
}

// unwanted answers a request whose credentials are not good, or not known to be.
func (g *Gateway) unwanted(w http.ResponseWriter, r *http.Request, err error) {
	e := entryOf(r.Context())
	var refusal *bearer.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == "":
		e.refusal = "no-credentials"
		refusal.Write(w, g.options.Realm)
	case errors.As(err, &refusal):
		e.refusal = refusal.Code
		refusal.Write(w, g.options.Realm)
	case r.Context().Err() != nil: // nobody reads this
		refuse(w, statusClientLeft, "the client left")
	default:
		e.refusal = "verifier"
		g.untold.Add(1)
		w.Header().Set("Retry-After", retryAfter)
		refuse(w, http.StatusServiceUnavailable, "the token cannot be checked now")
	}
}
