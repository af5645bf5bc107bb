package config

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// One row per rule of stores, partitions and verify, as in TestProblems.
func TestProblemsOfReaders(t *testing.T) {
	const verify = "verify:\n  issuer: https://login.test\n  audience: [api]\n"
	for _, c := range []struct{ name, data, want string }{
		// the store
		{"a store of another kind", "serve:\n  store: memcached://a\n", "2:10: serve.store: is not one that we know; write memory, or a URL such as redis://127.0.0.1:6379"},
		{"a store whose password divides it", "serve:\n  store: redis://:hunter2#x@a\n", "2:10: serve.store: holds a #, which ends a URL: in a password it is written %23"},
		{"a store that is no URL", "serve:\n  store: 'redis://a b'\n", "2:10: serve.store: is not one that we know; write memory, or a URL such as redis://127.0.0.1:6379"},
		{"a password for memory", "serve:\n  store: memory\n  store_password: env:P\n", "3:19: serve.store_password: is of no use: the store is memory; remove it, or name a store such as redis://127.0.0.1:6379"},
		{"two passwords", "serve:\n  store: redis://:hunter2@a\n  store_password: env:P\n", "3:19: serve.store_password: contradicts store, whose URL holds a password; remove that from the URL"},
		{"an authority without TLS", "serve:\n  store: redis://a\n  store_ca: ca.pem\n", "3:13: serve.store_ca: is of no use: the store is not spoken to over TLS; remove it, or write rediss:// in store"},
		{"a certificate without TLS", "serve:\n  store: memory\n  store_certificate: c.pem\n", "3:22: serve.store_certificate: is of no use: the store is not spoken to over TLS; remove it, or write rediss:// in store"},
		{"a key without TLS", "serve:\n  store: valkey://a\n  store_key: env:KEY\n", "3:14: serve.store_key: is of no use: the store is not spoken to over TLS; remove it, or write rediss:// in store"},
		{"an authority of no name", "serve:\n  store_ca: ''\n", "2:13: serve.store_ca: is empty or has control characters; write the path of a file"},
		{"the key itself", "serve:\n  store_key: hunter2\n", "2:14: serve.store_key: says neither env: nor file:; a secret itself does not belong here, where it is copied, committed and shown: write env:NAME or file:PATH"},
		{"sentinels that are none", "serve:\n  store: redis://a\n  sentinel_password: env:P\n", "3:22: serve.sentinel_password: is of no use: the store names no sentinels; remove it, or write redis+sentinel:// in store"},
		{"a lifetime of nothing", "serve:\n  credential_lifetime: 0s\n", "2:24: serve.credential_lifetime: 0s is not between 1s and 8784h"},
		{"the previous secret itself", "serve:\n  previous_secret: hunter2\n", "2:20: serve.previous_secret: says neither env: nor file:; a secret itself does not belong here, where it is copied, committed and shown: write env:NAME or file:PATH"},

		// partitions
		{"a partition that nobody knows", "serve:\n  partition: user\n", `2:14: serve.partition: "user" is not one of token, claims`},
		{"a partition with half a list", "serve:\n  partition: '[iss]'\n", "2:14: serve.partition: a list of claims belongs into the configuration file; here token or claims"},
		{"a list for a partition", "serve:\n  partition: [iss]\n", "2:14: serve.partition: expected token or claims, not a list"},
		{"claims that nobody verified", "serve:\n  partition: claims\n", "2:14: serve.partition: needs verify: claims that nobody verified tell nobody apart; add it, or write token"},
		{"listed claims that nobody verified", "serve:\n  partition: {claims: [sub]}\n", "2:14: serve.partition: needs verify: claims that nobody verified tell nobody apart; add it, or write token"},
		{"a group of everybody's routes", verify + "serve:\n  partition: scope\n", "5:14: serve.partition: scope has readers share what they get, and so must be said of a route: partition: scope below its match"},
		{"a group in a mapping of serve", verify + "serve:\n  partition: {scope: [roles]}\n", "5:15: serve.partition.scope: there is no such key; known here: claims, without"},
		{"no claims", verify + "serve:\n  partition: {without: [aud]}\n", "5:14: serve.partition: has no claims; add some such as claims: [tenant], or claims: [sub], which counts anyway, to leave something out and no more"},
		{"a claim of one token", verify + "serve:\n  partition: {claims: [jti]}\n", "5:24: serve.partition.claims[0]: jti differs from token to token and tells no readers apart; write partition: token to have one for each token"},
		{"a claim twice", verify + "serve:\n  partition: {claims: [a, a]}\n", `5:27: serve.partition.claims[1]: "a" is already in line 5; remove one of them`},
		{"a claim with a space", verify + "serve:\n  partition: {claims: ['a b']}\n", "5:24: serve.partition.claims[0]: is not the name of a claim: 1 to 100 characters of ASCII without spaces; write one such as tenant"},
		{"without the issuer", verify + "serve:\n  partition: {claims: [a], without: [iss]}\n", "5:38: serve.partition.without[0]: can leave out scope, aud, client_id, roles, groups, entitlements, authorization_details, act, acr only; iss, sub cannot be left out, and other claims count only where they are named"},
		{"without a claim that nobody named", verify + "serve:\n  partition: {claims: [a], without: [scp]}\n", "5:38: serve.partition.without[0]: can leave out scope, aud, client_id, roles, groups, entitlements, authorization_details, act, acr only; iss, sub cannot be left out, and other claims count only where they are named"},
		{"a group without what counts for readers", verify + "routes:\n  - match: /a\n    partition: {without: [roles], scope: [a]}\n", "6:27: routes[0].partition.without[0]: can leave out scope, aud, authorization_details only; iss cannot be left out, and other claims count only where they are named"},
		{"an empty list of claims", verify + "serve:\n  partition: {claims: []}\n", "5:23: serve.partition.claims: is empty; name a claim such as [tenant], or write partition: claims; to leave something out and no more, name [sub], which counts anyway"},
		{"an empty list of a route's claims", verify + "routes:\n  - match: /a\n    partition: {claims: []}\n", "6:25: routes[0].partition.claims: is empty; name a claim such as [tenant], or write partition: claims; to leave something out and no more, name [sub], which counts anyway"},
		{"an empty list for a group", verify + "routes:\n  - match: /a\n    partition: {scope: []}\n", "6:24: routes[0].partition.scope: is empty; name a claim such as [tenant], or write partition: scope; to leave something out and no more, name [iss], which counts anyway"},
		{"a list for a group that is all comments", verify + "routes:\n  - match: /a\n    partition:\n      scope:\n        # - tenant\n", "7:7: routes[0].partition.scope: expected a list such as [tenant], not nothing"},
		{"without nothing", verify + "serve:\n  partition: {claims: [a], without: []}\n", "5:37: serve.partition.without: is empty; name what is not to count, or remove it"},
		{"a group of all tokens", verify + "routes:\n  - match: /a\n    partition: {scope: [iss], without: [scope, aud, authorization_details]}\n", "6:16: routes[0].partition: leaves nothing that tells tokens apart, so that all of the issuer would share; name a claim, or leave out less"},
		{"with and without", verify + "serve:\n  partition: {claims: [aud], without: [aud]}\n", "5:39: serve.partition.without: leaves out aud, which claims names; remove one of them"},
		{"a route's claims that nobody verified", "routes:\n  - match: /a\n    partition: scope\n", "3:16: routes[0].partition: needs verify: claims that nobody verified tell nobody apart; add it, or write token"},
		{"a route's partition that nobody knows", verify + "routes:\n  - match: /a\n    partition: roles\n", `6:16: routes[0].partition: "roles" is not one of token, claims, scope`},
		{"claims and scope", verify + "routes:\n  - match: /a\n    partition: {claims: [a], scope: [b]}\n", "6:16: routes[0].partition: has both claims and scope; remove one"},
		{"neither claims nor scope", verify + "routes:\n  - match: /a\n    partition: {without: [aud]}\n", "6:16: routes[0].partition: has neither claims nor scope; add one such as claims: [tenant], or claims: [sub], which counts anyway, to leave something out and no more"},
		{"a group of a public route", verify + "routes:\n  - match: /a\n    share: public\n    partition: scope\n", "7:16: routes[0].partition: contradicts share: public in line 6, which asks nobody who he is; remove one of them"},
		{"a group of what is not cached", verify + "routes:\n  - match: /a\n    cache: off\n    partition: scope\n", "7:16: routes[0].partition: contradicts cache: off in line 6; remove one of them"},
		{"a group for POST", verify + "routes:\n  - match: POST /a\n    partition: scope\n", "5:12: routes[0].match: names methods whose responses are not stored; ttl, share and partition need GET"},

		// verify
		{"tokens that nobody sees", verify + "serve:\n  credentials: [X-Api-Key]\n", "5:16: serve.credentials: leaves out Authorization, where verify finds the tokens; add it, or remove verify"},
		{"tokens in URLs past verify", verify + "serve:\n  url_tokens: pass\n", "5:15: serve.url_tokens: pass contradicts verify: the origin would be given tokens in URLs that nobody verified; write refuse, or remove verify"},
		{"an empty verify", "verify:\n  # later\n", "1:1: verify: is empty; write issuer and audience, or remove the line"},
		{"verify is null", "serve: {}\nverify: null\n", "2:1: verify: is empty; write issuer and audience, or remove the line"},
		{"verify is a mapping of nothing", "verify: {}\n", "1:9: verify: has no issuer; add one such as issuer: https://login.example, or --verify-issuer https://login.example\nf:1:9: verify: has no audience: a token that was made for another API would do here; add one such as audience: [https://api.example], or --verify-audience https://api.example"},
		{"a line of another file", "DB_PASSWORD=hunter2: x\n", "1:1: (not shown): there is no such key; known here: serve, verify, routes"},
		{"a line of a file of passwords", "'root:$6$hunter2$h:1': x\n", "1:1: (not shown): there is no such key; known here: serve, verify, routes"},
		{"a long key", strings.Repeat("a-", 21) + ": x\n", "1:1: (not shown): there is no such key; known here: serve, verify, routes"},
		{"verify is a word", "verify: on\n", "1:9: verify: expected a mapping such as {issuer: https://login.example, audience: [https://api.example]}, not text"},
		{"a key of verify", verify + "  jwk: file:a\n", "4:3: verify.jwk: there is no such key; did you mean jwks?"},
		{"no issuer", "verify:\n  audience: [api]\n", "2:3: verify: has no issuer; add one such as issuer: https://login.example, or --verify-issuer https://login.example"},
		{"no audience", "verify:\n  issuer: https://login.test\n", "2:3: verify: has no audience: a token that was made for another API would do here; add one such as audience: [https://api.example], or --verify-audience https://api.example"},
		{"an empty audience", "verify:\n  issuer: https://login.test\n  audience: []\n", "3:13: verify.audience: is empty; then no token is for this API; name one, or remove verify"},
		{"an audience twice", "verify:\n  issuer: https://login.test\n  audience: [a, a]\n", "3:17: verify.audience[1]: is already in line 3; remove one of them"},
		{"an audience in a word", "verify:\n  issuer: https://login.test\n  audience: a\n", "3:13: verify.audience: expected a list such as [https://api.example], not text"},
		{"no source of keys", "verify:\n  issuer: login\n  audience: [api]\n", "2:11: verify.issuer: is no URL, so that its keys cannot be looked up; add jwks, hmac_secret or introspection"},
		{"keys that come in the clear", "verify:\n  issuer: http://login.test\n  audience: [api]\n", "2:11: verify.issuer: is not https: whoever is on the way could say who everybody is; http is for loopback addresses alone; or add jwks, hmac_secret or introspection"},
		{"an issuer with a password", "verify:\n  issuer: https://u:hunter2@login.test\n  audience: [api]\n", "2:11: verify.issuer: holds a user name or password, which no issuer has; remove what stands before the @"},
		{"an issuer with a query", "verify:\n  issuer: https://login.test?a\n  audience: [api]\n", "2:11: verify.issuer: holds a query, which no issuer with metadata has (RFC 8414 §2); add jwks, hmac_secret or introspection"},
		{"a key set in the clear", verify + "  jwks: http://login.test/keys\n", "4:9: verify.jwks: is not https: whoever is on the way could say who everybody is; http is for loopback addresses alone"},
		{"the metadata for the issuer", "verify:\n  issuer: https://login.test/.well-known/openid-configuration\n  audience: [api]\n", "2:11: verify.issuer: is the place of an issuer's metadata; write the issuer itself, as it stands in the tokens' iss: what comes before /.well-known/"},
		{"a key set of no file", verify + "  jwks: 'file:'\n", "4:9: verify.jwks: file: is followed by nothing or by control characters; write file:PATH"},
		{"a key set that is no URL", verify + "  jwks: keys.json\n", "4:9: verify.jwks: is not an https URL; write one such as https://login.example/jwks.json, or file:PATH"},
		{"a key set with a password", verify + "  jwks: https://u:hunter2@login.test/\n", "4:9: verify.jwks: holds a user name or password; remove what stands before the @"},
		{"no algorithm at all", verify + "  algorithms: [none]\n", `4:16: verify.algorithms[0]: "none" is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512`},
		{"an empty list of algorithms", verify + "  algorithms: []\n", "4:15: verify.algorithms: is empty; then no token is good; name one or remove the line"},
		{"HMAC with public keys", verify + "  jwks: file:keys\n  algorithms: [RS256, HS256]\n", "5:15: verify.algorithms: names HS256, which needs hmac_secret: a public key that is taken for a secret is known to everybody; remove it"},
		{"HMAC with keys that are looked up", verify + "  algorithms: [HS512]\n", "4:15: verify.algorithms: names HS512, which needs hmac_secret: a public key that is taken for a secret is known to everybody; remove it"},
		{"RSA with a secret", verify + "  hmac_secret: env:S\n  algorithms: [RS256]\n", "5:15: verify.algorithms: names RS256, which hmac_secret cannot be the key of; remove it"},
		{"two sources of keys", verify + "  jwks: file:keys\n  hmac_secret: env:S\n", "5:16: verify.hmac_secret: contradicts jwks: one of them says what tokens are signed with; remove the other"},
		{"introspection by nobody", verify + "  introspection: https://login.test/i\n", "4:18: verify.introspection: needs client_id and client_secret: an authorization server answers those it knows (RFC 7662 §2.1); add them"},
		{"introspection without a secret", verify + "  introspection: https://login.test/i\n  client_id: gateway\n", "5:14: verify.client_id: has no client_secret; add one such as client_secret: env:BEARCACHE_VERIFY_CLIENT_SECRET, or set that variable"},
		{"introspection in the clear", verify + "  introspection: http://login.test/i\n  client_id: gateway\n  client_secret: env:S\n", "4:18: verify.introspection: is not https: whoever is on the way could say who everybody is; http is for loopback addresses alone"},
		{"introspection and keys", verify + "  introspection: https://login.test/i\n  client_id: gateway\n  client_secret: env:S\n  jwks: file:keys\n", "7:9: verify.jwks: contradicts introspection: the authorization server is asked about each token, or its keys are used; remove one of them"},
		{"introspection and algorithms", verify + "  client_id: gateway\n  client_secret: env:S\n  algorithms: [RS256]\n", "6:15: verify.algorithms: contradicts introspection: the authorization server is asked about each token, or its keys are used; remove one of them"},
		{"a client's secret for nothing", verify + "  client_secret: env:S\n", "4:18: verify.client_secret: is of no use without introspection; remove it, or add client_id and introspection"},
		{"a client's secret itself", verify + "  client_id: gateway\n  client_secret: hunter2\n", "5:18: verify.client_secret: says neither env: nor file:; a secret itself does not belong here, where it is copied, committed and shown: write env:NAME or file:PATH"},
		{"remembering for ever", verify + "  client_id: a\n  client_secret: env:S\n  remember: 48h\n", "6:13: verify.remember: 48h is not between 1s and 24h"},
		{"clocks an hour apart", verify + "  leeway: 1h\n", "4:11: verify.leeway: 1h is not between 0s and 5m"},
		{"tokens of another kind", verify + "  access_tokens: jwt\n", `4:18: verify.access_tokens: "jwt" is not one of any, rfc9068`},
		{"nobody is let in", verify + "  anonymous: deny\n", `4:14: verify.anonymous: "deny" is not one of pass, refuse`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse("f", []byte(c.data))
			if err == nil {
				t.Fatalf("accepted as %+v\nwant f:%s", f, c.want)
			}
			if got := err.Error(); got != "f:"+c.want {
				t.Errorf("\n got %s\nwant f:%s", got, c.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("a secret is repeated")
			}
		})
	}
}

func TestNoProblemsOfReaders(t *testing.T) {
	for _, data := range []string{
		"serve: {store: memory}",
		"serve: {store: 'redis://:hunter2@127.0.0.1:6379/3?timeout=1s'}",
		"serve: {store: 'redis+sentinel://:pw@a:1,b:2/main/0', secret: env:S}",
		"serve: {store: 'rediss://cache.test', store_password: env:P}",
		"serve: {store_password: env:P}", // the store may be a flag
		"serve: {store: 'rediss://a', store_ca: ca.pem}",
		"serve: {store: 'valkeys://a', store_certificate: a.pem}", // the key may be in a variable
		"serve: {store_key: env:K}",
		"serve: {store: 'redis+sentinel://a?master=m', sentinel_password: env:P}",
		"serve: {partition: token}\nroutes: [{match: /a, partition: token}]",
		"serve: {admin: 0.0.0.0:1, admin_token: env:T}",
		"serve: {admin: ':1'}", // the token may be in a variable
		"serve: {url_tokens: pass}",
		"serve: {url_tokens: refuse}\nverify: {issuer: 'https://login.test', audience: [api]}",
		"verify: {issuer: 'http://127.0.0.1:1/a', audience: [api]}\nserve: {partition: claims}\nroutes: [{match: /a, partition: scope}, {match: /b, partition: {claims: [sub], without: [act]}}]",
		"verify: {issuer: 'https://login.test', audience: [api]}\nserve: {partition: {claims: [sub], without: [scope, aud, client_id, roles, groups, entitlements, authorization_details, act, acr]}}",
		"verify: {issuer: 'https://login.test', audience: [api]}\nroutes: [{match: /a, partition: {scope: [tenant], without: [scope, aud, authorization_details]}}, {match: /b, partition: {scope: [iss], without: [aud]}}]",
		"verify: {issuer: me, audience: [api], jwks: 'file:keys.pem'}",
		"verify: {issuer: me, audience: [api], jwks: 'http://[::1]:1/keys', algorithms: [EdDSA], leeway: 0s}",
		"verify: {issuer: me, audience: [api], hmac_secret: env:S, algorithms: [HS256, HS512]}",
		"verify: {issuer: me, audience: [api], introspection: 'http://localhost/i', client_id: a, client_secret: file:s, remember: 5m}",
		"verify: {issuer: 'https://login.test', audience: [api], client_id: a, client_secret: file:s, access_tokens: any}",
	} {
		if _, err := Parse("f", []byte(data)); err != nil {
			t.Errorf("%s\n%v", data, err)
		}
	}
}

// In what a store prints there is no password, however it got into the URL.
func TestStoreHidesItsPassword(t *testing.T) {
	for _, c := range []struct {
		url, want string
		holds     bool
	}{
		{"memory", "memory", false},
		{"redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1", false},
		{"redis://:hunter2@127.0.0.1:6379", "redis://127.0.0.1:6379", true},
		{"redis://user:hunter2@a/1?password=hunter2", "redis://a/1", true},
		{"redis://user@a", "redis://a", false},
		{"redis+sentinel://:hunter2@a:1,b:2/main", "redis+sentinel://a:1,b:2/main", true},
		{"redis+sentinel://:hunter2/x@a:1,b:2/1?master=main", "redis+sentinel://a:1,b:2/1", true},
		{"redis://:hun?ter2@a", "redis://…", true},
		{"unix:///run/redis.sock?db=1", "unix:///run/redis.sock", false},
	} {
		var s Store
		if err := s.UnmarshalText([]byte(c.url)); err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		if s.String() != c.want || s.HoldsPassword() != c.holds || s.Shared() != (c.url != "memory") {
			t.Errorf("%s: %s, holds a password %v, shared %v", c.url, s, s.HoldsPassword(), s.Shared())
		}
		if s.Shared() && s.URL() != c.url {
			t.Errorf("%s became %s", c.url, s.URL())
		}
	}
}

// What a partition counts in without its being named, and what it is called.
func TestPartitions(t *testing.T) {
	const verify = "verify: {issuer: 'https://login.test', audience: [api]}\n"
	// every is what counts for a reader, but for some of it.
	every := func(but ...ClaimName) []ClaimName {
		all := []ClaimName{"scope", "aud", "client_id", "roles", "groups", "entitlements", "authorization_details", "act", "acr"}
		return slices.DeleteFunc(all, func(c ClaimName) bool { return slices.Contains(but, c) })
	}
	for _, c := range []struct {
		text string
		want Partition
		name string
	}{
		{"token", Partition{}, "token"},
		{"claims", Partition{ByClaims: true, Optional: every()}, "claims"},
		{"scope", Partition{ByScope: true, Optional: []ClaimName{"scope", "aud", "authorization_details"}}, "scope"},
		{"{claims: [tenant, sub, iss, amr]}", Partition{ByClaims: true, Required: []ClaimName{"amr", "tenant"}, Optional: every()}, "claims: [amr, tenant]"},
		{"{claims: [tenant], without: [scope, aud]}", Partition{ByClaims: true, Required: []ClaimName{"tenant"}, Optional: every("scope", "aud")}, "claims: [tenant]"},
		{"{claims: [sub], without: [acr, act]}", Partition{ByClaims: true, Required: []ClaimName{}, Optional: every("act", "acr")}, "claims"},
		{"{claims: [scope]}", Partition{ByClaims: true, Required: []ClaimName{"scope"}, Optional: every("scope")}, "claims: [scope]"},
		{"{claims: [roles]}", Partition{ByClaims: true, Required: []ClaimName{"roles"}, Optional: every("roles")}, "claims: [roles]"},
		{"{scope: [sub, iss]}", Partition{ByScope: true, Required: []ClaimName{"sub"}, Optional: []ClaimName{"scope", "aud", "authorization_details"}}, "scope: [sub]"},
		{"{scope: [roles], without: [authorization_details, scope]}", Partition{ByScope: true, Required: []ClaimName{"roles"}, Optional: []ClaimName{"aud"}}, "scope: [roles]"},
	} {
		f, err := Parse("f", []byte(verify+"routes: [{match: /a, partition: "+c.text+"}]"))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(*f.Routes[0].Partition, c.want); diff != "" || f.Routes[0].Partition.String() != c.name {
			t.Errorf("%s, called %s: got(-) want(+):\n%s", c.text, f.Routes[0].Partition, diff)
		}
	}
}

// A path that an origin may take for one of a rule with a narrower partition gets neither rule.
func TestNearMissOfANarrowerPartition(t *testing.T) {
	for _, c := range []struct {
		name        string
		first, then string
		want        bool // ambiguous
	}{
		{"token before a group", "token", "scope", true},
		{"token before claims", "token", "claims", true},
		{"claims before a group", "claims", "scope", true},
		{"another group", "{scope: [a]}", "{scope: [b]}", true},
		{"other claims", "{claims: [a]}", "claims", true},
		{"a group before token", "scope", "token", false},
		{"claims before token", "claims", "token", false},
		{"the same group", "{scope: [a]}", "{scope: [a]}", false},
		{"token before the default", "token", "", true},
		{"claims before the default", "claims", "", true},
		{"a group before the default", "scope", "", false},
		{"the default before token", "", "token", false},
		{"the default before a group", "", "scope", true},
	} {
		partition := func(text string) string {
			if text == "" {
				return ""
			}
			return ", partition: " + text
		}
		f, err := Parse("f", []byte("verify: {issuer: 'https://login.test', audience: [api]}\nroutes: [{match: /a/b"+partition(c.first)+"}, {match: /*/*"+partition(c.then)+"}]"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if _, ambiguous := f.Routes.Match("GET", "/A/b"); ambiguous != c.want {
			t.Errorf("%s: ambiguous is %v", c.name, ambiguous)
		}
		if c.then == "" {
			if _, ambiguous := f.Routes[:1].Match("GET", "/A/b"); ambiguous != c.want {
				t.Errorf("%s, of no rule: ambiguous is %v", c.name, ambiguous)
			}
		}
	}
}

// Every field must be in Or, and the defaults make no verify of none.
func TestVerifyOr(t *testing.T) {
	f, err := Parse("f", []byte(documented))
	if err != nil {
		t.Fatal(err)
	}
	full := f.Verify
	full.HMACSecret, full.Introspection, full.ClientID = &SecretRef{Env: "A"}, new(Endpoint("https://a.test")), new(ClientID("a"))
	full.ClientSecret, full.Remember = &SecretRef{Env: "B"}, new(Duration(time.Second))
	if diff := cmp.Diff(Verify{}.Or(full), full); diff != "" {
		t.Errorf("nothing or all: got(-) want(+):\n%s", diff)
	}
	if diff := cmp.Diff(full.Or(VerifyDefaults()), full); diff != "" {
		t.Errorf("all or the defaults: got(-) want(+):\n%s", diff)
	}
	if !(Verify{}).Absent() || full.Absent() || VerifyDefaults().Absent() || (Verify{Audience: []Audience{"a"}}).Absent() {
		t.Error("what is absent is not known")
	}
}

// What flags make of a file is judged as the file is.
func TestFileCheck(t *testing.T) {
	verify := Verify{Issuer: new(Issuer("https://login.test")), Audience: []Audience{"api"}}
	claims := new(Partition)
	if err := claims.UnmarshalText([]byte("claims")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		file File
		want string
	}{
		{"the defaults", File{Serve: Defaults()}, ""},
		{"claims of nobody", File{Serve: Serve{Partition: claims}.Or(Defaults())}, "serve.partition: needs verify"},
		{"claims that are verified", File{Serve: Serve{Partition: claims}.Or(Defaults()), Verify: verify.Or(VerifyDefaults())}, ""},
		{"half a verify", File{Verify: Verify{ClientID: new(ClientID("a"))}.Or(verify)}, "verify.client_id: has no client_secret"},
		{"an admin listener for everybody", File{Serve: Serve{Admin: new(AdminAddress("0.0.0.0:8081"))}.Or(Defaults())}, "serve.admin: 0.0.0.0:8081 is not a loopback address, and without admin_token the admin listener asks nobody"},
		{"an admin listener on a name", File{Serve: Serve{Admin: new(AdminAddress("localhost.evil.test:1"))}}, "serve.admin: localhost.evil.test:1 is not a loopback address"},
		{"an admin listener with a token", File{Serve: Serve{Admin: new(AdminAddress(":1")), AdminToken: &SecretRef{Env: "T"}}}, ""},
		{"an absurd serve", File{Serve: Serve{Memory: new(Size(1))}, Verify: verify}, "serve.memory: 1 is not between"},
	} {
		switch err := c.file.Check(); {
		case c.want == "" && err == nil:
		case err == nil || c.want == "" || !strings.HasPrefix(err.Error(), c.want):
			t.Errorf("%s: %v", c.name, err)
		}
		var all Errors
		if err := c.file.Check(); err != nil && !errors.As(err, &all) {
			t.Errorf("%s: %T", c.name, err)
		}
	}
}

// The schema knows the keys that the decoder knows.
func TestSchemaKnowsTheKeys(t *testing.T) {
	var schema struct {
		Properties map[string]struct {
			Properties map[string]any
			Items      struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for section, at := range map[string]map[string]any{
		"serve": schema.Properties["serve"].Properties, "verify": schema.Properties["verify"].Properties, "routes": schema.Properties["routes"].Items.Properties,
	} {
		data := section + ": {x: 1}"
		if section == "routes" {
			data = "routes: [{match: /a, x: 1}]"
		}
		_, err := Parse("f", []byte(data))
		if err == nil {
			t.Fatal(section + ": a key that nobody knows is accepted")
		}
		line, _, _ := strings.Cut(err.Error(), "\n")
		_, known, _ := strings.Cut(line, "known here: ")
		decoded := strings.Split(known, ", ")
		slices.Sort(decoded)
		if got := slices.Sorted(maps.Keys(at)); !slices.Equal(got, decoded) {
			t.Errorf("%s: the schema has %v\nthe decoder %v", section, got, decoded)
		}
	}
}
