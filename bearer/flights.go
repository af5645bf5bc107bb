package bearer

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash"
	"sync"
)

// digest stands for a token where it must not be kept.
type digest [sha256.Size]byte

// digester computes HMAC-SHA-256 under a key that is random and never leaves it. The zero digester is ready.
type digester struct {
	once sync.Once
	pool sync.Pool
}

type mac struct {
	hash hash.Hash
	buf  []byte
}

func (d *digester) of(token string) (sum digest) {
	d.once.Do(func() {
		key := make([]byte, sha256.Size)
		rand.Read(key) // never fails, see its documentation
		d.pool.New = func() any { return &mac{hash: hmac.New(sha256.New, key)} }
	})
	m := d.pool.Get().(*mac)
	m.hash.Reset()
	m.buf = append(m.buf[:0], token...)
	m.hash.Write(m.buf)
	clear(m.buf)
	m.buf = m.hash.Sum(m.buf[:0])
	copy(sum[:], m.buf)
	d.pool.Put(m)
	return sum
}

// flights let those who ask the same at once have one answer. The zero flights are ready.
type flights struct {
	mu    sync.Mutex // guards under
	under map[digest]*flight
}

type flight struct {
	done   chan struct{} // closed when claims and err are there
	claims *Claims
	err    error
	left   bool // who asked left before there was an answer
}

// do returns what verify returns to whoever came first. If that one leaves, another of those who wait asks anew. Everyone
// has claims of their own.
func (f *flights) do(ctx context.Context, key digest, verify func(context.Context) (*Claims, error)) (*Claims, error) {
	for {
		f.mu.Lock()
		fl := f.under[key]
		if fl == nil {
			fl = &flight{done: make(chan struct{}), left: true}
			if f.under == nil {
				f.under = make(map[digest]*flight)
			}
			f.under[key] = fl
			f.mu.Unlock()
			return f.lead(ctx, key, fl, verify)
		}
		f.mu.Unlock()
		select {
		case <-fl.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
		switch {
		case fl.left:
		case fl.err != nil:
			return nil, fl.err
		default:
			return fl.claims.clone(), nil
		}
	}
}

func (f *flights) lead(ctx context.Context, key digest, fl *flight, verify func(context.Context) (*Claims, error)) (*Claims, error) {
	defer func() { // also where verify panics: then those who wait try for themselves
		f.mu.Lock()
		delete(f.under, key)
		f.mu.Unlock()
		close(fl.done)
	}()
	claims, err := verify(ctx)
	if ctx.Err() != nil && claims == nil {
		return nil, err
	}
	fl.claims, fl.err, fl.left = claims, err, false
	if err != nil || claims == nil {
		return claims, err
	}
	return claims.clone(), nil
}
