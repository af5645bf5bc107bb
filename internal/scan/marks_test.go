package scan

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/redact"
)

// Where no control gets past the stored response and nothing else tells the readers apart, a marker
// does.
func TestMarkers(t *testing.T) {
	for _, tt := range []struct {
		name    string
		markers []string
		want    []string
	}{
		{"given", []string{"alice@example.com"}, []string{"GET /who cross-identity-reuse likely"}},
		{"another", []string{"carol@example.com"}, []string{}},
		{"none", nil, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			readers := []*Identity{{Name: "alice", Token: redact.NewSecret(aliceToken), Markers: tt.markers}, {Name: "bob", Token: redact.NewSecret(bobToken)}}
			d := &deployment{view: personal, key: byPathKey, timeout: time.Hour, inside: true}
			r, _ := scanned(t, Options{Identities: readers, Wait: time.Nanosecond}, map[string]*deployment{"/who": d})
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A claim that both tokens have is no mark of either: an answer that holds it is not the observer's
// own for that.
func TestSharedClaims(t *testing.T) {
	token := func(name string) string {
		enc := base64.RawURLEncoding.EncodeToString
		return enc([]byte(`{"alg":"HS256"}`)) + "." + enc(fmt.Appendf(nil, `{"email":"%s@example.com","name":"Example GmbH"}`, name)) + ".c2ln"
	}
	users := map[string]string{"Bearer " + token("alice"): "alice", "Bearer " + token("bob"): "bob"}
	view := func(_ string, r *http.Request) (int, http.Header, string) {
		status, h, body := personal(users[r.Header.Get("Authorization")], r)
		return status, h, strings.Replace(body, "{", `{"on_behalf_of": "Example GmbH",`, 1)
	}
	r, err := scanned(t, Options{Wait: time.Nanosecond, Identities: []*Identity{{Name: "alice", Token: redact.NewSecret(token("alice"))}, {Name: "bob", Token: redact.NewSecret(token("bob"))}}},
		map[string]*deployment{"/x": {view: view, key: byPathKey, timeout: time.Hour}, "/who": {view: view}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /x anonymous-reuse likely", "GET /x cross-identity-reuse likely", "GET /x invalid-token-reuse likely"}
	if diff := cmp.Diff(want, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What stands in the URL that was asked for, and comes back in the answer, says nothing of who may see it: a profile that
// both may read names its person.
func TestMarksOfTheURL(t *testing.T) {
	m := marks{"alice@example.com": claimed, "acc-58213-q": learned}
	for target, want := range map[string]int{
		"http://h/x": 2, "http://h/users/alice@example.com": 1, "http://h/users/alice%40example.com": 1, "http://h/x?account=acc-58213-q": 1, "http://h/x?of=alice%40example.com": 1,
		"http://h/alice@example.com/acc-58213-q": 0,
	} {
		u, _ := url.Parse(target)
		if got := m.beside(u); len(got) != want || len(m) != 2 {
			t.Errorf("%s: %v", target, got)
		}
	}
}

// An address that one answer held names nobody once it is known that no other operation bears it out: a page may show its members by lot.
func TestTelling(t *testing.T) {
	t.Parallel()
	const address = "alice@example.com"
	a := &Identity{Name: "alice"}
	names := func(values ...string) map[*Identity]map[string]bool {
		m := map[string]bool{}
		for _, v := range values {
			m[v] = true
		}
		return map[*Identity]map[string]bool{a: m}
	}
	for _, tt := range []struct {
		what  string
		trial Trial
		value string
		want  bool
	}{
		{"before anything else was asked, an address", Trial{}, address, true},
		{"a number", Trial{}, "4711", false},
		{"a claim of the token", Trial{claims: names("4711")}, "4711", true},
		{"borne out by other operations", Trial{names: names(address)}, address, true},
		{"borne out by none", Trial{names: names()}, address, false},
		{"another's", Trial{names: names("bob@example.com")}, address, false},
	} {
		if got := tt.trial.telling(a, tt.value); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}
