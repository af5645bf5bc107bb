package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// documented is the file of the documentation, with every key.
const documented = `serve:
  upstream: http://127.0.0.1:5000
  listen: ":8080"
  admin: 127.0.0.1:8081
  admin_token: file:/run/secrets/operators
  store: rediss+sentinel://127.0.0.1/1?master=main
  store_password: env:REDIS_PASSWORD
  store_prefix: shop
  store_ca: /etc/redis/ca.pem
  store_certificate: certs/node.pem
  store_key: file:certs/node.key
  sentinel_password: env:SENTINEL_PASSWORD
  partition: {claims: [tenant]}
  authenticated_sharing: never
  memory: 64MiB
  max_body: 1MiB
  max_token_length: 4096
  realm: api
  credentials: [Authorization, Cookie, x-api-key]
  url_tokens: refuse
  upstream_timeout: 30s
  credential_lifetime: 8h
  secret: env:BEARCACHE_SECRET
  previous_secret: env:BEARCACHE_PREVIOUS_SECRET
  log: json
verify:
  issuer: https://login.example
  audience: [https://api.example, orders]
  jwks: https://login.example/jwks.json
  algorithms: [RS256, ES256]
  access_tokens: rfc9068
  leeway: 10s
  remember_bad: 5s
  anonymous: refuse
routes:
  - match: GET /api/catalog
    share: public
    ttl: 60s
  - match: /api/profile
    ttl: 1h30m
    partition: {scope: [roles], without: [aud]}
  - match: {methods: [GET, POST], path: "/api/orders/{id}"}
    ttl: 5s
  - match:
      method: GET
      path: /api/café
    cache: on
  - match: /api/admin/**
    cache: off
`

var exact = cmp.Options{
	cmp.AllowUnexported(Pattern{}, segment{}),
	cmp.Comparer(func(a, b Store) bool { return a == b }),
	cmp.Comparer(func(a, b Upstream) bool { return a.String() == b.String() }),
}

func pattern(t testing.TB, text string) Pattern {
	t.Helper()
	p, err := ParsePattern(text)
	if err != nil {
		t.Fatalf("ParsePattern(%q): %v", text, err)
	}
	return p
}

func TestParseDocumented(t *testing.T) {
	got, err := Parse("bearcache.yaml", []byte(documented))
	if err != nil {
		t.Fatal(err)
	}
	var upstream Upstream
	if err := upstream.UnmarshalText([]byte("http://127.0.0.1:5000")); err != nil {
		t.Fatal(err)
	}
	want := &File{
		Serve: Serve{
			Upstream:             &upstream,
			Listen:               new(Address(":8080")),
			Admin:                new(AdminAddress("127.0.0.1:8081")),
			AdminToken:           &SecretRef{File: "/run/secrets/operators"},
			Store:                &Store{url: "rediss+sentinel://127.0.0.1/1?master=main"},
			StorePassword:        &SecretRef{Env: "REDIS_PASSWORD"},
			StorePrefix:          new(StorePrefix("shop")),
			StoreCA:              new(Path("/etc/redis/ca.pem")),
			StoreCertificate:     new(Path("certs/node.pem")),
			StoreKey:             &SecretRef{File: "certs/node.key"},
			SentinelPassword:     &SecretRef{Env: "SENTINEL_PASSWORD"},
			Partition:            &Partition{ByClaims: true, Required: []ClaimName{"tenant"}, Optional: impliedByClaims},
			AuthenticatedSharing: new(SharingNever),
			Memory:               new(Size(64 << 20)),
			MaxBody:              new(Size(1 << 20)),
			MaxTokenLength:       new(Size(4096)),
			Realm:                new(Realm("api")),
			Credentials:          []FieldName{"Authorization", "Cookie", "X-Api-Key"},
			URLTokens:            new(URLTokensRefuse),
			UpstreamTimeout:      new(Duration(30 * time.Second)),
			CredentialLifetime:   new(Duration(8 * time.Hour)),
			Secret:               &SecretRef{Env: "BEARCACHE_SECRET"},
			PreviousSecret:       &SecretRef{Env: "BEARCACHE_PREVIOUS_SECRET"},
			Log:                  new(LogJSON),
		},
		Verify: Verify{
			Issuer:       new(Issuer("https://login.example")),
			Audience:     []Audience{"https://api.example", "orders"},
			JWKS:         new(KeySource("https://login.example/jwks.json")),
			Algorithms:   []Algorithm{"RS256", "ES256"},
			AccessTokens: new(AccessTokensRFC9068),
			Leeway:       new(Duration(10 * time.Second)),
			RememberBad:  new(Duration(5 * time.Second)),
			Anonymous:    new(NobodyRefuse),
		},
		Routes: Routes{
			{Pattern: pattern(t, "GET /api/catalog"), TTL: time.Minute, Public: true},
			{Pattern: pattern(t, "/api/profile"), TTL: 90 * time.Minute, Partition: &Partition{ByScope: true, Required: []ClaimName{"roles"}, Optional: []ClaimName{"scope", "authorization_details"}}},
			{Pattern: pattern(t, "GET,POST /api/orders/{id}"), TTL: 5 * time.Second},
			{Pattern: pattern(t, "GET /api/café")},
			{Pattern: pattern(t, "/api/admin/**"), Off: true},
		},
	}
	if diff := cmp.Diff(got, want, exact); diff != "" {
		t.Errorf("got(-) want(+):\n%s", diff)
	}
	labels := []string{"GET /api/catalog", "/api/profile", "GET,POST /api/orders/{id}", "GET /api/café", "/api/admin/**"}
	for i, r := range got.Routes {
		if r.String() != labels[i] {
			t.Errorf("label %q, want %q", r, labels[i])
		}
	}
}

func TestEmptyFilesMeanTheDefaults(t *testing.T) {
	for _, data := range []string{"", "\n\n", "# nothing\n", "---\n", "---\n...\n", "null\n", "serve:\n  # listen: :80\n", "routes:\n", "serve: {}\nroutes: []\n", "\uFEFF# mark\n"} {
		f, err := Parse("f", []byte(data))
		if err != nil {
			t.Errorf("%q: %v", data, err)
			continue
		}
		if diff := cmp.Diff(f.Serve.Or(Defaults()), Defaults(), exact); diff != "" || len(f.Routes) > 0 {
			t.Errorf("%q: got(-) want(+):\n%s routes %v", data, diff, f.Routes)
		}
	}
}

func TestDefaultsPassTheirOwnCheck(t *testing.T) {
	if err := (File{Serve: Defaults()}).Check(); err != nil {
		t.Error(err)
	}
}

// Every field must be in Or: a forgotten one would silently fall back to nothing.
func TestOrKnowsEveryField(t *testing.T) {
	f, err := Parse("f", []byte(documented))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Serve{}.Or(f.Serve), f.Serve, exact); diff != "" {
		t.Errorf("nothing or the file: got(-) want(+):\n%s", diff)
	}
	if diff := cmp.Diff(f.Serve.Or(Defaults()), f.Serve, exact); diff != "" {
		t.Errorf("the file or defaults: got(-) want(+):\n%s", diff)
	}
}

func TestFlagsBeforeFileBeforeDefaults(t *testing.T) {
	flags := Serve{Listen: new(Address(":1"))}
	file := Serve{Listen: new(Address(":2")), Log: new(LogJSON)}
	got := flags.Or(file).Or(Defaults())
	if *got.Listen != ":1" || *got.Log != LogJSON || *got.Memory != 64*MiB {
		t.Errorf("listen %v, log %v, memory %v", got.Listen, got.Log, got.Memory)
	}
}

func TestCheckJudgesWhatSourcesMakeTogether(t *testing.T) {
	err := File{Serve: Serve{MaxBody: new(100 * MiB)}.Or(Defaults())}.Check()
	const want = "serve.max_body: 100MiB does not fit into memory, which is 64MiB; write 8MiB or less, for no reader has more than an eighth of it"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A certificate and its key may come from different places, and are of no use without each other.
func TestCheckWantsBothHalves(t *testing.T) {
	certificate, key := new(Path("node.pem")), &SecretRef{Env: "KEY"}
	for _, tt := range []struct {
		serve Serve
		want  string
	}{
		{Serve{StoreCertificate: certificate, StoreKey: key}, ""},
		{Serve{StoreCertificate: certificate}, "serve.store_certificate: has no key; add store_key, such as file:PATH"},
		{Serve{StoreKey: key}, "serve.store_key: has no certificate; add store_certificate with its PATH"},
	} {
		if err := (File{Serve: tt.serve}).Check(); (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
	}
}

// An open admin listener may have a token from elsewhere. A reader has an eighth of memory, and a larger response is not stored for him, whatever max_body says.
func TestWarning(t *testing.T) {
	for _, tt := range []struct {
		serve Serve
		want  string
	}{
		{Defaults(), ""},
		{Serve{MaxBody: new(8 * MiB)}.Or(Defaults()), ""},
		{Serve{MaxBody: new(MiB)}, ""},
		{Serve{Admin: new(AdminAddress(":1"))}, "serve.admin is :1, not a loopback address: serve takes it only with BEARCACHE_ADMIN_TOKEN or admin_token"},
		{Serve{Admin: new(AdminAddress(":1")), AdminToken: &SecretRef{Env: "T"}}, ""},
		{Serve{MaxBody: new(8*MiB + 1)}.Or(Defaults()), "max_body is 8388609, but what is one reader's alone is not stored above 8MiB, an eighth of memory; for that memory must be 67108872"},
		{Serve{Memory: new(4 * MiB)}.Or(Defaults()), "max_body is 1MiB, but what is one reader's alone is not stored above 512KiB, an eighth of memory; for that memory must be 8MiB"},
	} {
		if got := strings.Join(tt.serve.Warnings(), "\n"); got != tt.want {
			t.Errorf("got %q\nwant %q", got, tt.want)
		}
		if err := (File{Serve: tt.serve}).Check(); (err != nil) != strings.HasPrefix(tt.want, "serve.admin") {
			t.Error(err)
		}
	}
}

// One row per rule of the file. Line and column are those of the value, or of the key where that is wrong.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		// the document
		{"not a mapping", "- a\n", `1:1: expected a mapping such as serve: {listen: ":8080"}, not a list`},
		{"broken flow", "serve: {listen: a\n", "1:8: this is not YAML: could not find flow mapping end token '}'"},
		{"open quote", "serve:\n  realm: \"api\n", "2:10: this is not YAML: could not find end character of double-quoted text"},
		{"tab", "serve:\n\tlisten: a\n", "2:1: a tab; YAML is indented with spaces, write spaces here too"},
		{"control character", "serve:\n  realm: a\x00b\n", "2:11: the control character U+0000; remove it"},
		{"lone carriage return", "serve:\r", "1:7: the control character U+000D; remove it"},
		{"latin-1", "serve:\n  realm: caf\xe9\n", "2:13: a byte that is not UTF-8; save the file as UTF-8"},
		{"truncated UTF-8", "# \xef\n", "1:3: a byte that is not UTF-8; save the file as UTF-8"},
		{"anchor", "serve: &s {}\n", "1:8: anchors are not supported; write the value out where it is used"},
		{"alias", "serve: *s\n", "1:8: aliases are not supported; write the value out"},
		{"merge key", "serve:\n  <<: {}\n", "2:3: merge keys are not supported; write the keys out"},
		{"tag", "serve:\n  realm: !!str 1\n", "2:10: tags are not supported; remove it"},
		{"directive", "%YAML 1.2\n---\nserve:\n", "1:1: directives are not supported; remove the line"},
		{"explicit key", "? serve\n: {}\n", `1:1: "? " keys are not supported; write key: value`},
		{"block text", "serve:\n  realm: |\n    api\n", "2:10: text over several lines is not supported; write it in one line"},
		{"folded text", "serve:\n  realm: >\n    api\n", "2:10: text over several lines is not supported; write it in one line"},
		{"two documents", "serve:\n---\nroutes:\n", "2:1: a second document begins here; one file holds one configuration"},
		{"text after the end", "serve:\n...\nroutes:\n", "3:1: a second document begins here; one file holds one configuration"},
		{"a key that is a list", "[a]: b\n", "1:4: this is not YAML: found an invalid key for this map"},
		{"unknown section", "server: {}\n", "1:1: server: there is no such key; did you mean serve?"},
		{"nothing like it", "foo: 1\n", "1:1: foo: there is no such key; known here: serve, verify, routes"},
		{"number as a key", "serve:\n  1: a\n", "2:3: serve.1: there is no such key; known here: upstream, listen, admin, admin_token, store, store_password, store_prefix, store_ca, store_certificate, store_key, sentinel_password, partition, authenticated_sharing, memory, max_body, max_token_length, realm, credentials, url_tokens, upstream_timeout, credential_lifetime, secret, previous_secret, log"},
		{"key twice", "serve:\n  log: json\n  log: text\n", "3:3: serve.log: is already set in line 2; remove one of them"},
		{"section twice", "serve:\nroutes:\nserve:\n", "3:1: serve: is already set in line 1; remove one of them"},
		{"key twice in braces", "serve: {log: json, log: text}\n", "1:20: serve.log: is already set in line 1; remove one of them"},
		{"serve is a list", "serve: []\n", `1:8: serve: expected a mapping such as {listen: ":8080"}, not a list`},
		{"serve is a word", "serve: on\n", `1:8: serve: expected a mapping such as {listen: ":8080"}, not text`},

		// keys of serve
		{"misspelt", "serve:\n  upstrem: http://a\n", "2:3: serve.upstrem: there is no such key; did you mean upstream?"},
		{"hyphen for underscore", "serve:\n  max-body: 1MiB\n", "2:3: serve.max-body: there is no such key; did you mean max_body?"},
		{"upper case", "serve:\n  LISTEN: :80\n", "2:3: serve.LISTEN: there is no such key; did you mean listen?"},
		{"no value", "serve:\n  listen:\n  log: json\n", "2:3: serve.listen: has no value; expected host:port such as :8080"},
		{"mapping for a word", "serve:\n  listen: {a: b}\n", "2:11: serve.listen: expected host:port such as :8080, not a mapping"},
		{"list for a word", "serve:\n  memory:\n    - 1\n", "3:5: serve.memory: expected a size such as 64MiB, not a list"},
		{"upstream without scheme", "serve:\n  upstream: localhost\n", "2:13: serve.upstream: is not an absolute http or https URL; write one such as http://127.0.0.1:5000"},
		{"upstream of another scheme", "serve:\n  upstream: ftp://a\n", "2:13: serve.upstream: is not an absolute http or https URL; write one such as http://127.0.0.1:5000"},
		{"upstream host:port", "serve:\n  upstream: 127.0.0.1:5000\n", "2:13: serve.upstream: is not a URL; write one such as http://127.0.0.1:5000"},
		{"upstream without host", "serve:\n  upstream: http:///a\n", "2:13: serve.upstream: has no host; write one such as http://127.0.0.1:5000"},
		{"upstream with port only", "serve:\n  upstream: http://:80\n", "2:13: serve.upstream: has no host; write one such as http://127.0.0.1:5000"},
		{"upstream with userinfo", "serve:\n  upstream: http://u:p@a\n", "2:13: serve.upstream: holds a user name or password, which do not belong in a configuration; remove what stands before the @"},
		{"upstream with query", "serve:\n  upstream: http://a/?k=v\n", "2:13: serve.upstream: holds a query, which belongs to each request; remove the ? and what follows"},
		{"upstream with empty query", "serve:\n  upstream: http://a?\n", "2:13: serve.upstream: holds a query, which belongs to each request; remove the ? and what follows"},
		{"upstream with fragment", "serve:\n  upstream: http://a#f\n", "2:13: serve.upstream: holds a fragment, which is never sent; remove the # and what follows"},
		{"upstream with port 0", "serve:\n  upstream: http://a:0\n", "2:13: serve.upstream: has a port that is not between 1 and 65535; write one such as http://127.0.0.1:5000"},
		{"upstream with port 65536", "serve:\n  upstream: http://a:65536\n", "2:13: serve.upstream: has a port that is not between 1 and 65535; write one such as http://127.0.0.1:5000"},
		{"upstream with an open port", "serve:\n  upstream: \"http://a:\"\n", "2:13: serve.upstream: is not an http or https URL with a host and perhaps a port and a path; write one such as http://127.0.0.1:5000"},
		{"upstream with dots", "serve:\n  upstream: http://a/../b\n", "2:13: serve.upstream: has a path that can be read in several ways: it holds a . or .. segment, which some servers resolve"},
		{"listen as a number", "serve:\n  listen: 8080\n", `2:11: serve.listen: "8080" has no colon; write :8080`},
		{"listen as a URL", "serve:\n  listen: http://localhost:8080\n", "2:11: serve.listen: is a URL; write host:port such as :8080"},
		{"listen without port", "serve:\n  listen: localhost\n", `2:11: serve.listen: "localhost" is not host:port; write one such as :8080`},
		{"listen with a named port", "serve:\n  listen: localhost:http\n", `2:11: serve.listen: "localhost:http" is not host:port; write one such as :8080`},
		{"listen beyond the ports", "serve:\n  listen: :65536\n", "2:11: serve.listen: port 65536 is above 65535; write host:port such as :8080"},
		{"listen on half an IPv6", "serve:\n  listen: \"[::g]:80\"\n", "2:11: serve.listen: has no IPv6 address in its brackets; write one such as [::1]:8080"},
		{"listen off", "serve:\n  listen: off\n", `2:11: serve.listen: "off" is not host:port; write one such as :8080`},
		{"admin on", "serve:\n  admin: on\n", "2:10: serve.admin: says on but not where; write host:port such as 127.0.0.1:8081"},
		{"admin without port", "serve:\n  admin: localhost\n", `2:10: serve.admin: "localhost" is not host:port; write one such as :8080, or off`},
		{"sharing", "serve:\n  authenticated_sharing: always\n", `2:26: serve.authenticated_sharing: "always" is not one of never, explicit`},
		{"a body of 2GiB", "serve:\n  memory: 4GiB\n  max_body: 2GiB\n", "3:13: serve.max_body: 2GiB is too much for one response; write less than 2GiB, such as 1GiB"},
		{"a body of 3GiB", "serve:\n  max_body: 3GiB\n", "2:13: serve.max_body: 3GiB is too much for one response; write less than 2GiB, such as 1GiB"},
		{"eleven credentials", "serve:\n  credentials: [a, b, c, d, e, f, g, h, i, j, k]\n", "2:16: serve.credentials: names 11 fields; 10 at most"},
		{"a credential of the connection", "serve:\n  credentials: [proxy-authorization]\n", "2:17: serve.credentials[0]: is Proxy-Authorization, which is no credential: the gateway removes that field, or sets it itself; write the name of one that clients send to the origin, such as Authorization"},
		{"a credential that the gateway sets", "serve:\n  credentials: [X-Forwarded-User]\n", "2:17: serve.credentials[0]: is X-Forwarded-…, which is no credential: the gateway removes that field, or sets it itself; write the name of one that clients send to the origin, such as Authorization"},
		{"Host as a credential", "serve:\n  credentials: [host]\n", "2:17: serve.credentials[0]: is Host, which is no credential: the gateway removes that field, or sets it itself; write the name of one that clients send to the origin, such as Authorization"},
		{"sharing misspelt", "serve:\n  authenticated_sharing: explicite\n", `2:26: serve.authenticated_sharing: "explicite" is not one of never, explicit; did you mean explicit?`},
		{"size with half a unit", "serve:\n  memory: 64M\n", `2:11: serve.memory: "64M" has no unit we know; write 64MiB`},
		{"size in lower case", "serve:\n  memory: 64mb\n", `2:11: serve.memory: "64mb" has no unit we know; write 64MB`},
		{"size with a space", "serve:\n  memory: 64 MiB\n", `2:11: serve.memory: "64 MiB" has no unit we know; write 64MiB`},
		{"size in terabytes", "serve:\n  memory: 1TiB\n", `2:11: serve.memory: "1TiB" has no unit we know; the units are KiB, MiB, GiB, KB, MB, GB`},
		{"size with a fraction", "serve:\n  memory: 1.5GiB\n", `2:11: serve.memory: "1.5GiB" is not a size; write a whole number and a unit, such as 64MiB`},
		{"size below zero", "serve:\n  memory: -1\n", `2:11: serve.memory: "-1" is negative; write a size such as 64MiB`},
		{"size in hexadecimal", "serve:\n  memory: 0x4000000\n", `2:11: serve.memory: "0x4000000" is not a size; write a whole number and a unit, such as 64MiB`},
		{"size beyond int64", "serve:\n  memory: 99999999999GiB\n", `2:11: serve.memory: "99999999999GiB" is more than any memory; write a size such as 64MiB`},
		{"memory of 64 bytes", "serve:\n  memory: 64\n", "2:11: serve.memory: 64 is not between 1MiB and 1024GiB; a number without a unit is bytes, write 64MiB"},
		{"memory of nothing", "serve:\n  memory: 0\n", "2:11: serve.memory: 0 is not between 1MiB and 1024GiB"},
		{"memory of everything", "serve:\n  memory: 2000GiB\n", "2:11: serve.memory: 2000GiB is not between 1MiB and 1024GiB"},
		{"no body", "serve:\n  max_body: 0\n", "2:13: serve.max_body: 0 is not between 1 and 2GiB"},
		{"body above memory", "serve:\n  max_body: 2MiB\n  memory: 1MiB\n", "2:13: serve.max_body: 2MiB does not fit into memory, which is 1MiB; write 128KiB or less, for no reader has more than an eighth of it"},
		{"token too short for any", "serve:\n  max_token_length: 8\n", "2:21: serve.max_token_length: 8 is not between 16 and 64KiB"},
		{"token of a megabyte", "serve:\n  max_token_length: 1MiB\n", "2:21: serve.max_token_length: 1MiB is not between 16 and 64KiB"},
		{"realm is a number", "serve:\n  realm: 5\n", "2:10: serve.realm: expected text such as api, not a number; put it in quotes"},
		{"realm with a quote", "serve:\n  realm: a\"b\n", `2:10: serve.realm: is not 1 to 100 characters of plain text without " and \; write a word such as api`},
		{"realm is empty", "serve:\n  realm: \"\"\n", `2:10: serve.realm: is not 1 to 100 characters of plain text without " and \; write a word such as api`},
		{"credentials in one word", "serve:\n  credentials: Authorization\n", "2:16: serve.credentials: expected a list such as [Authorization, Cookie], not text"},
		{"nobody's credentials", "serve:\n  credentials: []\n", "2:16: serve.credentials: is empty, so that every request would be anonymous; name a field or remove the line"},
		{"credentials twice", "serve:\n  credentials:\n    - Cookie\n    - cookie\n", "4:7: serve.credentials[1]: Cookie is already in line 3; remove one of them"},
		{"credentials with value", "serve:\n  credentials: [\"Authorization: Bearer\"]\n", "2:17: serve.credentials[0]: is not the name of a request field; write the name alone, such as Authorization"},
		{"url tokens", "serve:\n  url_tokens: allow\n", `2:15: serve.url_tokens: "allow" is not one of refuse, pass`},
		{"timeout without unit", "serve:\n  upstream_timeout: 30\n", `2:21: serve.upstream_timeout: "30" has no unit; write 30s`},
		{"no timeout", "serve:\n  upstream_timeout: 0s\n", "2:21: serve.upstream_timeout: 0s is not between 1ms and 1h"},
		{"timeout of a day", "serve:\n  upstream_timeout: 24h\n", "2:21: serve.upstream_timeout: 24h is not between 1ms and 1h"},
		{"secret in the clear", "serve:\n  secret: correct horse\n", "2:11: serve.secret: says neither env: nor file:; a secret itself does not belong here, where it is copied, committed and shown: write env:NAME or file:PATH"},
		{"secret of no variable", "serve:\n  secret: env:A-B\n", "2:11: serve.secret: env: is followed by something that is not the name of a variable; write env:NAME"},
		{"secret of no file", "serve:\n  secret: \"file:\"\n", "2:11: serve.secret: file: is followed by nothing or by control characters; write file:PATH"},
		{"log", "serve:\n  log: jsno\n", `2:8: serve.log: "jsno" is not one of json, text; did you mean json?`},
		{"log true", "serve:\n  log: true\n", `2:8: serve.log: "true" is not one of json, text`},

		// rules
		{"routes is a mapping", "routes:\n  match: /a\n", "2:3: routes: expected a list such as [{match: GET /api/catalog, ttl: 60s}], not a mapping"},
		{"rule is a word", "routes:\n  - /a\n", "2:5: routes[0]: expected a mapping such as {match: GET /api/catalog, ttl: 60s}, not text"},
		{"rule without match", "routes:\n  - ttl: 3s\n", "2:5: routes[0]: has no match; add one such as match: GET /api/catalog"},
		{"key of a rule", "routes:\n  - match: /a\n    tll: 30s\n", "3:5: routes[0].tll: there is no such key; did you mean ttl?"},
		{"ttl without unit", "routes:\n  - match: /a\n    ttl: 30\n", `3:10: routes[0].ttl: "30" has no unit; write 30s`},
		{"ttl without unit, quoted", "routes:\n  - match: /a\n    ttl: \"30\"\n", `3:10: routes[0].ttl: "30" has no unit; write 30s`},
		{"ttl in days", "routes:\n  - match: /a\n    ttl: 2d\n", `3:10: routes[0].ttl: "2d" has no unit we know; write 48h`},
		{"ttl in weeks", "routes:\n  - match: /a\n    ttl: 2w\n", `3:10: routes[0].ttl: "2w" has no unit we know; the units are ms, s, m, h`},
		{"ttl with a space", "routes:\n  - match: /a\n    ttl: 30 s\n", `3:10: routes[0].ttl: "30 s" has a space in it; write 30s`},
		{"ttl with a fraction", "routes:\n  - match: /a\n    ttl: 1.5h\n", `3:10: routes[0].ttl: "1.5h" is not a duration; write whole numbers and units, such as 30s, 5m or 1h30m`},
		{"ttl below zero", "routes:\n  - match: /a\n    ttl: -30s\n", `3:10: routes[0].ttl: "-30s" is negative; write a duration such as 30s`},
		{"ttl of zero", "routes:\n  - match: /a\n    ttl: 0s\n", "3:10: routes[0].ttl: 0s is no lifetime; write cache: off to keep the route's responses out of the cache"},
		{"ttl below a second", "routes:\n  - match: /a\n    ttl: 1s500ms\n", "3:10: routes[0].ttl: 1s500ms is not in whole seconds, as a freshness lifetime must be; write one such as 30s"},
		{"ttl above a year", "routes:\n  - match: /a\n    ttl: 8761h\n", "3:10: routes[0].ttl: 8761h is not between 1s and 8760h"},
		{"ttl beyond int64", "routes:\n  - match: /a\n    ttl: 9999999999h\n", `3:10: routes[0].ttl: "9999999999h" is longer than any wait; write a duration such as 30s`},
		{"share with everyone", "routes:\n  - match: /a\n    share: everyone\n", `3:12: routes[0].share: "everyone" is no way to share; the only value is public: one response for everybody, because the route's answers do not depend on who asks. Without this line each reader has its own`},
		{"share is a boolean", "routes:\n  - match: /a\n    share: true\n", `3:12: routes[0].share: "true" is no way to share; the only value is public: one response for everybody, because the route's answers do not depend on who asks. Without this line each reader has its own`},
		{"cache", "routes:\n  - match: /a\n    cache: no\n", `3:12: routes[0].cache: "no" is not one of on, off`},
		{"cache off and ttl", "routes:\n  - match: /a\n    cache: off\n    ttl: 3s\n", "4:10: routes[0].ttl: contradicts cache: off in line 3; remove one of them"},
		{"cache false and share", "routes:\n  - match: /a\n    share: public\n    cache: false\n", "3:12: routes[0].share: contradicts cache: off in line 4; remove one of them"},
		{"ttl for POST", "routes:\n  - match: POST /a\n    ttl: 3s\n", "2:12: routes[0].match: names methods whose responses are not stored; ttl, share and partition need GET"},
		{"the same pattern", "routes:\n  - match: GET /a\n  - match: GET /a\n", "3:12: routes[1].match: can never match: GET /a in line 2 is the same and comes first; remove one of them"},
		{"the same under another name", "routes:\n  - match: /a/{id}\n  - match: /a/*\n", "3:12: routes[1].match: can never match: /a/{id} in line 2 is the same and comes first; remove one of them"},
		{"HEAD after GET", "routes:\n  - match: GET /a\n  - match: HEAD /a\n", "3:12: routes[1].match: can never match: GET /a in line 2 matches all of it first; move this rule before that one, or remove it"},
		{"the special after the general", "routes:\n  - match: /a/**\n  - match: /a/b\n", "3:12: routes[1].match: can never match: /a/** in line 2 matches all of it first; move this rule before that one, or remove it"},

		// patterns
		{"no match", "routes:\n  - match:\n", "2:5: routes[0].match: has no value; expected a path such as GET /api/orders/{id}"},
		{"relative", "routes:\n  - match: api\n", `2:12: routes[0].match: "api" does not begin with /; write /path or GET /path`},
		{"method alone", "routes:\n  - match: GET\n", `2:12: routes[0].match: "GET" does not begin with /; write /path or GET /path`},
		{"method in lower case", "routes:\n  - match: get /a\n", `2:12: routes[0].match: "get" is no method; did you mean GET?`},
		{"unknown method", "routes:\n  - match: PURGE /a\n", `2:12: routes[0].match: "PURGE" is no method; known here: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS`},
		{"method twice", "routes:\n  - match: GET,GET /a\n", "2:12: routes[0].match: GET is named twice; remove one"},
		{"two spaces", "routes:\n  - match: GET  /a\n", `2:12: routes[0].match: " /a" does not begin with /; write /path or GET /path`},
		{"query", "routes:\n  - match: /a?b=c\n", "2:12: routes[0].match: has a ? or #; a rule looks at the path only, remove it and what follows"},
		{"suffix", "routes:\n  - match: /*.css\n", `2:12: routes[0].match: "*.css" mixes a wildcard and text; a wildcard stands for a whole segment: *, {id}, or ** at the end. Write %2A, %7B or %7D for the characters themselves`},
		{"part of a segment", "routes:\n  - match: /user-{id}\n", `2:12: routes[0].match: "user-{id}" mixes a wildcard and text; a wildcard stands for a whole segment: *, {id}, or ** at the end. Write %2A, %7B or %7D for the characters themselves`},
		{"rest in the middle", "routes:\n  - match: /**/a\n", "2:12: routes[0].match: ** stands for any rest and must come last"},
		{"named rest in the middle", "routes:\n  - match: \"/{r...}/a\"\n", "2:12: routes[0].match: {r...} stands for any rest and must come last"},
		{"dots", "routes:\n  - match: /a/../b\n", "2:12: routes[0].match: can never match: it holds a . or .. segment, which some servers resolve, and such a path matches no rule"},
		{"empty segment", "routes:\n  - match: /a//b\n", "2:12: routes[0].match: can never match: it holds //, which some servers merge, and such a path matches no rule"},
		{"encoded slash", "routes:\n  - match: /a%2Fb\n", "2:12: routes[0].match: can never match: its percent-encoding is broken, needless, or hides a delimiter, and such a path matches no rule"},
		{"semicolon", "routes:\n  - match: /a;b\n", "2:12: routes[0].match: can never match: it holds a character that some servers cut at, drop or change, and such a path matches no rule"},
		{"match without path", "routes:\n  - match: {method: GET}\n", "2:12: routes[0].match: has no path; add one such as path: /api/catalog"},
		{"match with method and methods", "routes:\n  - match: {method: GET, methods: [POST], path: /a}\n", "2:12: routes[0].match: has both method and methods; remove one"},
		{"match with no methods", "routes:\n  - match: {methods: [], path: /a}\n", "2:22: routes[0].match.methods: is empty; name a method, or remove the line for every method"},
		{"match with a method twice", "routes:\n  - match: {methods: [GET, GET], path: /a}\n", "2:12: routes[0].match: GET is named twice; remove one"},
		{"match with a word for methods", "routes:\n  - match: {methods: GET, path: /a}\n", "2:22: routes[0].match.methods: expected a list such as [GET, HEAD], not text"},
		{"match with an unknown method", "routes:\n  - match: {method: FETCH, path: /a}\n", `2:21: routes[0].match.method: "FETCH" is no method; did you mean PATCH?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse("f", []byte(c.data))
			if err == nil {
				t.Fatalf("accepted as %+v\nwant f:%s", f, c.want)
			}
			if got := err.Error(); got != "f:"+c.want {
				t.Errorf("\n got %s\nwant f:%s", got, c.want)
			}
		})
	}
}

// What is close to a problem and is none.
func TestNoProblems(t *testing.T) {
	for _, data := range []string{
		"serve: {upstream: 'https://a.example/base/'}",
		"serve: {upstream: 'http://[::1]:5000'}",
		"serve: {listen: ':0', admin: off}",
		"serve: {listen: '[::1]:80', admin: false}",
		"serve: {listen: '[fe80::1%eth0]:80'}",
		"serve: {listen: :8080}",
		"serve: {memory: 67108864, max_body: 1MB, max_token_length: 1KiB}",
		"serve: {realm: 'two words'}",
		"serve: {authenticated_sharing: never, url_tokens: pass, log: text}",
		"serve: {memory: 4GiB, max_body: 2047MiB, admin: '[::1]:1', credentials: [api_key, b, c, d, e, f, g, h, i, j]}",
		"serve: {admin: localhost:1}",
		"serve: {secret: 'file:/run/secrets/a b'}",
		"serve: {upstream_timeout: 250ms}",
		"routes: [{match: /a}]",
		"routes: [{match: /a, share: public}]",
		"routes: [{match: /a, cache: on, ttl: 3s}]",
		"routes: [{match: /a, cache: true}]",
		"routes: [{match: POST /a, cache: off}]",
		"routes: [{match: 'GET,POST /a', ttl: 3s}]",
		"routes: [{match: GET /a}, {match: POST /a}, {match: /a}]",
		"routes: [{match: /a/b}, {match: /a/*}, {match: /a/**}, {match: /**}]",
		"routes: [{match: /a/}, {match: /a}]",
		"routes: [{match: 'GET /a b'}, {match: /caf%C3%A9}, {match: /caf%c3%a9}]",
		"---\n# c\nserve: # c\n  log: json # c\n...\n# c\n",
		"serve:\r\n  log: json\r\nroutes:\r\n",
	} {
		if _, err := Parse("f", []byte(data)); err != nil {
			t.Errorf("%s\n%v", data, err)
		}
	}
}

func TestEveryProblemIsReportedInOrder(t *testing.T) {
	_, err := Parse("bearcache.yaml", []byte(`routes:
  - match: GET /api/catalog
    ttl: 30
  - match: GET /api/catalog
    share: everyone
serve:
  max_body: 2MiB
  memory: 1MiB
  upstrem: http://a
`))
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("%T", err)
	}
	var got []string
	for _, e := range all {
		got = append(got, strings.Split(e.Error(), " ")[0]+" "+e.Key)
	}
	want := []string{
		"bearcache.yaml:3:10: routes[0].ttl", "bearcache.yaml:4:12: routes[1].match", "bearcache.yaml:5:12: routes[1].share",
		"bearcache.yaml:7:13: serve.max_body", "bearcache.yaml:9:3: serve.upstrem",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var first *Error
	if !errors.As(err, &first) || first.Line != 3 {
		t.Errorf("first is %v", first)
	}
}

// The scheme of a URL is the same in any case (RFC 3986 §3.1).
func TestUpstreamInUpperCase(t *testing.T) {
	f, err := Parse("f", []byte("serve:\n  upstream: HTTPS://api.test:65535/a\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Serve.Upstream.URL().String(); got != "https://api.test:65535/a" {
		t.Error(got)
	}
}
