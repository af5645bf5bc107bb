package bearcache

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// discard is a ResponseWriter that costs as little as one can.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

var kilobyte = []byte(strings.Repeat("x", 1024))

func benchmarkHandler(b *testing.B, h http.Handler, r *http.Request) {
	w := &discard{h: make(http.Header)}
	h.ServeHTTP(w, r)
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

func apiRequest(token string) *http.Request {
	return get("Accept: application/json", "Accept-Encoding: gzip", "User-Agent: bench", "Authorization: Bearer "+token)
}

// BenchmarkEmpty is what the others are to be compared with: a handler that writes the same.
func BenchmarkEmpty(b *testing.B) {
	benchmarkHandler(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.WriteHeader(200)
		w.Write(kilobyte)
	}), apiRequest(strings.Repeat("t", 800)))
}

func cacheable(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Cache-Control"] = []string{"private, max-age=3600"}
	w.Write(kilobyte)
}

// BenchmarkHit is a stored kilobyte for a bearer whose token has 800 bytes.
func BenchmarkHit(b *testing.B) {
	benchmarkHandler(b, new(Cache).Handler(http.HandlerFunc(cacheable)), apiRequest(strings.Repeat("t", 800)))
}

// BenchmarkHitAnonymous is the same for a request without credentials.
func BenchmarkHitAnonymous(b *testing.B) {
	benchmarkHandler(b, new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"max-age=3600"}
		w.Write(kilobyte)
	})), get("Accept: application/json", "User-Agent: bench"))
}

// BenchmarkMiss is a response that may not be stored.
func BenchmarkMiss(b *testing.B) {
	benchmarkHandler(b, new(Cache).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"no-store"}
		w.Write(kilobyte)
	})), apiRequest(strings.Repeat("t", 800)))
}

// BenchmarkHitAmong looks up one record among many of as many readers.
func BenchmarkHitAmong(b *testing.B) {
	for _, records := range []int{1, 1_000, 100_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			h := (&Cache{Memory: 1 << 30}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Cache-Control"] = []string{"private, max-age=3600"}
				w.Write(kilobyte[:64])
			}))
			requests := make([]*http.Request, records)
			w := &discard{h: make(http.Header)}
			for i := range requests {
				requests[i] = apiRequest(fmt.Sprintf("token-%d", i))
				clear(w.h)
				h.ServeHTTP(w, requests[i])
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				clear(w.h)
				h.ServeHTTP(w, requests[i%records])
				i += 7919
			}
		})
	}
}
