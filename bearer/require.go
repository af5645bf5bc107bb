package bearer

import (
	"context"
	"errors"
	"net/http"
)

// Verifier decides whether a token is good.
type Verifier interface {
	// Verify returns an *Error for a token that is bad; any other error means "could not tell".
	Verify(ctx context.Context, token string) (*Claims, error)
}

// Require lets requests pass to next whose token v vouches for, with its claims in their context. It
// answers the others: a bad token as its *Error says, and 503 where v could not tell, because to treat
// such a request as anonymous would change what it is shown. Where that may pass (ErrUnavailable), the 503 has a
// Retry-After.
func Require(v Verifier, realm string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := verify(r, v)
		var refusal *Error
		switch {
		case errors.As(err, &refusal):
			refusal.Write(w, realm)
		case err != nil:
			w.Header().Set("Cache-Control", "no-store")
			if errors.Is(err, ErrUnavailable) {
				w.Header().Set("Retry-After", retryAfter)
			}
			http.Error(w, "the token cannot be checked now", http.StatusServiceUnavailable)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
		}
	})
}

// retryAfter is in seconds: about as long as it takes until somebody asks an endpoint again that failed.
const retryAfter = "5"

// RequireScope lets requests pass to next whose claims, as Require learned them, hold each of the scope tokens in
// scope, which is space-separated, and answers the others 403 insufficient_scope (RFC 6750 §3.1). It stands behind
// Require; without it nobody passes.
func RequireScope(scope, realm string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, ok := FromContext(r.Context())
		switch {
		case !ok:
			ErrNoCredentials.Write(w, realm)
		case !claims.HasScope(scope):
			refusal := &Error{Status: http.StatusForbidden, Code: InsufficientScope, Description: "the token does not hold the scope that this resource wants", Scope: scope}
			refusal.Write(w, realm)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func verify(r *http.Request, v Verifier) (*Claims, error) {
	if _, found := InURL(r.URL); found {
		return nil, badRequest("a token must not be part of the URL; send it in the Authorization field")
	}
	token, err := Token(r)
	if err != nil {
		return nil, err
	}
	claims, err := v.Verify(r.Context(), token)
	if err == nil && claims == nil {
		return nil, errors.New("the verifier returned neither claims nor an error")
	}
	return claims, err
}

type claimsKey struct{}

// FromContext returns what Require learned of the reader.
func FromContext(ctx context.Context) (*Claims, bool) {
	c, ok := ctx.Value(claimsKey{}).(*Claims)
	return c, ok
}
