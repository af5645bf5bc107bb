package scan

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

func TestCookieInStoredResponse(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	session := func() string {
		return fmt.Sprintf("sid=s-%016x; Path=/; HttpOnly", uint64(ticks.Add(1))*0x9e3779b97f4a7c15)
	}
	page := func(cookie func() string) func(string, *http.Request) answer {
		return func(string, *http.Request) answer {
			return ok(`{"items":["desk","chair"]}`).with("Set-Cookie", cookie())
		}
	}
	ofURL := func(value func(r *http.Request) string) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer {
			return page(func() string { return "last=" + value(r) })(user, r)
		}
	}
	stored := []string{"high of alice to bob", "alice 200 origin", "bob 200 cache", "alice 200 origin", "bob 200 cache"}
	stating := func(cc string, origin func(string, *http.Request) answer) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer { return origin(user, r).with("Cache-Control", cc) }
	}
	dated := func(origin func(string, *http.Request) answer) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer {
			return origin(user, r).with("Date", time.Now().UTC().Format(http.TimeFormat))
		}
	}
	leak, likely := []string{"GET /public/x cookie-in-stored-response confirmed"}, []string{"GET /public/x cookie-in-stored-response likely"}
	for _, tt := range []struct {
		name  string
		s     *site
		want  []string
		steps []string
	}{
		{"a session that is kept by URL", &site{origin: page(session), key: byURLKey}, likely, stored},
		{"so, with the time at which it was made", &site{origin: dated(page(session)), key: byURLKey}, leak, stored},
		{"so, and the cache says it", &site{origin: page(session), key: byURLKey, before: func(_ *http.Request, kept answer) answer { return kept.with("X-Cache", "HIT") }}, leak, stored},
		{"kept from readers on, and given to those without credentials", &site{origin: page(session), key: func(r *http.Request) string {
			if strings.Contains(r.Header.Get("Authorization"), bobToken) {
				return ""
			}
			return r.RequestURI
		}}, likely, []string{"high of alice to nobody", "alice 200 origin", "nobody 200 cache", "alice 200 origin", "nobody 200 cache"}},
		{"public, and stored by nobody that was asked", &site{origin: stating("public, max-age=60", page(session))}, leak, []string{"medium of alice to", "alice 200"}},
		{"for shared caches, and for a minute", &site{origin: stating("s-maxage=60", page(session))}, leak, []string{"medium of alice to", "alice 200"}},

		{"a session that is not stored", &site{origin: page(session)}, []string{}, nil},
		{"kept for each caller", &site{origin: page(session), key: byCaller}, []string{}, nil},
		{"private", &site{origin: stating("private, max-age=60", page(session))}, []string{}, nil},
		{"not to be stored", &site{origin: stating("no-store", page(session))}, []string{}, nil},
		{"to be asked for first", &site{origin: stating("public, no-cache", page(session))}, []string{}, nil},
		{"for a minute, to a request with a token", &site{origin: func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return page(session)(user, r).with("Cache-Control", "max-age=60")
		}}, []string{}, nil},
		{"where to go back to", &site{origin: ofURL(func(r *http.Request) string { return url.QueryEscape(r.URL.String()) })}, []string{}, nil},
		{"so, signed", &site{origin: ofURL(func(r *http.Request) string {
			return base64.RawURLEncoding.EncodeToString([]byte(js(object{"next": r.URL.String()}))) + ".c2lnbmF0dXJl"
		})}, []string{}, nil},
		{"a node chosen by the digest of the URI", &site{origin: ofURL(func(r *http.Request) string { return fmt.Sprintf("%x", md5.Sum([]byte(r.RequestURI)))[:16] })}, []string{}, nil},
		{"made of the URI and the second", &site{origin: ofURL(func(r *http.Request) string {
			return fmt.Sprintf("%x", md5.Sum([]byte(fmt.Sprint("key", r.RequestURI, time.Now().Unix()))))
		})}, []string{}, nil},
		{"made of the URI with a key", &site{origin: dated(ofURL(func(r *http.Request) string {
			return fmt.Sprintf("%x", md5.Sum([]byte("key"+r.RequestURI)))
		}))}, likely, stored},
		{"so, on a page that each has its own of", &site{origin: func(user string, r *http.Request) answer {
			a := ofURL(func(r *http.Request) string { return fmt.Sprintf("%x", md5.Sum([]byte("key"+r.RequestURI))) })(user, r)
			a.body = fmt.Sprintf(`{"hello":%q}`, user)
			return a
		}}, []string{}, nil},
		{"the same for everybody, and kept by URL", &site{origin: page(func() string { return "locale=de-AT-1996-latin; Path=/" }), key: byURLKey}, []string{}, nil},
		{"the same for everybody", &site{origin: page(func() string { return "experiment=variant-of-november; Path=/" })}, []string{}, nil},
		{"taken back, and public", &site{origin: stating("public, max-age=60", page(func() string { return "sid=deleted-by-logout; Max-Age=0" }))}, []string{}, nil},
		{"short", &site{origin: page(func() string { return "lang=de" }), key: byURLKey}, []string{}, nil},
		{"kept without the cookie", &site{origin: page(session), key: byURLKey, before: func(_ *http.Request, kept answer) answer {
			kept.fields = nil
			return kept
		}}, []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{}, "/public/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.CookieInStoredResponse)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
			for _, e := range r.Findings {
				if strings.Contains(fmt.Sprintf("%+v", e), "sid=s-") {
					t.Errorf("the value of a cookie is shown: %+v", e)
				}
			}
		})
	}
}

// Two nodes, each with a name in a cookie: readers meet the same one by chance, and no cache is in it.
func TestCookieOfABalancer(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{2, 3} {
		for range 10 {
			var ticks atomic.Int64
			s := &site{origin: func(string, *http.Request) answer {
				return ok(`{"items":["desk","chair"]}`).with("Set-Cookie", fmt.Sprintf("route=node-%08d; Path=/", int(ticks.Add(1)*7/3)%nodes))
			}}
			if got := brief(s.survey(t, Options{}, "/public/x")); len(got) != 0 {
				t.Fatalf("%d nodes: %q", nodes, got)
			}
		}
	}
}
