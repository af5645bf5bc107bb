package scan

import (
	"net/http"
	"testing"
	"time"
)

func TestMoreRounds(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    http.Header
		want int
	}{
		{"nothing is known", http.Header{}, 1},
		{"a server of one process", http.Header{"Server": {"Werkzeug/3.1.3 Python/3.13"}}, 0},
		{"of one process, behind a cache", http.Header{"Server": {"Werkzeug/3.1.3"}, "X-Cache": {"MISS"}}, 1},
		{"of several processes", http.Header{"Server": {"gunicorn"}}, 4},
		{"of several processes, named elsewhere", http.Header{"Server": {"nginx"}, "X-Powered-By": {"Phusion Passenger 6"}}, 4},
		{"not to be stored", http.Header{"Cache-Control": {"no-store"}}, 0},
		{"private", http.Header{"Cache-Control": {"max-age=60, private"}}, 0},
		{"private, and something was in between", http.Header{"Cache-Control": {"private"}, "Via": {"1.1 varnish"}}, 1},
		{"to be stored", http.Header{"Cache-Control": {"public, max-age=60"}}, 1},
		{"a name that only begins like one", http.Header{"Server": {"nginx/1.29"}}, 1},
	} {
		if got := moreRounds(tt.h); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestLifetimeOf(t *testing.T) {
	later := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	for _, tt := range []struct {
		name     string
		h        http.Header
		min, max time.Duration
	}{
		{"nothing is said", http.Header{}, 0, 0},
		{"max-age", http.Header{"Cache-Control": {"max-age=30"}}, 30 * time.Second, 30 * time.Second},
		{"what is for shared caches counts more", http.Header{"Cache-Control": {"max-age=30, s-maxage=7"}}, 7 * time.Second, 7 * time.Second},
		{"some of it is over", http.Header{"Cache-Control": {"max-age=30"}, "Age": {"20"}}, 10 * time.Second, 10 * time.Second},
		{"all of it is over", http.Header{"Cache-Control": {"max-age=30"}, "Age": {"90"}}, 0, 0},
		{"an age that is none", http.Header{"Cache-Control": {"max-age=30"}, "Age": {"-5"}}, 30 * time.Second, 30 * time.Second},
		{"Expires", http.Header{"Expires": {later}}, 50 * time.Second, time.Minute},
		{"Expires that is none", http.Header{"Expires": {"0"}}, 0, 0},
		{"more than a clock has", http.Header{"Cache-Control": {"max-age=99999999999999999999"}}, time.Hour, 1<<63 - 1},
	} {
		if got := lifetimeOf(&exchange{header: tt.h}); got < tt.min || got > tt.max {
			t.Errorf("%s: %v, want from %v to %v", tt.name, got, tt.min, tt.max)
		}
	}
}
