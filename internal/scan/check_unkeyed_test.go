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
	"github.com/bearcache/bearcache/internal/operation"
)

// catalog is the same for everybody, but for a link that is made of what the request says.
func catalog(link func(r *http.Request) string) func(string, *http.Request) answer {
	return func(_ string, r *http.Request) answer {
		return ok(fmt.Sprintf(`{"items":["desk","chair"],"next":%q}`, link(r)))
	}
}

// known is the part of a query that the key of some caches has.
func known(names ...string) func(*http.Request) string {
	return func(r *http.Request) string {
		key := r.URL.EscapedPath()
		for _, name := range names {
			key += "&" + name + "=" + r.URL.Query().Get(name)
		}
		return key
	}
}

func TestUnkeyedInput(t *testing.T) {
	t.Parallel()
	host := catalog(func(r *http.Request) string {
		if h := r.Header.Get("X-Forwarded-Host"); h != "" {
			return "https://" + h + "/page/2"
		}
		return "https://api.example/page/2"
	})
	cookie := func(name string) func(*http.Request) string {
		return func(r *http.Request) string {
			if c, err := r.Cookie(name); err == nil {
				return "/page/2?" + name + "=" + c.Value
			}
			return "/page/2"
		}
	}
	query := func(name string) func(*http.Request) string {
		return func(r *http.Request) string { return "/page/2?from=" + r.URL.Query().Get(name) }
	}
	leak := []string{"GET /public/x unkeyed-input confirmed"}
	shown := func(what string) []string {
		one := "bob with " + what
		return []string{"high of " + one + " to alice", one + " 200 origin", "alice 200 cache", "alice 200 cache", "alice 200 origin", one + " 200 cache"}
	}
	for _, tt := range []struct {
		name  string
		s     *site
		want  []string
		steps []string
	}{
		{"a host that is not in the key", &site{origin: host, key: byURLKey}, leak, shown("X-Forwarded-Host")},
		{"the host in Forwarded", &site{origin: catalog(func(r *http.Request) string { return r.Header.Get("Forwarded") + "/page/2" }), key: byURLKey}, leak, shown("Forwarded")},
		{"a prefix of the path", &site{origin: catalog(func(r *http.Request) string { return r.Header.Get("X-Forwarded-Prefix") + "/page/2" }), key: byURLKey}, leak, shown("X-Forwarded-Prefix")},
		{"the address of the client", &site{origin: catalog(func(r *http.Request) string { return "for " + r.Header.Get("X-Forwarded-For") }), key: byURLKey}, leak, shown("X-Forwarded-For")},
		{"a campaign that the cache leaves out", &site{origin: catalog(query("utm_source")), key: known("bearcache", "lang", "callback")}, leak, shown("the query parameter utm_source")},
		{"a cookie", &site{origin: catalog(cookie("theme")), key: byURLKey}, leak, shown("the cookie theme")},
		{"a host in a field of the response", &site{origin: func(_ string, r *http.Request) answer {
			h := r.Header.Get("X-Forwarded-Host")
			if h == "" {
				h = "api.example"
			}
			return ok(`{"items":["desk","chair"]}`).with("Link", "<https://"+h+"/style.css>; rel=preload")
		}, key: byURLKey}, leak, shown("X-Forwarded-Host")},

		{"reflected, and nothing is kept", &site{origin: host}, []string{}, nil},
		{"reflected, and in the key", &site{origin: host, key: func(r *http.Request) string { return r.RequestURI + r.Header.Get("X-Forwarded-Host") }}, []string{}, nil},
		{"reflected, and kept for each caller", &site{origin: host, key: func(r *http.Request) string { return fmt.Sprint(r.RequestURI, r.Header) }}, []string{}, nil},
		{"kept only when nobody says such a thing", &site{origin: host, key: func(r *http.Request) string {
			if r.Header.Get("X-Forwarded-Host") != "" {
				return ""
			}
			return r.RequestURI
		}}, []string{}, nil},
		{"nothing is reflected", &site{origin: catalog(func(*http.Request) string { return "/page/2" }), key: byURLKey}, []string{}, nil},
		{"its own URL stands in the answer", &site{origin: catalog(func(r *http.Request) string { return r.RequestURI }), key: byURLKey}, []string{}, nil},
		{"an unknown query is refused", &site{origin: func(user string, r *http.Request) answer {
			if r.URL.RawQuery != "" {
				return answer{status: 400, body: fmt.Sprintf(`{"error":"unknown parameter","query":%q}`, r.URL.RawQuery)}
			}
			return host(user, r)
		}, key: byURLKey}, []string{}, nil},
		{"an address that is not of the request", &site{origin: catalog(func(r *http.Request) string { return "http://127.0.0.1:80/page/2" }), key: byURLKey}, []string{}, nil},
		{"a number of its own in each answer", &site{origin: catalog(func(*http.Request) string { return fmt.Sprintf("/page/2?t=%d", time.Now().UnixNano()) }), key: byURLKey}, []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{}, "/public/x")
			got := brief(r)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.UnkeyedInput)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// A poisoned redirect is stored as a page is.
func TestUnkeyedRedirect(t *testing.T) {
	t.Parallel()
	whatever := func(*http.Request, answer) bool { return true }
	redirects := func(_ *http.Request, made answer) bool { return made.status > 300 && made.status < 400 }
	to := func(r *http.Request) string {
		if h := r.Header.Get("X-Forwarded-Host"); h != "" {
			return h
		}
		return "api.example"
	}
	moved := func(_ string, r *http.Request) answer {
		return answer{status: 301, body: "<h1>Moved</h1>"}.with("Location", "https://"+to(r)+"/x")
	}
	secured := func(_ string, r *http.Request) answer {
		if proto := r.Header.Get("X-Forwarded-Proto"); proto != "" && proto != "https" {
			return answer{status: 301}.with("Location", "https://"+to(r)+r.URL.Path)
		}
		return ok(`{"items":["desk","chair"]}`)
	}
	login := func(user string, r *http.Request) answer {
		if user == "" {
			return answer{status: 302}.with("Location", "https://"+to(r)+"/login")
		}
		return mine(user)
	}
	leak := []string{"GET /public/x unkeyed-input confirmed"}
	said := func(who, reader, what string, ours int) []string {
		one := who + " with " + what
		return []string{"high of " + one + " to " + reader, one + " 301 origin", fmt.Sprintf("%s %d cache", reader, 301), fmt.Sprintf("%s %d cache", reader, 301),
			fmt.Sprintf("%s %d origin", reader, ours), fmt.Sprintf("%s %d cache", one, ours)}
	}
	for _, tt := range []struct {
		name  string
		s     *site
		path  string
		want  []string
		steps []string
		same  bool // it leads to where it is, and there is nothing to compare
	}{
		{"whoever asks is sent there", &site{origin: moved, key: byURLKey, keeps: whatever}, "/public/x", leak, said("bob", "alice", "X-Forwarded-Host", 301), false},
		{"one field makes the redirect, another says where", &site{origin: secured, key: byURLKey, keeps: whatever}, "/public/x", leak, said("bob", "alice", "X-Forwarded-Host", 200), false},
		{"who has no token is sent to a log-in there", &site{origin: login, key: byURLKey, keeps: redirects}, "/x", []string{"GET /x error-poisoning confirmed", "GET /x unkeyed-input confirmed"},
			[]string{"high of nobody with X-Forwarded-Host to nobody", "nobody with X-Forwarded-Host 302 origin", "nobody 302 cache", "nobody 302 cache",
				"nobody 302 origin", "nobody with X-Forwarded-Host 302 cache"}, false},

		{"it is not kept", &site{origin: moved, key: byURLKey}, "/public/x", []string{}, nil, false},
		{"the host is in the key", &site{origin: moved, key: func(r *http.Request) string { return r.RequestURI + to(r) }, keeps: whatever}, "/public/x", []string{}, nil, false},
		{"it is always to one place", &site{origin: func(string, *http.Request) answer { return answer{status: 308}.with("Location", "/public/y") }, key: byURLKey, keeps: whatever},
			"/public/x", []string{}, nil, false},
		{"it is to its own URL", &site{origin: func(_ string, r *http.Request) answer {
			return answer{status: 301}.with("Location", "https://api.example"+r.RequestURI)
		}, key: byURLKey, keeps: whatever}, "/public/x", []string{}, nil, true},
		{"two fields, and redirects are not kept", &site{origin: secured, key: byURLKey}, "/public/x", []string{}, nil, false},
		{"a log-in that is not kept", &site{origin: login}, "/x", []string{}, nil, false},
		{"each reader has a place of its own", &site{origin: func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return answer{status: 302}.with("Location", "https://"+to(r)+"/"+user)
		}, key: byCaller, keeps: whatever}, "/x", []string{}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{}, tt.path)
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.UnkeyedInput)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s\n%s", diff, told(r))
			}
			for _, f := range r.Findings {
				if both := strings.Contains(f.Summary, "with other fields"); f.Rule == finding.UnkeyedInput && both != strings.HasPrefix(tt.name, "one field makes") {
					t.Errorf("it says %q", f.Summary)
				}
			}
			for _, op := range r.Operations {
				if op.Operation != "GET /me" && (op.Status == finding.StatusTested) == tt.same {
					t.Errorf("%s: %s, %s", op.Operation, op.Status, op.Reason)
				}
			}
		})
	}
}

// S1: nobody follows the redirect that the scan provoked.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	s := &site{paths: []string{"/public/x"}, origin: func(_ string, r *http.Request) answer {
		return answer{status: 302}.with("Location", "http://elsewhere.test/"+r.Header.Get("X-Forwarded-Host"))
	}, key: byURLKey, keeps: func(*http.Request, answer) bool { return true }}
	r, _ := scanWeb(t, Options{Operations: gets("/public/x", "/me"), Identities: people()}, map[string]http.Handler{
		targetHost:       s,
		"elsewhere.test": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }),
	})
	if diff := cmp.Diff([]string{"GET /public/x unkeyed-input confirmed"}, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a finding says names what is not in the key, and what to do about it.
func TestUnkeyedAdvice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		link func(r *http.Request) string
		key  func(r *http.Request) string
		want []string
	}{
		{func(r *http.Request) string { return "https://" + r.Header.Get("X-Forwarded-Host") }, byURLKey,
			[]string{"The cache key does not contain X-Forwarded-Host", "10 entries", "set or drop X-Forwarded-Host", "Vary"}},
		{func(r *http.Request) string { return r.URL.Query().Get("utm_source") }, known("bearcache", "lang", "callback"),
			[]string{"The cache key does not contain the query parameter utm_source", "the whole query"}},
		{func(r *http.Request) string {
			if c, err := r.Cookie("theme"); err == nil {
				return c.Value
			}
			return ""
		}, byURLKey, []string{"The cache key does not contain the cookie theme", "Vary: Cookie"}},
	} {
		r := (&site{origin: catalog(tt.link), key: tt.key}).survey(t, Options{}, "/public/x")
		for _, f := range r.Findings {
			for _, part := range tt.want {
				if f.Rule == finding.UnkeyedInput && !strings.Contains(f.Detail, part) {
					t.Errorf("%q does not say %q", f.Detail, part)
				}
			}
		}
		if len(r.Findings) == 0 {
			t.Errorf("nothing was found: %s", told(r))
		}
	}
}

// What a client prefers makes another answer, and the cache does not look at it.
func TestNegotiation(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	motto := func(r *http.Request) answer {
		if strings.HasPrefix(r.Header.Get("Accept-Language"), "fr") {
			return ok(`{"motto":"Bonne chance"}`)
		}
		return ok(`{"motto":"Good luck"}`)
	}
	language := func(_ string, r *http.Request) answer { return motto(r) }
	own := func(user string, r *http.Request) answer {
		if user == "" {
			return denial
		}
		made := motto(r).with("Vary", "Accept-Language")
		made.body += "\n" + user + "@example.com"
		return made
	}
	format := func(_ string, r *http.Request) answer {
		if strings.HasPrefix(r.Header.Get("Accept"), "text/csv") {
			return ok("item,price\ndesk,120\n").with("Content-Type", "text/csv")
		}
		return ok(`[{"item":"desk","price":120}]`).with("Content-Type", "application/json")
	}
	varying := func(_ string, r *http.Request) answer {
		if strings.HasPrefix(r.Header.Get("Accept"), "text/html") {
			return ok("<p>desk</p>").with("Content-Type", "text/html").with("Vary", "Accept")
		}
		return ok(`["desk"]`).with("Content-Type", "application/json").with("Vary", "Accept")
	}
	and := func(name string) func(*http.Request) string {
		return func(r *http.Request) string { return r.RequestURI + r.Header.Get(name) }
	}
	types := []string{"application/json", "text/csv"}
	leak := []string{"GET /public/x unkeyed-input confirmed"}
	for _, tt := range []struct {
		name    string
		s       *site
		path    string
		answers []string
		want    []string
		first   string // of steps
	}{
		{"the language is not in the key", &site{origin: language, key: byURLKey}, "/public/x", nil, leak, "medium of bob with Accept-Language to alice"},
		{"the language of what each caller is given", &site{origin: own, key: byCaller}, "/x", nil, []string{"GET /x unkeyed-input confirmed"},
			"medium of alice with Accept-Language to alice"},
		{"the format that the document has", &site{origin: format, key: byURLKey}, "/public/x", types, leak, "medium of bob with Accept to alice"},
		{"the format that Vary speaks of", &site{origin: varying, key: byURLKey}, "/public/x", nil, leak, "medium of bob with Accept to alice"},

		{"the language is in the key", &site{origin: language, key: and("Accept-Language")}, "/public/x", nil, []string{}, ""},
		{"the language makes a difference, and nothing is kept", &site{origin: language}, "/public/x", nil, []string{}, ""},
		{"one language, and a number of its own in each answer", &site{origin: func(string, *http.Request) answer {
			return ok(fmt.Sprintf(`{"motto":"Good luck","n":"n-%012d"}`, ticks.Add(1)))
		}, key: func(r *http.Request) string { return "" }}, "/public/x", nil, []string{}, ""},
		{"the format is in the key", &site{origin: format, key: and("Accept")}, "/public/x", types, []string{}, ""},
		{"the document has another format, and the API has not", &site{origin: func(string, *http.Request) answer { return ok(`["desk"]`).with("Content-Type", "application/json") },
			key: byURLKey}, "/public/x", types, []string{}, ""},
		{"another format is refused, and that is kept", &site{origin: func(_ string, r *http.Request) answer {
			if strings.HasPrefix(r.Header.Get("Accept"), "text/csv") {
				return answer{status: 406}
			}
			return format("", r)
		}, key: byURLKey, keeps: func(*http.Request, answer) bool { return true }}, "/public/x", types, []string{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ops := gets(tt.path, "/me")
			ops[0].Answers = tt.answers
			r := tt.s.survey(t, Options{Operations: ops}, tt.path)
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if got := append(steps(r, finding.UnkeyedInput), ""); got[0] != tt.first {
				t.Errorf("%s, want %s", got[0], tt.first)
			}
		})
	}
}

// Inputs that nobody declares are tried on a few operations, and then where links are.
func TestInputsAreTriedOnAFew(t *testing.T) {
	t.Parallel()
	s := &site{origin: func(_ string, r *http.Request) answer {
		if strings.HasSuffix(r.URL.Path, "9") {
			return ok(`{"next":"https://api.example/page/2"}`)
		}
		return ok(`{"items":["desk","chair"]}`)
	}}
	s.survey(t, Options{}, number("/public/x", 40)...)
	tried, links := map[string]bool{}, 0
	for _, a := range s.asked {
		if path, _, _ := strings.Cut(a.uri, "?"); a.header.Get("X-Forwarded-Host") != "" && !tried[path] {
			tried[path] = true
			if strings.HasSuffix(path, "9") {
				links++
			}
		}
	}
	if links != 4 || len(tried) < mostReflecting || len(tried) > mostReflecting+links {
		t.Errorf("inputs were tried on %d operations, %d of them with links; want %d and those with links, which are 4", len(tried), links, mostReflecting)
	}
}

// What the document declares makes another answer, and the cache does not look at it.
func TestDeclaredInput(t *testing.T) {
	t.Parallel()
	page := operation.Parameter{Name: "page", In: "query", Candidates: []string{"1", "2"}, Required: true}
	language := operation.Parameter{Name: "X-Language", In: "header", Candidates: []string{"de", "it"}, Required: true}
	pages := func(user string, r *http.Request) answer {
		if user == "" {
			return denial
		}
		return ok(fmt.Sprintf(`{"items":["item-%s-of-the-list"],"of":"%s@example.com"}`, r.URL.Query().Get("page"), user))
	}
	words := func(user string, r *http.Request) answer {
		if user == "" {
			return denial
		}
		return ok(fmt.Sprintf(`{"greeting":%q,"of":"%s@example.com"}`, map[string]string{"de": "Guten Tag", "it": "Buongiorno"}[r.Header.Get("X-Language")], user))
	}
	caller := func(part func(*http.Request) string) func(*http.Request) string {
		return func(r *http.Request) string {
			if r.Header.Get("Authorization") == "" {
				return ""
			}
			return part(r) + r.Header.Get("Authorization")
		}
	}
	leak := []string{"GET /items unkeyed-input confirmed"}
	for _, tt := range []struct {
		name  string
		s     *site
		param operation.Parameter
		want  []string
	}{
		{"the page is not in the key, the rest of the query is", &site{origin: pages, key: caller(known("bearcache"))}, page, leak},
		{"the key is the path as it is written", &site{origin: pages, key: caller(func(r *http.Request) string { return r.URL.EscapedPath() })}, page, leak},
		{"the key is the path, decoded", &site{origin: pages, key: caller(byPathKey), lifetime: soon}, page, leak},
		{"a field", &site{origin: words, key: caller(byURLKey)}, language, leak},

		{"the page is in the key", &site{origin: pages, key: caller(byURLKey)}, page, []string{}},
		{"nothing is kept", &site{origin: pages}, page, []string{}},
		{"the field is in the key", &site{origin: words, key: caller(func(r *http.Request) string { return r.RequestURI + r.Header.Get("X-Language") })}, language, []string{}},
		{"every page is the same", &site{origin: func(user string, _ *http.Request) answer { return mine(user) }, key: caller(byPathKey), lifetime: soon}, page, []string{}},
		{"every page is the same, and nothing is kept", &site{origin: func(user string, _ *http.Request) answer { return mine(user) }}, page, []string{}},
		{"there is no second page", &site{origin: func(user string, r *http.Request) answer {
			if user != "" && r.URL.Query().Get("page") != "1" {
				return missing
			}
			return pages(user, r)
		}, key: caller(byURLKey)}, page, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Operations: []operation.Operation{{Method: "GET", Path: "/items", Security: operation.Required, Parameters: []operation.Parameter{tt.param}}}, Wait: patience}
			o.Operations = append(o.Operations, gets("/me")...)
			r := tt.s.survey(t, o, "/items")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			for _, f := range r.Findings {
				if f.Rule == finding.UnkeyedInput && (!strings.HasPrefix(f.Victim, "alice") || !strings.HasPrefix(f.Observer, "alice")) {
					t.Errorf("of %s to %s: both are alice", f.Victim, f.Observer)
				}
			}
		})
	}
}

// A value that nobody stated, in a field, is not asked for under the URL that everybody uses.
func TestMadeUpValuesStayApart(t *testing.T) {
	t.Parallel()
	s := &site{origin: func(_ string, r *http.Request) answer { return ok(`{"tenant":"` + r.Header.Get("X-Tenant") + `"}`) }, key: byURLKey}
	o := Options{Operations: []operation.Operation{{Method: "GET", Path: "/public/x", Security: operation.Public,
		Parameters: []operation.Parameter{{Name: "X-Tenant", In: "header"}}}}}
	o.Operations = append(o.Operations, gets("/me")...)
	s.survey(t, o, "/public/x")
	for _, a := range s.asked {
		if a.header.Get("X-Tenant") != "" && !strings.Contains(a.uri, "bearcache=") {
			t.Errorf("%s was asked with X-Tenant: %s", a.uri, a.header.Get("X-Tenant"))
		}
	}
}

// Another value of what the document declares gave the same: that is no finding where nothing tells why, and where a cache may be
// why it is not clean.
func TestIgnoredInput(t *testing.T) {
	t.Parallel()
	param := func(name string, candidates ...string) operation.Parameter {
		return operation.Parameter{Name: name, In: "query", Candidates: candidates}
	}
	pages := func(user string, r *http.Request) answer {
		page := r.URL.Query().Get("page")
		switch {
		case user == "":
			return denial
		case page == "", page == "1":
			return ok(`{"items":["item-1","item-2"],"of":"` + user + `@example.com"}`)
		case page == "2":
			return ok(`{"items":["item-3"],"of":"` + user + `@example.com"}`)
		}
		return answer{status: 400, body: `{"error":"page is a number"}`}
	}
	caller := func(part func(*http.Request) string) func(*http.Request) string {
		return func(r *http.Request) string {
			if r.Header.Get("Authorization") == "" {
				return ""
			}
			return part(r) + r.Header.Get("Authorization")
		}
	}
	personal := func(user string, _ *http.Request) answer { return mine(user) }
	direct := &site{anyPath: true, origin: pages}
	for _, tt := range []struct {
		name      string
		s         *site
		param     operation.Parameter
		want      []string
		undecided bool
	}{
		{"kept by path for longer than anybody waits", &site{origin: pages, key: caller(byPathKey)}, param("page"), []string{}, true},
		{"kept by path for longer, and the document states a value", &site{origin: pages, key: caller(byPathKey)}, param("page", "1"), []string{}, true},
		{"kept by path for longer, and the origin can be asked", &site{origin: pages, key: caller(byPathKey), past: direct}, param("page"),
			[]string{"GET /items unkeyed-input confirmed"}, false},
		{"kept by path, and soon over", &site{origin: pages, key: caller(byPathKey), lifetime: soon}, param("page"), []string{"GET /items unkeyed-input confirmed"}, false},
		{"what changes little is not looked at, and a cache says that it had it", &site{origin: personal, key: caller(byPathKey),
			before: func(_ *http.Request, kept answer) answer { return kept.with("X-Cache", "HIT from edge") }}, param("lang", "en", "de"), []string{}, true},
		{"the API does not look at it", &site{origin: personal}, param("page"), []string{}, true},

		{"kept by URL", &site{origin: pages, key: caller(byURLKey)}, param("page"), []string{}, false},
		{"nothing is kept", &site{origin: pages}, param("page"), []string{}, false},
		{"one page, which is given for any number, and words are refused", &site{origin: func(user string, r *http.Request) answer {
			if page := r.URL.Query().Get("page"); strings.HasPrefix(page, "b") {
				return answer{status: 422, body: `{"error":"page is a number"}`}
			}
			return mine(user)
		}}, param("page"), []string{}, false},
		{"one page, and the second is empty", &site{origin: func(user string, r *http.Request) answer {
			if user != "" && r.URL.Query().Get("page") == "2" {
				return ok(`{"items":[]}`)
			}
			return mine(user)
		}}, param("page"), []string{}, false},
		{"one language only", &site{origin: personal}, param("lang", "en", "de"), []string{}, false},
		{"fewer items than the limit", &site{origin: func(user string, r *http.Request) answer {
			if user != "" && r.URL.Query().Get("limit") == "1" {
				return ok(`{"items":["item-1"]}`)
			}
			return mine(user)
		}}, param("limit", "20"), []string{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Operations: []operation.Operation{{Method: "GET", Path: "/items", Security: operation.Required, Parameters: []operation.Parameter{tt.param}}}, Wait: patience}
			o.Operations = append(o.Operations, gets("/me")...)
			r := tt.s.survey(t, o, "/items")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			for _, a := range tt.s.asked {
				if u := mustURL(a.uri); strings.HasPrefix(u.Query().Get(tt.param.Name), "b") && !u.Query().Has("bearcache") {
					t.Errorf("%s: a value that is none under a URL that others use", a.uri)
				}
			}
			if op := r.Operations[0]; op.Undecided != tt.undecided || tt.undecided && !strings.Contains(op.Reason, "the query parameter "+tt.param.Name) {
				t.Errorf("undecided: %v, %q", op.Undecided, op.Reason)
			}
		})
	}
}

// Some cache what is filtered, and nothing else: what one reader filters the other is given.
func TestChosenFilter(t *testing.T) {
	t.Parallel()
	listed := func(user string, r *http.Request) answer {
		if user == "" {
			return denial
		}
		return ok(fmt.Sprintf(`{"orders":["desk"],"sorted":%q,"of":"%s@example.com"}`, r.URL.Query().Get("sort"), user))
	}
	filtered := func(key func(*http.Request) string) func(*http.Request) string {
		return func(r *http.Request) string {
			if r.URL.Query().Get("sort") == "" {
				return ""
			}
			return key(r)
		}
	}
	for _, tt := range []struct {
		name string
		s    *site
		want []string
	}{
		{"by URL", &site{origin: listed, key: filtered(byURLKey)}, []string{"GET /orders cross-identity-reuse confirmed"}},
		{"by caller", &site{origin: listed, key: filtered(byCaller)}, []string{}},
		{"nothing is kept", &site{origin: listed}, []string{}},
		{"both find nothing", &site{origin: func(user string, r *http.Request) answer {
			if user != "" && r.URL.Query().Get("sort") != "" {
				return ok(`{"orders":[]}`)
			}
			return listed(user, r)
		}}, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sorted := operation.Parameter{Name: "sort", In: "query", Candidates: []string{"old", "new"}}
			tt.s.paths = []string{"/orders"}
			o := Options{Operations: append([]operation.Operation{{Method: "GET", Path: "/orders", Security: operation.Required, Parameters: []operation.Parameter{sorted}}}, gets("/me")...)}
			r := tt.s.survey(t, o)
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if len(tt.want) > 0 && !strings.Contains(told(r), "So it is with the query parameter sort; without that each is given its own.") {
				t.Error(told(r))
			}
		})
	}
}
