package scan

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
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
		name, _, _ := strings.Cut(r.RequestURI, "?")
		for _, e := range extensions {
			if strings.HasSuffix(name, e) {
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

// resolved is a path as servers see it that decode it and go up where dots say so.
func resolved(raw string) string {
	plain, _ := url.PathUnescape(raw)
	return path.Clean(plain)
}

// beginning has a cache keep what begins so, by URL.
func beginning(with string) func(*http.Request) string {
	return func(r *http.Request) string {
		if strings.HasPrefix(r.RequestURI, with) {
			return r.RequestURI
		}
		return ""
	}
}

// leadingTo has a cache keep what dots lead to, under the path that they make.
func leadingTo(directory string) func(*http.Request) string {
	return func(r *http.Request) string {
		if clean := path.Clean(r.URL.Path); strings.HasPrefix(clean, directory) {
			return clean
		}
		return ""
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
			origin: routed(resolved), key: beginning("/static/")}, leak, nobody},
		{"the same, and the key is what the dots lead to, and the query", &site{anyPath: true, origin: routed(resolved), key: func(r *http.Request) string {
			if beginning("/static/")(r) == "" {
				return ""
			}
			return path.Clean(r.URL.Path) + "?" + r.URL.RawQuery
		}}, leak, nobody},
		{"the same, and the key is what the dots lead to alone, so that no entry is fresh", &site{anyPath: true, origin: routed(resolved), key: func(r *http.Request) string {
			if beginning("/static/")(r) == "" {
				return ""
			}
			return path.Clean(r.URL.Path)
		}}, []string{"GET /x cache-deception likely"}, []string{"medium of alice to nobody", "alice 200", "nobody 200", "nobody 200"}},
		{"what begins like the name of a file is kept", &site{anyPath: true, origin: routed(resolved), key: beginning("/robots.txt")}, leak, nobody},
		{"or like the name of a picture", &site{anyPath: true, origin: routed(resolved), key: beginning("/favicon.ico")}, leak, nobody},
		{"the cache resolves the dots, and the server cuts at ;", &site{anyPath: true, origin: routed(before(";")), key: leadingTo("/static/")}, leak, nobody},
		{"the cache resolves the dots, and the route ignores what is below", &site{anyPath: true, origin: below, key: leadingTo("/assets/")}, leak, nobody},
		{"the key is the path, decoded", &site{anyPath: true, origin: routed(before("%23")), key: func(r *http.Request) string {
			if strings.HasSuffix(r.URL.Path, ".css") {
				return r.URL.Path
			}
			return ""
		}}, leak, nobody},
		{"the server ignores any extension, and scripts alone are kept", &site{anyPath: true, origin: routed(before(".")), key: endingIn(".js")}, leak, nobody},
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
		{"no cache, and the server resolves an encoded ..", &site{anyPath: true, origin: routed(resolved)}, []string{}, nil},
		{"the cache resolves the dots as the server does", &site{anyPath: true, origin: routed(resolved), key: leadingTo("/static/")}, []string{}, nil},
		{"the cache resolves the dots, and keeps what is there for each caller", &site{anyPath: true, origin: routed(before(";")), key: func(r *http.Request) string {
			if leadingTo("/static/")(r) == "" {
				return ""
			}
			return byCaller(r)
		}}, []string{}, nil},
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

// A spelling that deceives no cache on a few operations is not tried on all, and one operation is not tried with all.
func TestSpellingsAreTriedOnAFew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		path func(r *http.Request) string // what the server takes it for
	}{
		{"a server that cuts at ;", func(r *http.Request) string { return before(";")(r.URL.Path) }},
		{"a server that takes every path for some operation", func(*http.Request) string { return "/x1" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			paths := number("/x", 30)
			s := &site{anyPath: true, origin: func(user string, r *http.Request) answer {
				if !slices.Contains(paths, tt.path(r)) {
					return missing
				}
				return mine(user)
			}}
			r := s.survey(t, Options{}, paths...)
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
			if most := mostSpellings + mostLearners; len(tried) == 0 || len(tried) > most {
				t.Errorf("; was tried on %d operations, want from 1 to %d", len(tried), most)
			}
			for _, op := range r.Operations {
				if op.Requests > 10+mostDeceiving+20 { // what it takes otherwise, and the last spelling
					t.Errorf("%s took %d requests", op.Operation, op.Requests)
				}
			}
		})
	}
}

// Another part of the API may be answered by another program, which takes other spellings for the path.
func TestSpellingsOfAnotherServer(t *testing.T) {
	t.Parallel()
	// cutting has operations below /b cut at ;, and not the others, and says by which server each is answered.
	cutting := func(server map[string]string) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer {
			name := r.URL.Path
			if strings.HasPrefix(name, "/b/") {
				name, _, _ = strings.Cut(name, ";")
			}
			made := missing
			if slices.Contains([]string{"/a/1", "/a/2", "/a/3", "/b/1", "/b/2"}, name) {
				made = mine(user)
			}
			return made.with("Server", server[strings.Split(name, "/")[1]])
		}
	}
	static := endingIn(".css", ".js")
	two := map[string]string{"a": "Werkzeug/3.1", "b": "Apache-Coyote/1.1"}
	leak := []string{"GET /b/1 cache-deception confirmed", "GET /b/2 cache-deception confirmed"}
	for _, tt := range []struct {
		name  string
		s     *site
		paths []string
		want  []string
	}{
		{"another server", &site{anyPath: true, origin: cutting(two), key: static}, []string{"/a/1", "/a/2", "/a/3", "/b/1", "/b/2"}, leak},
		{"another server, which has one operation of the same part", &site{anyPath: true, key: static, origin: func(user string, r *http.Request) answer {
			name, rest, _ := strings.Cut(r.URL.Path, ";")
			switch {
			case name == "/a/3":
				return mine(user).with("Server", two["b"])
			case rest == "" && slices.Contains([]string{"/a/1", "/a/2"}, name):
				return mine(user).with("Server", two["a"])
			}
			return missing
		}}, []string{"/a/1", "/a/2", "/a/3"}, []string{"GET /a/3 cache-deception confirmed"}},
		{"another part, and nothing is said of servers", &site{anyPath: true, origin: cutting(nil), key: static}, []string{"/a/1", "/b/1", "/b/2"}, leak},
		{"another server, and nothing is kept", &site{anyPath: true, origin: cutting(two)}, []string{"/a/1", "/b/1"}, []string{}},
		{"another server, and what is kept is each caller's", &site{anyPath: true, origin: cutting(two), key: func(r *http.Request) string {
			if static(r) == "" {
				return ""
			}
			return byCaller(r)
		}}, []string{"/a/1", "/b/1"}, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{Operations: gets(tt.paths...)})
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
		})
	}
}

// That costs the same for a hundred parts.
func TestSpellingsAreLearntOnAFew(t *testing.T) {
	t.Parallel()
	var paths []string
	for i := range 100 {
		paths = append(paths, fmt.Sprintf("/part%d/x", i))
	}
	s := &site{origin: func(user string, r *http.Request) answer { return mine(user).with("Server", r.URL.Path) }}
	s.survey(t, Options{}, paths...)
	tried := map[string]bool{}
	for _, a := range s.asked {
		if head, _, found := strings.Cut(a.uri, "%00"); found {
			tried[head] = true
		}
	}
	if len(tried) < 2 || len(tried) > mostLearners {
		t.Errorf("spellings were learnt on %d operations, want from 2 to %d", len(tried), mostLearners)
	}
}

// A cache that stores all but the paths that it was told of is deceived by another spelling of these.
func TestEvasion(t *testing.T) {
	t.Parallel()
	// merging is an origin to which /x has other names, and a list that everybody may have.
	merging := func(plain func(string) string) func(string, *http.Request) answer {
		return func(user string, r *http.Request) answer {
			switch plain(r.URL.Path) {
			case "/x":
				return mine(user)
			case "/public/list":
				return ok(`{"items":["desk","chair"]}`)
			}
			return missing
		}
	}
	slashes := func(p string) string { return strings.ReplaceAll(p, "//", "/") }
	same := func(p string) string { return p }
	// allBut keeps everything but /x as it is written.
	allBut := func(r *http.Request) string {
		if raw, _, _ := strings.Cut(r.RequestURI, "?"); raw == "/x" {
			return ""
		}
		return r.RequestURI
	}
	age := func(_ *http.Request, kept answer) answer { return kept.with("Age", "3") }
	leak := []string{"GET /x cache-deception confirmed"}
	for _, tt := range []struct {
		name string
		s    *site
		want []string
	}{
		{"two slashes", &site{origin: merging(slashes), key: allBut, before: age}, leak},
		{"capitals", &site{origin: merging(strings.ToLower), key: allBut, before: age}, leak},
		{"a percent-encoded letter", &site{origin: merging(same), key: allBut, before: age}, leak},
		{"a path parameter", &site{origin: merging(before(";")), key: func(r *http.Request) string {
			if r.URL.Path == "/x" {
				return ""
			}
			return r.RequestURI
		}, before: age}, leak},

		{"the cache merges slashes too", &site{origin: merging(slashes), key: func(r *http.Request) string {
			if slashes(r.URL.Path) == "/x" {
				return ""
			}
			return r.RequestURI
		}, before: age}, []string{}},
		{"everything is kept for each caller", &site{origin: merging(slashes), key: func(r *http.Request) string {
			if allBut(r) == "" {
				return ""
			}
			return byCaller(r)
		}, before: age}, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.anyPath = true
			r := tt.s.survey(t, Options{}, "/public/list", "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
		})
	}
	quiet := &site{anyPath: true, origin: merging(slashes)}
	quiet.survey(t, Options{}, "/public/list", "/x")
	for _, a := range quiet.asked {
		if strings.HasPrefix(a.uri, "//x") {
			t.Errorf("%s was asked for, though nothing is seen to be stored", a.uri)
		}
	}
}

// The spellings themselves: what they are to servers and caches.
func TestSpellings(t *testing.T) {
	form := func(name string, i int) pattern {
		for _, d := range append(append([]deceiver{below}, everywhere...), evasive...) {
			if d.name == name {
				return append(slices.Clone(d.gates), d.rules...)[i]
			}
		}
		t.Fatalf("there is no %s", name)
		return pattern{}
	}
	for _, tt := range []struct {
		f        pattern
		url      string
		want     string // "": none
		resolved string // to whoever decodes it and follows the dots
	}{
		{form("another segment", 0), "http://h/api/me", "/api/me/STEM.css", "/api/me/STEM.css"},
		{form("another segment", 1), "http://h/api/me/", "/api/me/STEM%2f..%2f..%2f..%2fstatic%2fSTEM.js", "/static/STEM.js"},
		{*form("another segment", 1).otherwise, "http://h/api/me", "/api/me/STEM.js", "/api/me/STEM.js"},
		{form("another segment", 2), "http://h/me?page=1", "/me/STEM%2f..%2f..%2fassets%2fSTEM.png?page=1", "/assets/STEM.png"},
		{form("the delimiter ;", 1), "http://h/api/me", "/api/me;STEM%2f..%2f..%2fstatic%2fSTEM.js", "/static/STEM.js"},
		{form("a slash, encoded,", 1), "http://h/api/me", "/api/me%2fSTEM%2f..%2f..%2f..%2fstatic%2fSTEM.js", "/static/STEM.js"},
		{form("an extension", 0), "http://h/api/me?page=1", "/api/me.css?page=1&bearcache=STEM", "/api/me.css"},
		{form("a directory of static files, left by an encoded ..,", 0), "http://h/api/me", "/static/STEM/..%2f..%2fapi/me?bearcache=STEM", "/api/me"},
		{form("a directory of static files, left by an encoded ..,", 3), "http://h/api/me", "/favicon.ico/STEM/..%2f..%2fapi/me?bearcache=STEM", "/api/me"},
		{form("two slashes in the place of one", 0), "http://h/api/me", "/api//me?bearcache=STEM", "/api/me"},
		{form("letters in another case", 0), "http://h/api/m%65", "/aPi/m%65?bearcache=STEM", "/aPi/me"},
		{form("letters in another case", 0), "http://h/7/", "", ""},
		{form("a percent-encoded letter", 0), "http://h/api/me", "/api/m%65?bearcache=STEM", "/api/me"},
		{form("a percent-encoded letter", 0), "http://h/api/m%65", "", ""},
		{form("a path parameter", 0), "http://h/api/me", "/api/me;STEM?bearcache=STEM", "/api/me;STEM"},
		{form("another segment", 0), "http://h/", "", ""},
	} {
		u := tt.f.variantOf(mustURL(tt.url), "STEM")
		if got := ""; u == nil {
			if tt.want != got {
				t.Errorf("%s: nothing, want %s", tt.url, tt.want)
			}
			continue
		}
		if u.RequestURI() != tt.want || resolved(u.EscapedPath()) != tt.resolved {
			t.Errorf("%s: %s, which leads to %s; want %s, %s", tt.url, u.RequestURI(), resolved(u.EscapedPath()), tt.want, tt.resolved)
		}
	}
}
