package bearer

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Remembering is a Verifier that remembers another's verdicts, under keyed digests of the tokens. That a token is
// good is remembered until it ends, and no longer than Lifetime; that it is bad, for Negative, in a
// memory of its own, where no number of made-up tokens can push out good ones; that nobody could tell, not at
// all. Of a JWT it is not remembered either that its issuer does not have its key, which is news to come, that it is not valid
// yet beyond the moment at which it is, nor for longer than 5 seconds that its signature is wrong. Fields must not be changed after the first use.
//
// A verdict is as old as its time says: what is revoked in between, or whose key is withdrawn, passes until then. Ask
// Revocations after it.
type Remembering struct {
	// Verifier is who is asked about tokens that are not remembered.
	Verifier Verifier

	// Lifetime is how long a good token is remembered. Zero means a minute.
	Lifetime time.Duration

	// Negative is how long a bad one is remembered. Zero means 5 seconds.
	Negative time.Duration

	// Size is how many good tokens are remembered. Zero means 10,000; each takes some kilobytes.
	Size int

	// NegativeSize is how many bad tokens are remembered. Zero means 10,000; each takes some hundred bytes.
	NegativeSize int

	// Now is the clock. Nil means time.Now. One that is set back revives nothing that ended.
	Now func() time.Time

	once    sync.Once
	digests digester
	good    *otter.Cache[digest, *verdict]
	bad     *otter.Cache[digest, *verdict]
	flights flights
	latest  atomic.Int64 // the latest time seen, in nanoseconds since the epoch
}

// verdict is what a Verifier said. It is never changed.
type verdict struct {
	claims      *Claims
	refusal     *Error // instead of claims
	from, until int64  // in nanoseconds since the epoch
}

const (
	zeroLifetime = time.Minute
	zeroNegative = 5 * time.Second
	zeroSize     = 10_000
)

func (m *Remembering) init() {
	m.once.Do(func() {
		memory := func(size int) *otter.Cache[digest, *verdict] {
			if size <= 0 {
				size = zeroSize
			}
			return otter.Must(&otter.Options[digest, *verdict]{MaximumSize: size, Logger: &otter.NoopLogger{}})
		}
		m.good, m.bad = memory(m.Size), memory(m.NegativeSize)
	})
}

// Verify implements Verifier.
func (m *Remembering) Verify(ctx context.Context, token string) (*Claims, error) {
	if m.Verifier == nil {
		return nil, errors.New("bearer: Remembering without a Verifier")
	}
	m.init()
	key, now := m.digests.of(token), m.now()
	if v, ok := m.good.GetIfPresent(key); ok && v.holds(now) {
		return v.claims.clone(), nil
	}
	if v, ok := m.bad.GetIfPresent(key); ok && v.holds(now) {
		refusal := *v.refusal
		return nil, &refusal
	}
	return m.flights.do(ctx, key, func(ctx context.Context) (*Claims, error) { return m.ask(ctx, key, token) })
}

func (v *verdict) holds(now int64) bool { return v.from <= now && now < v.until }

// nanoseconds are since the epoch. What they cannot say, after the year 2262, is as late as they can.
func nanoseconds(t time.Time) int64 {
	switch seconds := t.Unix(); {
	case seconds >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	case seconds < 0:
		return 0
	}
	return t.UnixNano()
}

// now is the latest time seen, so that a clock set back revives nothing.
func (m *Remembering) now() int64 {
	now := clock(m.Now).UnixNano()
	for {
		seen := m.latest.Load()
		if now <= seen {
			return seen
		}
		if m.latest.CompareAndSwap(seen, now) {
			return now
		}
	}
}

// ask has a token verified, and remembers the verdict from the time at which it was asked for: how long the
// answer took does not prolong it.
func (m *Remembering) ask(ctx context.Context, key digest, token string) (*Claims, error) {
	asked := m.now()
	claims, err := m.Verifier.Verify(ctx, token)
	var refusal *Error
	switch {
	case err == nil && claims == nil:
		return nil, errors.New("bearer: the Verifier of Remembering returned neither claims nor an error")
	case err == nil:
		v := &verdict{claims: claims.clone(), until: asked + int64(orElse(m.Lifetime, zeroLifetime))}
		if !claims.Expires.IsZero() {
			v.until = min(v.until, nanoseconds(claims.Expires))
		}
		if !claims.NotBefore.IsZero() {
			v.from = nanoseconds(claims.NotBefore)
		}
		if v.until > asked {
			m.good.Set(key, v)
		}
	case errors.As(err, &refusal):
		own := *refusal
		m.good.Invalidate(key) // it was good, and is so no longer
		lifetime := orElse(m.Negative, zeroNegative)
		if own.lasts != 0 {
			lifetime = min(lifetime, own.lasts)
		}
		if lifetime > 0 {
			m.bad.Set(key, &verdict{refusal: &own, until: asked + int64(lifetime)})
		}
	}
	return claims, err
}
