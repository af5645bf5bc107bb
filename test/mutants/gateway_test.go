//go:build mutants

package mutants

func init() { table = append(table, gatewayTable...) }

// gatewayTable are the defences of who verifies tokens, of what tells verified readers apart, and of operators' orders.
var gatewayTable = []mutant{
	// Who verifies.
	{"tokens not verified", "internal/gateway/verify.go", "if g.verifier != nil {", "if false {", "internal/gateway", "TestBadTokens"},
	{"a verifier that could not tell taken for nobody", "internal/gateway/verify.go", "if claims, err = g.verifier.Verify(ctx, token); err != nil {\n\t\t\treturn nil, err", "if claims, err = g.verifier.Verify(ctx, token); err != nil {\n\t\t\tif _, bad := err.(*bearer.Error); !bad {\n\t\t\t\treturn nil, nil\n\t\t\t}\n\t\t\treturn nil, err", "internal/gateway", "TestVerifierDown"},
	{"no Retry-After", "internal/gateway/verify.go", `w.Header().Set("Retry-After", retryAfter)`, "_ = retryAfter", "internal/gateway", "TestVerifierDown"},
	{"nobody is let in where that is forbidden", "internal/gateway/verify.go", "case g.options.RefuseAnonymous: // whatever", "case false: // whatever", "internal/gateway", "TestRefuseAnonymous"},
	{"a verifier that cannot tell called ready", "internal/gateway/admin.go", `g.telling.Store("unavailable")`, `g.telling.Store("ready")`, "internal/gateway", "TestVerifierState"},
	{"a Verifier without Authorization", "internal/gateway/gateway.go", `if !g.listed("Authorization") {`, "if false {", "internal/gateway", "TestVerifierNeedsAuthorization"},

	// What tells verified readers apart.
	{"Identify left unset", "internal/gateway/gateway.go", "c.Identify = g.identify", "_ = g.identify", "internal/gateway", "TestVerifiedReaders"},
	{"a token not part of its own partition", "internal/gateway/readers.go", "own = itself(token)", "own = ofItself", "internal/gateway", "TestVerifiedReaders"},
	{"a required claim that is missing", "internal/gateway/readers.go", "appendClaim(b, c, name); !stated {", "appendClaim(b, c, name); false && !stated {", "internal/gateway", "TestVerifiedReaders"},
	{"null taken for a value", "internal/gateway/readers.go", `if !ok || value == "null" {`, "if !ok {", "internal/gateway", "TestVerifiedReaders"},
	{"a claim that says nothing taken for a value", "internal/gateway/readers.go", "stated || !saysNothing(value)", "true", "internal/gateway", "TestVerifiedReaders"},
	{"a blank text taken for a value", "internal/gateway/readers.go", `return strings.TrimSpace(v) == ""`, "return false", "internal/gateway", "TestVerifiedReaders"},
	{"an empty list taken for a value", "internal/gateway/readers.go", "return !slices.ContainsFunc(v,", "return v == nil && !slices.ContainsFunc(v,", "internal/gateway", "TestVerifiedReaders"},
	{"an empty mapping taken for a value", "internal/gateway/readers.go", "return len(v) == 0", "return v == nil", "internal/gateway", "TestVerifiedReaders"},
	{"a client taken for a subject", "internal/gateway/readers.go", "b := []byte(mark)", "b := []byte(ofSubject)", "internal/gateway", "TestVerifiedReaders"},
	{"tokens that speak of nobody taken for one", "internal/gateway/readers.go", `if r.Claims != nil && mark != "" {`, "if r.Claims != nil {", "internal/gateway", "TestVerifiedReaders"},
	{"scp is no scope", "internal/gateway/readers.go", `return []string{"scope", "scp"}`, `return []string{"scope"}`, "internal/gateway", "TestVerifiedReaders"},
	{"azp is no client", "internal/gateway/readers.go", `return []string{"client_id", "azp"}`, `return []string{"client_id"}`, "internal/gateway", "TestVerifiedReaders"},
	{"values left out of the text", "internal/gateway/readers.go", "b = texts.Append(texts.AppendNumber(b, 1), value)", "b = texts.AppendNumber(b, 1)", "internal/gateway", "TestVerifiedReaders"},
	{"a cookie beside a token does not count", "internal/gateway/readers.go", "Until: e.claims.Expires, Joined: g.unverified}", "Until: e.claims.Expires}", "internal/gateway", "TestVerifiedReaders"},
	{"the token's end does not count", "internal/gateway/readers.go", "Until: e.claims.Expires, Joined", "Joined", "internal/gateway", "TestVerifiedResponseEndsWithItsToken"},
	{"unverified credentials taken for one reader", "internal/gateway/readers.go", `Subject: "credentials", Joined: g.credentials}`, `Subject: "credentials"}`, "internal/gateway", "TestUnverifiedCredentials"},
	{"the first readers for every route", "internal/gateway/readers.go", "unpack(e.claims.Scope, e.route.Readers)", "unpack(e.claims.Scope, 0)", "internal/gateway", "TestVerifiedReaders"},
	{"a route of unknown readers", "internal/gateway/readers.go", `id.Scope == "" {`, `id.Scope == "?" {`, "internal/gateway", "TestUnknownReaders"},
	{"two sets of claims taken for one", "cmd/bearcache/readers.go", "return slices.Equal(a.Required, b.Required) &&", "return", "cmd/bearcache", "TestPartitionsOfRoutes"},
	{"a group's own partition not as everywhere", "cmd/bearcache/readers.go", "readers.Claims = p.standard.Claims", "readers.Claims = readers.Group", "cmd/bearcache", "TestPartitionsOfRoutes"},

	// What was revoked.
	{"revoked tokens pass", "internal/gateway/verify.go", "if g.revoked(claims, token) {", "if false {", "internal/gateway", "TestRevoked"},
	{"revocations under the former secret alone", "internal/gateway/nodes.go", "if !current {", "if current && !current {", "internal/gateway", "TestRevocationOutlivesItsSecret"},
	{"answered from the cache while revocations are not heard", "internal/gateway/gateway.go", "if g.nodes != nil && g.nodes.node.Deaf(bearcache.PurgeBound) {", "if false {", "internal/gateway", "TestDeafToRevocations"},
	{"a revoked subject not purged", "internal/gateway/revoke.go", `if r.Subject != "" {`, "if false {", "internal/gateway", "TestRevoked"},
	{"nobody says that others were not told", "internal/gateway/revoke.go", "if g.nodes != nil {", "if false {", "internal/gateway", "TestRevocationWithoutTheLog"},

	// Operators.
	{"no token wanted", "internal/gateway/guard.go", "case !token.IsZero() && !sends(r, token):", "case false:", "internal/gateway", "TestGuard"},
	{"any token will do", "internal/gateway/guard.go", "subtle.ConstantTimeCompare(a[:], b[:]) == 1", "subtle.ConstantTimeCompare(a[:], b[:]) < 2", "internal/gateway", "TestGuard"},
	{"any name will do", "internal/gateway/guard.go", "case token.IsZero() && !ownName(r.Host):", "case false:", "internal/gateway", "TestGuard"},
	{"pages may order", "internal/gateway/guard.go", `r.Header["Origin"] != nil || `, "", "internal/gateway", "TestGuard"},
	{"other sites may order", "internal/gateway/guard.go", ` || !ownPage(r.Header["Sec-Fetch-Site"])`, "", "internal/gateway", "TestGuard"},
	{"forms may order", "internal/gateway/guard.go", `case !isJSON(r.Header["Content-Type"]):`, "case false:", "internal/gateway", "TestGuard"},
	{"the token guards looks alone", "internal/gateway/guard.go", "case reads:\n", "case reads || r.Method == http.MethodPost:\n", "internal/gateway", "TestGuard"},
	{"unknown fields of an order ignored", "internal/gateway/operate.go", "if twice, known := names[text]; twice || !known {", "if twice := names[text]; twice {", "internal/gateway", "TestPurgeOrders"},
	{"the last of two members taken", "internal/gateway/operate.go", "names[text] = true\n", "names[text] = false\n", "internal/gateway", "TestPurgeOrders"},
	{"members not looked at", "internal/gateway/operate.go", "err = exact(data, to)", "_ = exact", "internal/gateway", "TestPurgeOrders"},
	{"https purged as it stands", "internal/gateway/operate.go", "range asHTTP(o.URL) {", "range asHTTP(\"\") {", "internal/gateway", "TestPurgeOfHTTPS"},
	{"a prefix in https purged as it stands", "internal/gateway/operate.go", "range asHTTP(o.Prefix) {", "range asHTTP(\"\") {", "internal/gateway", "TestPurgeOfHTTPS"},
	{"the port of https forgotten", "internal/gateway/operate.go", `"http://" + plain + ":443" + rest}`, `"http://" + plain + rest}`, "internal/gateway", "TestPurgeOfHTTPS"},
	{"a subject revoked for a year", "internal/gateway/operate.go", "r.Until = now.Add(subjectRevokedFor)", "_ = subjectRevokedFor", "internal/gateway", "TestRevokedUntil"},
	{"not said until when an earlier revocation holds", "internal/gateway/operate.go", "until := g.revokedUntil(revocation)", "until := revocation.Until", "internal/gateway", "TestRevokedUntil"},
	{"orders without end", "internal/gateway/operate.go", "const maxOrder = 64 << 10", "const maxOrder = 64 << 20", "internal/gateway", "TestPurgeOrders"},
	{"one of two things purged", "internal/gateway/operate.go", `if stated != 1 || o.Issuer != "" && kind != "subject" {`, "if stated == 0 {", "internal/gateway", "TestPurgeOrders"},
	{"a dry run that purges", "internal/gateway/operate.go", "if dry {", "if false {", "internal/gateway", "TestPurgeOrders"},
	{"what is purged in the log", "internal/gateway/operate.go", `"what", kind, "of", digestOf(text)`, `"what", kind, "of", text`, "internal/gateway", "TestPurgeOrders"},
	{"what is revoked in the log", "internal/gateway/operate.go", "digestOf(o.Token+o.JTI+o.Subject)", "o.Token+o.JTI+o.Subject", "internal/gateway", "TestRevokeOrders"},
	{"another issuer taken for ours", "internal/gateway/operate.go", "named != g.options.Issuer:", "false:", "internal/gateway", "TestPurgeOrders"},
	{"subjects of nobody", "internal/gateway/operate.go", "case g.verifier == nil:", "case false:", "internal/gateway", "TestOrdersWithoutAVerifier"},
	{"untold nodes taken for told", "internal/gateway/operate.go", "case errors.Is(err, bearcache.ErrNotShared):\n\t\treturn http.StatusAccepted", "case false:\n\t\treturn http.StatusAccepted", "internal/gateway", "TestOtherNodes"},
	{"the operators' token follows a redirect", "cmd/bearcache/operator.go", "return http.ErrUseLastResponse", "return nil", "cmd/bearcache", "TestOperatorsTokenStaysAtItsOrigin"},
	{"no word of a token in the clear", "cmd/bearcache/operator.go", `if at.url.Scheme == "http" && !loopbackHost`, `if at.url.Scheme == "ftp" && !loopbackHost`, "cmd/bearcache", "TestTokensInTheClear"},
	{"a gateway's words reach the terminal", "cmd/bearcache/operator.go", "said := report.Plain(redact.New(nil).Text(a.Error))", "_, said := report.Plain(redact.New(nil).Text(a.Error)), a.Error", "cmd/bearcache", "TestAnswersToOperators"},
	{"a store without a secret", "cmd/bearcache/serve.go", "case s.node == nil && serve.Store.Shared():", "case false:", "cmd/bearcache", "TestReadSecrets"},
	{"a short token of operators", "cmd/bearcache/serve.go", "if err == nil && len(s.admin.Reveal()) < 16 {", "if false {", "cmd/bearcache", "TestReadSecrets"},

	{"a token of operators that no request can carry", "cmd/bearcache/serve.go", "!gateway.Sendable(s.admin) {", "!gateway.Sendable(s.admin) && false {", "cmd/bearcache", "TestReadSecrets"},
	{"a secret that verifies nothing", "cmd/bearcache/serve.go", "if file.Verify.Absent() {\n\t\tfor", "if false {\n\t\tfor", "cmd/bearcache", "TestSecretOfNoVerifier"},
	{"variables that nothing reads", "cmd/bearcache/variables.go", `!strings.HasPrefix(name, "BEARCACHE_") ||`, `true || !strings.HasPrefix(name, "BEARCACHE_") ||`, "cmd/bearcache", "TestUnknownVariables"},
	{"a variable's name that may be a secret", "cmd/bearcache/variables.go", "len(name) > 64 || !upperName.MatchString(name)", "len(name) > 64", "cmd/bearcache", "TestUnknownVariables"},

	// What is configured.
	{"an admin listener for everybody", "internal/config/config.go", "f.Serve.problems(), f.Serve.open(), f.problems()", "f.Serve.problems(), f.problems()", "internal/config", "TestFileCheck"},
	{"tokens in URLs past verify", "internal/config/config.go", "*f.Serve.URLTokens != URLTokensPass {", "true {", "internal/config", "TestProblemsOfReaders"},
	{"an empty verify", "internal/config/verify.go", `d.problem(n.place, at, "is empty; write issuer and audience, or remove the line")`, "_ = at", "internal/config", "TestProblemsOfReaders"},
	{"a key that holds a secret", "internal/config/decode.go", "|| !keySyntax.MatchString(key) {", "{", "internal/config", "TestProblemsOfReaders"},
	{"claims that nobody verified", "internal/config/config.go", "if p := f.Serve.Partition; p != nil && p.breadth() > 0 {", "if false {", "internal/config", "TestFileCheck"},
	{"groups that nobody verified", "internal/config/config.go", "if r.Partition != nil && r.Partition.breadth() > 0 {", "if r.Partition != nil && false {", "internal/config", "TestProblemsOfReaders"},
	{"a public key taken for a secret", "internal/config/verify.go", "case a.symmetric() && v.HMACSecret == nil:", "case false:", "internal/config", "TestProblemsOfReaders"},
	{"keys in the clear", "internal/config/endpoint.go", `case u.Scheme == "http" && !loopbackHost(u.Hostname()):`, "case false:", "internal/config", "TestProblemsOfReaders"},
	{"tokens for anybody", "internal/config/verify.go", "if v.Audience == nil && !v.Introspects() {", "if false {", "internal/config", "TestProblemsOfReaders"},
	{"scope and audience not implied", "internal/config/partition.go", "if !slices.Contains(without, name) && !slices.Contains(p.Required, name) {", "if false {", "internal/config", "TestPartitions"},
	{"a group of a public route", "internal/config/rule.go", "if r.Share != nil && r.Partition != nil {", "if false {", "internal/config", "TestProblemsOfReaders"},
	{"a narrower partition passed by", "internal/config/route.go", "!r.Public && !other.Public && r.Partition.narrower(other.Partition))", "false)", "internal/config", "TestNearMissOfANarrowerPartition"},
	{"a narrower partition before no rule", "internal/config/route.go", "return r.Off || !r.Public && r.Partition.narrower(nil)", "return r.Off", "internal/config", "TestNearMissOfANarrowerPartition"},
	{"a store's password printed", "internal/config/store.go", "if i := strings.LastIndexByte(rest, '@'); i >= 0 {", "if i := -1; i >= 0 {", "internal/config", "TestStoreHidesItsPassword"},
	{"half a store's password printed", "internal/config/store.go", `!strings.Contains(query, "@")`, `query != "?"`, "internal/config", "TestStoreHidesItsPassword"},
	{"tokens that verify never sees", "internal/config/config.go", `slices.Contains(f.Serve.Credentials, "Authorization")`, "len(f.Serve.Credentials) > 0", "internal/config", "TestProblemsOfReaders"},
	{"verify left off by its defaults", "internal/config/verify.go", "reflect.ValueOf(v).IsZero()", "reflect.ValueOf(v.Issuer).IsNil()", "internal/config", "TestVerifyOr"},
}
