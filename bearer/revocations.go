package bearer

import (
	"cmp"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFull is returned by Revocations.Add where nothing more can be remembered.
var ErrFull = errors.New("bearer: there is no room for another revocation: raise Max, or state an earlier Until")

// Revocations are what no longer counts, in bounded memory. The zero Revocations are empty and ready; they must not
// be copied, and their fields not be changed, after the first use. They are safe for concurrent use. A look costs a few
// nanoseconds while there are none.
type Revocations struct {
	// Max is how many are remembered. Zero means 100,000; each takes some hundred bytes and its texts.
	Max int

	// Leeway is by how much an issuer's clock may be ahead of that which says At: no less than the Verifier's, which lets
	// such tokens pass. A token of a revoked subject whose
	// "iat" is no later than At and this is revoked, and stays so: also one that the subject was given so soon after
	// the revocation, by logging in again. Zero means 5 seconds, less than zero none.
	Leeway time.Duration

	// Now is the clock for Until. Nil means time.Now.
	Now func() time.Time

	mu    sync.RWMutex // guards the maps. Of two revocations of one thing the wider stays
	known map[revoked]times
	kinds [codeSubject + 1]atomic.Int64 // how many of each there are
}

// revoked is what a revocation is of: a Revocation without its times.
type revoked struct {
	kind         byte
	issuer, text string
	digest       [32]byte
}

type times struct{ at, until time.Time }

const (
	zeroMax       = 100_000
	zeroIssuedLag = 5 * time.Second // too little for somebody to log in again, as a rule
)

func (r Revocation) of() revoked {
	switch {
	case r.ID != "":
		return revoked{kind: codeID, issuer: r.Issuer, text: r.ID}
	case r.Subject != "":
		return revoked{kind: codeSubject, issuer: r.Issuer, text: r.Subject}
	}
	return revoked{kind: codeDigest, digest: r.Digest}
}

// Add has r count from now on. To add it twice, or in another order with others, changes nothing: of two that are of
// one thing the later At and the later Until stay, and Until says which that is. An error says what is wrong with r, or is
// ErrFull; those whose Until has passed make room first.
func (s *Revocations) Add(r Revocation) error {
	r, err := r.normal()
	if err != nil {
		return err
	}
	now := clock(s.Now)
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.of()
	old, found := s.known[key]
	switch {
	case found:
		s.known[key] = times{latest(old.at, r.At), latest(old.until, r.Until)}
		return nil
	case !now.Before(r.Until):
		return nil // it is about nothing any more
	case len(s.known) >= s.max() && !s.forget(now):
		return ErrFull
	}
	if s.known == nil {
		s.known = make(map[revoked]times)
	}
	s.known[key] = times{r.At, r.Until}
	s.kinds[key.kind].Add(1)
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *Revocations) max() int {
	if s.Max <= 0 {
		return zeroMax
	}
	return s.Max
}

func (s *Revocations) leeway() time.Duration {
	if s.Leeway == 0 {
		return zeroIssuedLag
	}
	return max(s.Leeway, 0)
}

// forget removes what has passed, and reports whether that was anything. It is called with mu locked.
func (s *Revocations) forget(now time.Time) bool {
	before := len(s.known)
	for key, t := range s.known {
		if !now.Before(t.until) {
			delete(s.known, key)
			s.kinds[key.kind].Add(-1)
		}
	}
	return len(s.known) < before
}

// Len is how many are remembered, those that have passed and were not needed as room yet among them.
func (s *Revocations) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.known)
}

// Current is what is remembered of what r is of, whatever the times of r: they may be later, if others were added that are of the same. ok is
// false where it is not revoked now.
func (s *Revocations) Current(r Revocation) (current Revocation, ok bool) {
	now := clock(s.Now)
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.known[r.of()]
	if !now.Before(t.until) {
		return Revocation{}, false
	}
	r.At, r.Until = t.at, t.until
	return r, true
}

// Digests reports whether single tokens are revoked, so that TokenDigest is worth computing for Revoked.
func (s *Revocations) Digests() bool { return s.kinds[codeDigest].Load() > 0 }

// Revoked reports whether a token with these claims no longer counts, by its digest (the zero digest is nobody's), its
// ID, or its subject. The subject of a token without "sub" is its client, as in RFC 9068 §2.2 for one that acts for itself.
func (s *Revocations) Revoked(c *Claims, digest [32]byte) bool {
	subject := cmp.Or(c.Subject, c.ClientID)
	byDigest := s.kinds[codeDigest].Load() > 0 && digest != [32]byte{}
	byID := s.kinds[codeID].Load() > 0 && c.ID != ""
	bySubject := s.kinds[codeSubject].Load() > 0 && subject != ""
	if !byDigest && !byID && !bySubject {
		return false
	}
	now := clock(s.Now)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if byDigest && now.Before(s.known[revoked{kind: codeDigest, digest: digest}].until) {
		return true
	}
	if byID && now.Before(s.known[revoked{kind: codeID, issuer: c.Issuer, text: c.ID}].until) {
		return true
	}
	if bySubject {
		t, ok := s.known[revoked{kind: codeSubject, issuer: c.Issuer, text: subject}]
		return ok && now.Before(t.until) && (c.IssuedAt.IsZero() || !c.IssuedAt.After(t.at.Add(s.leeway())))
	}
	return false
}

// All are those that count now, in no order, for whoever was not there when they came. It is a picture of one
// moment: others may be added meanwhile.
func (s *Revocations) All() iter.Seq[Revocation] {
	return func(yield func(Revocation) bool) {
		now := clock(s.Now)
		s.mu.RLock()
		list := make([]Revocation, 0, len(s.known))
		for key, t := range s.known {
			if !now.Before(t.until) {
				continue
			}
			r := Revocation{Issuer: key.issuer, Digest: key.digest, At: t.at, Until: t.until}
			switch key.kind {
			case codeID:
				r.ID = key.text
			case codeSubject:
				r.Subject = key.text
			}
			list = append(list, r)
		}
		s.mu.RUnlock()
		for _, r := range list {
			if !yield(r) {
				return
			}
		}
	}
}
