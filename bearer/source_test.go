package bearer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// newSource is a source of numbers; fetch may be exchanged under way.
func newSource(t *testing.T, fetch func(context.Context) (int, error)) *source[int] {
	s := &source[int]{fetch: fetch, report: func(error) {}, refresh: 5 * time.Minute, maxStale: time.Hour}
	s.start()
	t.Cleanup(s.close)
	return s
}

// What does not answer is asked again after 1, 2, 4 … 60 seconds, however many want it.
func TestSourceBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var tries []time.Duration
		s := newSource(t, func(context.Context) (int, error) {
			tries = append(tries, time.Since(start))
			return 0, errors.New("down")
		})
		for time.Since(start) < 4*time.Minute {
			for range 3 {
				if _, err := s.get(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "down") {
					t.Fatal(err)
				}
			}
			time.Sleep(500 * time.Millisecond)
		}
		want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(tries, want) {
			t.Errorf("tried after %v, want %v", tries, want)
		}
	})
}

func TestSourceStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var hang atomic.Bool
		var n int
		s := newSource(t, func(ctx context.Context) (int, error) {
			if hang.Load() {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			if down.Load() {
				return 0, errors.New("down")
			}
			n++
			return n, nil
		})
		value := func(want int) {
			t.Helper()
			if got, err := s.get(t.Context()); got != want || err != nil {
				t.Errorf("after %v: got %d, %v, want %d", time.Since(s.loaded), got, err, want)
			}
		}
		value(1)
		time.Sleep(4*time.Minute + 30*time.Second - 1)
		value(1) // not due
		time.Sleep(1 * time.Nanosecond)
		value(1) // due, and nobody waits for it
		synctest.Wait()
		value(2)
		time.Sleep(5*time.Minute - 1)
		value(2) // nobody asked before, and it is not too old
		synctest.Wait()
		value(3)
		time.Sleep(5 * time.Minute)
		value(4) // nobody asked before, and now it is

		// The attempt that hangs is waited for once, and after it nobody waits.
		hang.Store(true)
		time.Sleep(6 * time.Minute)
		before := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { value(4) })
		}
		wg.Wait()
		if time.Since(before) != fetchTimeout {
			t.Errorf("it was waited for %v", time.Since(before))
		}
		for before = time.Now(); time.Since(before) < 10*time.Minute; time.Sleep(time.Second) {
			asked := time.Now()
			value(4)
			if time.Since(asked) > 0 {
				t.Fatalf("waited again after %v", time.Since(before))
			}
		}
		hang.Store(false)
		down.Store(true)
		for time.Since(s.loaded) < 40*time.Minute {
			value(4)
			time.Sleep(time.Minute)
		}

		// Nobody asked for long since it failed: that says nothing of now, to any of those who come at once.
		down.Store(false)
		time.Sleep(10 * time.Minute)
		for range 5 {
			wg.Go(func() { value(5) })
		}
		wg.Wait()

		down.Store(true)
		for time.Since(s.loaded) < time.Hour-time.Minute {
			value(5)
			time.Sleep(time.Minute)
		}
		time.Sleep(2 * time.Minute)
		if got, err := s.get(t.Context()); !errors.Is(err, ErrUnavailable) || got != 0 {
			t.Errorf("too old, and used: %d, %v", got, err)
		}
		down.Store(false)
		time.Sleep(2 * time.Minute)
		value(6)
	})
}

// An attempt that hangs ends, and so does waiting for it; who leaves is not held.
func TestSourceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int32
		s := newSource(t, func(ctx context.Context) (int, error) {
			attempts.Add(1)
			<-ctx.Done()
			return 0, ctx.Err()
		})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.get(ctx); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		var wg sync.WaitGroup
		for range maxWaiting + 10 {
			wg.Go(func() {
				if _, err := s.get(t.Context()); !errors.Is(err, ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		s.mu.Lock()
		if s.waiting != maxWaiting {
			t.Errorf("%d wait", s.waiting)
		}
		s.mu.Unlock()
		wg.Wait()
		if time.Since(start) != fetchTimeout || attempts.Load() != 1 {
			t.Errorf("%d attempts, over after %v", attempts.Load(), time.Since(start))
		}
	})
}

// Where too many wait for what is newer, the others are given what can still be used.
func TestSourceCrowded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		s := newSource(t, func(ctx context.Context) (int, error) {
			if hang.Load() {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return 1, nil
		})
		if _, err := s.get(t.Context()); err != nil {
			t.Fatal(err)
		}
		hang.Store(true)
		time.Sleep(s.refresh)
		var wg sync.WaitGroup
		for range maxWaiting {
			wg.Go(func() { s.get(t.Context()) })
		}
		synctest.Wait()
		start := time.Now()
		if n, err := s.get(t.Context()); n != 1 || err != nil || time.Since(start) != 0 {
			t.Errorf("%d, %v after %v", n, err, time.Since(start))
		}
		wg.Wait()
	})
}

func TestSourceCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		reports := 0
		s := newSource(t, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			ended = true
			return 0, ctx.Err()
		})
		s.report = func(error) { reports++ }
		done := make(chan error)
		go func() {
			_, err := s.get(t.Context())
			done <- err
		}()
		synctest.Wait()
		s.close()
		if !ended || reports > 0 {
			t.Errorf("ended %v, %d reports", ended, reports)
		}
		if err := <-done; !errors.Is(err, ErrUnavailable) {
			t.Error(err)
		}
		if _, err := s.get(t.Context()); !errors.Is(err, ErrUnavailable) || !errors.Is(err, errClosed) {
			t.Error(err)
		}
	})
}

// What is asked for anew is fetched once in a time, whether that works or not.
func TestSourceRecent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		var down bool
		s := newSource(t, func(context.Context) (int, error) {
			n++
			if down {
				return 0, errors.New("down")
			}
			return n, nil
		})
		want := func(value int, current bool, tries int) {
			t.Helper()
			got, is, err := s.recent(t.Context(), 15*time.Second)
			if got != value || is != current || err != nil || n != tries {
				t.Errorf("%d, %v, %v after %d tries; want %d, %v after %d", got, is, err, n, value, current, tries)
			}
		}
		want(1, true, 1)
		want(1, true, 1)
		time.Sleep(15 * time.Second)
		want(2, true, 2)
		down = true
		want(2, true, 2)
		time.Sleep(15 * time.Second)
		want(2, false, 3)
		time.Sleep(14 * time.Second)
		want(2, false, 3)
		time.Sleep(time.Second)
		want(2, false, 4)
	})
}
