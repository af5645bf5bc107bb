package scan

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/redact"
)

// A refusal for want of another credential says which, and how to give it.
func TestRefusedForWantOfACredential(t *testing.T) {
	t.Parallel()
	const key = "the document wants key (a key in the field X-Api-Key) there: if that is not alice's token, give --credential alice.key=SOURCE"
	for _, tt := range []struct {
		name         string
		sets         [][]operation.Scheme
		alices, bobs map[string]redact.Secret
		reason       string
	}{
		{name: "a bearer is what they have", sets: [][]operation.Scheme{{bearerScheme}}, reason: "answered 401 to alice: there was nothing to compare"},
		{name: "nothing is said", reason: "answered 401 to alice: there was nothing to compare"},
		{name: "a key", sets: [][]operation.Scheme{{headerKey}}, reason: "answered 401 to alice; " + key},
		{name: "a key beside the bearer", sets: [][]operation.Scheme{{bearerScheme, headerKey}}, reason: "answered 401 to alice; " + key},
		{name: "a key, or a bearer", sets: [][]operation.Scheme{{headerKey}, {bearerScheme}}, reason: "answered 401 to alice: there was nothing to compare"},
		{name: "Basic and a cookie", sets: [][]operation.Scheme{{basicScheme, cookieKey}},
			reason: "answered 401 to alice; the document wants staff (user:password for Basic), session (the cookie sid) there: if that is not alice's token, give --credential alice.staff=SOURCE --credential alice.session=SOURCE"},
		{name: "in the query", sets: [][]operation.Scheme{{queryKey}},
			reason: "answered 401 to alice; the document wants qkey (a key in the query parameter api key) there: if that is not alice's token, give --credential alice.qkey=SOURCE"},
		{name: "what a scan cannot show", sets: [][]operation.Scheme{{mutualTLS}},
			reason: "answered 401 to alice; the document wants tls (a scheme such as mutual TLS) there, which a scan cannot show"},
		{name: "what it can show, rather", sets: [][]operation.Scheme{{mutualTLS}, {headerKey}}, reason: "answered 401 to alice; " + key},
		{name: "the key that alice has is refused", sets: [][]operation.Scheme{{headerKey}}, alices: secrets("wrong"), bobs: secrets("wrong as well"),
			reason: "answered 401 to alice: there was nothing to compare"},
		{name: "bob has none", sets: [][]operation.Scheme{{headerKey}}, alices: secrets("alices-key-7"),
			reason: "bob got 401, so what it would receive of others was not tested; the document wants key (a key in the field X-Api-Key) there: if that is not bob's token, give --credential bob.key=SOURCE"},
		{name: "both have one", sets: [][]operation.Scheme{{headerKey}}, alices: secrets("alices-key-7"), bobs: secrets("bobs-key-55")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &site{paths: []string{"/x"}, origin: func(_ string, r *http.Request) answer {
				return mine(map[string]string{"alices-key-7": "alice", "bobs-key-55": "bob"}[r.Header.Get("X-Api-Key")])
			}}
			o := Options{Operations: gets("/x", "/me"), Identities: people()}
			o.Operations[0].Alternatives = tt.sets
			o.Identities[0].Credentials, o.Identities[1].Credentials = tt.alices, tt.bobs
			r := surveyAnyhow(t, s, o)
			if op := r.Operations[0]; op.Reason != tt.reason || op.Undecided != strings.HasPrefix(tt.reason, "bob got") {
				t.Errorf("%+v\nwant %s", op, tt.reason)
			}
			tokenless(t, r, o.Identities)
		})
	}
}

func secrets(key string) map[string]redact.Secret {
	return map[string]redact.Secret{"key": redact.NewSecret(key)}
}

// Where all that refuses wants another credential, no token is said to be expired.
func TestRefusedEverywhereForWantOfACredential(t *testing.T) {
	t.Parallel()
	s := &site{paths: []string{"/x", "/y"}, origin: func(string, *http.Request) answer { return denial }}
	for _, tt := range []struct {
		name string
		y    [][]operation.Scheme
		want string
	}{
		{"both want a key", [][]operation.Scheme{{headerKey}}, "The document wants key (a key in the field X-Api-Key) there: if that is not alice's token, give --credential alice.key=SOURCE"},
		{"one wants the bearer", [][]operation.Scheme{{bearerScheme}}, "Is it expired?"},
	} {
		o := Options{Operations: gets("/x", "/y"), Identities: people()}
		o.Operations[0].Alternatives, o.Operations[1].Alternatives = [][]operation.Scheme{{headerKey}}, tt.y
		want := "alice's token is refused by the API (401 on 2 operations); bob's token is refused by the API (401 on 2 operations); nothing was proven. " + tt.want
		if diff := cmp.Diff(want, surveyAnyhow(t, s, o).Incomplete); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
