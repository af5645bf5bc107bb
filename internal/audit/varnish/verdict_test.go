package varnish

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// The deployments of which it is known what leaks: the rule stands where it must, and nowhere else.
func TestLabs(t *testing.T) {
	wanted := map[string]string{
		"varnish-grace": "return (hash);", "varnish-asks-for-a-token": "return (hash);", "varnish-strips-authorization": "return (hash);",
		"varnish-built-in": "", "varnish-hashes-authorization": "", "deception-static-directory": "",
	}
	paths, err := filepath.Glob("../../../labs/*/*.vcl")
	if err != nil || len(paths) < len(wanted) {
		t.Fatalf("%d programs: %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lab := filepath.Base(filepath.Dir(path))
		want, known := wanted[lab]
		r := audited(file("default.vcl", string(data)))
		switch {
		case !known:
			t.Errorf("%s: nobody said whether it leaks", lab)
		case want == "" && len(r.Findings) > 0:
			t.Errorf("%s: %q", lab, found(r))
		case want != "" && (len(r.Findings) != 1 || r.Findings[0].Source.Key != want):
			t.Errorf("%s: %q", lab, found(r))
		}
	}
}

// The programs that are given as remedies are none that need one.
func TestRemedies(t *testing.T) {
	paths, err := filepath.Glob("../../finding/remedies/*/*.vcl")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d programs: %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(data), string(data) + "\nsub vcl_recv {\n    if (req.http.Authorization) { return (pass); }\n    return (hash);\n}\n"} {
			if r := audited(file("varnish.vcl", text)); len(r.Findings)+len(r.Problems) > 0 {
				t.Errorf("%s: %q, %v", path, found(r), r.Problems)
			}
		}
	}
}

func TestConfidence(t *testing.T) {
	const recv = "sub vcl_recv {\n    if (!req.http.Authorization) { return (synth(401)); }\n    return (hash);\n}\n"
	for _, c := range []struct {
		name, text string
		want       finding.Confidence
	}{
		{"the origin may forbid to store it", recv, finding.Likely},
		{"a lifetime, and then the built-in code, which asks the origin", recv + "sub vcl_backend_response { set beresp.ttl = 1h; }\n", finding.Likely},
		{"a lifetime, whatever the origin says", recv + "sub vcl_backend_response { set beresp.ttl = 1h; return (deliver); }\n", finding.Confirmed},
		{"whatever the origin says, of a site that says nothing of tokens",
			"sub vcl_recv { return (hash); }\nsub vcl_backend_response { set beresp.ttl = 1h; return (deliver); }\n", finding.Likely},
		{"the field is removed, and what is somebody's passed",
			"sub vcl_recv {\n    if (req.url ~ \"^/account\") { return (pass); }\n    unset req.http.Authorization;\n}\n", finding.Possible},
	} {
		r := audited(file("a.vcl", c.text))
		if len(r.Findings) != 1 || r.Findings[0].Confidence != c.want {
			t.Errorf("%s: %v, not one that is %v", c.name, r.Findings, c.want)
			continue
		}
		if safe := r.Findings[0].Source.Safe; safe != (c.want == finding.Confirmed) {
			t.Errorf("%s: written without a question: %v", c.name, safe)
		}
	}
}

// What a removal of the field costs goes by what the backend still sees of who asks.
func TestSeverityOfRemoval(t *testing.T) {
	for _, c := range []struct {
		name, recv, rest string
		want             finding.Severity
	}{
		{"nothing at all: nobody gets what was made for another", "unset req.http.Authorization; unset req.http.Cookie; return (hash);", "", finding.Low},
		{"a cookie, which is looked up too", "unset req.http.Authorization; unset req.http.Accept; return (hash);", "", finding.High},
		{"a cookie, which the hash has", "unset req.http.Authorization; return (hash);", "sub vcl_hash { hash_data(req.http.Cookie); }", finding.Low},
		{"no cookie: the built-in code passes these", "unset req.http.Authorization;", "", finding.Low},
		{"a copy of the field", "set req.http.X-Saved = req.http.Authorization; unset req.http.Authorization; unset req.http.Cookie; return (hash);", "", finding.High},
	} {
		r := audited(file("a.vcl", "sub vcl_recv { "+c.recv+" }\n"+c.rest))
		if len(r.Findings) != 1 || r.Findings[0].Rule != finding.VarnishStripsAuthorization || r.Findings[0].Severity != c.want {
			t.Errorf("%s: %v, not one that is %v", c.name, r.Findings, c.want)
		}
	}
}

// What is said of the hash is true of it: where a part of the field is in it, it is not said that nothing is.
func TestWordsOfAPart(t *testing.T) {
	const recv = "sub vcl_recv { return (hash); }\nsub vcl_hash {\n    hash_data("
	for hashed, want := range map[string]string{
		`regsub(req.http.Authorization, "^(.{12}).*", "\1")`: "the same for two tokens",
		`req.http.Accept`: "nothing of Authorization enters",
	} {
		r := audited(file("a.vcl", recv+hashed+");\n}\nbackend api { .host = \"a\"; }\n"))
		if len(r.Findings) != 1 || !slices.ContainsFunc(r.Findings[0].Source.Trace, func(p finding.Place) bool { return strings.Contains(p.Note, want) }) {
			t.Errorf("%s: %+v, and nothing of %q", hashed, r.Findings, want)
		}
	}
}

// The words of a finding: the facts in the order in which a request meets them, and no secret of the source.
func TestWords(t *testing.T) {
	const text = `sub vcl_recv {
    if (req.http.Authorization == "Bearer hunter2hunter2") {
        return (hash);
    }
    set req.http.X-Saved = req.http.Authorization;
    unset req.http.Authorization; set req.http.X-Key = "hunter2hunter2";
}

sub vcl_hash {
    hash_data(req.http.Accept);
}

sub vcl_backend_response {
    set beresp.ttl = 1h;
    return (deliver);
}
`
	r := audited(file("a.vcl", text))
	if len(r.Findings) != 1 {
		t.Fatalf("%q", found(r))
	}
	f := r.Findings[0]
	var lines []int
	for _, p := range f.Source.Trace {
		lines = append(lines, p.Line)
		if strings.Contains(p.Note, "hunter2") {
			t.Errorf("%q", p.Note)
		}
	}
	if want := []int{6, 9, 14}; !equal(lines, want) {
		t.Errorf("the trace is over lines %v, not %v", lines, want)
	}
	if f.Source.Symbol != "vcl_recv" || f.Source.Line != 6 || f.Source.EndLine != 7 {
		t.Errorf("%s, lines %d to %d", f.Source.Symbol, f.Source.Line, f.Source.EndLine)
	}
	for _, s := range []string{f.Summary, f.Detail, f.Source.Fix, f.Source.Key} {
		if s == "" || strings.Contains(s, "hunter2") {
			t.Errorf("%q", s)
		}
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A finding is the same one when lines move, and another where the same text stands a second time.
func TestKey(t *testing.T) {
	const text = "sub vcl_recv {\n    if (req.url ~ \"^/api/a\") {\n        return (hash);\n    }\n    if (req.url ~ \"^/api/b\") {\n        return (hash);\n    }\n}\n"
	a, b := audited(file("a.vcl", text)), audited(file("a.vcl", "# more\n\n"+text))
	if len(a.Findings) != 2 || len(b.Findings) != 2 {
		t.Fatalf("%q, %q", found(a), found(b))
	}
	if a.Findings[0].Fingerprint() != b.Findings[0].Fingerprint() || a.Findings[0].Fingerprint() == a.Findings[1].Fingerprint() {
		t.Errorf("keys %q and %q, %q", a.Findings[0].Source.Key, a.Findings[1].Source.Key, b.Findings[0].Source.Key)
	}
}

func TestStanding(t *testing.T) {
	for pattern, want := range map[string]standing{
		"^/static/": public, "^/(css|js|images)/": public, `\.(css|js|png|jpe?g)(\?.*)?$`: public, `(?i)\.(CSS|js)$`: public, "^/user_avatar/": public,
		`^/api/catalog(\?|$)`: public, "^/blog": public, "^/favicon\\.ico$": public,
		"^/api/": api, "^/api": api, "^/v1/": api, "/graphql": api, "^/(static|api)/": api, "^/rest/.*": api, "^/api/.*\\.json$": api, "^/api/things": api,
		"^/account": personal, "^/api/me": personal, "^/(static|users)/": personal, "^/api/(catalog|orders)": personal, "^/admin(.*)": personal,
		"^/shop/": some, "^/$": some, "^/(static|shop)/": some, "^/[a-z]+/shop": some,
		"": anything, ".": anything, "^/": anything, ".*": anything, "^.*$": some, "(": anything, "(?!x)/static/": public,
	} {
		if got := standingOf(pattern, true); got != want {
			t.Errorf("%q: %d, not %d", pattern, got, want)
		}
	}
}

// Of all the returns that end parts of the built-in code, the one is blamed that ends the check.
func TestPlainReturn(t *testing.T) {
	const text = "sub vcl_req_host { return; }\nsub vcl_req_authorization { return; }\nsub vcl_req_cookie { return; }\nsub normal { return; }\nsub vcl_recv { call normal; }\n"
	r := audited(file("a.vcl", text))
	if len(r.Findings) != 1 || r.Findings[0].Source.Line != 2 {
		t.Errorf("%q", found(r))
	}
}
