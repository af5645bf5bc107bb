package scan

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// S4 on a target with everything at once: what leaks, what only looks so, what takes parameters, what changes things.
// The requests are held to it by survey; here they must also be few.
func TestRequestsAreHarmless(t *testing.T) {
	s := &site{anyPath: true, key: func(r *http.Request) string {
		if strings.HasPrefix(r.URL.Path, "/kept") || strings.HasPrefix(r.URL.Path, "/public/kept") {
			return r.RequestURI
		}
		return ""
	}}
	s.origin = func(user string, r *http.Request) answer {
		switch path := r.URL.Path; {
		case strings.HasPrefix(path, "/public"):
			return ok(`{"items":["desk","chair"],"next":"https://` + r.Header.Get("X-Forwarded-Host") + `/"}`)
		case user == "":
			return denial
		case path == "/orders":
			return listed(func(id string) bool { return owners[id] == user })
		case strings.HasPrefix(path, "/orders/"):
			return order(strings.TrimPrefix(path, "/orders/"))
		case path == "/tagged":
			return mine(user).with("Etag", `"`+user+`"`).with("Set-Cookie", "sid=0123456789-"+user)
		case path == "/shared":
			return ok(`{"rates":[1.5,2.25]}`)
		}
		return mine(user)
	}
	ops := orders()[:2]
	ops = append(ops, gets("/kept/a", "/kept/b", "/own", "/tagged", "/shared", "/public/kept", "/public/page", "/report/export")...)
	ops = append(ops,
		operation.Operation{Method: "GET", Path: "/list", Security: operation.Required, Parameters: []operation.Parameter{{Name: "page", In: "query", Candidates: []string{"1", "2"}, Required: true}}},
		operation.Operation{Method: "GET", Path: "/tenant", Security: operation.Required, Parameters: []operation.Parameter{{Name: "X-Tenant", In: "header"}}},
		operation.Operation{Method: "HEAD", Path: "/head", Security: operation.Required},
		operation.Operation{Method: "POST", Path: "/orders", Security: operation.Required},
		operation.Operation{Method: "DELETE", Path: "/orders/{id}", Security: operation.Required},
	)
	r := s.survey(t, Options{Operations: ops, Feeds: ordersFed, Hazards: true})
	if !r.Complete || len(s.asked) != r.Requests {
		t.Errorf("%d requests by the report, %d came; complete: %v %s", r.Requests, len(s.asked), r.Complete, r.Incomplete)
	}
	for _, a := range s.asked {
		if len(a.uri) > 1<<10 || a.header.Get("User-Agent") != "bearcache-scan" {
			t.Errorf("%.100s asked by %q", a.uri, a.header.Get("User-Agent"))
		}
	}
	for _, op := range r.Operations {
		t.Logf("%3d requests: %s", op.Requests, op.Operation)
		if op.Requests > 60 {
			t.Errorf("%s took %d requests", op.Operation, op.Requests)
		}
	}
}

// What a clean operation costs, of an API whose answers name their readers, and what one that is suspected does.
func TestRequestsAreFew(t *testing.T) {
	const n = 60
	clean := &site{origin: func(user string, _ *http.Request) answer { return mine(user).with("Server", "Werkzeug/3.1.3") }}
	private := &site{origin: func(user string, _ *http.Request) answer { return mine(user).with("Cache-Control", "no-store") }}
	unknown := &site{origin: func(user string, _ *http.Request) answer { return mine(user) }}
	leaking := &site{origin: func(user string, _ *http.Request) answer { return mine(user) }, key: byURLKey}
	shared := &site{origin: func(user string, _ *http.Request) answer {
		if user == "" {
			return denial
		}
		return ok(`{"rates":[1.5,2.25]}`)
	}}
	for _, tt := range []struct {
		name string
		s    *site
		most float64 // with room; what it is meant to be stands in the name
		find bool
	}{
		{"clean, a server of one process (5)", clean, 6, false},
		{"clean, not to be stored (5)", private, 6, false},
		{"clean, and nothing is known of the servers (7)", unknown, 8, false},
		{"leaking by URL (23)", leaking, 25, true},
		{"the same for all readers (6)", shared, 8, false},
	} {
		t.Run(tt.name, func(t *testing.T) {

			paths := number("/x", n)
			r := tt.s.survey(t, Options{Wait: time.Nanosecond}, paths...)
			sum, most := 0, 0
			for _, op := range r.Operations[:n] {
				sum += op.Requests
				most = max(most, op.Requests)
			}
			mean := float64(sum) / n
			t.Logf("%.1f requests an operation, %d at most, %d in all", mean, most, r.Requests)
			if mean > tt.most {
				t.Errorf("%.1f requests an operation on average, want %.0f at most", mean, tt.most)
			}
			leaks := 0
			for _, f := range r.Findings {
				if f.Rule == finding.CrossIdentityReuse && f.Confidence == finding.Confirmed {
					leaks++
				}
			}
			if tt.find != (leaks == n) || !tt.find && leaks > 0 {
				t.Errorf("%d leaks", leaks)
			}
		})
	}
}

// S2: fields without end, and cookies in swarms.
func TestHostileFields(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fields func(h http.Header)
	}{
		{"cookies", func(h http.Header) {
			for i := range 1500 {
				h.Add("Set-Cookie", fmt.Sprintf("sid%d=%032d; Path=/", i, i))
			}
		}},
		{"cookies that are none", func(h http.Header) {
			for range 500 {
				h.Add("Set-Cookie", strings.Repeat("=;", 100))
			}
		}},
		{"one cookie of 64 KiB", func(h http.Header) { h.Add("Set-Cookie", "sid="+strings.Repeat("x", 64<<10)) }},
		{"an ETag of 64 KiB", func(h http.Header) { h.Set("Etag", `"`+strings.Repeat("x", 64<<10)+`"`) }},
		{"a Cache-Control of 64 KiB", func(h http.Header) { h.Set("Cache-Control", strings.Repeat("public, ", 8<<10)) }},
		{"a Vary of 64 KiB", func(h http.Header) { h.Set("Vary", strings.Repeat("a,", 32<<10)) }},
		{"many Links", func(h http.Header) {
			for i := range 2000 {
				h.Add("Link", fmt.Sprintf("</%d>; rel=next", i))
			}
		}},
		{"a wait that is none", func(h http.Header) { h.Set("Retry-After", "-1"); h.Set("Age", "99999999999999999999999") }},
	} {
		t.Run(tt.name, func(t *testing.T) {

			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				a := mine(userOf(r))
				tt.fields(w.Header())
				w.WriteHeader(a.status)
				fmt.Fprint(w, a.body)
			}))
			defer srv.Close()
			start := time.Now()
			r, err := scanAt(t, Options{Operations: gets("/x", "/y")}, srv.URL)
			if err != nil {
				t.Error(err)
			}
			for _, f := range r.Findings {
				if f.Rule != finding.StorableAuthenticatedResponse && f.Rule != finding.MissingVary && f.Severity > finding.Low {
					t.Errorf("%s %s", f.Operation, f.Rule.ID)
				}
				for _, e := range f.Evidence {
					if n := len(fmt.Sprint(e)); n > 20<<10 {
						t.Errorf("a step of %d bytes", n)
					}
				}
			}
			t.Logf("%d requests in %v", r.Requests, time.Since(start).Round(time.Millisecond))
		})
	}
}

// bigAnswers serves 5 MiB for each of /x0, /x1, …, differently for each reader and in every line, until its input ends.
func bigAnswers() {
	var lines strings.Builder
	for i := range 5 << 20 / 36 {
		fmt.Fprintf(&lines, `"%08d-0123456789abcdef-%08d",`, i, i)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := mine(userOf(r))
		if raw := r.URL.EscapedPath(); !strings.HasPrefix(raw, "/x") || strings.ContainsAny(raw[1:], "/;.%") {
			a = missing
		}
		w.Header().Set("Server", "Werkzeug/3")
		w.WriteHeader(a.status)
		if a.status == 200 {
			fmt.Fprintf(w, `{"of":"%s@example.com","path":%q,"list":[`, userOf(r), r.URL.Path)
			io.WriteString(w, lines.String())
			fmt.Fprint(w, `"end"]}`)
		}
	}))
	fmt.Println(srv.URL)
	io.Copy(io.Discard, os.Stdin)
	srv.Close()
}

// Memory: a hundred operations that answer 5 MiB each. The server is a process of its own, and so the heap the scan's.
func TestMemory(t *testing.T) {
	if raced {
		t.Skip("the race detector has memory of its own; make test runs this once more without it")
	}
	if os.Getenv("BEARCACHE_TEST_BIG_ANSWERS") != "" {
		bigAnswers()
		return
	}
	const operations, most = 100, 150 << 20
	server := exec.Command(os.Args[0], "-test.run=^TestMemory$")
	server.Env = append(os.Environ(), "BEARCACHE_TEST_BIG_ANSWERS=1")
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer in.Close()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	peak, done, sampled := uint64(0), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
	}()
	o := Options{Operations: gets(number("/x", operations)...), Concurrency: 4, Wait: time.Nanosecond}
	o.Target, o.Identities, o.Rate = mustURL(strings.TrimSpace(address)), people(), 10_000
	r, err := Run(t.Context(), o)
	close(done)
	<-sampled
	if err != nil || len(r.Operations) != operations {
		t.Errorf("%v, %d operations", err, len(r.Operations))
	}
	t.Logf("%d requests in %v, %d MiB of heap at most", r.Requests, r.Duration.Round(time.Millisecond), peak>>20)
	if peak > most {
		t.Errorf("%d MiB of heap, want %d at most", peak>>20, most>>20)
	}
}

var raced bool // the race detector is on

// A scan of a hundred operations of 50 ms, as users have it.
func BenchmarkScan(b *testing.B) {
	s := &site{paths: number("/x", 100), origin: func(user string, _ *http.Request) answer {
		time.Sleep(50 * time.Millisecond)
		return mine(user)
	}}
	srv := httptest.NewServer(s)
	defer srv.Close()
	for b.Loop() {
		r, err := Run(b.Context(), Options{Target: mustURL(srv.URL), Operations: gets(s.paths...), Identities: people()})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Requests), "requests/op")
	}
}
