//go:build mutants

package mutants

func init() { table = append(table, redisstoreTable...) }

var redisstoreTable = []mutant{
	// A log that lost entries says so.
	{"a log that went back keeps its epoch", "redisstore/log.go", "      if back then\n", "      if false then\n", "redisstore", "TestRollback"},
	{"fewer entries than were seen", "redisstore/log.go", "local back = seen > number", "local back = false", "redisstore", "TestRollback"},
	{"another last entry", "redisstore/log.go", "back = seenTag ~= '' and seenTag ~= tag", "back = false", "redisstore", "TestRollback"},
	{"another entry in the middle", "redisstore/log.go", "back = entry and string.sub(entry[2][2], 1, 24) ~= seenTag", "back = false", "redisstore", "TestRollback"},
	{"a tag that depends on the number alone", "redisstore/log.go", "redis.sha1hex(tag .. ARGV[2])", "redis.sha1hex(number)", "redisstore", "TestRollback"},
	{"a log without its head keeps its entries", "redisstore/log.go", "redis.call('DEL', KEYS[1], KEYS[2])", "redis.call('DEL', KEYS[1])", "redisstore", "TestRollback"},
	{"another epoch read from the caller's number on", "redisstore/log.go", "if ARGV[2] ~= epoch then next = 1 end", "", "redisstore", "TestRollback"},
	{"who appends shows nothing", "redisstore/log.go", "settle(5)", "settle(1000)", "redisstore", "TestAppenderNotices"},
	{"an answer makes another forgotten", "redisstore/log.go", "s.epoch == epoch && slices.Contains(shown, s)", "s.epoch == epoch", "redisstore", "TestBothAnswersAreShown"},
	{"epochs remembered without end", "redisstore/log.go", "for l.epochs() > maxEpochs {", "for false {", "redisstore", "TestBothAnswersAreShown"},
	{"what follows is never shown", "redisstore/log.go", "return slices.Clone(l.seen)", "return nil", "redisstore", "TestNothingIsMissed"},
	{"a log that grows", "redisstore/log.go", "'MAXLEN', '=', ARGV[4], ", "", "redisstore", "TestTrimmedIsNotLost"},
	{"answers of any number of entries", "redisstore/log.go", "#entries < tonumber(ARGV[4]) and ", "", "redisstore", "TestStore"},
	{"answers of any length", "redisstore/log.go", " and bytes < tonumber(ARGV[5])", "", "redisstore", "TestLongEntries"},
	{"entries of any length", "redisstore/log.go", "if len(entry) > maxEntry {", "if false {", "redisstore", "TestMaxRecord"},
	{"replicas not waited for", "redisstore/log.go", "have < int64(l.store.replicas)", "have < 0", "redisstore", "TestReplicas"},
	{"the keys of a log in two slots", "redisstore/log.go", `tag := s.prefix + ":{log:" + url.QueryEscape(name) + "}:"`, `tag := s.prefix + ":log:" + url.QueryEscape(name) + ":"`, "redisstore", "TestCluster"},

	// Records.
	{"one prefix for all", "redisstore/store.go", `return s.prefix + ":r:" + k`, `return "bearcache:r:" + k`, "redisstore", "TestPrefixesShareNothing"},
	{"records of any length written", "redisstore/store.go", "if len(record) > s.maxRecord {", "if false {", "redisstore", "TestMaxRecord"},
	{"records of any length read", "redisstore/store.go", " && len(value) <= 1+s.maxRecord", "", "redisstore", "TestMaxRecord"},
	{"what others wrote taken for a record", "redisstore/store.go", " && value[0] == mark", "", "redisstore", "TestMaxRecord"},
	{"records that stay", "redisstore/store.go", ".PxMilliseconds(ttl.Milliseconds())", "", "redisstore", "TestStore"},
	{"no lifetime not noticed", "redisstore/store.go", "if ttl < time.Millisecond {", "if false {", "redisstore", "TestStore"},

	// A Redis that is not well costs little.
	{"a breaker that never opens", "redisstore/store.go", "return c.ConsecutiveFailures >= trip", "return false", "redisstore", "TestKilledAndEmpty"},
	{"a breaker that any answer opens", "redisstore/store.go", "return !ok || !f.dead", "return !ok || f == nil", "redisstore", "TestFull"},
	{"a breaker that nobody asks", "redisstore/store.go", "\tif s.open(commands) {\n\t\treturn nil, s.last.err()\n\t}\n", "", "redisstore", "TestBusyAndDown"},
	{"one breaker for a Cluster", "redisstore/store.go", "s.breakers = make([]*gobreaker.TwoStepCircuitBreaker[struct{}], ranges)", "_ = ranges", "redisstore", "TestOneMasterHangs"},
	{"leave of half the ranges kept", "redisstore/store.go", "\t\t\tl.finish()\n", "", "redisstore", "TestLeaveIsGivenBack"},
	{"connections to a store without bound", "redisstore/store.go", "make(chan struct{}, orElse(o.Connections, 32))", "make(chan struct{}, 1000)", "redisstore", "TestPaused"},
	{"commands to a store without bound", "redisstore/store.go", "ctx, cancel := context.WithTimeout(ctx, s.timeout+wait)", "ctx, cancel := context.WithCancel(ctx)", "redisstore", "TestTimeout"},
	{"idle connections not tried one after the other", "redisstore/store.go", "if attempts > cap(s.slots) || !broke(err) {", "if true {", "redisstore", "TestConnectionsAreLost"},
	{"Close does not wait", "redisstore/store.go", "for range cap(s.slots) {", "for range 0 {", "redisstore", "TestClose"},

	// No secret is told.
	{"an answer of Redis's quoted", "redisstore/faults.go", `return &fault{"Redis answered an error", false}`, `return &fault{"Redis answered " + text, false}`, "redisstore", "TestExplain"},
	{"an error of the client quoted", "redisstore/faults.go", `return &fault{"no connection, or what answers there is no Redis", true}`, `return &fault{err.Error(), true}`, "redisstore", "TestExplain"},
	{"a URL printed that nobody understood", "redisstore/store.go", `where := "an invalid URL"`, "where := o.URL", "redisstore", "TestURLRefused"},
	{"a password that ends in the host", "redisstore/url.go", `if strings.ContainsAny(*part, "/@:") {`, "if false {", "redisstore", "TestURLRefused"},
	{"parameters of another URL", "redisstore/url.go", `case name == "db" && unix:`, `case name == "db":`, "redisstore", "TestURLRefused"},
	{"TLS asked for where there is none", "redisstore/store.go", "case o.TLS != nil && !at.tls:", "case false:", "redisstore", "TestOptions"},
	{"the password of the master told to sentinels", "redisstore/store.go", "if o.Password != nil && at.master == \"\" {", "if o.Password != nil {", "redisstore", "TestSentinelPassword"},
}
