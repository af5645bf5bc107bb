package varnish

import "testing"

// What stands in no file is taken for what its name says: a subroutine for a check, a field for a caller's.
func TestUnseen(t *testing.T) {
	const asked = "sub vcl_recv { if (!req.http.Authorization) { return (synth(401)); } "
	for _, c := range []struct{ name, clean, dirty string }{
		{"a subroutine", asked + "call verify_token; return (hash); }", asked + "call trace; return (hash); }"},
		{"a field", asked + "return (hash); } sub vcl_hash { hash_data(req.http.X-User-Id); }", asked + "return (hash); } sub vcl_hash { hash_data(req.http.X-Trace-Id); }"},
	} {
		if got := found(audited(file("a.vcl", c.clean))); len(got) > 0 {
			t.Errorf("%s: %q, where nothing is wrong", c.name, got)
		}
		if got := found(audited(file("a.vcl", c.dirty))); len(got) != 1 {
			t.Errorf("%s: %q, not one", c.name, got)
		}
	}
}

// An answer that is stored for no time is given to nobody else.
func TestNoLifetime(t *testing.T) {
	const recv = "sub vcl_recv { if (!req.http.Authorization) { return (synth(401)); } return (hash); } sub vcl_backend_response { set beresp.ttl = "
	for lifetime, want := range map[string]int{"0s": 0, "1s": 1} {
		if got := found(audited(file("a.vcl", recv+lifetime+"; return (deliver); }"))); len(got) != want {
			t.Errorf("%s: %q", lifetime, got)
		}
	}
}
