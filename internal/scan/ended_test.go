package scan

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
)

// interrupted scans a site for so long.
func interrupted(t *testing.T, s *site, after time.Duration, o Options) (r *finding.Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{hosts: make(map[string]chan net.Conn)}
		defer n.serve(targetHost, s)()
		ctx, cancel := context.WithCancelCause(context.Background())
		defer time.AfterFunc(after, func() { cancel(errors.New("interrupt signal received")) }).Stop()
		o.dial, o.Target, o.Identities, o.Rate, o.Concurrency = n.dial, mustURL("http://"+targetHost), people(), 10_000, 8
		var err error
		if r, err = Run(ctx, o); !errors.As(err, new(*Failure)) || r.Complete {
			t.Errorf("%v, complete: %v", err, r.Complete)
		}
		time.Sleep(time.Second) // whoever is amid an answer ends
	})
	return r
}

// What was found until then is said to rest on less, what was not looked into is not clean, and what nobody was asked about was
// not tested. Interrupted at any time, a scan says nothing of which it does not know.
func TestInterruptedAmidControls(t *testing.T) {
	t.Parallel()
	s := func() *site {
		return &site{
			key: func(r *http.Request) string {
				if r.URL.Path == "/x" {
					return r.URL.Path
				}
				return ""
			},
			lifetime: time.Hour, paths: []string{"/x", "/own"},
			origin: func(user string, r *http.Request) answer { return mine(user) },
		}
	}
	whole := make(map[string]int) // requests, by operation
	for _, op := range interrupted(t, s(), 30*time.Minute, Options{Operations: gets("/x", "/own", "/me"), Wait: time.Hour}).Operations {
		whole[op.Operation] = op.Requests
	}
	for _, after := range []time.Duration{0, 3 * time.Millisecond, 8 * time.Millisecond, 15 * time.Millisecond, 25 * time.Millisecond, 40 * time.Millisecond, 10 * time.Second, 60 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			r := interrupted(t, s(), after, Options{Operations: gets("/x", "/own", "/me"), Wait: time.Hour})
			for _, f := range r.Findings {
				if strings.Contains(f.Detail, "expire") || f.Rule == finding.CrossIdentityReuse && !strings.HasPrefix(f.Detail, "The scan was interrupted before all controls were made; let one come to its end.") {
					t.Errorf("%s %s: %s", f.Operation, f.Rule.ID, f.Detail)
				}
			}
			for _, op := range r.Operations {
				leaks := op.Operation == "GET /x" && len(r.Findings) > 0
				switch {
				case leaks && op.Status != finding.StatusTested:
					t.Errorf("%+v has findings", op)
				case strings.Contains(op.Reason, "signal"):
					t.Errorf("%+v", op)
				case !leaks && op.Status == finding.StatusTested && !op.Undecided && op.Requests < whole[op.Operation]:
					t.Errorf("%+v is clean, which takes %d requests", op, whole[op.Operation])
				}
			}
			if after >= 10*time.Second && len(r.Findings) == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

// What the bound on requests, or the end of the API, keeps from being asked is not clean.
func TestEndedAmidChecks(t *testing.T) {
	t.Parallel()
	whole, err := running(t, 1000, 1000)
	if err != nil || whole.Undecided() > 0 {
		t.Fatalf("%v, %s", err, told(whole))
	}
	for n := 1; n < whole.Requests; n++ {
		if r, err := running(t, 1000, n); !errors.As(err, new(*Failure)) || r.Complete {
			t.Errorf("%d of %d requests: %v, complete: %v", n, whole.Requests, err, r.Complete)
		}
		r, err := running(t, n, 1000)
		if !errors.As(err, new(*Failure)) || r.Complete {
			t.Errorf("the API ends after %d of %d requests: %v, complete: %v", n, whole.Requests, err, r.Complete)
		}
		for _, op := range r.Operations { // the first question of each is answered, with something to compare
			if op.Requests > 1 && op.Reason == "the scan ended before it" {
				t.Errorf("the API ends after %d of %d requests: %+v", n, whole.Requests, op)
			}
		}
	}
}

// running scans a clean API on which nobody listens any more after so many connections.
func running(t *testing.T, connections, requests int) (r *finding.Report, err error) {
	t.Helper()
	s := &site{origin: func(user string, r *http.Request) answer { return mine(user) }, paths: []string{"/x", "/y"}}
	synctest.Test(t, func(t *testing.T) {
		n := &network{hosts: make(map[string]chan net.Conn)}
		defer n.serve(targetHost, s)()
		var made atomic.Int64
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			if made.Add(1) > int64(connections) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}
			return n.dial(ctx, network, address)
		}
		r, err = scanAt(t, Options{Operations: gets("/x", "/y", "/me"), Identities: people(), MaxRequests: requests, dial: dial}, "http://"+targetHost)
		time.Sleep(time.Second) // whoever is amid an answer ends
	})
	return r, err
}

// An operation that asks for silence amid the checks was not asked to the end: it is not clean.
func TestSilenceAmidChecks(t *testing.T) {
	t.Parallel()
	s := &site{paths: []string{"/x"}, origin: func(user string, r *http.Request) answer {
		if strings.Contains(r.URL.RawQuery, "bearcache") {
			return answer{status: 429}.with("Retry-After", "3600")
		}
		return mine(user)
	}}
	r := s.survey(t, Options{}, "/x")
	for _, op := range r.Operations {
		if op.Operation == "GET /x" && (op.Status == finding.StatusTested && !op.Undecided || !strings.Contains(op.Reason, "the API asks for silence for 1h0m0s")) {
			t.Errorf("%+v", op)
		}
		if op.Operation == "GET /me" && (op.Status != finding.StatusTested || op.Undecided) {
			t.Errorf("%+v", op)
		}
	}
}

// Another operation's leak has more asked of one that was done with. What keeps that from its end keeps the operation from being clean.
func TestEndedAmidSecondLook(t *testing.T) {
	t.Parallel()
	// scan ends once /own was asked for so many times, and counts how often it was.
	scan := func(leaking bool, most int) (r *finding.Report, asked int) {
		f := &fleet{nodes: 2, inside: true, lifetime: time.Hour, server: "gunicorn", draw: rand.New(rand.NewPCG(7, 7)), mu: new(sync.Mutex)}
		if leaking {
			f.key = byURLKey
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			n := &network{hosts: make(map[string]chan net.Conn)}
			var mu sync.Mutex
			defer n.serve(targetHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.RequestURI != "/own" {
					f.ServeHTTP(w, r)
					return
				}
				mu.Lock()
				if asked++; asked == most {
					cancel(errors.New("interrupt signal received"))
				}
				mu.Unlock()
				made := mine(userOf(r))
				w.WriteHeader(made.status)
				io.WriteString(w, made.body)
			}))()
			r, _ = Run(ctx, Options{Target: mustURL("http://" + targetHost), Operations: gets("/x", "/own", "/me"), Identities: people(), Rate: 10_000, dial: n.dial})
			time.Sleep(time.Second) // whoever is amid an answer ends
		})
		return r, asked
	}
	_, once := scan(false, 0)
	whole, twice := scan(true, 0)
	if twice <= once || whole.Operations[1].Undecided {
		t.Fatalf("/own was asked for %d times, and %d times beside a leak; %+v", once, twice, whole.Operations[1])
	}
	for n := once + 1; n < twice; n++ {
		r, _ := scan(true, n)
		if op := r.Operations[1]; r.Complete || !op.Undecided || op.Reason != "the scan was interrupted before all checks of it were made" {
			t.Errorf("interrupted with question %d of %d: %+v", n, twice, op)
		}
	}
}
