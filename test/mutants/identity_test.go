//go:build mutants

package mutants

func init() { table = append(table, identityTable...) }

// identityTable is about whose a response is where readers are identified, and what is forgotten for whom.
var identityTable = []mutant{
	// What identities and groups are made of.
	{"a group not in its member's partition", "identity.go", "\tname = texts.Append(name, id.Group)\n\tname = append(name, joined...)\n", "\tname = append(name, joined...)\n", ".", "TestGroup"},
	{"what is joined not in the partition", "identity.go", "\tname = append(name, joined...)\n", "", ".", "TestJoined"},
	{"what is joined not in the group", "identity.go", "\tname = texts.Append(name, joined)\n", "", ".", "TestGroup"},
	{"fields of unknown meaning not in the group", "identity.go", "\tname = append(name, others...)\n", "", ".", "TestGroup"},
	{"the issuer not in the group", "identity.go", "append(room[:0], 'g')\n\tname = texts.Append(name, id.Issuer)\n", "append(room[:0], 'g')\n", ".", "TestGroup"},
	{"a group for who gives himself one", "identity.go", ` || id.Issuer == "" {`, " {", ".", "TestGroup"},
	{"lengths not in the group", "identity.go", "\tname = texts.Append(name, id.Group)\n\tname = texts.Append(name, joined)\n", "\tname = append(name, id.Group...)\n\tname = texts.Append(name, joined)\n", ".", "TestPartitionsNeverMeet"},
	{"joined by a field that tells nobody apart", "identity.go", "\t\t\treturn nil, false\n", "\t\t\tcontinue\n", ".", "TestJoined"},
	{"joined in one spelling only, and otherwise not", "identity.go", "strings.EqualFold(listed, name)", "strings.EqualFold(listed, name) && (listed == name || len(s.credentials) == 0)", ".", "TestJoined"},
	{"a certificate not in the digest", "identity.go", "\t\td.text(string(cert.Raw))\n", "", ".", "TestReaders"},
	{"a certificate not joined", "identity.go", "len(fields) == 0 && certificate(r) == nil {\n\t\treturn \"\"", "len(fields) == 0 {\n\t\treturn \"\"", ".", "TestJoined"},
	{"a certificate taken for nobody", "identity.go", "len(fields) == 0 && certificate(r) == nil {\n\t\treturn Shared", "len(fields) == 0 {\n\t\treturn Shared", ".", "TestReaders"},
	{"Identify may call the holder of a certificate nobody", "identity.go", ` || joined != ""`, "", ".", "TestAnonymousWithACertificate"},

	// What a group is given.
	{"what is private given to a group", "identity.go", "if p.open() || p.is('g') {", "if p.open() {", ".", "TestGroup"},
	{"freshness guessed for a group", "serve.go", "\treq.Alike = p.is('g')\n", "\treq.Authorized = req.Authorized && !p.is('g')\n", ".", "TestGroup"},
	{"a field that names another target given to a group", "serve.go", "if p.unnamed() || p.is('g') {", "if p.unnamed() {", ".", "TestGroup"},
	{"a group's record of many tokens", "keep.go", "case p.is('g') && x.apart(h):", "case false:", ".", "TestGroup"},
	{"what is joined tells apart again", "keep.go", " && !contains(x.reader.joined, name)", "", ".", "TestGroup"},
	{"one member's Vary for all", "harden.go", "if p.is('g') && !rd.unnamed() {", "if false {", ".", "TestGroup"},
	{"who is told by no field told apart by those of his group", "harden.go", "if p.is('g') && !rd.unnamed() {", "if p.is('g') {", ".", "TestGroup"},
	{"who is told by no field and who is in one group", "identity.go", `others += "*"`, `others += ""`, ".", "TestGroup"},
	{"the holder of a certificate told apart by fields", "harden.go", "len(rd.fields) == 0 || rd.certified ||", "len(rd.fields) == 0 ||", ".", "TestGroup"},
	{"a group's responses go out as they were made", "identity.go", "func (p Partition) open() bool { return p == Shared ||", "func (p Partition) open() bool { return p == Shared || p.is('g') ||", ".", "TestGroup"},
	{"who waits for another's waits for its body", "capture.go", "} else if w.flight != nil && w.flight.key.Partition.is('g') && !p.is('g') && p.kind() == rfc9111.PrivateCache {", "} else if false {", ".", "TestGroupIsFreeWithTheFields"},
	{"members do not wait for each other", "forward.go", "grouped := x.reader.group != (Partition{})", "grouped := false", ".", "TestGroupCollapses"},
	{"a member's own requests do not wait for each other", "forward.go", "again, grouped = true, false", "again = false", ".", "TestGroupCollapses"},
	{"a group purged by subjects", "purge.go", "if ok && p.is('i') {", "if ok {", ".", "TestGroupPurge"},
	{"a group not purged by its issuer", "purge.go", "if !p.is('i') && !p.is('g') {", "if !p.is('i') {", ".", "TestGroupPurge"},

	// When it ends.
	{"a member who ended", "identity.go", "if !id.Until.IsZero() && !c.latest(now).Before(id.Until) {", "if false {", ".", "TestGroupEnds"},
	{"a member whose certificate ended", "identity.go", "\tid.Until = earlier(id.Until, certificate(r))\n", "", ".", "TestGroupEnds"},
	{"stored for a group by who has ended", "keep.go", "case !p.open() && x.ended(now):\n\t\twhy =", "case p.kind() == rfc9111.PrivateCache && x.ended(now):\n\t\twhy =", ".", "TestGroupEnds"},
	{"the end of a certificate", "keep.go", "\t\tx.until = earlier(x.until, certificate(x.request))\n", "", ".", "TestCredentialLifetime"},
	{"a certificate of the year 1", "identity.go", "case cert.NotAfter.IsZero():", "case false:", ".", "TestCredentialLifetime"},
	{"the later of two ends", "identity.go", "cert.NotAfter.Before(until)", "cert.NotAfter.After(until)", ".", "TestCredentialLifetime"},
	{"credentials without an end", "keep.go", "end = asked.Add(x.cache.state.lifetime)", "_ = asked", ".", "TestCredentialLifetime"},

	// Memory.
	{"unverified readers among the verified", "cache.go", "max(memory/8, 1)), c.Identify != nil)", "max(memory/8, 1)), false)", ".", "TestUnverifiedShare"},
	{"unverified identities among the verified", "identity.go", `strings.HasPrefix(p.name, "i\x00")`, "false", ".", "TestUnverifiedShare"},
	{"fields of unknown meaning among the verified", "identity.go", "p.is('c') || p.unnamed() ||", "p.is('c') ||", ".", "TestUnverifiedShare"},
	{"a share of everything", "memory.go", "m.engine(budget - m.main)", "m.engine(budget)", ".", "TestUnverifiedShare"},
	{"a purge of everything leaves a share", "memory.go", "range m.shares() {\n\t\trecords.InvalidateAll()", "range m.shares()[:1] {\n\t\trecords.InvalidateAll()", ".", "TestUnverifiedShare"},
	{"a share that nobody counts", "cache.go", "range m.shares() {", "range m.shares()[:1] {", ".", "TestUnverifiedShare"},

	// Refusals.
	{"401 leaves what is elsewhere", "keep.go", "found = len(s.memory.forgetPartition(k.Partition)) > 0 || found", "_ = found", ".", "TestRefusalForgetsItsReader"},
	{"401 leaves what is being stored", "keep.go", "found = s.memory.forget(k) || found", "_ = k", ".", "TestRefusalWhileStoring"},
	{"403 forgets everything", "keep.go", "case status == http.StatusForbidden && reads:", "case status == http.StatusForbidden && reads:\n\t\t\tk.TargetURI = \"\"", ".", "TestRefusalForgetsItsReader"},
	{"403 to a change forgets", "keep.go", "case status == http.StatusForbidden && reads:", "case status == http.StatusForbidden:", ".", "TestRefusalForgetsItsReader"},
	{"a refusal costs others", "keep.go", "k.TargetURI = \"\"\n", "k.TargetURI = \"\"\n\t\t\ts.invalidations.key(Key{p, targetURI(x.request)})\n", ".", "TestGarbageTokensCostNothing"},
	{"what a refusal overtook is stored", "keep.go", "\t\tif x.void(p) {\n\t\t\treturn old\n\t\t}\n", "", ".", "TestRefusalOvertakes"},
	{"what a refusal overtook is confirmed", "keep.go", "|| x.void(x.found.record.key.Partition) || ", "|| ", ".", "TestRefusalOvertakes"},
	{"what a refusal overtook stands in", "serve.go", "&& !x.void(rec.key.Partition) && ", "&& ", ".", "TestRefusalOvertakes"},
	{"what was forgotten before its request went out stands in", "forward.go", "if f := x.found.record; f != nil && x.ticket != nil && f.key.Partition == x.ticket.key.Partition && s.memory.get(f.key) != f {", "if false {", ".", "TestForgottenBeforeItIsUnderWay"},
	{"403 reaches all that is under way", "underway.go", `if k.TargetURI == "" || k.TargetURI == t.key.TargetURI {`, "if true {", ".", "TestRefusalOvertakes"},
	{"a refused member is given what his group has", "serve.go", "return !x.barred(rec.key) && ", "return ", ".", "TestRefusedMemberOfAGroup"},
	{"what was found before a refusal is confirmed after it", "keep.go", "if x.barred(x.found.record.key) || ", "if ", ".", "TestRefusedAndBridged"},
	{"an answer elsewhere lifts a refusal", "refused.go", "return numberOf(m.answered, what) < max(m.all, numberOf(m.keys, what))", "return len(m.answered) == 0 && 0 < max(m.all, numberOf(m.keys, what))", ".", "TestRefusedMemberIsAnsweredElsewhere"},
	{"a redirect lifts a refusal", "keep.go", "(status/100 == 2 || status == http.StatusNotModified)", "status < 400", ".", "TestRefusedAndRedirected"},
	{"HEAD lifts a refusal", "keep.go", "case x.request.Method == http.MethodGet && (status", "case reads && (status", ".", "TestRefusedAndRedirected"},
	{"a refusal is of all rights of a subject", "refused.go", "m.keys = mark(m.keys, maphash.Comparable(r.seed, k), number)", "m.all = max(m.all, number)", ".", "TestRefusedOtherRights"},
	{"what is forgotten is refused on other nodes", "others.go", "if n.refused {\n\t\t\t\ts.refused", "{\n\t\t\t\ts.refused", ".", "TestForgottenIsNotRefused"},
	{"a refusal is not told as one", "others.go", "n.refused = kind == noticeRefuse", "_ = kind", ".", "TestRefusalOnOtherNodes"},
	{"an answer that was asked for before lifts a refusal", "refused.go", "m == nil || born < max(m.all, numberOf(m.keys, what))", "m == nil", ".", "TestRefusedWhileAnswered"},
	{"a refusal at one URI reaches all", "refused.go", "max(m.all, numberOf(m.keys, what))\n}", "max(m.all, 1)\n}", ".", "TestRefusedMemberOfAGroup TestRefusedIsBounded"},
	{"too many refusals are forgotten", "refused.go", `k.TargetURI == "" || len(m.keys) > maxMemberKeys {`, `k.TargetURI == "" {`, ".", "TestRefusedIsBounded"},
	{"a refusal that has ended is revived", "refused.go", "\t\t*m = refusals{}\n", "", ".", "TestRefusedIsBounded"},
	{"the last refusal counts, not the latest", "refused.go", "m.all, m.keys = max(m.all, number), nil", "m.all, m.keys = number, nil", ".", "TestRefusedIsBounded"},
	{"the last refusal of a key counts, not the latest", "refused.go", "\tnumber = max(number, numberOf(list, key))\n", "", ".", "TestRefusedIsBounded"},
	{"members who find no room are forgotten", "refused.go", "\t\t\t\t*shared = m.until\n", "", ".", "TestRefusedIsBounded"},
	{"refusals have no end", "refused.go", "if m == nil || !now.Before(m.until) {", "if m == nil {", ".", "TestRefusedIsBounded"},
	{"strangers fill the refusals", "refused.go", "if holder == (Partition{}) {\n\t\treturn\n\t}\n\tdigest := maphash.String(r.seed, holder.name)\n\tr.mu.Lock()", "digest := maphash.String(r.seed, holder.name)\n\tr.mu.Lock()", ".", "TestRefusedStrangers"},
	{"401 leaves what is in another partition", "keep.go", "\t\t\t\tk.Partition = holder\n", "", ".", "TestRefusedAtAnotherRoute"},
	{"a refusal leaves what a group has", "keep.go", "s.refused.add(k, s.invalidations.mark(), x.started)", "_ = s", ".", "TestRefusedAtAnotherRoute"},
	{"holders are not asked for", "purge.go", "v.holders.since(Key{Partition: holder}, born)", "false", ".", "TestRefusedAtAnotherRoute"},
	{"a token's record outlives it", "keep.go", "if x.reader.identity.Renewable {", "if true {", ".", "TestRenewable"},
	{"a renewed token finds nothing", "keep.go", "if x.reader.identity.Renewable {", "if false {", ".", "TestRenewable"},
	{"a renewable record ends with a certificate alone", "keep.go", "end = earlier(asked.Add(x.cache.state.lifetime), certificate(x.request))", "end = earlier(time.Time{}, certificate(x.request))", ".", "TestRenewable"},
	{"private is not what is said to CDNs", "internal/rfc9111/store.go", "case req.Alike && personal(resp.Header):", "case false:", "internal/rfc9111", "TestStorable"},
	{"private is what is said to us alone", "internal/rfc9111/store.go", `!strings.HasSuffix(name, "-Cache-Control") && name != "Surrogate-Control"`, `!strings.HasSuffix(name, "-Nobody")`, "internal/rfc9111", "TestStorable"},
	{"no-store is not what is said to CDNs", "internal/rfc9111/store.go", `cc.Has("private") || cc.Has("no-store")`, `cc.Has("private")`, "internal/rfc9111", "TestStorable"},
	{"tickets are kept", "serve.go", "return func() { s.underway.leave(t); x.ticket = outer }", "return func() { x.ticket = outer }", ".", "TestGarbageTokensCostNothing"},

	// Tags.
	{"tags go out with misses", "capture.go", "\twithoutTags(h)\n\twithoutTags(w.sent)\n", "\twithoutTags(w.sent)\n", ".", "TestTagsStayInside"},
	{"tags go out with hits", "capture.go", "\twithoutTags(h)\n\twithoutTags(w.sent)\n", "\twithoutTags(h)\n", ".", "TestTagsStayInside"},
	{"tags go out with interim responses", "capture.go", "\twithoutTags(h)\n\tw.ResponseWriter.WriteHeader(status)\n\tclear(h)\n", "\tw.ResponseWriter.WriteHeader(status)\n\tclear(h)\n", ".", "TestTagsStayInside"},
	{"tags go out with what was confirmed", "keep.go", "\twithoutTags(sent)\n", "", ".", "TestTagsStayInside"},
	{"tags go out in another spelling", "purge.go", `strings.EqualFold(name, "Cache-Tag")`, `name == "Cache-Tag"`, ".", "TestTagsStayInside"},
}
