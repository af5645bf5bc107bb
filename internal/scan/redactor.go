package scan

import (
	"net/http"
	"slices"
	"sync"

	"github.com/bearcache/bearcache/redact"
)

// redactor knows the secrets of a scan, of which there may come more: tokens that were renewed.
type redactor struct {
	mu      sync.RWMutex
	secrets []redact.Secret
	current *redact.Redactor
}

// learn has s replaced from now on.
func (r *redactor) learn(s redact.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	same := func(o redact.Secret) bool { return o.Reveal() == s.Reveal() }
	if s.IsZero() || slices.ContainsFunc(r.secrets, same) {
		return
	}
	r.secrets = append(r.secrets, s)
	r.current = redact.New(nil, r.secrets...)
}

// get is never nil: without secrets it knows the shapes of credentials only. So does that of a nil *redactor.
func (r *redactor) get() *redact.Redactor {
	if r == nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.current
}

func (r *redactor) Text(s string) string             { return r.get().Text(s) }
func (r *redactor) URL(s string) string              { return r.get().URL(s) }
func (r *redactor) Header(h http.Header) http.Header { return r.get().Header(h) }
