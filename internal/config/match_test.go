package config

import (
	"fmt"
	"strings"
	"testing"
)

// routes reads rules in short: "GET /a ttl share off", the words after the path in any order.
func routes(t testing.TB, rules ...string) Routes {
	t.Helper()
	var b strings.Builder
	b.WriteString("routes:\n")
	for _, r := range rules {
		rule, words, _ := strings.Cut(r, " | ")
		fmt.Fprintf(&b, "  - match: %q\n", rule)
		for _, w := range strings.Fields(words) {
			switch w {
			case "off":
				b.WriteString("    cache: off\n")
			case "public":
				b.WriteString("    share: public\n")
			default:
				fmt.Fprintf(&b, "    ttl: %s\n", w)
			}
		}
	}
	f, err := Parse("f", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return f.Routes
}

const ambiguous = "ambiguous"

// outcome is the pattern of the route, "" for none, or ambiguous.
func outcome(rs Routes, method, path string) string {
	r, amb := rs.Match(method, path)
	switch {
	case amb && r != nil:
		return "ambiguous and a route: " + r.String()
	case amb:
		return ambiguous
	case r == nil:
		return ""
	}
	return r.String()
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name, rule, method, path string
		want                     bool
	}{
		{"a literal matches itself", "/api/catalog", "GET", "/api/catalog", true},
		{"and nothing longer", "/api/catalog", "GET", "/api/catalogs", false},
		{"nor shorter", "/api/catalog", "GET", "/api/catalo", false},
		{"nor with a trailing slash", "/api/catalog", "GET", "/api/catalog/", false},
		{"nor below", "/api/catalog", "GET", "/api/catalog/x", false},
		{"nor in another case", "/api/catalog", "GET", "/api/Catalog", false},
		{"a trailing slash counts", "/api/", "GET", "/api/", true},
		{"and must be there", "/api/", "GET", "/api", false},
		{"the root", "/", "GET", "/", true},
		{"and only the root", "/", "GET", "/a", false},
		{"without a method any will do", "/a", "DELETE", "/a", true},
		{"even an unknown one", "/a", "PROPFIND", "/a", true},
		{"GET includes HEAD", "GET /a", "HEAD", "/a", true},
		{"HEAD does not include GET", "HEAD /a", "GET", "/a", false},
		{"GET is not POST", "GET /a", "POST", "/a", false},
		{"methods have a case", "GET /a", "get", "/a", false},
		{"an unknown method is not GET", "GET /a", "PROPFIND", "/a", false},
		{"one of several", "GET,POST /a", "POST", "/a", true},
		{"none of several", "GET,POST /a", "PUT", "/a", false},
		{"{id} is one segment", "/a/{id}", "GET", "/a/b", true},
		{"with anything in it", "/a/{id}", "GET", "/a/b.c~%20%C3%A9", true},
		{"but not two", "/a/{id}", "GET", "/a/b/c", false},
		{"nor none", "/a/{id}", "GET", "/a", false},
		{"nor an empty one", "/a/{id}", "GET", "/a/", false},
		{"* is the same", "/a/*/c", "GET", "/a/b/c", true},
		{"and not empty either", "/*", "GET", "/", false},
		{"the literal after it counts", "/a/*/c", "GET", "/a/b/d", false},
		{"and must be there, too", "/a/*/c", "GET", "/a/b", false},
		{"a trailing slash after it", "/a/*/", "GET", "/a/b/", true},
		{"** is any rest", "/a/**", "GET", "/a/b/c/d", true},
		{"with one segment", "/a/**", "GET", "/a/b", true},
		{"with an empty one", "/a/**", "GET", "/a/", true},
		{"or none", "/a/**", "GET", "/a", true},
		{"but not half a segment", "/a/**", "GET", "/ab", false},
		{"nor elsewhere", "/a/**", "GET", "/b/a", false},
		{"{rest...} is the same", "/a/{rest...}", "GET", "/a/b/c", true},
		{"/** is everything", "/**", "GET", "/", true},
		{"at any depth", "/**", "GET", "/a/b", true},
		{"a wildcard before the rest", "/a/*/**", "GET", "/a/b", true},
		{"is still one segment", "/a/*/**", "GET", "/a", false},
		{"unencoded in the file", "/café", "GET", "/caf%C3%A9", true},
		{"and encoded", "/caf%C3%A9", "GET", "/caf%C3%A9", true},
		{"a space in the file", "GET /a b", "GET", "/a%20b", true},
		{"brackets in the file", "/a[b]", "GET", "/a%5Bb%5D", true},
		{"an encoded star is text", "/a%2A", "GET", "/a%2A", true},
		{"and not the star", "/a%2A", "GET", "/a*", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := ""
			if c.want {
				want = c.rule
			}
			if got := outcome(routes(t, c.rule), c.method, c.path); got != want {
				t.Errorf("%s for %s %s: got %q, want %q", c.rule, c.method, c.path, got, want)
			}
		})
	}
}

func TestTheFirstRuleWins(t *testing.T) {
	rs := routes(t, "/a/me", "GET /a/{id} | 5s", "/a/** | public", "POST /b", "/b | off")
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/a/me", "/a/me"}, {"GET", "/a/you", "GET /a/{id}"}, {"POST", "/a/you", "/a/**"},
		{"GET", "/a/you/too", "/a/**"}, {"POST", "/b", "POST /b"}, {"GET", "/b", "/b"}, {"GET", "/c", ""},
	} {
		if got := outcome(rs, c.method, c.path); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

func TestZeroValuesMatchNothing(t *testing.T) {
	for _, rs := range []Routes{nil, {}, {{}}, {{Public: true}, {Off: true}}} {
		for _, path := range []string{"/", "/a"} {
			if got := outcome(rs, "GET", path); got != "" {
				t.Errorf("%v for %s: got %q", rs, path, got)
			}
		}
	}
}

// Everything here is a path that some server reads as another one.
var ambiguousPaths = []string{
	"", "*", "a", "http://h/a", "a/b",
	"//", "//a", "/a//", "/a//b", "/static//api/profile",
	"/.", "/..", "/a/.", "/a/..", "/a/./b", "/a/../b", "/static/../api/profile",
	"/%2e", "/%2E%2e/a", "/.%2e/a", "/a/%2e%2E", "/static/%2e%2e/api/profile",
	"/a%2fb", "/a%2Fb", "/static/..%2fapi/profile", "/a%5cb", "/a%5Cb", `/a\b`, `/static/..\api`,
	"/a%00", "/a%0a", "/a%0D", "/a%1f", "/a%7F", "/a\x00", "/a\n", "/a\x7f", "/a\tb",
	"/a;", "/a;b=c", "/a%3Bb", "/a%3bb", "/api/profile;x.css", "/api/profile%3Fx.css", "/api/profile%23x.css",
	"/a%", "/a%2", "/a%zz", "/a%2g", "/a%%20", "/a%u002f",
	"/%61", "/a%2Db", "/a%5F", "/a%7E", "/a%30", "/a%2E", "/a%41",
	"/a%25", "/a%252f", "/a%252e%252e",
	"/a%C0%AF", "/a%c0%ae", "/a%E0%80%AF", "/a%F0%80%80%AF", "/a%FF", "/a%80", "/a%C3", "/a%C3/", "/a%C3a", "/a%C3%20", "/a%ED%A0%80", "/a%F5%80%80%80",
	"/a%C2%80", "/a%C2%85",
	"/a b", "/a\"", "/a<", "/a>", "/a^", "/a`", "/a{", "/a|", "/a}", "/a[", "/a]", "/a#", "/a?", "/é", "/a\xff",
}

func TestAmbiguousPathsMatchNoRule(t *testing.T) {
	for _, rs := range []Routes{
		nil, routes(t, "/** | public"), routes(t, "/**"), routes(t, "/** | off"),
		routes(t, "/a", "/a/**", "/*", "/*/*", "/static/** | public"),
	} {
		for _, path := range ambiguousPaths {
			if got := outcome(rs, "GET", path); got != ambiguous {
				t.Errorf("%q with %v: got %q", path, rs, got)
			}
		}
	}
}

func TestPlainPathsAreNotAmbiguous(t *testing.T) {
	rs := routes(t, "/** | public")
	for _, path := range []string{
		"/", "/a", "/a/", "/a/b.css", "/a/.well-known", "/a/...", "/a/..b", "/a/b..", "/-._~", "/!$&'()*+,=:@",
		"/a%20b", "/caf%C3%A9", "/caf%c3%a9", "/%E2%82%AC", "/%F0%9F%90%BB", "/a%40b", "/a%5Bb%5D", "/a%7Cb", "/a%EF%BF%BD",
	} {
		if got := outcome(rs, "GET", path); got != "/**" {
			t.Errorf("%q: got %q", path, got)
		}
	}
}

// The path is plain, but an origin that reads it loosely answers with what an earlier, narrower
// rule is about. Each row has a neighbour for which nothing is at stake.
func TestNearMissOfANarrowerRule(t *testing.T) {
	off := routes(t, "/api/admin/** | off", "/api/users/{id} | off", "/api/@me | off", "/api/** | public")
	for _, c := range []struct{ name, path, want string }{
		{"the rule itself", "/api/admin/x", "/api/admin/**"},
		{"another path", "/api/catalog", "/api/**"},
		{"another case", "/api/ADMIN/x", ambiguous},
		{"another case before", "/API/admin/x", ambiguous},
		{"needless encoding", "/api/%40me", ambiguous},
		{"that rule's text", "/api/@me", "/api/@me"},
		{"a trailing slash", "/api/@me/", ambiguous},
		{"a trailing slash after a wildcard", "/api/users/5/", ambiguous},
		{"a format", "/api/@me.json", ambiguous},
		{"a trailing dot", "/api/@me.", ambiguous},
		{"a format and a slash", "/api/@me.json/", ambiguous},
		{"a format of the tree", "/api/admin.json", ambiguous},
		{"more below a format", "/api/admin.json/x", "/api/**"},
		{"not an extension", "/api/@me-too", "/api/**"},
		{"a shorter name", "/api/adm", "/api/**"},
		{"deeper", "/api/users/5/orders", "/api/**"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outcome(off, "GET", c.path); got != c.want {
				t.Errorf("%s: got %q, want %q", c.path, got, c.want)
			}
		})
	}
	for _, c := range []struct {
		name         string
		rules        []string
		method, path string
		want         string
	}{
		{"off, and no other rule: the default is wider", []string{"/a | off"}, "GET", "/A", ambiguous},
		{"a lifetime, and no other rule: the default is narrower", []string{"/a | 5s public"}, "GET", "/A", ""},
		{"a shorter lifetime", []string{"/a | 5s", "/* | 1h"}, "GET", "/A", ambiguous},
		{"a longer lifetime", []string{"/a | 1h", "/* | 5s"}, "GET", "/A", "/*"},
		{"the same", []string{"/a | 5s", "/* | 5s"}, "GET", "/A", "/*"},
		{"each narrower in one way", []string{"/a | public", "/* | 5s"}, "GET", "/A", ambiguous},
		{"the second is off", []string{"/a | public", "/* | off"}, "GET", "/A", "/*"},
		{"both off", []string{"/a | off", "/* | off"}, "GET", "/A", "/*"},
		{"a bare rule before a wider one", []string{"/a", "/* | public"}, "GET", "/A", ambiguous},
		{"another method", []string{"POST /a | off", "/* | public"}, "GET", "/A", "/*"},
		{"a later rule does not matter", []string{"/*/x | public", "/a/y | off"}, "GET", "/A/x", "/*/x"},
		{"a slash in the rule only", []string{"/a/ | off", "/* | public"}, "GET", "/a", ambiguous},
		{"a slash in the rule and a format", []string{"/a/ | off", "/* | public"}, "GET", "/a.json", ambiguous},
		{"an encoded rule", []string{"/a%2A | off", "/* | public"}, "GET", "/a*", ambiguous},
		{"hexadecimal in another case", []string{"/é | off", "/* | public"}, "GET", "/%c3%a9", ambiguous},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outcome(routes(t, c.rules...), c.method, c.path); got != c.want {
				t.Errorf("%s %s: got %q, want %q", c.method, c.path, got, c.want)
			}
		})
	}
}

func TestPatternText(t *testing.T) {
	for _, text := range []string{"/", "/a", "GET /a", "GET,POST /a/{id}", "/a/**", "/{rest...}", "/café b", "HEAD,GET /"} {
		p := pattern(t, text)
		if p.String() != text {
			t.Errorf("%q prints %q", text, p)
		}
	}
}

func hundred(t testing.TB) Routes {
	var rules []string
	for i := range 99 {
		rules = append(rules, fmt.Sprintf("/api/v1/resource-%d/{id} | 5s", i))
	}
	return routes(t, append(rules, "GET /api/v1/catalog | 60s public")...)
}

func TestMatchDoesNotAllocate(t *testing.T) {
	rs := append(routes(t, "/api/v1/resource-7/** | off"), hundred(t)...)
	for _, path := range []string{"/api/v1/catalog", "/api/v1/none", "/api/v1/resource-98/caf%C3%A9", "/api//v1", "/api/v1/Resource-7/x"} {
		if n := testing.AllocsPerRun(100, func() { rs.Match("GET", path) }); n > 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	rs := hundred(b)
	offs := make(Routes, len(rs)) // the worst: every rule is also asked whether it nearly matches
	for i, r := range rs {
		offs[i] = Route{Pattern: r.Pattern, Off: true}
	}
	for _, c := range []struct {
		name, path string
		rs         Routes
	}{
		{"first of 100", "/api/v1/resource-0/77", rs},
		{"last of 100", "/api/v1/catalog", rs},
		{"none of 100", "/api/v1/orders/77", rs},
		{"none of 100, all off", "/api/v1/orders/77", offs},
		{"ambiguous", "/api/v1/orders/%2e%2e/77", rs},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.rs.Match("GET", c.path)
			}
		})
	}
}
