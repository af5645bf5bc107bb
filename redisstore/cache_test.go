package redisstore_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/redisstore"
	"github.com/bearcache/bearcache/test/redistest"
)

// BenchmarkStoreHit is a request that finds in Redis what was stored, and nothing in memory, where little has room.
func BenchmarkStoreHit(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s, err := redisstore.Open(redisstore.Options{URL: "redis://" + redistest.Start(b).Addr, Timeout: time.Second})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			// A reader has an eighth of it: two or three records.
			cache := &bearcache.Cache{Store: s, PurgeLog: s.Log("purges"), Secret: []byte("0123456789abcdef0123456789abcdef"), Memory: 20 * int64(size+1000)}
			defer cache.Close()
			body := bytes.Repeat([]byte("x"), size)
			h := cache.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Cache-Control", "max-age=3600")
				w.Write(body)
			}))
			redistest.Eventually(b, "the log is heard of", func() bool { return !cache.Stats().Deaf })
			const paths = 500
			ask := func(i int) string {
				w, r := httptest.NewRecorder(), httptest.NewRequest("GET", fmt.Sprintf("http://api.test/%d", i%paths), nil)
				r.Header.Set("Authorization", "Bearer 0123456789abcdef")
				h.ServeHTTP(w, r)
				return w.Header().Get("Cache-Status")
			}
			for i := range paths {
				ask(i)
				if i%50 == 49 { // they are written behind the request
					redistest.Eventually(b, "it is in Redis", func() bool { return strings.Contains(ask(i-49), "store") })
				}
			}
			before, n := cache.Stats(), 0
			b.ReportAllocs()
			for b.Loop() {
				ask(n)
				n++
			}
			after := cache.Stats()
			b.ReportMetric(float64(after.StoreHits-before.StoreHits)/float64(n), "store-hits/op")
		})
	}
}
