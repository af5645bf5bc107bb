package config

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"
)

// document is the file as the schema sees it; it has the keys that decoder knows, which a test compares.
type document struct {
	Serve  *Serve  `json:"serve"`
	Verify *Verify `json:"verify"`
	Routes []rule  `json:"routes"`
}

// descriptions are what an editor shows beside a key; "type.Field" names it in Go.
var descriptions = map[string]string{
	"document.":       "Configuration of bearcache.",
	"document.Serve":  "The gateway: where it listens, what it protects, how much it keeps. Flags and environment variables take precedence.",
	"document.Verify": "How bearer tokens are verified, before anything is looked up. Without it nobody verifies them: each has a cache of its own, and the origin judges it.",
	"document.Routes": "Rules for paths. The first one that matches a request decides; a request without one is cached as its origin says, for its reader alone.",

	"Serve.":                     "",
	"Serve.Upstream":             "The origin: an http or https URL without user name, query or fragment.",
	"Serve.Listen":               "Address for clients, host:port. Port 0 lets the system choose one.",
	"Serve.Admin":                "Address for health, metrics, purges and revocations, or off: a loopback address, or any other where admin_token is set.",
	"Serve.AdminToken":           "Where the token is that operators have to send to the admin listener: env:NAME or file:PATH.",
	"Serve.Store":                "memory, or the URL of a Redis server where several nodes keep what they store, sealed: redis://, rediss://, redis+sentinel://, valkey:// or unix://. It needs secret.",
	"Serve.StorePrefix":          "What the names in the store begin with. Gateways that differ in secret or origin need different ones, or different databases.",
	"Serve.StoreCA":              "A file of certificates, in PEM: the authorities that vouch for the store, in place of the system's. The URL must ask for TLS.",
	"Serve.StoreCertificate":     "The file of the certificate that the store knows us by, in PEM, the authorities between behind it. It is read anew for each connection.",
	"Serve.StoreKey":             "Where the key of store_certificate is, in PEM: env:NAME or file:PATH.",
	"Serve.SentinelPassword":     "Where the password of the sentinels is, if they want one: env:NAME or file:PATH. It is not that of the store.",
	"Serve.StorePassword":        "Where the password of the store is: env:NAME or file:PATH.",
	"Serve.Partition":            "What tells readers apart. token: each token has a cache of its own. claims: each issuer and subject with the same scope, aud, client_id, roles, groups, entitlements, authorization_details, act and acr, so that a new token of the same user finds what the old one left; a mapping names further claims, or leaves some of these out. It needs verify.",
	"Serve.AuthenticatedSharing": "never: what an identified request brought is for its reader alone. explicit: the origin's public, must-revalidate and s-maxage release it to others (RFC 9111 §3.5).",
	"Serve.Memory":               "Memory for stored responses: bytes, or a number with KiB, MiB, GiB, KB, MB or GB. From 1MiB to 1024GiB.",
	"Serve.MaxBody":              "Largest body that is stored; a larger response passes through. Less than 2GiB, and not more than memory; what is one reader's alone, not more than an eighth of memory.",
	"Serve.MaxTokenLength":       "Longest token in bytes; a longer one is refused unread. From 16 to 64KiB.",
	"Serve.Realm":                "Name of the protected space in a challenge (RFC 9110 §11.5).",
	"Serve.Credentials":          "Names of the request fields that say who asks, ten at most.",
	"Serve.URLTokens":            "A token in the query of a URL: refuse answers with an error, pass sends it on without caching.",
	"Serve.UpstreamTimeout":      "Longest wait for the origin's answer to begin. From 1ms to 1h.",
	"Serve.CredentialLifetime":   "Longest time that a response is kept for credentials that state no end. From 1s to 8784h.",
	"Serve.Secret":               "Where the secret is that keys digests and seals: env:NAME or file:PATH, never the secret itself. Nodes that share a store need the same one.",
	"Serve.PreviousSecret":       "Where the secret is that was used before, or will be next: what other nodes sealed with it can be read. env:NAME or file:PATH.",
	"Serve.Log":                  "How log lines are written.",

	"Verify.":              "",
	"Verify.Issuer":        "Who makes the tokens, as their iss has it. Keys and endpoints are looked up there (RFC 8414, OpenID Connect Discovery), unless jwks, hmac_secret or introspection says where they are.",
	"Verify.Audience":      "What the tokens must be for: one of these must be in their aud. With introspection it may be left out: then the endpoint decides.",
	"Verify.JWKS":          "Where the keys are: an https URL of a JWK Set, an http one on this machine, or file:PATH with a JWK Set or PEM.",
	"Verify.Algorithms":    "The algorithms that tokens may be signed with. Without it, those that fit the keys; HS256, HS384 and HS512 need hmac_secret.",
	"Verify.AccessTokens":  "rfc9068: only access tokens as RFC 9068 has them, of type at+jwt. any: other tokens of the issuer for this audience, too.",
	"Verify.Leeway":        "How far the clocks of issuer and gateway may be apart. From 0s to 5m.",
	"Verify.HMACSecret":    "Where the secret is that HS256, HS384 and HS512 sign with: env:NAME or file:PATH.",
	"Verify.Introspection": "Where the authorization server is asked about each token (RFC 7662): an https URL, or an http one on this machine.",
	"Verify.ClientID":      "The name that the authorization server knows this gateway by.",
	"Verify.ClientSecret":  "Where the client's secret is: env:NAME or file:PATH.",
	"Verify.Remember":      "How long a good verdict counts: so long after a token was revoked at the authority that introspection asks, or its key was withdrawn, it may still be good here. From 1s to 24h.",
	"Verify.RememberBad":   "How long a bad verdict counts. From 1s to 1h.",
	"Verify.Anonymous":     "A request without a bearer token: pass sends it on, as nobody's or by its other credentials, which nobody verifies; refuse answers with 401, whatever other credentials it carries.",

	"rule.":          "One rule.",
	"rule.Match":     "Path, or METHOD and path; GET includes HEAD. {name} or * is one segment, ** or {name...} at the end any rest or none. All else is matched byte for byte.",
	"rule.Share":     "public: one response for everybody, because the route's answers do not depend on who asks. Without it each reader has its own.",
	"rule.TTL":       "Freshness lifetime of responses whose origin says nothing about caching, in whole seconds, up to 8760h.",
	"rule.Partition": "What tells the route's readers apart, if not what serve.partition says. scope: what is not one reader's own is shared by all tokens of an issuer with the same scope, aud and authorization_details, and with the same values of the claims that a mapping names. It needs verify.",
	"rule.Cache":     "off keeps the route's responses out of the cache; on exempts the route from a later rule.",

	"match.":        "The pattern, its methods apart.",
	"match.Method":  "The one method; GET includes HEAD. Without method and methods the rule is for every one.",
	"match.Methods": "The methods; GET includes HEAD.",
	"match.Path":    "The path, as in the short form.",
}

// Schema is the JSON Schema of the file, draft 2020-12. It accepts every file that Parse accepts. It
// refuses what a schema can: unknown keys, wrong words and forms, contradictions within a rule; not
// sizes that do not fit each other, or a rule that another one hides.
func Schema() []byte {
	root := reflected(document{})
	root.Version = jsonschema.Version
	root.Title = "bearcache.yaml"
	nullable(root)
	serve, _ := root.Properties.Get("serve")
	nullable(serve)
	*must(serve.Properties.Get("partition")) = *partitionForm(descriptions["Serve.Partition"], false)
	for key, value := range defaults(Defaults()) {
		property, _ := serve.Properties.Get(key)
		property.Default = value
	}
	credentials, _ := serve.Properties.Get("credentials")
	credentials.MinItems, credentials.UniqueItems = new(uint64(1)), true

	verify, _ := root.Properties.Get("verify")
	verify.Required = []string{"issuer", "audience"}
	for key, value := range defaults(VerifyDefaults()) {
		must(verify.Properties.Get(key)).Default = value
	}
	for _, key := range []string{"audience", "algorithms"} {
		list := must(verify.Properties.Get(key))
		list.MinItems, list.MaxItems, list.UniqueItems = new(uint64(1)), new(uint64(maxList)), true
	}

	routes, _ := root.Properties.Get("routes")
	nullable(routes)
	routes.MaxItems = new(uint64(maxRules))
	rule := routes.Items
	rule.Not = allOf(valued("cache", "off", false), &jsonschema.Schema{AnyOf: []*jsonschema.Schema{has("ttl"), has("share"), has("partition")}})
	*must(rule.Properties.Get("partition")) = *partitionForm(descriptions["rule.Partition"], true)
	pattern, _ := rule.Properties.Get("match")
	*pattern = jsonschema.Schema{
		Description: pattern.Description,
		AnyOf:       []*jsonschema.Schema{{Type: pattern.Type, Pattern: pattern.Pattern, Examples: pattern.Examples}, matchForm()},
	}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("print the schema: %v", err)) // it is made of our own constants
	}
	return append(out, '\n')
}

func matchForm() *jsonschema.Schema {
	form := reflected(match{})
	methods, _ := form.Properties.Get("methods")
	methods.MinItems, methods.UniqueItems = new(uint64(1)), true
	form.Not = allOf(has("method"), has("methods"))
	return form
}

// reflected takes names, order and closedness from the struct, constraints from the scalars' files.
func reflected(v any) *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			s, ok := reflect.New(t).Interface().(scalar)
			if !ok {
				return nil
			}
			schema := s.shape().schema
			return &schema
		},
		LookupComment: func(t reflect.Type, field string) string {
			words, ok := descriptions[t.Name()+"."+field]
			if !ok && t.Kind() == reflect.Struct {
				panic("no description of " + t.Name() + "." + field)
			}
			return words
		},
	}
	s := r.Reflect(v)
	s.Version = ""
	return s
}

// must is the property that a struct is known to have.
func must(s *jsonschema.Schema, ok bool) *jsonschema.Schema {
	if !ok {
		panic("a property is missing from the schema") // it is made of our own structs
	}
	return s
}

// defaults are the values of section as they are written in a file.
func defaults(section any) map[string]any {
	all := map[string]any{}
	v := reflect.ValueOf(section)
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("json")
		switch field := v.Field(i); {
		case field.IsNil():
		case field.Kind() == reflect.Slice:
			all[key] = field.Interface()
		default:
			all[key] = fmt.Sprint(field.Interface())
		}
	}
	return all
}

// nullable also accepts a key whose lines are all comments.
func nullable(s *jsonschema.Schema) {
	s.Extras = map[string]any{"type": []string{s.Type, "null"}}
	s.Type = ""
}

func has(key string) *jsonschema.Schema { return &jsonschema.Schema{Required: []string{key}} }

func valued(key string, values ...any) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set(key, &jsonschema.Schema{Enum: values})
	return &jsonschema.Schema{Required: []string{key}, Properties: properties}
}

func allOf(all ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AllOf: all} }
