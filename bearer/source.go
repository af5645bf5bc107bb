package bearer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxWaiting bounds how many requests wait for one attempt to fetch something.
const maxWaiting = 1024

var errClosed = errors.New("it was closed")

// source keeps a value that comes from elsewhere and changes now and then. It is fetched when somebody
// asks and it is due, once at a time, in a goroutine of the source's own, so that who asked may leave. What was fetched goes
// on being used while fetching it again fails, until it is too old.
type source[T any] struct {
	fetch    func(context.Context) (T, error)
	report   func(error)   // told of the end of every attempt
	refresh  time.Duration // a value as old as this is not used before it was fetched again, unless that fails
	maxStale time.Duration // one as old as this is not used any more
	timeout  time.Duration // of one attempt; zero: fetchTimeout
	now      func() time.Time

	ctx  context.Context // of all attempts
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu       sync.Mutex // guards what follows
	value    T
	loaded   time.Time     // when the attempt began that brought value; zero: none did
	tried    time.Time     // when the last attempt began
	failures int           // in a row, until now
	failed   time.Time     // when the last of them ended
	err      error         // of the last attempt
	flight   chan struct{} // closed when the attempt under way ends; nil: there is none
	waiting  int
}

// start makes s ready, and must be called once before all else.
func (s *source[T]) start() {
	if s.now == nil {
		s.now = time.Now
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
}

// close ends the attempt under way, and waits for it. After it nothing is to be had.
func (s *source[T]) close() {
	s.mu.Lock() // no attempt begins after this, and so none is added to wg
	s.stop()
	s.mu.Unlock()
	s.wg.Wait()
}

// get returns the value. It is fetched again a little before it is as old as refresh, and who asks does not wait for that.
// From then on everybody waits, for it may say what holds no more; but not where the last attempt failed, and not long ago: who
// waited for that one did so for all.
func (s *source[T]) get(ctx context.Context) (T, error) {
	s.mu.Lock()
	now := s.now()
	age := now.Sub(s.loaded) // without end where there is none
	failing := s.failures > 0 && now.Sub(s.failed) < s.refresh
	var flight chan struct{}
	if age >= s.due() {
		flight = s.attempt(now, backoff(s.failures))
	}
	if flight != nil && (age >= s.refresh && !failing || !s.usable(now)) {
		if err := s.wait(ctx, flight); err != nil && (ctx.Err() != nil || !s.usable(now)) { // of too many that wait the rest take what there is
			s.mu.Unlock()
			var none T
			return none, err
		}
	}
	defer s.mu.Unlock()
	return s.read()
}

// due is how old a value is when it is fetched again, so that as a rule nobody waits.
func (s *source[T]) due() time.Duration { return s.refresh - s.refresh/10 }

// early reports, to fetch, that there is a value which is not due yet, and that somebody wants a newer one.
func (s *source[T]) early() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.loaded.IsZero() && s.tried.Sub(s.loaded) < s.due()
}

// recent returns the value if it was loaded within a time, or can be now. It begins at most one attempt in that
// time, however often it is asked; current is false where the value is older all the same.
func (s *source[T]) recent(ctx context.Context, within time.Duration) (value T, current bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.loaded.IsZero() || now.Sub(s.loaded) >= within {
		if flight := s.attempt(now, max(within, backoff(s.failures))); flight != nil {
			if err := s.wait(ctx, flight); err != nil {
				return value, false, err
			}
		}
	}
	value, err = s.read()
	return value, s.err == nil && s.now().Sub(s.loaded) < within, err
}

// read is called with mu locked.
func (s *source[T]) read() (value T, err error) {
	switch {
	case s.ctx.Err() != nil:
		return value, fmt.Errorf("%w: %w", ErrUnavailable, errClosed)
	case s.usable(s.now()):
		return s.value, nil
	case s.err != nil:
		return value, fmt.Errorf("%w: %w", ErrUnavailable, s.err)
	}
	return value, ErrUnavailable
}

// usable is called with mu locked.
func (s *source[T]) usable(now time.Time) bool {
	return !s.loaded.IsZero() && now.Sub(s.loaded) < s.maxStale
}

// attempt returns the attempt under way, or begins one if the last is at least gap ago, or returns nil. It is
// called with mu locked.
func (s *source[T]) attempt(now time.Time, gap time.Duration) chan struct{} {
	switch {
	case s.flight != nil:
		return s.flight
	case s.ctx.Err() != nil, !s.tried.IsZero() && now.Sub(s.tried) < gap:
		return nil
	}
	flight := make(chan struct{})
	s.flight, s.tried = flight, now
	s.wg.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, orElse(s.timeout, fetchTimeout))
		defer cancel()
		value, err := s.fetch(ctx)
		s.mu.Lock()
		s.flight, s.err = nil, err
		if err == nil {
			s.value, s.loaded, s.failures = value, now, 0
		} else {
			s.failures++
			s.failed = s.now()
		}
		s.mu.Unlock()
		if s.ctx.Err() == nil { // closing is no failure
			s.report(err)
		}
		close(flight)
	})
	return flight
}

// wait is called with mu locked, and returns with it locked.
func (s *source[T]) wait(ctx context.Context, flight chan struct{}) error {
	if s.waiting >= maxWaiting {
		return fmt.Errorf("%w: too many wait for it", ErrUnavailable)
	}
	s.waiting++
	s.mu.Unlock()
	var err error
	select {
	case <-flight:
	case <-ctx.Done():
		err = fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	s.mu.Lock()
	s.waiting--
	return err
}

// backoff is how long to leave alone what failed so many times in a row: a second, twice as long each
// time, a minute at most.
func backoff(failures int) time.Duration {
	if failures == 0 {
		return 0
	}
	return min(time.Second<<min(failures-1, 6), time.Minute)
}
