package config

import (
	"errors"
	"strings"
	"testing"
)

// Whatever is in a file: it is read or refused, each problem says where it is, and one that stands
// where a secret was pasted does not repeat it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(documented))
	for _, seed := range []string{
		"", "---\n", "serve: {secret: hunter2hunter2}", "serve: {store: 'redis://:hunter2@[a', admin_token: hunter2}", "verify: {issuer: a, audience: [b], client_secret: hunter2}", "serve: &a [*a]", "routes: [{match: GET /a, ttl: 30}]", "a: {b: {c: [", "- - - -",
		"serve:\n  realm: \"a\\x00b\"", "routes:\n  - match: /**\n    share: public\n", "? a\n: b", "serve: !!binary aGk=", "serve: |\n  a\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		if err != nil {
			var all Errors
			if !errors.As(err, &all) || len(all) == 0 {
				t.Fatalf("%T", err)
			}
			for _, e := range all {
				if e.Line < 1 || e.Column < 1 || e.Problem == "" || strings.ContainsAny(e.Problem, "\x00\x1b\n") {
					t.Errorf("%q has no place, no words or control characters: %+v", e.Error(), *e)
				}
				if secret := strings.HasSuffix(e.Key, "secret") || strings.HasSuffix(e.Key, "password") || strings.HasSuffix(e.Key, "token") || strings.HasSuffix(e.Key, "store_key") || e.Key == "serve.store"; secret && strings.Contains(e.Problem, "hunter2") {
					t.Errorf("a secret is repeated: %s", e)
				}
			}
			return
		}
		// What a file leaves out may not fit what it says, and is told then; what it says fits.
		if all := file.Serve.problems(); len(all) > 0 {
			t.Errorf("the file passed, its values do not: %v", all)
		}
		for _, r := range file.Routes {
			if r.Off && (r.TTL != 0 || r.Public) || r.TTL < 0 {
				t.Errorf("%s contradicts itself: %+v", r, r)
			}
		}
	})
}

// A path that is ambiguous gets no route; one that is not gets the first that matches, and no rule
// makes the outcome wider than the rules before it allow.
func FuzzMatch(f *testing.F) {
	for _, path := range []string{"/", "/api/admin/users", "/api/Admin/users", "/api//admin", "/api/%61dmin", "/api/admin;x", "/API/x", "/api/admin%2fx", "/caf%C3%A9", ""} {
		f.Add("GET", path)
	}
	file, err := Parse("f", []byte(`
routes:
  - match: /api/admin/**
    cache: off
  - match: GET /api/{id}
    ttl: 3s
  - match: /**
    share: public
    ttl: 1h
`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		route, ambiguous := file.Routes.Match(method, path)
		if ambiguous && route != nil {
			t.Fatalf("%s %q is ambiguous and matches %s", method, path, route)
		}
		folded := strings.ToLower(path)
		if route != nil && route.Public && (strings.HasPrefix(folded, "/api/admin/") || folded == "/api/admin") {
			t.Errorf("%s %q is shared by %s, past the rule that keeps /api/admin/** out of the cache", method, path, route)
		}
	})
}
