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
	"net"
	"net/http"
	"net/url"
	"slices"
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
	if err := s.name(ctx); err != nil {
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
