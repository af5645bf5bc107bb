package scan

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

// extensions has a cache keep what looks like a file, by URL, and nothing else.
func endingIn(extensions ...string) func(*http.Request) string {
	return func(r *http.Request) string {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		for _, e := range extensions {
			if strings.HasSuffix(path, e) {
				return r.RequestURI
			}
		}
		return ""
	}
}

// routed answers /x and whatever is taken for it: a raw path that is cut where rule says.
func routed(rule func(raw string) string) func(user string, r *http.Request) answer {
	return func(user string, r *http.Request) answer {
		if raw, _, _ := strings.Cut(r.RequestURI, "?"); rule(raw) != "/x" {
			return missing
		}
		return mine(user)
	}
}

func before(sep string) func(string) string {
	return func(raw string) string { p, _, _ := strings.Cut(raw, sep); return p }
}

func TestCacheDeception(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	below := routed(func(raw string) string { // a catch-all below /x
		if strings.HasPrefix(raw, "/x/") {
			return "/x"
		}
		return raw
	})
	static := endingIn(".css", ".js", ".png")
	leak := []string{"GET /x cache-deception confirmed"}
	nobody := []string{"high of alice to nobody", "alice 200 origin", "nobody 200 cache", "nobody 200 cache", "nobody 401 origin", "alice 200 origin", "nobody 200 cache"}
	for _, tt := range []struct {
		name  string
		s     *site
		want  []string
		steps []string
	}{
		{"path mapping: the route ignores another segment", &site{anyPath: true, origin: below, key: static}, leak, nobody},
		{"only scripts are kept", &site{anyPath: true, origin: below, key: endingIn(".js")}, leak, nobody},
		{"only fonts are kept, and not for long", &site{anyPath: true, origin: below, key: endingIn(".woff2"), lifetime: time.Minute}, leak, nobody},
		{"path parameters: the server cuts at ;", &site{anyPath: true, origin: routed(before(";")), key: static}, leak, nobody},
		{"the server decodes ; and cuts there", &site{anyPath: true, origin: routed(before("%3b")), key: static}, leak, nobody},
		{"the server decodes ? and cuts there", &site{anyPath: true, origin: routed(before("%3f")), key: static}, leak, nobody},
		{"the server decodes # and cuts there", &site{anyPath: true, origin: routed(before("%23")), key: static}, leak, nobody},
		{"a zero byte ends the path", &site{anyPath: true, origin: routed(before("%00")), key: static}, leak, nobody},
		{"the server ignores an extension", &site{anyPath: true, origin: routed(func(raw string) string { return strings.TrimSuffix(raw, ".css") }), key: static}, leak, nobody},
		{"the server resolves an encoded .., and the directory of static files is kept", &site{anyPath: true,
			origin: routed(func(raw string) string { return strings.Replace(raw, "/static/..%2f", "/", 1) }),
			key: func(r *http.Request) string {
				if strings.HasPrefix(r.RequestURI, "/static/") {
					return r.RequestURI
				}
				return ""
			}}, leak, nobody},
		{"answers carry a nonce", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			made := below(user, r)
			made.body = strings.Replace(made.body, "{", fmt.Sprintf(`{"nonce":"n-%012d",`, ticks.Add(1)), 1)
			return made
		}}, leak, nobody},
		{"nobody is sent to a login", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			if user == "" {
				return answer{status: 302}.with("Location", "/login")
			}
			return below(user, r)
		}}, leak, []string{"high of alice to nobody", "alice 200 origin", "nobody 200 cache", "nobody 200 cache", "nobody 302 origin", "alice 200 origin", "nobody 200 cache"}},

		{"no cache", &site{anyPath: true, origin: below}, []string{}, nil},
		{"no cache, and the server cuts at ;", &site{anyPath: true, origin: routed(before(";"))}, []string{}, nil},
		{"every other path is a 404, which is kept", &site{anyPath: true, origin: routed(before("|")), key: static, keeps: func(*http.Request, answer) bool { return true }}, []string{}, nil},
		{"every other path is a 200 that says there is nothing", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			if r.URL.Path == "/x" {
				return mine(user)
			}
			return ok(`{"error":"there is nothing here","hint":"see the documentation of the interface"}`)
		}}, []string{}, nil},
		{"every other path is the shell of an application", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			if r.URL.Path == "/x" {
				return mine(user)
			}
			return ok(`<!doctype html><title>Accounts</title><div id="root"></div><script src="/app.js"></script>`)
		}}, []string{}, nil},
		{"the shell of an application, for readers only, with a number of its own", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			if r.URL.Path == "/x" || user == "" {
				return mine(user)
			}
			return ok(fmt.Sprintf(`<!doctype html><div id="root" data-nonce="n-%012d"></div>`, ticks.Add(1)))
		}}, []string{}, nil},
		{"static files are kept for each caller", &site{anyPath: true, origin: below, key: func(r *http.Request) string {
			if static(r) == "" {
				return ""
			}
			return byCaller(r)
		}}, []string{}, nil},
		{"what is kept must call itself static", &site{anyPath: true, origin: below, key: static,
			keeps: func(_ *http.Request, made answer) bool { return made.fields["Content-Type"] == "text/css" }}, []string{}, nil},
		{"what is kept is asked for without credentials", &site{anyPath: true, origin: below, key: static,
			keeps: func(r *http.Request, _ answer) bool { return r.Header.Get("Authorization") == "" }}, []string{}, nil},
		{"under another path it is the same for everybody", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			if r.URL.Path == "/x" {
				return mine(user)
			}
			return ok(`{"email":"somebody@example.com","balance":0}`)
		}}, []string{}, nil},
		{"a style sheet of the site", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			if strings.HasSuffix(r.URL.Path, ".css") {
				return ok("body { color: #123 }").with("Content-Type", "text/css")
			}
			return mine(user)
		}}, []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{}, "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.CacheDeception)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// A spelling that deceives no cache on a few operations is not tried on all, and none but /x may be asked under its
// own name with more than what belongs to it.
func TestSpellingsAreTriedOnAFew(t *testing.T) {
	t.Parallel()
	s := &site{anyPath: true, origin: func(user string, _ *http.Request) answer { return mine(user) }} // takes every path for its own
	r := s.survey(t, Options{}, number("/x", 30)...)
	if diff := cmp.Diff([]string{}, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	tried := map[string]bool{}
	for _, a := range s.asked {
		if path, _, _ := strings.Cut(a.uri, "?"); strings.Contains(path, ";") {
			head, _, _ := strings.Cut(path, ";")
			tried[head] = true
		}
	}
	if len(tried) == 0 || len(tried) > mostSpellings+1 {
		t.Errorf("; was tried on %d operations, want from 1 to %d", len(tried), mostSpellings+1)
	}
}
