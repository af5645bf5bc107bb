// Package scan proves over HTTP that a cache hands one bearer's response to another, or to nobody in
// particular. It asks like ordinary clients do, compares the answers, and reports a leak only where a
// control shows that the origin itself would have answered otherwise.
//
// It shares no code with the cache of this module: the prosecutor does not ask the defendant.
package scan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// Options say what to scan and how. Zero values of numbers mean the defaults of Defaults.
type Options struct {
	Target     *url.URL // base URL; tokens go to its scheme, host and port only
	Origin     *url.URL // the same API past the cache, for controls; nil: not known
	Operations []operation.Operation
	// ServerPaths are the paths at which the document says that its API is. Only what is said of a target where nothing is
	// found depends on them.
	ServerPaths []string
	Identities  []*Identity      // one or more
	Feeds       []operation.Feed // where values of path parameters may be found, by the index in Operations
	// Value fills a parameter as an identity sends it; nil: what the document says.
	Value  func(identity string, p operation.Parameter) (string, bool)
	Header http.Header // sent with every request; its values are treated as secrets
	Checks []Check     // nil: all

	Rate        float64       // requests per second
	Concurrency int           // operations, and requests, at a time
	MaxRequests int           // of the whole scan
	Timeout     time.Duration // of one request
	Wait        time.Duration // for stored responses to expire, where nothing else tells a leak from shared data
	WaitAlways  bool          // so long also where little speaks for a leak
	// UnsafeMethods sends POST, PUT, PATCH and DELETE too.
	UnsafeMethods bool
	Burst         int // readers at once on one cold entry, several times; 0: none
	// Hazards lets checks ask what users of the API may feel for as long as a cache keeps it: error-poisoning.
	Hazards bool
	// Known are fingerprints of the findings of an earlier report: what it has is looked for harder.
	Known map[string]bool

	// Trace is told of every request once it is answered, with credentials taken out; called like Progress.
	Trace    func(Traced)
	Progress func(Progress) // called from several goroutines, one at a time; nil: nobody listens

	dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: TCP
}

// Defaults are polite to a development server and quick enough for CI.
var Defaults = Options{Rate: 50, Concurrency: 4, MaxRequests: 10_000, Timeout: 10 * time.Second, Wait: 65 * time.Second}

// Traced is one request of a scan.
type Traced struct {
	Number  int
	As      string
	Request string // a curl line
	Status  int    // 0: no answer
	Took    time.Duration
	Problem string // why there was none
}

// Progress is how far a scan is.
type Progress struct {
	Done, Operations int
	Requests         int
	Operation        string // the one last begun
	Waiting          int    // operations whose stored response is awaited to expire
}

// Failure is why a scan could not be completed: nothing is wrong with how it was called. The report
// holds what was found until then.
type Failure struct{ Reason string }

func (f *Failure) Error() string { return f.Reason }

// scanner is one run.
type scanner struct {
	Options
	courier *courier
	cast    cast
	nobody  *Identity
	forged  *Identity
	probes  []*probe
	tested  []*tested
	fed     []*fed
	learnt  *learnt
	mixing  atomic.Bool // some operation gave a reader what names another

	mu       sync.Mutex // guards progress
	progress Progress
}

// tested is an operation with the probes that test it: one for every URL that the identities' own values
// of its parameters make.
type tested struct {
	finding.Tested
	index  int // among Options.Operations
	probes []*probe
}

// Run scans. The report is never nil; err is a *Failure where the work could not be completed.
func Run(ctx context.Context, o Options) (*finding.Report, error) {
	s := &scanner{Options: withDefaults(o)}
	s.nobody = &Identity{Name: "nobody"}
	s.cast, s.learnt = castOf(s.Identities), new(learnt)
	s.forged = forgery(s.cast.readers[0])
	s.courier = newCourier(&s.Options, append(slices.Clone(s.Identities), s.forged))
	defer s.courier.close()

	report := &finding.Report{Target: s.Target.String(), Started: time.Now()}
	for _, id := range s.Identities {
		report.Identities = append(report.Identities, id.Name)
	}
	for _, id := range s.cast.readers {
		report.Readers = append(report.Readers, id.Name)
	}
	err := s.run(ctx)
	report.Duration = time.Since(report.Started)
	report.Requests = int(s.courier.sent.Load())
	if err == nil {
		err = s.fatal(s.courier.broken()) // a check that was answered nothing says nothing about it
	}
	if err != nil {
		s.cut(ctx)
	}
	s.judge(report)
	if err == nil {
		err = s.gate(report)
	}
	report.Complete = err == nil
	if err != nil {
		report.Incomplete = err.Error()
	}
	report.Sort()
	return report, err
}

func withDefaults(o Options) Options {
	if o.Checks == nil {
		o.Checks = slices.DeleteFunc(slices.Clone(Checks), func(c Check) bool { return c.OptIn })
	}
	if o.Rate <= 0 {
		o.Rate = Defaults.Rate
	}
	if o.Concurrency <= 0 {
		o.Concurrency = Defaults.Concurrency
	}
	if o.MaxRequests <= 0 {
		o.MaxRequests = Defaults.MaxRequests
	}
	if o.Timeout <= 0 {
		o.Timeout = Defaults.Timeout
	}
	if o.Wait < 0 {
		o.Wait = 0
	}
	if o.Value == nil {
		o.Value = func(string, operation.Parameter) (string, bool) { return "", false }
	}
	return o
}

// run asks in two rounds: first what every operation answers naturally, then, with what is known by
// then of who may see what, the controls of what looks wrong.
func (s *scanner) run(ctx context.Context) error {
	s.prepare()
	s.progress.Operations = len(s.probes) + len(s.fed)
	if len(s.probes)+len(s.fed) == 0 {
		return &Failure{"no operation could be tested: " + s.commonReason()}
	}
	if err := s.natural(ctx, s.probes); err != nil {
		return err
	}
	for done := len(s.fed) == 0; !done; { // what was fed may feed others
		made := s.feed(false)
		if done = len(made) == 0; done {
			made = s.feed(true)
		}
		s.probes = append(s.probes, made...)
		if err := s.natural(ctx, made); err != nil {
			return err
		}
	}
	s.forget()
	if len(s.probes) == 0 {
		return &Failure{"no operation could be tested: " + s.commonReason()}
	}
	if err := s.missed(); err != nil {
		return err
	}
	if err := s.refusedEverywhere(); err != nil {
		return err
	}
	if err := s.othersRefused(ctx); err != nil {
		return err
	}
	s.learn()
	for _, p := range s.probes {
		if slices.ContainsFunc(p.suspicions(), func(x suspicion) bool { return x.strong && !x.about }) && p.guarded() {
			s.mixing.Store(true)
		}
	}
	if s.makes(finding.CacheDeception) {
		s.learnDeceivers(ctx)
	}
	if err := s.each(ctx, s.probes, len(s.probes), func(ctx context.Context, p *probe) error {
		if p.err != nil || len(contents(p.Natural)) == 0 && !first(p.Readers[0], p.Natural).redirects() {
			return s.fatal(p.err)
		}
		p.turn.Lock()
		defer p.turn.Unlock()
		p.controls(ctx)
		if slices.ContainsFunc(p.Readers, p.leaks) {
			s.mixing.Store(true)
		}
		p.burst(ctx, s.Burst)
		for _, c := range s.Checks {
			if c.Probe != nil && p.err == nil && ctx.Err() == nil {
				c.Probe(ctx, p)
			}
		}
		return s.ended(ctx, p)
	}); err != nil {
		return err
	}
	if err := s.again(ctx); err != nil {
		return err
	}
	return s.stillAccepted(ctx)
}

// ended notes whether a probe came to its end, and is the end of the scan where no other would.
func (s *scanner) ended(ctx context.Context, p *probe) error {
	if p.err == nil {
		p.err = *p.muted
	}
	p.done = ctx.Err() == nil && p.err == nil && p.courier.broken() == nil
	return s.fatal(p.err)
}

func (s *scanner) makes(rule *finding.Rule) bool {
	return slices.ContainsFunc(s.Checks, func(c Check) bool { return c.Rule == rule })
}

// stillAccepted asks, as each reader, once more for what was given in the beginning: a token that ended
// meanwhile makes everything after it look clean.
func (s *scanner) stillAccepted(ctx context.Context) error {
	for _, id := range s.cast.readers {
		i := slices.IndexFunc(s.probes, func(p *probe) bool {
			return p.err == nil && first(id, p.Natural).ok() && first(s.nobody, p.Natural).refused()
		})
		if i < 0 {
			continue
		}
		p := s.probes[i]
		e := p.courier.send(ctx, p.question(id, p.variant(byQuery)))
		if e.refused() && e.status != http.StatusUnauthorized { // perhaps the query is what is refused
			e = p.courier.send(ctx, p.question(id, p.target))
		}
		if e.refused() {
			return &Failure{fmt.Sprintf("%s's token was accepted when the scan began and is refused now (%d on %s); what was asked meanwhile may rest on nothing", id.Name, e.status, p.name())}
		}
	}
	return nil
}

func (s *scanner) each(ctx context.Context, probes []*probe, limit int, do func(context.Context, *probe) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(limit)
	for _, p := range probes {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error { return do(gctx, p) })
	}
	err := g.Wait()
	if ctx.Err() != nil {
		return &Failure{"interrupted; what was found until then is reported"}
	}
	return err
}

// prepare makes the probes of every operation that can be asked, and says why of the others.
func (s *scanner) prepare() {
	for i, op := range s.Operations {
		t := &tested{Tested: finding.Tested{Operation: s.courier.redactor.URL(op.String()), Status: finding.StatusSkipped}, index: i}
		switch {
		case op.Problem != "":
			t.Reason = s.courier.redactor.Text(op.Problem)
		case op.Method == http.MethodOptions || op.Method == http.MethodTrace:
			t.Reason = op.Method + " is not sent: its answer is about the operation, and for nobody in particular"
		case op.Method != http.MethodGet && op.Method != http.MethodHead && !s.UnsafeMethods:
			t.Reason = op.Method + " is not sent without --unsafe-methods: it may change something"
		case s.deferred(t, i):
		default:
			s.address(t, op, nil)
		}
		s.tested = append(s.tested, t)
		s.probes = append(s.probes, t.probes...)
	}
	for i := range s.sources() {
		for _, p := range s.tested[i].probes {
			p.feeds = true
		}
	}
}

// address fills in the URL with the values of each identity: those that were given, and otherwise those that were
// found. All identities ask for each URL, for one stored response must answer them all; the one whose values they
// are asks first.
func (s *scanner) address(t *tested, op operation.Operation, values map[*Identity]found) {
	readers := s.cast.readers
	for i, id := range readers {
		p := &probe{
			courier: s.courier, salt: newSalt(), keys: map[controlKind]int{}, sent: new(int), muted: new(error), wait: s.Wait, always: s.WaitAlways, suspected: &s.mixing,
			learnt: s.learnt, hazards: s.Hazards, index: t.index, values: make(map[string]string),
			waiting: func() { s.tell(func(pr *Progress) { pr.Waiting++ }) },
			Trial: &Trial{
				Operation: op, Nobody: s.nobody, Forged: s.forged, redactor: s.courier.redactor, claims: s.cast.claims, Narrower: s.cast.narrower, recipe: recipe(readers[0]),
				Readers: append(slices.Clone(readers[i:]), readers[:i]...),
			},
		}
		nth := func(n int) func(operation.Parameter) (string, bool) {
			return func(param operation.Parameter) (string, bool) {
				v, ok := s.Value(id.Name, param)
				if list := values[id][param.Name]; !ok && param.In == "path" && n < len(list) {
					v, ok = list[n], true
				}
				if ok && n == 0 {
					p.values[param.Name] = v
				}
				return v, ok
			}
		}
		p.nth = nth
		var err error
		if p.target, p.header, err = op.Fill(s.Target, nth(0)); err == nil && s.Origin != nil {
			p.origin, _, err = op.Fill(s.Origin, nth(0))
		}
		if len(op.Made(nth(0))) > 0 {
			p.made = true
		}
		if values[id] != nil {
			p.spares = s.othersOf(op, p)
		}
		p.owned = s.owns(id, op, values)
		p.expected = s.expected(t.Operation)
		switch {
		case err != nil && t.Reason == "":
			t.Reason = s.courier.redactor.Text(err.Error())
		case err == nil && !slices.ContainsFunc(t.probes, p.sameRequest):
			p.turn, p.further = new(sync.Mutex), len(t.probes) > 0
			for _, o := range t.probes {
				if o.target.String() == p.target.String() {
					p.turn = o.turn
				}
			}
			t.probes = append(t.probes, p)
		}
	}
	if len(t.probes) > 0 {
		t.Status, t.Reason = finding.StatusTested, ""
	}
}

// mostSpares is how many more objects of a reader are kept in mind for controls.
const mostSpares = 5

// othersOf are the URLs of further objects that the first reader of p was shown.
func (s *scanner) othersOf(op operation.Operation, p *probe) (list []*url.URL) {
	for n := 1; n <= mostSpares; n++ {
		if u, _, err := op.Fill(s.Target, p.nth(n)); err == nil && len(op.Made(p.nth(n))) == 0 {
			list = append(list, u)
		}
	}
	return list
}

// owns reports whether a path parameter has a value that is id's and no other reader's.
func (s *scanner) owns(id *Identity, op operation.Operation, values map[*Identity]found) bool {
	for _, param := range op.Asked() {
		if param.In != "path" {
			continue
		}
		mine, given := s.Value(id.Name, param)
		if list := values[id][param.Name]; !given && len(list) > 0 {
			mine, given = list[0], true
		}
		for _, other := range s.cast.readers {
			theirs, ok := s.Value(other.Name, param)
			if other != id && given && (ok && theirs != mine || !ok && values[other] != nil && !slices.Contains(values[other][param.Name], mine)) {
				return true
			}
		}
	}
	return false
}

func (p *probe) sameRequest(o *probe) bool {
	return p.target.String() == o.target.String() && maps.EqualFunc(p.header, o.header, slices.Equal)
}

func (s *scanner) commonReason() string {
	if len(s.tested) == 0 {
		return "there is none"
	}
	return s.tested[0].Reason
}

// fatal turns what no other operation would escape into the end of the scan.
func (s *scanner) fatal(err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, errBudget):
		return &Failure{fmt.Sprintf("stopped after %d requests (--max-requests)", s.MaxRequests)}
	case unreachable(err):
		return &Failure{fmt.Sprintf("cannot reach %s: %v; %s", s.Target.Redacted(), err, reachedBy(err, s.Target))}
	}
	return nil
}

func (s *scanner) tell(change func(*Progress)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.progress)
	s.progress.Requests = int(s.courier.sent.Load())
	if s.Progress != nil {
		s.Progress(s.progress)
	}
}

// refusedEverywhere is the error of a token that opens nothing. Without this gate a scan of nothing
// but refusals would be green.
func (s *scanner) refusedEverywhere() error {
	var out []string
	question := "Is it expired?"
	for _, id := range s.cast.readers {
		status := map[int]int{} // how many operations refused it so
		opened, open := 0, 0    // and how many let it in, alone or with everybody
		for _, p := range s.probes {
			e := first(id, p.Natural)
			switch {
			case e.refused():
				status[e.status]++
			case !e.ok() || p.Operation.Security == operation.Public:
			case e.same(first(s.nobody, p.Natural)):
				open++
			default:
				opened++
			}
		}
		// 401 is about the token; 403 may be about its scope (RFC 6750 §3.1).
		for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			if status[code] > 0 && opened == 0 && (open == 0 || code == http.StatusUnauthorized) {
				out = append(out, fmt.Sprintf("%s's token is refused by the API (%d on %s)", id.Name, code, counted(status[code], "operation")))
				if wanted := s.wantedOf(id); wanted != "" && len(out) == 1 {
					question = strings.ToUpper(wanted[:1]) + wanted[1:]
				}
				break
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return &Failure{strings.Join(out, "; ") + "; nothing was proven. " + question}
}

// othersRefused is the error of a token that is of the same user as another, and is refused where that one is not: it would
// be left out, and nobody would know.
func (s *scanner) othersRefused(ctx context.Context) error {
	others := slices.Clone(s.cast.twins)
	for _, list := range s.cast.narrower {
		others = append(others, list...)
	}
	i := slices.IndexFunc(s.probes, func(p *probe) bool {
		return p.err == nil && first(p.Readers[0], p.Natural).ok() && first(s.nobody, p.Natural).refused()
	})
	if i < 0 {
		return nil
	}
	for _, id := range others {
		if e := s.courier.send(ctx, s.probes[i].question(id, s.probes[i].target)); e.err == nil && e.status == http.StatusUnauthorized {
			return &Failure{fmt.Sprintf("%s's token is refused by the API (401 on %s); nothing was proven. Is it expired?", id.Name, s.probes[i].name())}
		}
	}
	return nil
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// learn gives every trial the marks of each reader: from tokens, from --marker, and from operations
// on which the readers got answers of their own.
func (s *scanner) learn() {
	all := make(map[string]marks)
	for _, id := range s.cast.readers {
		m := marks{}
		for _, p := range s.probes {
			for _, other := range s.cast.readers {
				if other == id || !p.differed(id, other) {
					continue
				}
				for _, value := range p.namesOf(id, other) {
					m[value] = learned
				}
			}
		}
		for value := range s.cast.claims[id] {
			m[value] = claimed
		}
		for _, value := range id.Markers {
			m[value] = given
		}
		all[id.Name] = m
	}
	s.disown(all)
	for _, p := range s.probes {
		p.Marks = all
	}
}

// disown takes from everybody what more than one reader has: claims that tokens share, and values
// that another reader was given in an answer of its own.
func (s *scanner) disown(all map[string]marks) {
	type owned struct{ name, value string }
	var shared []owned
	for _, id := range s.cast.readers {
		for value, source := range all[id.Name] {
			for _, other := range s.cast.readers {
				if other != id && source != given && (all[other.Name][value] != "" || s.cast.claims[other][value] ||
					source == learned && s.ownHolds(other, id, value)) {
					shared = append(shared, owned{id.Name, value})
				}
			}
		}
	}
	for _, o := range shared {
		delete(all[o.name], o.value)
	}
}

// ownHolds reports whether value stands in an answer that other got of its own, apart from id's.
func (s *scanner) ownHolds(other, id *Identity, value string) bool {
	for _, p := range s.probes {
		if !p.differed(id, other) {
			continue
		}
		for _, c := range contents(of(other, p.Natural)) {
			if _, ok := c.named(value); ok {
				return true
			}
		}
	}
	return false
}

// judge fills the report from the trials.
func (s *scanner) judge(r *finding.Report) {
	for _, t := range s.tested {
		var found []finding.Finding
		for _, p := range t.probes {
			for _, c := range s.Checks {
				found = append(found, c.Judge(p.Trial)...)
			}
		}
		// What the origin gives to whoever asks is no cache's doing under the operation's other URLs either.
		if slices.ContainsFunc(found, func(f finding.Finding) bool {
			return f.Rule == finding.BrokenObjectAuthorization && f.Severity >= finding.High
		}) {
			found = slices.DeleteFunc(found, func(f finding.Finding) bool {
				return f.Rule == finding.CrossIdentityReuse && f.Confidence < finding.Confirmed
			})
		}
		for _, f := range found {
			f.Operation = t.Operation
			r.Findings = better(r.Findings, f)
		}
		t.outcome(found)
		t.Open = t.open(s.Checks)
		r.Operations = append(r.Operations, t.Tested)
	}
}

// better is list with f, unless it says the same of the same operation with more confidence already.
func better(list []finding.Finding, f finding.Finding) []finding.Finding {
	i := slices.IndexFunc(list, func(o finding.Finding) bool { return o.Fingerprint() == f.Fingerprint() })
	switch {
	case i < 0:
		return append(list, f)
	case f.Confidence > list[i].Confidence || f.Confidence == list[i].Confidence && f.Severity > list[i].Severity:
		list[i] = f
	}
	return list
}

// outcome says how far an operation got, by the probe that got furthest.
func (t *tested) outcome(found []finding.Finding) {
	for i, p := range t.probes {
		t.Requests += *p.sent
		status, reason := p.outcome()
		if i == 0 || t.Status == finding.StatusFailed {
			t.Status, t.Reason = status, reason
		}
		for i, a := range p.Readers {
			for _, b := range p.Readers[i+1:] {
				t.Differed = t.Differed || p.apart(a, b)
			}
		}
	}
	t.shownAnyhow(found)
	if t.Status != finding.StatusTested || slices.ContainsFunc(found, leaks) {
		return
	}
	for _, p := range t.probes {
		if why := p.undecided(); why != "" {
			t.Undecided, t.Reason = true, why
		}
	}
}

func (p *probe) outcome() (finding.Status, string) {
	got := first(p.Readers[0], p.Natural)
	switch {
	case len(contents(p.Natural)) > 0 && p.unfinished() != "" && (p.err == nil || p.cutOff()):
		return finding.StatusTested, p.unfinished()
	case *p.sent == 0 || p.cutOff():
		return finding.StatusFailed, "the scan ended before it"
	case p.err != nil:
		return finding.StatusFailed, "no answer: " + p.redactor.Text(p.err.Error())
	case len(contents(p.Natural)) == 0 && p.wanting(got) != "":
		return finding.StatusFailed, fmt.Sprintf("answered %d to %s; %s", got.status, got.as.Name, p.wanting(got))
	case len(contents(p.Natural)) == 0:
		return finding.StatusFailed, fmt.Sprintf("answered %d to %s: there was nothing to compare", got.status, got.as.Name) + p.misunderstood(got) + p.sentAway(got)
	case len(p.Readers) == 1:
		return finding.StatusTested, "one identity: whether another would receive its response was not tested"
	}
	return finding.StatusTested, p.denied()
}

// denied names the readers who got nothing where others did.
func (p *probe) denied() string {
	var list []string
	for _, id := range p.Readers {
		if answers := of(id, p.Natural); len(contents(answers)) == 0 && len(answers) > 0 {
			list = append(list, fmt.Sprintf("%s got %d", id.Name, answers[0].status))
		}
	}
	return strings.Join(list, ", ")
}

// undecided is what was not ruled on: an answer that its observer may have from a cache, or by right.
func (t *Trial) undecided() string {
	if t.ended != "" {
		return t.unfinished()
	}
	if why := t.unequipped(); why != "" {
		return why
	}
	for _, s := range t.suspicions() {
		if t.proofOf(s).verdict != unknown || s.about && !t.oneSided(s) || !t.guarded() {
			continue
		}
		got := fmt.Sprintf("got the same as %s", s.victim.Name)
		if !s.seen.same(s.made) {
			got = fmt.Sprintf("got what %s was told", s.victim.Name)
		}
		who := s.observer.Name
		if !t.isReader(s.observer) {
			who = strings.ToLower(t.title(s.observer))
		}
		switch {
		case s.about: // a part that is stored, beside what is made for each reader
			return fmt.Sprintf("%s %s, beside what is its own, and nothing told shared data from a part that is stored: give --origin URL, or a longer --wait", who, got)
		case t.isReader(s.observer):
			return fmt.Sprintf("%s %s, and nothing told shared data from a leak: give --origin URL, --marker %s=TEXT, or a longer --wait", who, got, s.victim.Name)
		case t.Operation.Security == operation.Required:
			return fmt.Sprintf("%s %s, though the document wants credentials, and nothing told a missing check from a leak: give --origin URL, or a longer --wait", who, got)
		default:
			return fmt.Sprintf("%s %s, and nothing told an answer for everybody from a leak: give --origin URL, or have the document call the operation public (security: [])", who, got)
		}
	}
	return t.doubt
}

// oneSided reports whether the observer was told of both, and the victim of itself alone. Where both are told of both, as of
// the members of a team, that is what the API says to either.
func (t *Trial) oneSided(s suspicion) bool {
	theirs, _ := t.Marks[s.observer.Name].in(s.made.content)
	return len(theirs) == 0
}

// name is the operation as it may be shown.
func (t *Trial) name() string { return t.redactor.URL(t.Operation.String()) }

// gate refuses a green report that rests on nothing.
func (s *scanner) gate(r *finding.Report) error {
	if slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Confidence > finding.Possible }) {
		return nil
	}
	answered, guarded := 0, 0
	for _, t := range r.Operations {
		if t.Differed {
			return nil
		}
		if t.Status == finding.StatusTested {
			answered++
		}
	}
	for _, p := range s.probes {
		if p.guarded() && len(contents(p.Natural)) > 0 {
			guarded++
		}
	}
	switch {
	case answered == 0:
		return &Failure{"no operation gave an answer that could be compared" + inCommon(r.Operations)}
	case guarded > 0 && len(s.cast.readers) > 1:
		return &Failure{fmt.Sprintf("%s received the same answers everywhere, so nothing was proven; give tokens of two different users",
			strings.Join(r.Identities, " and "))}
	case r.Undecided() == answered:
		return &Failure{fmt.Sprintf("everybody received what %s did, everywhere, so nothing was proven; give an operation that needs a token", r.Identities[0])}
	}
	return nil
}
