package gateway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// One line for each request, of fields that were chosen and nothing else.
func TestAccessLog(t *testing.T) {
	w := start(t, Options{}, func(out http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" {
			out.WriteHeader(http.StatusTeapot)
			return
		}
		out.Header().Set("Cache-Control", "max-age=60")
		out.WriteHeader(http.StatusEarlyHints)
		io.WriteString(out, "12345")
	})
	type line struct {
		Method, Path, Cache, Reason, Partition string
		Status, Bytes                          float64
	}
	alice := "Authorization: Bearer hunter2hunter2"
	var digest string // of alice, in place of ALICE
	for _, tt := range []struct {
		name, first string
		fields      []string
		want        line
	}{
		{"a miss", "GET /a?q=hunter2", []string{alice}, line{"GET", "/a", "miss", "uri-miss", "ALICE", 200, 5}},
		{"a hit", "GET /a?q=hunter2", []string{alice}, line{"GET", "/a", "hit", "", "ALICE", 200, 5}},
		{"not stored", "GET /a", []string{alice, "Cache-Control: no-store"}, line{"GET", "/a", "miss", "request-no-store", "ALICE", 200, 5}},
		{"a hit without content", "HEAD /a?q=hunter2", []string{alice}, line{"HEAD", "/a", "hit", "", "ALICE", 200, 0}},
		{"nobody", "GET /a", nil, line{"GET", "/a", "miss", "uri-miss", "shared", 200, 5}},
		{"unknown", "GET /a", []string{"X-Auth-Token: hunter2"}, line{"GET", "/a", "bypass", "unlisted-credential", "none", 200, 5}},
		{"a change", "PUT /a", nil, line{"PUT", "/a", "bypass", "method", "shared", 418, 0}},
		{"a method of the client's invention", "HUNTER2 /a", nil, line{"OTHER", "/a", "bypass", "method", "shared", 418, 0}},
		{"a method in another case", "get /a", nil, line{"OTHER", "/a", "bypass", "method", "shared", 418, 0}},
		{"the path escaped", "GET /caf%C3%A9%0a%22", nil, line{"GET", "/caf%C3%A9%0a%22", "miss", "uri-miss", "shared", 200, 5}},
		{"a token in the path", "GET /verify/" + jwt, nil, line{"GET", "/verify/#", "miss", "uri-miss", "shared", 200, 5}},
		{"nothing stored, and nothing else wanted", "GET /z", []string{"Cache-Control: only-if-cached"}, line{"GET", "/z", "miss", "uri-miss", "shared", 504, 89}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.send(tt.first, tt.fields...)
			raw := <-w.records
			if s := strings.ToLower(string(raw)); strings.Contains(s, "hunter2") || strings.Contains(s, jwt) {
				t.Errorf("logged: %s", raw)
			}
			w.records <- raw
			r := w.record()
			if got := slices.Sorted(maps.Keys(r)); !slices.Equal(got, []string{"bytes", "cache", "level", "method", "ms", "msg",
				"partition", "path", "reason", "route", "status", "time"}) {
				t.Errorf("fields %v", got)
			}
			if ms, ok := r["ms"].(float64); !ok || ms < 0 || ms > 10_000 || r["msg"] != "request" || r["level"] != "INFO" || r["route"] != "" {
				t.Errorf("%v", r)
			}
			var got line
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			if tt.want.Partition == "ALICE" {
				if digest == "" {
					digest = got.Partition
				}
				if tt.want.Partition = digest; len(digest) != 12 {
					t.Errorf("partition %q", digest)
				}
			}
			if before, after, cut := strings.Cut(tt.want.Path, "#"); cut && strings.HasPrefix(got.Path, before+"[hmac-sha256:") {
				tt.want.Path = got.Path[:len(got.Path)-len(after)] + after
			}
			if tt.want.Status == 504 {
				tt.want.Bytes = float64(len(a.body))
			}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// An origin that breaks off makes the proxy panic. The request is logged all the same, the client
// can tell, and nothing is stored.
func TestBrokenOffIsLoggedAndNotStored(t *testing.T) {
	for _, tt := range []struct {
		name   string
		origin http.HandlerFunc
	}{
		{"in the middle of a chunked body", func(out http.ResponseWriter, _ *http.Request) {
			io.WriteString(out, "the beginning")
			http.NewResponseController(out).Flush()
			panic(http.ErrAbortHandler)
		}},
		{"short of its Content-Length", func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Length", "1000")
			io.WriteString(out, "the beginning")
			http.NewResponseController(out).Flush()
			panic(http.ErrAbortHandler)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := start(t, Options{}, func(out http.ResponseWriter, r *http.Request) {
				out.Header().Set("Cache-Control", "max-age=60")
				tt.origin(out, r)
			})
			for i := range 2 {
				if a := w.send("GET /a", "Authorization: Bearer abc"); a.err == nil {
					t.Errorf("the client takes it for whole: %d %q", a.status, a.body)
				}
				r := w.record()
				if r["status"] != 200.0 || r["bytes"] != 13.0 || r["cache"] != "miss" || r["reason"] != "incomplete" {
					t.Errorf("request %d: logged %v", i, r)
				}
			}
			if s := w.gateway.cache.Stats(); w.calls.Load() != 2 || s.Records != 0 {
				t.Errorf("%d calls, %+v", w.calls.Load(), s)
			}
		})
	}
}

// sink is a destination that may be stuck.
type sink struct {
	stuck   chan bool // closed: it takes lines
	arrived chan bool // a line came and has to wait
	once    sync.Once
	bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.arrived) })
	<-s.stuck
	return s.Buffer.Write(p)
}

// A sink that takes nothing holds up nobody; lines are lost and counted. Close writes the others.
func TestLogDropsInsteadOfBlocking(t *testing.T) {
	s := &sink{stuck: make(chan bool), arrived: make(chan bool)}
	l := NewLog(s, nil)
	const more = 100
	buffered := cap(l.lines)
	line := []byte("line 0\n")
	l.Write(line)
	copy(line, "XXXXXX") // the caller's buffer is the caller's again
	<-s.arrived
	done := make(chan bool)
	go func() {
		for i := range buffered + more {
			if n, err := fmt.Fprintf(l, "line %d\n", i+1); err != nil || n < 7 {
				t.Errorf("%d, %v", n, err)
			}
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("a stuck sink blocks the writer")
	}
	if n := l.Dropped(); n != more {
		t.Errorf("%d lines dropped, want %d", n, more)
	}
	close(s.stuck)
	if !l.Close(5 * time.Second) {
		t.Error("not all lines were written")
	}
	got := strings.Split(strings.TrimSpace(s.String()), "\n")
	if len(got) != buffered+1 {
		t.Fatalf("%d lines written, want %d", len(got), buffered+1)
	}
	for i, line := range got {
		if line != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
}

// What is wrong with a request's content is its client's fault, and a client that leaves is nobody's: the
// upstream is not blamed for either, in the log or in the metrics.
func TestClientsFault(t *testing.T) {
	const chunked = "POST /a HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tt := range []struct {
		name, text string
		leaves     bool
		status     float64
		outcome    string
	}{
		{"no chunk", chunked + "Z\r\n", false, 400, "refused"},
		{"no end of a chunk", chunked + "1\r\n1X\r\n", false, 400, "refused"},
		{"no trailer", chunked + "1\r\n1\r\n0\r\nX Y\r\n\r\n", false, 400, "refused"},
		{"content that breaks off", "POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\n1", true, 499, "bypass"},
		{"a chunk that breaks off", chunked + "A\r\n1", true, 499, "bypass"},
		{"a client that leaves", "GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n", true, 499, "miss"},
		{"a client that leaves with a token", "GET /a HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer abc\r\n\r\n", true, 499, "miss"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log buffer
			asked := make(chan bool, 1)
			w := start(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(_ http.ResponseWriter, r *http.Request) {
				asked <- true
				io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			})
			conn := w.hold(tt.text)
			if tt.leaves {
				<-asked
				conn.Close()
			} else if a := w.until(conn, 10*time.Second); float64(a.StatusCode) != tt.status || !a.Close {
				t.Errorf("%d", a.StatusCode)
			}
			if r := w.record(); r["status"] != tt.status || r["cache"] != tt.outcome || tt.outcome == "refused" && r["reason"] != "content" {
				t.Errorf("logged: %v", r)
			}
			if log.String() != "" {
				t.Errorf("said: %s", log.String())
			}
			families, _ := w.gateway.metrics.registry.Gather()
			for _, f := range families {
				if f.GetName() == "bearcache_requests_total" && !strings.Contains(f.String(), `"4xx"`) {
					t.Errorf("counted: %s", f)
				}
			}
		})
	}
}

// Who leaves while waiting for another's answer left as well.
func TestWaiterLeaves(t *testing.T) {
	asked, answer := make(chan bool), make(chan bool)
	w := start(t, Options{}, func(out http.ResponseWriter, r *http.Request) {
		asked <- true
		<-answer
		out.Header().Set("Cache-Control", "max-age=60")
	})
	const text = "GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n"
	w.hold(text)
	<-asked
	second := w.hold(text)
	time.Sleep(50 * time.Millisecond) // it waits, or else it asks and the test hangs
	second.Close()
	if r := w.record(); r["status"] != 499.0 {
		t.Errorf("logged: %v", r)
	}
	close(answer)
	if r := w.record(); r["status"] != 200.0 {
		t.Errorf("logged: %v", r)
	}
}

// Also while the answer is under way.
func TestClientLeavesBoth(t *testing.T) {
	var log buffer
	w := before(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, hasty(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", new(atomic.Int64)))
	conn := w.hold("POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 10\r\n\r\n1")
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if r := w.record(); r["status"] != 200.0 {
		t.Errorf("logged: %v", r)
	}
	if log.String() != "" {
		t.Errorf("said: %s", log.String())
	}
}
