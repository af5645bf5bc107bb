//go:build mutants

package mutants

func init() { table = append(table, scanTable...) }

// scanTable is about the scanner: what makes its proofs, and what keeps it harmless.
var scanTable = []mutant{
	// The proof.
	{"scan, nobody asks for what may be stale", "internal/scan/coax.go", `const coaxing = "max-stale"`, `const coaxing = "no-cache"`, "internal/scan", "TestCoaxed"},
	{"scan, the first object is no control", "internal/scan/fresh.go", "if en, ok := p.asked(s); ok && kind", "if en, ok := p.asked(s); !ok && kind", "internal/scan", "TestOtherObjectsAsControl"},
	{"scan, other objects are no control", "internal/scan/fresh.go", "byQuery, byPath, byObject} {", "byQuery, byPath} {", "internal/scan", "TestOtherObjectsAsControl"},
	{"scan, one object is enough", "internal/scan/proof.go", "enoughExpiredDenied                 = 2", "enoughExpiredDenied                 = 1", "internal/scan", "TestTraps TestOtherObjectsAsControl"},
	{"scan, a redirect is nobody's answer", "internal/scan/exchange.go", "e.status < 300 || e.leads)", "e.status < 300)", "internal/scan", "TestStoredRedirects"},
	{"scan, a log-in is handed out", "internal/scan/exchange.go", "|| logIn.MatchString(to.Host+to.Path) {", "{", "internal/scan", "TestStoredRedirects"},
	{"scan, the path with a slash is handed out", "internal/scan/exchange.go", "return plain(to) != plain(e.url)", `return plain(to) != ""`, "internal/scan", "TestStoredRedirects"},
	{"scan, the length of a redirect says something", "internal/scan/exchange.go", `fields.Del("Content-Length")`, `fields.Del("Content-Type")`, "internal/scan", "TestStoredRedirects"},
	{"scan, what a redirect always says is what it hands out", "internal/scan/exchange.go", "says, start = nil, append(", "says, start = []byte(location), append(", "internal/scan", "TestStoredRedirects"},
	{"scan, a part that is stored is shared data", "internal/scan/scan.go", "s.about && !t.oneSided(s) ||", "s.about ||", "internal/scan", "TestHardToSee"},
	{"scan, what names both is a part that is stored", "internal/scan/scan.go", "s.about && !t.oneSided(s) ||", "", "internal/scan", "TestHardToSee"},
	{"scan, nobody is passed over where credentials are wanted", "internal/scan/check_reuse.go", "return t.openPage()", "return nil", "internal/scan", "TestHardToSee"},
	{"scan, what is made anew each time is proven too", "internal/scan/check_reuse.go", "case p.verdict == leak && p.whole:", "case p.verdict == leak:", "internal/scan", "TestTraps"},
	{"scan, what the URL repeats marks a reader", "internal/scan/content.go", "if strings.Contains(asked, value) {", "if false {", "internal/scan", "TestMarksOfTheURL"},
	{"scan, a field that releases nothing is medium", "internal/scan/check_headers.go", "} else if !sharedStorable(e, true) {", "} else if false {", "internal/scan", "TestHeaders"},
	{"scan, one fresh entry is enough", "internal/scan/proof.go", "enoughNamed, enoughUnnamed          = 10, 12", "enoughNamed, enoughUnnamed          = 1, 2", "internal/scan", "TestTraps"},
	{"scan, one expiry is enough", "internal/scan/proof.go", "enoughExpired, enoughExpiredUnnamed = 3, 5", "enoughExpired, enoughExpiredUnnamed = 1, 1", "internal/scan", "TestTraps"},
	{"scan, what no reader has alone decides", "internal/scan/proof.go", "case len(values) == 0 || len(sd.victims) == 0 || sd.reached == 0:", "case len(values) == 0 || len(sd.victims) == 0:", "internal/scan", "TestTraps TestReuse TestCacheDeception"},
	{"scan, a body as a whole says nothing", "internal/scan/content.go", `{{"=", hex.EncodeToString(sum[:])}: {}}`, `{{"=", hex.EncodeToString(nil)}: {}}`, "internal/scan", "TestHardToSee"},
	{"scan, one identity's values for all", "internal/scan/scan.go", "v, ok := s.Value(id.Name, param)", "v, ok := s.Value(id.Name[:0]+s.Identities[0].Name, param)", "internal/scan", "TestValuesOfEachIdentity"},
	{"scan, tokens in excerpts", "internal/scan/check_reuse.go", "excerpt(t.redactor.Text(string(e.body[:min(len(e.body), excerptBody)])), 240)", "excerpt(string(e.body[:min(len(e.body), excerptBody)]), 240)", "internal/scan", "TestTokenEcho"},

	// The order of requests.
	{"scan, nobody asks first", "internal/scan/natural.go", "\tif !p.ask(ctx, p.Readers[0]) {\n", "\tif !p.ask(ctx, p.Nobody, p.Readers[0]) {\n", "internal/scan", "TestRequestsAreHarmless"},
	{"scan, forged token not asked as", "internal/scan/natural.go", "p.askConditionally(ctx, p.Nobody) && p.ask(ctx, p.Forged) && last", "p.askConditionally(ctx, p.Nobody) && last", "internal/scan", "TestScopeReuse TestOneIdentity"},
	{"scan, one fresh entry for all", "internal/scan/probe.go", `fmt.Sprintf("bearcache=%s%d", p.salt, p.keys[kind])`, `fmt.Sprintf("bearcache=%s%d", p.salt, p.keys[kind]*0)`, "internal/scan", "TestReuse"},
	{"scan, a mark in a field overlooked", "internal/scan/fresh.go", "first.same(s.seen) && s.marked(first)", "first.same(s.seen)", "internal/scan", "TestUnkeyedInput"},
	{"scan, another spelling of the path not tried with a parameter", "internal/scan/fresh.go", "!p.patient && p.ways(byQuery)", "p.ways(byQuery)", "internal/scan", "TestDeclaredInput"},
	{"scan, validators of any length sent back", "internal/scan/natural.go", "len(v) < 1<<10 {", "len(v) < 1<<30 {", "internal/scan", "TestHugeValidators"},
	{"scan, unsafe methods sent unasked", "internal/scan/scan.go", "op.Method != http.MethodHead && !s.UnsafeMethods:", "op.Method != http.MethodHead && false:", "internal/scan", "TestMethods"},
	{"scan, TRACE sent", "internal/scan/scan.go", "case op.Method == http.MethodOptions || op.Method == http.MethodTrace:", "case false:", "internal/scan", "TestMethods"},
	{"scan, green although nothing differed", "internal/scan/scan.go", "case guarded > 0 && len(s.cast.readers) > 1:", "case false:", "internal/scan", "TestFailures"},
	{"scan, a token that ended meanwhile", "internal/scan/scan.go", "return s.stillAccepted(ctx)", "return nil", "internal/scan", "TestTokenEndsMeanwhile"},
	{"scan, what the bound kept from being asked is clean", "internal/scan/exchange.go", "errors.Is(err, errBudget) || unreachable(err)", "unreachable(err)", "internal/scan", "TestEndedAmidChecks"},
	{"scan, what the end of the API kept from being asked is clean", "internal/scan/exchange.go", " || unreachable(err) && q.url.Host == c.origins[0].Host {", " {", "internal/scan", "TestEndedAmidChecks"},
	{"scan, an operation that was interrupted is clean", "internal/scan/scan.go", "	if t.ended != \"\" {\n", "	if false {\n", "internal/scan", "TestInterruptedAmidControls"},
	{"scan, an operation that was interrupted is tested for and not", "internal/scan/scan.go", "len(contents(p.Natural)) > 0 && p.unfinished() != \"\" && ", "false && ", "internal/scan", "TestInterruptedAmidControls"},
	{"scan, an interrupted scan says that it waited", "internal/scan/check_reuse.go", "p.control == nil && t.ended != \"\" {", "false {", "internal/scan", "TestInterruptedAmidControls"},
	{"report, an operation stands under two headings", "internal/report/counts.go", "		case leaking[op.Operation]:\n", "", "internal/report", "TestOperationsAreCountedOnce"},
	{"scan, a refusal for want of a key tells readers apart", "internal/scan/scan.go", "if why := t.unequipped(); why != \"\" {", "if why := t.unequipped(); false {", "internal/scan", "TestRefusedForWantOfACredential"},
	{"scan, what a document says to caches is sent", "internal/operation/reserved.go", "return p.In == \"header\" && (name ==", "return false && (name ==", "internal/scan", "TestOptionalParameters"},
	{"scan, a token that is over is scanned with", "cmd/bearcache/token.go", "if ends.IsZero() || now.Before(ends.Add(skew)) {", "if true {", "cmd/bearcache", "TestTokenIsOver"},
	{"scan, two tokens of one user are two users", "internal/scan/scan.go", "report.Readers = append(report.Readers, id.Name)", "_ = id", "internal/scan", "TestTwoTokensOfOneUserOnly"},
	{"scan, one round with several processes", "internal/scan/stack.go", "return 4", "return 1", "internal/scan", "TestMoreRounds"},
	{"scan, one reader at once", "internal/scan/burst.go", "p.Readers[i%len(p.Readers)]", "p.Readers[i*0]", "internal/scan", "TestBurst"},

	// Who is who, and what each presents.
	{"scan, any shorter scope narrows", "internal/scan/cast.go", "len(scopeOf(other)) < len(scopeOf(broadest)) && subset(scopeOf(other), scopeOf(broadest)):", "len(scopeOf(other)) < len(scopeOf(broadest)):", "internal/scan", "TestCast"},
	{"scan, subjects of two issuers are one", "internal/scan/cast.go", `fmt.Sprint(claims["iss"]) + "\x00" + sub`, "fmt.Sprint(sub)", "internal/scan", "TestCast"},
	{"scan, the narrowest speaks for a user", "internal/scan/cast.go", "slices.MaxFunc(group", "slices.MinFunc(group", "internal/scan", "TestCast"},
	{"scan, roles are no scope", "internal/scan/cast.go", `"scp", "roles", `, `"scp", `, "internal/scan", "TestCast"},
	{"scan, a narrower token is a user of its own", "internal/scan/cast.go", "if broad >= 0 {", "if broad >= len(all) {", "internal/scan", "TestCast"},
	{"scan, the token for whatever is wanted beside it", "internal/scan/identity.go", "s.Kind != operation.Bearer && !alone {", "false {", "internal/scan", "TestCredentials"},
	{"scan, a user without a password", "internal/scan/identity.go", `if !strings.Contains(c.secret, ":") {`, "if false {", "internal/scan", "TestCredentials"},
	{"scan, a forged token of another length", "internal/scan/identity.go", "tail := strings.Map(swap, secret[from:])", `tail := strings.Map(swap, secret[from:]) + "x"`, "internal/scan", "TestForged"},
	{"scan, claims forged too", "internal/scan/identity.go", "from := half(secret)", "from := len(secret) / 2", "internal/scan", "TestForged"},
	{"scan, the next token is no secret", "internal/scan/exchange.go", "\tc.redactor.learn(token)\n", "", "internal/scan", "TestRenewal"},
	{"scan, renewed with each request", "internal/scan/exchange.go", "id.Ends.IsZero() || time.Until(id.Ends) > renewal {", "id.Ends.IsZero() {", "internal/scan", "TestRenewal"},
	{"scan, renewal that fails tried with each request", "internal/scan/exchange.go", "id.Ends = time.Now().Add(renewal + renewal/2)", "_ = renewal", "internal/scan", "TestRenewalFails"},
	{"scan, short-lived tokens renewed with each request", "internal/scan/exchange.go", "id.Ends = time.Now().Add(renewal + time.Until(ends)/2)", "_ = renewal", "internal/scan", "TestShortLivedTokens"},

	// Values from lists.
	{"scan, only the first reader is fed", "internal/scan/feed.go", " && s.asks(reader, source.Operation) {", " {", "internal/scan", "TestFeedFromLists"},
	{"scan, everybody's identifiers first", "internal/scan/feed.go", "return own(a) - own(b)", "return 0 * own(a) * own(b)", "internal/scan", "TestFeedFromLists"},
	{"scan, nothing where nothing was found", "internal/scan/scan.go", "made = s.feed(true)", "made = s.feed(false)", "internal/scan", "TestFeedGivenAndMissing"},

	// Each check.
	{"scan, scope-reuse asks as nobody narrower", "internal/scan/check_scope.go", "range p.Narrower[broad] {", "range p.Narrower[broad][:0] {", "internal/scan", "TestScopeReuse"},
	{"scan, scope-reuse without controls", "internal/scan/check_scope.go", "\t\t\t\tq.controls(ctx)\n", "", "internal/scan", "TestScopeReuse"},
	{"scan, scope-reuse the other way round", "internal/scan/check_scope.go", "func(suspicion) bool { return true }", "func(s suspicion) bool { return s.victim != pair.Readers[0] }", "internal/scan", "TestScopeReuse"},

	{"scan, cache-deception of readers", "internal/scan/check_deception.go", "return s.observer == pair.Readers[1] })", "return s.observer != pair.Readers[1] })", "internal/scan", "TestCacheDeception"},
	{"scan, a delimiter forgotten", "internal/scan/check_deception.go", "\tdelimited(\"%23\", \"the delimiter #, encoded\"),\n", "", "internal/scan", "TestCacheDeception"},
	{"scan, only style sheets", "internal/scan/check_deception.go", `extensions = []string{".css", ".js", ".png", ".ico", ".svg", ".woff2"`, `extensions = []string{".css", ".png", ".ico", ".svg"`, "internal/scan", "TestCacheDeception"},
	{"scan, every spelling on every operation", "internal/scan/learnt.go", "return l.spellings[name] <= mostSpellings", "return l.spellings[name] <= 1<<20", "internal/scan", "TestSpellingsAreTriedOnAFew"},

	{"scan, cookies are no input", "internal/scan/check_unkeyed.go", `cookies = append(cookies, in.name+"="+v)`, "_ = v", "internal/scan", "TestUnkeyedInput"},
	{"scan, another field under everybody's URL", "internal/scan/check_unkeyed.go", "q := p.pair(finding.UnkeyedInput, p.variant(byQuery), one, a, nil)", "q := p.pair(finding.UnkeyedInput, p.target, one, a, nil)", "internal/scan", "TestMadeUpValuesStayApart"},
	{"scan, another page is mixed up whatever comes", "internal/scan/check_unkeyed.go", "if e := q.Natural[1]; e.ok() && e.same(q.Natural[0]) {", "if e := q.Natural[1]; e == nil {", "internal/scan", "TestDeclaredInput"},
	{"scan, Forwarded forgotten", "internal/scan/check_unkeyed.go", "\t{\"Forwarded\", \"header\", func(c string) string { return \"host=\" + host(c) }},\n", "", "internal/scan", "TestUnkeyedInput"},

	{"scan, poison that is asked as anew is another", "internal/scan/check_errors.go", "round[0].as.Name != told[i+each].as.Name ||", "round[0].as != told[i+each].as ||", "internal/scan", "TestErrorPoisoning"},
	{"scan, an error that is everybody's", "internal/scan/check_errors.go", "round[2].ok() && !round[2].empty() && ", "", "internal/scan", "TestErrorPoisoning"},
	{"scan, an empty answer is a good one", "internal/scan/check_errors.go", "e.ok() && !e.empty() {\n\t\treturn false", "e.ok() {\n\t\treturn false", "internal/scan", "TestErrorPoisoning"},
	{"scan, hazards nobody asked for", "internal/scan/check_errors.go", "!p.hazards && !p.provenBy(byQuery) && !p.lockedOut()", "false", "internal/scan", "TestHazardsAreAskedFor"},
	{"scan, oversize fields nobody asked for", "internal/scan/check_errors.go", "if i > 0 && !p.hazards {", "if false {", "internal/scan", "TestHazardsAreAskedFor"},

	{"scan, 304 to everything", "internal/scan/check_conditional.go", "answers[0].status == http.StatusNotModified || ", "", "internal/scan", "TestConditionalLeak"},
	{"scan, 304 about what is everybody's", "internal/scan/check_conditional.go", "t.isReader(told.as) && t.differed(told.as, t.Natural[0].as)", "t.isReader(told.as)", "internal/scan", "TestConditionalLeak"},
	{"scan, 304 to nobody", "internal/scan/check_conditional.go", "return plain.refused() || ", "return ", "internal/scan", "TestConditionalLeak"},

	{"scan, a link with the token is only an echo", "internal/scan/check_url.go", "return e.inURL }); e != nil {", "return false }); e != nil {", "internal/scan", "TestTokenInURL"},
	{"scan, one name for all", "internal/scan/check_url.go", "urlNames[len(told)-3]", "urlNames[0]", "internal/scan", "TestTokenInURL"},
	{"scan, a key in the query is as it should be", "internal/scan/check_url.go", `if c.in == "query" {`, "if false {", "internal/scan", "TestKeyInTheQuery"},
	{"scan, tokens in all URLs", "internal/scan/learnt.go", "l.urls >= mostURLs {", "l.urls >= 1<<20 {", "internal/scan", "TestTokensInURLsAreTriedOnAFew"},

	{"scan, a link with the token is an echo too", "internal/scan/check_echo.go", "return !e.inURL })", "return true })", "internal/scan", "TestTokenInURL"},
	{"scan, a hash is a token", "internal/scan/check_echo.go", "\t\t\tf.Severity = finding.Low\n", "", "internal/scan", "TestHashOfTheToken"},
	{"scan, any short word is a token", "internal/scan/echo.go", "if len(p.secret) < leastEcho {", "if p.secret == \"\" {", "internal/scan", "TestEchoesOf"},
	{"scan, hex is no form", "internal/scan/echo.go", "\t\t{\"in hex\", hex.EncodeToString(b), false},\n", "", "internal/scan", "TestTokenEcho"},

	{"scan, a cookie that comes again is stored", "internal/scan/check_cookie.go", "len(told) == 3*cookieEntries && t.keptCookies(a, name)", "len(told) > 0", "internal/scan", "TestCookieOfABalancer"},
	{"scan, a constant cookie is a session", "internal/scan/check_cookie.go", "seen[value] || ", "", "internal/scan", "TestCookieInStoredResponse"},
	{"scan, a cookie taken back", "internal/scan/check_cookie.go", "c.MaxAge >= 0 && ", "", "internal/scan", "TestCookieInStoredResponse"},
	{"scan, private is for all", "internal/scan/check_cookie.go", `cc.Has("private") || `, "", "internal/scan", "TestCookieInStoredResponse"},

	{"scan, what is over at once lasts", "internal/scan/check_headers.go", `if release == "" || !lasting(cc, e) {`, `if release == "" {`, "internal/scan", "TestHeaders"},
	{"scan, Vary on whatever", "internal/scan/check_headers.go", `if name == "Authorization" {`, `if name != "" {`, "internal/scan", "TestHeaders"},
	{"scan, must-revalidate lifts nothing", "internal/scan/check_headers.go", `[]string{"public", "s-maxage", "must-revalidate"}`, `[]string{"public", "s-maxage"}`, "internal/scan", "TestHeaders"},
	{"scan, a directive in a list of two fields", "internal/scan/check_headers.go", `if cc.Malformed || cc.Has("no-store") || cc.Has("private") || cc.Has("no-cache") {`, `if cc.Has("no-store") || cc.Has("private") {`, "internal/scan", "TestHeaders"},

	{"scan, shared objects are the owner's alone", "internal/scan/check_objects.go", "case len(marks) == 0 || len(about) > 0:", "case len(marks) < 0 && len(about) > 0:", "internal/scan", "TestBrokenObjectAuthorization"},
	{"scan, objects that nobody asked for say nothing", "internal/scan/check_objects.go", "if e.same(own) || slices.ContainsFunc(marks, own.content.holds) {", "if e == nil && slices.ContainsFunc(marks, own.content.holds) {", "internal/scan", "TestBrokenObjectAuthorization"},
	{"scan, what everybody is given is the owner's", "internal/scan/check_objects.go", "if !t.owned || !t.private() {", "if !t.owned {", "internal/scan", "TestObjectsOpenToAll"},
}
