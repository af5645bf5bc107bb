package scan

import (
	"net/http"
	"testing"
	"time"
)

func TestMoreRounds(t *testing.T) {
	for _, tt := range []struct {
		name string
		list []http.Header // of answers, in order
		want int
	}{
		{"nothing is known", []http.Header{{}}, 1},
		{"a server of one process", []http.Header{{"Server": {"Werkzeug/3.1.3 Python/3.13"}}}, 0},
		{"of one process, behind a cache", []http.Header{{"Server": {"Werkzeug/3.1.3"}, "X-Cache": {"MISS"}}}, 1},
		{"of several processes", []http.Header{{"Server": {"gunicorn"}}}, 4},
		{"of several processes, named elsewhere", []http.Header{{"Server": {"nginx"}, "X-Powered-By": {"Phusion Passenger 6"}}}, 4},
		{"of several processes, not to be stored", []http.Header{{"Server": {"gunicorn"}, "Cache-Control": {"no-store"}}}, 2},
		{"of several processes behind a cache, not to be stored", []http.Header{{"Server": {"gunicorn"}, "Cache-Control": {"no-store"}, "Via": {"1.1 varnish"}}}, 4},
		{"not to be stored", []http.Header{{"Cache-Control": {"no-store"}}}, 0},
		{"private", []http.Header{{"Cache-Control": {"max-age=60, private"}}}, 0},
		{"private, and something was in between", []http.Header{{"Cache-Control": {"private"}, "Via": {"1.1 varnish"}}}, 1},
		{"to be stored", []http.Header{{"Cache-Control": {"public, max-age=60"}}}, 1},
		{"a name that only begins like one", []http.Header{{"Server": {"nginx/1.29"}}}, 1},
		{"two nodes that say which they are", []http.Header{{"X-Served-By": {"web-1"}}, {"X-Served-By": {"web-2"}}}, 4},
		{"one node, twice", []http.Header{{"X-Served-By": {"web-1"}}, {"X-Served-By": {"web-1"}}}, 1},
		{"two caches", []http.Header{{"Via": {"1.1 edge-1"}}, {"Via": {"1.1 edge-2"}}}, 4},
		{"a cookie of a balancer", []http.Header{{"Set-Cookie": {"AWSALB=8Jr7mPbxk; Path=/"}}}, 4},
		{"a cookie that names the node", []http.Header{{"Set-Cookie": {"node=b"}}}, 4},
		{"a cookie of an application", []http.Header{{"Set-Cookie": {"session=8Jr7mPbxk; Path=/"}}}, 1},
		{"an age that jumps", []http.Header{{"Age": {"40"}}, {"Age": {"3"}}}, 4},
		{"an age that grows", []http.Header{{"Age": {"3"}}, {"Age": {"4"}}}, 1},
		{"fetched anew", []http.Header{{"Age": {"3"}}, {"Age": {"0"}}}, 1},
	} {
		var answers []*exchange
		for _, h := range tt.list {
			answers = append(answers, &exchange{header: h, status: 200})
		}
		if got := moreRounds(answers); got != tt.want {
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
