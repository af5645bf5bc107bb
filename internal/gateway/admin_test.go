package gateway

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func (w *world) admin(method, path string) answer {
	w.t.Helper()
	out := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	r.Host = "127.0.0.1:8081"
	w.gateway.Admin().ServeHTTP(out, r)
	return answer{out.Code, out.Header(), out.Body.String(), nil}
}

func TestAdmin(t *testing.T) {
	w := start(t, Options{}, nil)
	for _, tt := range []struct {
		method, path string
		status       int
		body         string // its beginning
	}{
		{"GET", "/", 200, "bearcache: /healthz"},
		{"GET", "/healthz", 200, "ok\n"},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/readyz", 200, "ok\n"},
		{"POST", "/healthz", 415, ""},
		{"GET", "/api/v1/purge", 405, ""},
		{"GET", "/debug/pprof/", 404, ""},
		{"GET", "/api/v1/none", 404, ""},
	} {
		if a := w.admin(tt.method, tt.path); a.status != tt.status || !strings.HasPrefix(a.body, tt.body) {
			t.Errorf("%s %s: %d %q", tt.method, tt.path, a.status, a.body)
		}
	}
	if w.calls.Load() != 0 {
		t.Error("to look whether the upstream is there, it was asked for something")
	}
}

// /readyz says that the upstream is away, and no more than its name; /healthz is not concerned.
func TestReadyWithoutUpstream(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	w := &world{t: t, gateway: newGateway(t, Options{Upstream: &url.URL{Scheme: "http", Host: l.Addr().String(), User: url.UserPassword("u", "hunter2")}})}
	a := w.admin("GET", "/readyz")
	if a.status != 503 || a.header.Get("Cache-Control") != "no-store" || !strings.Contains(a.body, l.Addr().String()) || strings.Contains(a.body, "hunter2") {
		t.Errorf("%d %v %q", a.status, a.header, a.body)
	}
	if a := w.admin("GET", "/healthz"); a.status != 200 {
		t.Errorf("/healthz: %d", a.status)
	}
}

// traffic is one request of each outcome, with the client's own text wherever a client can put it.
func (w *world) traffic() {
	token := "Authorization: Bearer hunter2"
	for range 2 {
		w.send("GET /hunter2?hunter2", token, "User-Agent: hunter2", "X-Hunter2: hunter2")
	}
	w.send("HUNTER2 /hunter2")
	w.send("GET /a?access_token=hunter2")
	w.send("GET /a", "Authorization: Bearer hunter2, hunter2")
	w.send("GET /a", "X-Auth-Token: hunter2")
	for range 6 {
		w.record() // counted when logged
	}
	for end := time.Now().Add(5 * time.Second); w.gateway.cache.Stats().Records != 1 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // the engine settles its size in the background
	}
}

func TestMetrics(t *testing.T) {
	w := start(t, Options{Lost: func() uint64 { return 7 }}, nil)
	w.traffic()
	a := w.admin("GET", "/metrics")
	if a.status != 200 || strings.Contains(strings.ToLower(a.body), "hunter2") {
		t.Errorf("%d\n%s", a.status, a.body)
	}
	sample := regexp.MustCompile(`^([a-z0-9_]+)(?:\{(.*)\})? \S+$`)
	// Every value that a label of ours may have: a client that could choose one could grow the memory.
	label := regexp.MustCompile(`^(cache="(hit|miss|bypass|refused)"|status="([1-5]xx|none)"|le="[0-9.e+-]+"|le="\+Inf")$`)
	ours := map[string]bool{}
	for line := range strings.Lines(a.body) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := sample.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Errorf("not a sample: %s", line)
			continue
		}
		if strings.HasPrefix(m[1], "go_") || strings.HasPrefix(m[1], "process_") { // the run time's own
			continue
		}
		if !strings.HasPrefix(m[1], "bearcache_") {
			t.Errorf("a name without our prefix: %s", m[1])
		}
		ours[m[1]] = true
		for one := range strings.SplitSeq(m[2], ",") {
			if one != "" && !label.MatchString(one) {
				t.Errorf("label %s of %s", one, m[1])
			}
		}
	}
	want := []string{"bearcache_log_lines_dropped_total", "bearcache_owner_mismatches", "bearcache_quota_evictions", "bearcache_records", "bearcache_refused_records", "bearcache_request_duration_seconds_bucket",
		"bearcache_request_duration_seconds_count", "bearcache_request_duration_seconds_sum", "bearcache_requests_total",
		"bearcache_response_bytes_total", "bearcache_revocations", "bearcache_server_notes_dropped_total", "bearcache_stored_bytes", "bearcache_tokens_without_claim_total", "bearcache_verifier_unavailable_total"}
	if got := slices.Sorted(maps.Keys(ours)); !slices.Equal(got, want) {
		t.Errorf("metrics %v", got)
	}
	for _, line := range []string{
		`bearcache_requests_total{cache="hit",status="2xx"} 1`, `bearcache_requests_total{cache="miss",status="2xx"} 1`,
		`bearcache_requests_total{cache="bypass",status="2xx"} 2`, `bearcache_requests_total{cache="refused",status="4xx"} 2`,
		"bearcache_log_lines_dropped_total 7", "bearcache_server_notes_dropped_total 0", "bearcache_owner_mismatches 0", "bearcache_records 1",
	} {
		if !strings.Contains(a.body, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

func TestStats(t *testing.T) {
	w := start(t, Options{Lost: func() uint64 { return 7 }}, nil)
	w.traffic()
	a := w.admin("GET", "/api/v1/stats")
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %s", err, a.body)
	}
	weight, _ := got["bytes"].(float64)
	delete(got, "bytes")
	want := map[string]any{"hits": 1.0, "forwards": 3.0, "refused_records": 0.0, "owner_mismatches": 0.0, "records": 1.0, "log_lines_dropped": 7.0,
		"store": "memory", "verifier": "none", "verifier_unavailable": 0.0, "revocations": 0.0, "tokens_without_claim": 0.0,
		"quota_evictions": 0.0, "store_hits": 0.0, "store_errors": 0.0, "store_refused": 0.0, "store_dropped": 0.0,
		"purge_log_deaf": false, "purge_log_unread": 0.0, "purge_log_waiting": 0.0, "revocation_log_deaf": false, "revocation_log_unread": 0.0, "revocation_log_waiting": 0.0}
	if !maps.Equal(got, want) || weight <= 0 {
		t.Errorf("got %v and %v bytes, want %v", got, weight, want)
	}
}

// A client that leaves is no fault of the upstream's: nothing is warned of, and the line is written.
func TestClientLeaves(t *testing.T) {
	arrived, release := make(chan bool), make(chan bool)
	w := start(t, Options{}, func(out http.ResponseWriter, r *http.Request) {
		close(arrived)
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	defer close(release)
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n")
	<-arrived
	conn.Close()
	if r := w.record(); r["status"] != 499.0 || r["cache"] != "miss" {
		t.Errorf("logged: %v", r)
	}
	if n := w.gateway.cache.Stats().Records; n != 0 {
		t.Errorf("%d records were stored", n)
	}
}
